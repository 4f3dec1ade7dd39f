// SPDX-License-Identifier: MIT
//
// Who may: tokens in each place where they may be, made by others than weft; URLs signed by the lines of docs/access.md;
// and how a live connection ends, goes on, or has to leave.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import WebSocket from 'ws';
import '../../js/weft.js';
import { Program, SOURCE, soon, weft, withServer } from './lib/program.mjs';

// Nobody has said who may, but for the flags below.
process.env.WEFT_OPEN = '';
process.env.WEFT_ACCESS = '';

const top = mkdtempSync(join(tmpdir(), 'weft-access-'));
after(() => rmSync(top, { recursive: true }));

const SECRET = randomBytes(32).toString('hex');
const APIKEY = randomBytes(32).toString('hex');
const now = () => Math.floor(Date.now() / 1000);

function file(name, text) {
  const path = join(top, name);
  writeFileSync(path, text);
  return path;
}

const secret = file('secret', `${SECRET}\n`);
const KEYS = ['--token-keys', secret];

// ---- tokens, by node's crypto and by Python's ---------------------------------------------------

const part = (value) => Buffer.from(value).toString('base64url');

function jwt(claims, { alg = 'HS256', header = {}, by = (text) => createHmac('sha256', SECRET).update(text).digest() } = {}) {
  const text = `${part(JSON.stringify({ alg, ...header }))}.${part(JSON.stringify(claims))}`;
  return `${text}.${part(by(text))}`;
}

const claims = (more) => ({ sub: 'alice', exp: now() + 600, channels: { read: ['/a'], write: ['/a'] }, ...more });
const GOOD = () => jwt(claims());

const PAIRS = {
  RS256: [() => generateKeyPairSync('rsa', { modulusLength: 2048 }), (key) => (text) => sign('sha256', text, key)],
  ES256: [
    () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    (key) => (text) => sign('sha256', text, { key, dsaEncoding: 'ieee-p1363' }),
  ],
  EdDSA: [() => generateKeyPairSync('ed25519'), (key) => (text) => sign(null, Buffer.from(text), key)],
};

async function ask(server, path, headers = {}, options = {}) {
  const answer = await fetch(server.page(path), { headers, ...options });
  return { status: answer.status, challenge: answer.headers.get('www-authenticate'), text: await answer.text() };
}

/** As a program that is no browser sends it: without any field of its own. */
function bare(server, path, headers) {
  return new Promise((resolve, reject) => {
    request(server.page(path), { headers }, (answer) => {
      let text = '';
      answer.on('data', (data) => (text += data)).on('end', () => resolve({ status: answer.statusCode, text }));
    })
      .on('error', reject)
      .end();
  });
}

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

for (const [alg, [make, by]] of Object.entries(PAIRS))
  for (const form of ['pem', 'jwks'])
    test(`${alg} by a key in ${form}`, async () => {
      const { publicKey, privateKey } = make();
      const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' };
      const keys = file(
        `${alg}.${form}`,
        form === 'pem' ? publicKey.export({ format: 'pem', type: 'spki' }) : JSON.stringify({ keys: [jwk] }),
      );
      await withServer(['--token-keys', keys], async (server) => {
        const token = jwt(claims(), { alg, by: by(privateKey), header: { kid: 'k1' } });
        assert.equal((await ask(server, '/a', bearer(token))).status, 200);
        const other = jwt(claims(), { alg, by: by(make().privateKey) });
        assert.equal((await ask(server, '/a', bearer(other))).status, 401);
        const confused = jwt(claims(), { by: (text) => createHmac('sha256', readFileSync(keys)).update(text).digest() });
        assert.match((await ask(server, '/a', bearer(confused))).text, /alg is none that there is a key for/);
        const nothing = jwt(claims(), { alg: 'none', by: () => '' });
        assert.match((await ask(server, '/a', bearer(nothing))).text, /not signed/);
      });
    });

test('a token by PyJWT', async (t) => {
  let token;
  const code = `import jwt, sys, time
print(jwt.encode({'sub': 'bob', 'exp': time.time() + 60, 'channels': {'read': ['/a']}}, sys.argv[1], algorithm='HS256'))`;
  try {
    token = execFileSync('/usr/bin/python3', ['-c', code, SECRET], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return t.skip('there is no PyJWT');
  }
  await withServer(KEYS, async (server) => assert.equal((await ask(server, '/a', bearer(token))).status, 200));
});

test('a token by weft token, which says what is in it', async () => {
  const made = await weft(['token', '--key', secret, '--user', 'u1', '--read', '/a', '--ttl', '1m']);
  assert.equal(made.code, 0, made.err);
  const token = made.out.trim();
  await withServer(KEYS, async (server) => assert.equal((await ask(server, '/a', bearer(token))).status, 200));
  const said = await weft(['token', '--check', '-', '--key', secret], `${token}\n`);
  assert.equal(said.code, 0, said.err);
  assert.match(said.out, /claims +sub: "u1"\n[^]*\ngood\n$/);
  const spoilt = await weft(['token', '--check', `${token}x`, '--key', secret]);
  assert.equal(spoilt.code, 22);
  assert.ok(!spoilt.err.includes(token));
});

// ---- where it may be -----------------------------------------------------------------------------

test('each place, over HTTP', async () => {
  await withServer([...KEYS, '-v'], async (server) => {
    const token = GOOD();
    const none = await ask(server, '/a');
    assert.deepEqual([none.status, none.challenge], [401, 'Bearer']);
    assert.equal((await ask(server, '/a', bearer(token))).status, 200);
    assert.equal((await ask(server, `/a?token=${token}`)).status, 200);
    const cookie = { Cookie: `x=y; weft_token=${token}` };
    assert.equal((await bare(server, '/a', cookie)).status, 403);
    assert.equal((await bare(server, '/a', { ...cookie, 'Sec-Fetch-Site': 'same-origin' })).status, 200);
    assert.equal((await bare(server, '/a', { ...cookie, Origin: server.page('').replace(/\/$/, '') })).status, 200);
    assert.equal((await bare(server, '/a', { ...cookie, 'Sec-Fetch-Site': 'cross-site' })).status, 403);
    const expired = await ask(server, '/a', bearer(jwt(claims({ exp: now() - 61 }))));
    assert.deepEqual([expired.status, expired.challenge], [401, 'Bearer error="invalid_token"']);
    assert.match(expired.text, /expired \(exp was /);
    assert.equal((await ask(server, '/b', bearer(token))).status, 403);
    assert.equal((await ask(server, '/a', bearer(token), { method: 'DELETE' })).status, 403);
    await server.heard(/\/a\?token=\.\.\. /);
    assert.ok(!server.err.includes(token.split('.')[2]), 'the log has the token');
  });
});

function socket(server, path, protocols, headers) {
  const ws = new WebSocket(server.url(path), protocols, { headers });
  ws.told = [];
  ws.on('message', (data) => {
    ws.told.push(JSON.parse(data));
    ws.emit('told');
  });
  ws.on('error', () => {});
  return ws;
}

/** The first that it was told, or is, for which this is true. */
async function told(ws, is) {
  for (;;) {
    const found = ws.told.find(is);
    if (found) return found;
    await soon(once(ws, 'told'), () => `what is not in ${JSON.stringify(ws.told)}`);
  }
}

test('a subprotocol, of which only weft.v1 comes back', async () => {
  await withServer([...KEYS, '-vv'], async (server) => {
    const token = GOOD();
    const ws = socket(server, '/a', ['weft.v1', `weft.token.${token}`]);
    await soon(once(ws, 'open'), () => 'open');
    assert.equal(ws.protocol, 'weft.v1');
    await told(ws, (m) => m.hello);
    ws.send(JSON.stringify({ id: 1, publish: '/b', data: 'x' }));
    assert.equal((await told(ws, (m) => m.error)).error.code, 403);
    ws.close();
    await once(ws, 'close');
    const [refused] = await once(socket(server, '/a', ['weft.v1', 'weft.token.a.b.c']), 'unexpected-response').then((a) => [a[1]]);
    assert.equal(refused.statusCode, 401);
    refused.destroy();
    await server.heard(/weft\.token\.\.\.\./);
    assert.ok(!server.err.includes(token.split('.')[2]), 'the log has the token');
  });
});

// ---- live connections ----------------------------------------------------------------------------

// 60 seconds of leeway: what has expired 58 seconds ago is good for two more.
test('a connection ends with its token, and goes on with another of the same user', async () => {
  await withServer(KEYS, async (server) => {
    const short = jwt(claims({ exp: now() - 57 }));
    const ends = socket(server, '/a', ['weft.v1'], bearer(short));
    const stays = socket(server, '/a', ['weft.v1'], bearer(short));
    await told(stays, (m) => m.hello);
    stays.send(JSON.stringify({ id: 1, token: jwt(claims({ sub: 'bob' })) }));
    assert.equal((await told(stays, (m) => m.id === 1)).error.code, 403);
    stays.send(JSON.stringify({ id: 2, token: 'a.b.c' }));
    assert.equal((await told(stays, (m) => m.id === 2)).error.code, 401);
    stays.send(JSON.stringify({ id: 3, token: GOOD() }));
    assert.ok((await told(stays, (m) => m.id === 3)).ok.expires_in > 600_000);
    const [code] = await soon(once(ends, 'close'), () => 'the end of a token');
    assert.equal(code, 3000);
    stays.send(JSON.stringify({ id: 4, ping: 1 }));
    await told(stays, (m) => m.id === 4 || m.pong === 1);
    stays.close();
  });
});

test('who was let in by a key that is gone has to leave', async () => {
  const rotated = file('rotated', `${SECRET}\n`);
  await withServer(['--token-keys', rotated, '-v'], async (server) => {
    const ws = socket(server, '/a', ['weft.v1'], bearer(GOOD()));
    await told(ws, (m) => m.hello);
    writeFileSync(rotated, 'short');
    server.kill('SIGHUP');
    await server.heard(/keys stay as they are: .*rotated: a secret has at least 32 bytes/);
    assert.equal(ws.readyState, WebSocket.OPEN);
    writeFileSync(rotated, randomBytes(32).toString('hex'));
    server.kill('SIGHUP');
    const [code] = await soon(once(ws, 'close'), () => 'a review');
    assert.equal(code, 3003);
    assert.equal((await ask(server, '/a', bearer(GOOD()))).status, 401);
  });
});

test('presence shows verified names', async () => {
  await withServer([...KEYS, '--access', '/a: presence=anyone'], async (server) => {
    const ws = socket(server, '/a', ['weft.v1'], bearer(jwt(claims({ name: 'Alice' }))));
    await told(ws, (m) => m.hello);
    const { presence } = JSON.parse((await ask(server, '/a?presence')).text);
    assert.match(JSON.stringify(presence), /"Alice".*"verified":true/);
    ws.close();
  });
});

// ---- keys of back-ends, patterns -----------------------------------------------------------------

test('keys of back-ends', async () => {
  const keys = file('api', `# of two\nbilling ${APIKEY}\n${randomBytes(32).toString('hex')}\n`);
  await withServer(['--api-keys', keys], async (server) => {
    assert.equal((await ask(server, '/any/thing', bearer(APIKEY), { method: 'POST', body: 'x' })).status, 200);
    assert.equal((await ask(server, '/any/thing', bearer(`${APIKEY}0`))).status, 401);
    assert.equal((await ask(server, `/any/thing?token=${APIKEY}`)).status, 401);
  });
});

test('a pattern is for who may read all that it can match', async () => {
  await withServer([...KEYS, '--access', '/q/secret: read=nobody'], async (server) => {
    const ws = socket(server, '/?subscribe=no', ['weft.v1'], bearer(jwt(claims({ channels: { read: ['/', '/q/*', '/r/*'] } }))));
    await told(ws, (m) => m.hello);
    ws.send(JSON.stringify({ id: 1, subscribe: '/q/*' }));
    assert.equal((await told(ws, (m) => m.id === 1)).error.code, 403);
    ws.send(JSON.stringify({ id: 2, subscribe: '/r/*' }));
    assert.ok((await told(ws, (m) => m.id === 2)).ok);
    ws.close();
  });
});

// ---- signed URLs ---------------------------------------------------------------------------------

/** The lines of docs/access.md, by their language. */
function documented() {
  const text = readFileSync(join(SOURCE, 'docs/access.md'), 'utf8');
  return Object.fromEntries([...text.matchAll(/```(sh|js|python|php)\n(.*)\n```/g)].map(([, name, line]) => [name, line]));
}

const LINES = documented();
const RUNS = {
  sh: (line, env) => execFileSync('sh', ['-c', line], { env: { ...process.env, ...env }, encoding: 'utf8' }).trim().slice(7),
  js: (line, env) => {
    const head = Object.entries(env).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`).join('');
    return execFileSync(process.execPath, ['-e', `${head}${line}\nprocess.stdout.write(signed)`], { encoding: 'utf8' });
  },
  python: (line, env) => {
    const head = Object.entries(env).map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join('\n');
    return execFileSync('/usr/bin/python3', ['-c', `import hmac\n${head}\n${line}\nprint(signed, end="")`], { encoding: 'utf8' });
  },
  php: (line, env) => {
    const head = Object.entries(env).map(([name, value]) => `$${name} = ${JSON.stringify(value)};`).join('');
    return execFileSync('php', ['-r', `${head}${line} echo $signed;`], { encoding: 'utf8' });
  },
};

assert.deepEqual(Object.keys(LINES).sort(), Object.keys(RUNS).sort());

for (const [language, run] of Object.entries(RUNS))
  test(`a URL that is signed by a line of ${language}`, async (t) => {
    const env = { channel: '/café/1', expires: `${now() + 60}`, user: 'älice', key: SECRET };
    let signed;
    try {
      signed = run(LINES[language], env);
    } catch (error) {
      if (error.code === 'ENOENT') return t.skip(`there is no ${language} here`);
      throw error;
    }
    await withServer(['--sign-key', secret], async (server) => {
      const query = `signed=${signed}&user=${encodeURIComponent(env.user)}`;
      assert.equal((await ask(server, `/caf%C3%A9/1?${query}`)).status, 200);
      assert.equal((await ask(server, `/caf%C3%A9/2?${query}`)).status, 401);
      assert.equal((await ask(server, `/caf%C3%A9/1?signed=${signed}&user=bob`)).status, 401);
      assert.equal((await ask(server, `/caf%C3%A9/1?${query}`, {}, { method: 'POST', body: 'x' })).status, 403);
    });
  });

test('weft sign makes one, and looks at one', async () => {
  const made = await weft(['sign', '--key', secret, '--operation', 'read,write', '/a%20b?x=1']);
  assert.equal(made.code, 0, made.err);
  await withServer(['--sign-key', secret], async (server) => {
    assert.equal((await ask(server, made.out.trim(), {}, { method: 'POST', body: 'x' })).status, 200);
  });
  assert.equal((await weft(['sign', '--key', secret, '--check', made.out.trim()])).out, 'good\n');
  const other = await weft(['sign', '--key', secret, '--check', made.out.trim().replace('/a%20b', '/c')]);
  assert.deepEqual([other.code, /does not fit/.test(other.err)], [22, true]);
});

// ---- defaults ------------------------------------------------------------------------------------

test('a public server does not start until somebody has said who may', async () => {
  for (const [flags, why] of [
    [['-p', '0'], /not started from a terminal/],
    [['-l', `unix:${join(top, 'socket')}`], /Unix socket/],
    [['-l', '0.0.0.0:0'], /other machines/],
    [['-p', '0', '--trust-proxy', '127.0.0.1'], /--trust-proxy/],
    [['-p', '0', '--host', 'example.org'], /--host/],
    [['-p', '0', '--origin', 'https://example.org'], /--origin/],
  ]) {
    const { code, err } = await new Program(['serve', ...flags]).end();
    assert.equal(code, 1);
    assert.match(err, why);
    assert.match(err, /--token-keys FILE .*--open .*--open-read/);
  }
});

test('--open and --open-read', async () => {
  for (const [flag, status] of [['--open', 200], ['--open-read', 403]]) {
    const server = new Program(['serve', '-p', '0', flag]);
    const [, port] = await server.said(/^http:\/\/127\.0\.0\.1:(\d+)\n/);
    const at = { page: (path) => `http://127.0.0.1:${port}${path}` };
    assert.equal((await ask(at, '/a', {}, { method: 'POST', body: 'x' })).status, status);
    assert.equal((await ask(at, '/a')).status, 200);
    assert.equal((await ask(at, '/a?presence')).status, 403);
    assert.equal((await ask(at, '/a', {}, { method: 'DELETE' })).status, 403);
    await server.stop();
  }
});

// ---- weft.js ------------------------------------------------------------------------------------

const { Weft } = globalThis;

/** On /a by these transports, with what token returns; resolves when it is live. */
async function weftLive(t, server, transports, token) {
  const channel = new Weft(server.page('/a'), { transports, token, WebSocket });
  t.after(() => channel.close());
  while (channel.state !== 'live') await once(channel, 'state');
  return channel;
}

for (const transport of ['websocket', 'sse', 'longpoll'])
  test(`weft.js shows a token, by ${transport}`, (t) =>
    withServer(KEYS, async (server) => {
      const channel = await weftLive(t, server, [transport], async () => GOOD());
      const heard = once(channel, 'message');
      assert.match((await channel.publish('hi')).position, /\.1$/);
      assert.equal((await heard)[0].data, 'hi');
    }));

for (const transport of ['sse', 'longpoll'])
  test(`weft.js has another token after a refusal, by ${transport}`, (t) =>
    withServer(KEYS, async (server) => {
      const tokens = [jwt(claims({ exp: now() - 3600 }))];
      const states = [];
      const channel = new Weft(server.page('/a'), { transports: [transport], token: () => tokens.shift() ?? GOOD() });
      t.after(() => channel.close());
      channel.onstate = ({ state, reason }) => states.push(reason ?? state);
      while (channel.state !== 'live') await once(channel, 'state');
      assert.match(states[0], /expired/);
      assert.equal(tokens.length, 0);
    }));

// The server's leeway is a minute, so a token may have ended for almost as long when it is shown.
test('weft.js says another token before the one it came with ends', (t) =>
  withServer(KEYS, async (server) => {
    const short = jwt(claims({ exp: now() - 56 }));
    const tokens = [short];
    const states = [];
    const channel = await weftLive(t, server, ['websocket'], () => tokens.shift() ?? GOOD());
    channel.onstate = ({ state }) => states.push(state);
    // One that has no other is closed by then.
    const other = new WebSocket(server.url('/a'), ['weft.v1', `weft.token.${short}`]);
    const [code] = await once(other, 'close');
    assert.equal(code, 3000);
    await channel.publish('still here');
    assert.deepEqual(states, []);
  }));
