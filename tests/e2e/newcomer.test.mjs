// SPDX-License-Identifier: MIT
//
// What somebody meets in the first hour: whom serve answers to, what it says when it refuses, and what weft says to
// mistakes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { connect, createServer as createTCP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { Peer, refusal } from './lib/peer.mjs';
import { Program, SOURCE, weft, withServer } from './lib/program.mjs';

/** A plain request with just this Host: { status, headers, body }. */
async function ask(server, path, { host = 'localhost', method = 'GET', headers = {}, body } = {}) {
  const asked = request({ host: '127.0.0.1', port: server.port, path, method, headers: { Host: host, ...headers } });
  asked.end(body);
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const data of response) text += data;
  return { status: response.statusCode, headers: response.headers, body: text };
}

const status = async (...args) => (await ask(...args)).status;

async function upgradeStatus(server, host, origin) {
  const socket = new WebSocket(server.url('/chat'), [], { headers: { Host: host }, origin });
  socket.on('error', () => {});
  const opened = once(socket, 'open').then(() => 101);
  const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode);
  opened.catch(() => {});
  refused.catch(() => {});
  const got = await Promise.race([opened.catch(() => refused), refused.catch(() => opened)]);
  socket.terminate();
  return got;
}

async function folder(t, files) {
  const dir = await mkdtemp(join(tmpdir(), 'weft-'));
  t.after(() => rm(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  return dir;
}

// ---- whom serve answers to ---------------------------------------------------------------------

for (const command of ['serve', 'demo']) {
  test(`${command} on loopback addresses: a name that somebody else has chosen is not answered to`, async (t) => {
    const server = await Program.listening(command, '-p', '0');
    t.after(() => server.kill());
    const port = server.port;
    for (const host of ['localhost', `LOCALHOST:${port}`, `a.localhost:${port}`, '127.0.0.1', `[::1]:${port}`, '192.0.2.1']) {
      assert.equal(await status(server, '/', { host }), 200, host);
      assert.equal(await upgradeStatus(server, host), 101, host);
    }
    for (const host of [`evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.evil.example', 'evil']) {
      const { status: got, body } = await ask(server, '/', { host });
      assert.equal(got, 421, host);
      assert.match(body, /--host/);
      assert.ok(body.includes(host), body);
      assert.equal(await upgradeStatus(server, host, `http://${host}`), 421, host);
    }
    await server.heard(/refused with 421: .*--host/); // without -v
    await server.stop();
  });
}

test('who says no Host, or comes by a Unix socket, is no page', async (t) => {
  const dir = await folder(t, {});
  await withServer(['-l', `unix:${join(dir, 'socket')}`], async (server) => {
    const plain = connect({ host: '127.0.0.1', port: server.port }).setEncoding('utf8');
    plain.write('GET / HTTP/1.0\r\n\r\n');
    assert.match((await once(plain, 'data'))[0], /^HTTP\/1\.1 200 /);
    plain.destroy();
    const asked = request({ socketPath: join(dir, 'socket'), path: '/', headers: { Host: 'example.org' } });
    asked.end();
    const [response] = await once(asked, 'response');
    assert.equal(response.statusCode, 200);
    response.destroy();
    assert.equal(await status(server, '/', { host: 'example.org' }), 421);
  });
});

test('--host: names to answer to', async () => {
  await withServer(['--host', 'example.org', '--host', '*.example.net'], async (server) => {
    for (const host of ['example.org', 'EXAMPLE.org:80', 'a.example.net', 'localhost', '127.0.0.1']) {
      assert.equal(await status(server, '/', { host }), 200, host);
    }
    for (const host of ['www.example.org', 'example.net', 'evil.example']) {
      assert.equal(await status(server, '/', { host }), 421, host);
    }
  });
  await withServer(['--host', 'any'], async (server) => {
    assert.equal(await status(server, '/', { host: 'evil.example' }), 200);
  });
});

test('who can be reached from elsewhere answers to any name, unless it has some', async () => {
  const listening = async (flags, talk) => {
    const server = await Program.listening('serve', '-l', '0.0.0.0:0', ...flags);
    try {
      await talk(server);
      await server.stop();
    } finally {
      server.kill();
    }
  };
  await listening([], async (server) => assert.equal(await status(server, '/', { host: 'example.org' }), 200));
  await listening(['--host', 'example.org'], async (server) => {
    assert.equal(await status(server, '/', { host: 'example.org' }), 200);
    assert.equal(await status(server, '/', { host: 'evil.example' }), 421);
  });
});

test('flags that cannot be right', async () => {
  for (const [flags, words] of [
    [['--host', 'http://example.org'], /--host: .* no scheme and no port/],
    [['--host', 'example.org:80'], /--host: /],
    [['--host', ''], /--host: /],
    [['--origin', 'https://*.example.org'], /--origin: .*no stars/],
    [['--origin', '*'], /--origin: /],
    [['-l', 'no-such-host.invalid:80'], /no-such-host\.invalid could not be resolved/],
    [['-l', 'nonsense'], /is not an address/],
    [['-l', '127.0.0.1:99999'], /is not an address/],
  ]) {
    const { code, err } = await weft(['serve', ...flags]);
    assert.equal(code, 1, flags.join(' '));
    assert.match(err, words);
  }
});

test('every address of this machine is printed as one that can be typed', async () => {
  for (const address of ['*:0', '0.0.0.0:0', '[::]:0']) {
    const server = await Program.listening('serve', '-l', address);
    assert.equal(server.address, 'localhost', address);
    await server.stop();
  }
});

// ---- pages -------------------------------------------------------------------------------------

test('a page that is not let in: its owner is told without -v, once, and what would let it in', async () => {
  await withServer([], async (server) => {
    for (const origin of ['null', 'null', 'https://example.org']) {
      assert.equal(await upgradeStatus(server, 'localhost', origin), 403);
    }
    await server.heard(/refused with 403: the origin https:\/\/example\.org .*--origin https:\/\/example\.org\)/);
    assert.equal(server.err.match(/--origin null\)/g).length, 1, server.err);
    assert.equal(server.err.trimEnd().split('\n').length, 2, server.err);
  });
  await withServer(['--origin', 'null'], async (server) => {
    assert.equal(await upgradeStatus(server, 'localhost', 'null'), 101);
    assert.equal(await upgradeStatus(server, 'localhost', 'https://example.org'), 403);
  });
});

test('a page that offers subprotocols of which none is known: said once, without -v', async () => {
  await withServer(['--subprotocol', 'soap'], async (server) => {
    const origin = `http://127.0.0.1:${server.port}`;
    for (const offers of [['wamp', 'mqtt'], ['wamp', 'mqtt'], ['soap', 'wamp']]) {
      const socket = new WebSocket(server.url('/chat'), offers, { origin });
      socket.on('error', () => {});
      await once(socket, 'upgrade');
      socket.terminate();
    }
    await server.heard(/a page offers the subprotocols "wamp, ?mqtt", .*--subprotocol/);
    assert.equal(server.err.trimEnd().split('\n').length, 1, server.err);
  });
});

test('pages of others can neither write to channels nor read from them', async () => {
  await withServer([], async (server) => {
    const member = await Peer.connect(server.url('/chat'));
    for (const [method, headers] of [['POST', {}], ['PUT', {}], ['GET', { Accept: 'text/event-stream' }], ['DELETE', {}]]) {
      const answer = await ask(server, '/chat', { method, body: /^P/.test(method) ? 'x' : undefined, headers: { Origin: 'https://evil.example', ...headers } });
      assert.equal(answer.status, 403, method);
    }
    assert.equal(await member.ask('only this'), 'only this');
    await member.leave(1000);
  });
});

test('a directory without index.html is listed, one with it is not', async (t) => {
  const names = { 'b & <c>.txt': 'b', 'a.txt': 'a', 'deep/er.txt': 'er', '.hidden': 'no' };
  await withServer([await folder(t, names)], async (server) => {
    const { status: got, headers, body } = await ask(server, '/', { headers: { Accept: 'text/html' } });
    assert.equal(got, 200);
    assert.equal((await ask(server, '/')).body, 'deep/\na.txt\nb & <c>.txt\n');
    assert.match(headers['content-type'], /^text\/html/);
    const links = [...body.matchAll(/href="(\.\/.*?)"/g)].map((match) => match[1]);
    assert.deepEqual(links, ['./deep/', './a.txt', './b%20%26%20%3Cc%3E.txt']);
    assert.match(body, />b &#38; &#60;c&#62;\.txt</);
    assert.equal((await ask(server, '/b%20%26%20%3Cc%3E.txt')).body, 'b');
    assert.equal(await status(server, '/.hidden'), 404);
    assert.equal((await ask(server, '/', { method: 'HEAD' })).body, '');
  });
  await withServer([await folder(t, { 'index.html': 'mine' })], async (server) => {
    assert.equal((await ask(server, '/')).body, 'mine');
  });
  const later = await folder(t, { 'a.txt': 'a' });
  await withServer([later], async (server) => {
    await writeFile(join(later, 'index.html'), 'mine');
    assert.equal((await ask(server, '/')).body, 'mine');
  });
});

test('426: a path that speaks WebSocket only', async (t) => {
  const upgrade = async (server) => {
    const { status: got, headers } = await ask(server, '/echo');
    assert.equal(got, 426);
    assert.equal(headers.upgrade, 'websocket');
  };
  await withServer(['--echo', '/echo'], upgrade);
  await withServer(['--echo', '/echo', await folder(t, { 'a.txt': 'a' })], upgrade);
  await withServer(['--echo', '/echo', await folder(t, { echo: 'a file' })], async (server) => {
    assert.equal((await ask(server, '/echo')).body, 'a file');
  });
  const demo = await Program.listening('demo', '-p', '0');
  await upgrade(demo);
  await demo.stop();
});

// ---- what -v tells -----------------------------------------------------------------------------

test('-v: plain requests, and refusals with their path; one byte is one byte', async (t) => {
  await withServer(['-v', await folder(t, { 'a.txt': 'a' })], async (server) => {
    await ask(server, '/a.txt?q');
    await server.heard(/127\.0\.0\.1:\d+ GET \/a\.txt\?q  200, 1 byte$/m);
    await ask(server, '/nothing.txt', { method: 'HEAD' });
    await server.heard(/HEAD \/nothing.txt  404/);
    await refusal(server.url('/room'), [], { origin: 'https://evil.example' });
    await server.heard(/GET \/room  403: /);
    const peer = await Peer.connect(server.url('/room'));
    await peer.ask('x');
    await server.heard(/<- text, 1 byte$/m);
    await server.heard(/-> text, 1 byte, to 1/);
    await peer.leave(1000);
  });
});

test('-vv: the head of an upgrade, without its secrets; weft -v: the head of the answer', async () => {
  await withServer(['-vv'], async (server) => {
    const { err } = await weft(['-v', '-H', 'X-One: 1', '-H', 'Cookie: id=secret', '-u', 'me:hush', server.url('/room?q')], '');
    await server.heard(/<- X-One: 1$/m);
    await server.heard(/<- Cookie: \.\.\.$/m);
    await server.heard(/<- Authorization: \.\.\.$/m);
    assert.doesNotMatch(server.err, /secret|hush|bWU6aHVzaA/);
    assert.match(err, /-> GET \/room\?q HTTP\/1\.1$/m);
    assert.match(err, /<- HTTP\/1\.1 101$/m);
    assert.match(err, /<- Sec-WebSocket-Accept: \S+$/im);
    const refused = await weft(['-v', '--origin', 'https://evil.example', server.url('/')], '');
    assert.match(refused.err, /<- HTTP\/1\.1 403$/m);
    assert.match(refused.err, /<- Content-Type: application\/json/im);
    assert.match(refused.err, /^> the origin https:\/\/evil\.example may not open a WebSocket here; /m);
  });
});

// ---- weft URL ----------------------------------------------------------------------------------

test('a refusal that a flag would help with names it', async (t) => {
  const server = createServer();
  t.after(() => (server.closeAllConnections(), server.close()));
  server.on('upgrade', ({ url }, socket) => {
    const code = Number(url.slice(1));
    const more = code < 400 ? 'Location: ws://elsewhere.example/\r\n' : 'WWW-Authenticate: Basic realm="x"\r\n';
    socket.end(`HTTP/1.1 ${code} No\r\n${more}Content-Length: 0\r\n\r\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const refused = async (code, ...flags) => {
    const result = await weft([...flags, `ws://127.0.0.1:${server.address().port}/${code}`]);
    assert.equal(result.code, 22);
    return result.err;
  };
  for (const code of [301, 302, 303, 307, 308]) {
    const err = await refused(code);
    assert.match(err, /^weft: .*-L follows$/m);
    assert.match(err, /^weft: Location: ws:\/\/elsewhere\.example\//m);
  }
  assert.match(await refused(401), /^weft: .*-u USER:PASSWORD/m);
  assert.match(await refused(401, '-u', 'a:b'), /^weft: it does not take .* of -u$/m);
  assert.equal(await refused(404), 'weft: refused status=404\n');
});

test('--connect-timeout: who does not answer', async (t) => {
  const sockets = [];
  const server = createTCP((socket) => sockets.push(socket.on('error', () => {})));
  t.after(() => (sockets.forEach((socket) => socket.destroy()), server.close()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  for (const scheme of ['ws', 'wss']) {
    const started = Date.now();
    const { code } = await weft(['--connect-timeout', '0.2', '-k', `${scheme}://127.0.0.1:${server.address().port}/`]);
    assert.equal(code, 28, scheme);
    assert.ok(Date.now() - started < 4000);
  }
});

test('--help tells of the history, and how to wait for an answer', async () => {
  const { out } = await weft(['help', 'connect']);
  assert.match(out, /weft\/history/);
  assert.match(out, /-n 1/);
});

// ---- weft bench --------------------------------------------------------------------------------

test('bench: a channel is taken for one, URLs are looked at first, and what was not measured is not told', async (t) => {
  await withServer([], async (server) => {
    const channel = await weft(['bench', '-c', '4', '-d', '0.5', '--warmup', '0', server.url('/room')]);
    assert.equal(channel.code, 80);
    assert.match(channel.out, /wrong reply/);
    assert.match(channel.out, /--subscribers N/);

    const second = await weft(['bench', '-d', '1', server.url('/room'), 'http://localhost/']);
    assert.equal(second.code, 3);
    assert.equal(second.out, '');
    assert.match(second.err, /^weft: http:\/\/localhost\//);
  });
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const { port } = nobody.address();
  await new Promise((resolve) => nobody.close(resolve));
  const failed = await weft(['bench', '-d', '1', `ws://127.0.0.1:${port}/`]);
  assert.equal(failed.code, 7);
  assert.doesNotMatch(failed.out, /\b0(\.00)? us|CPU/);
  assert.match(failed.out, /ECONNREFUSED/);
});

// ---- the house ---------------------------------------------------------------------------------

test('README: what it serves is there, and its pages work', async () => {
  const readme = await readFile(join(SOURCE, 'README.md'), 'utf8');
  assert.doesNotMatch(readme, /weft serve .*\bweb\b/); // pages of the demo, which want the demo's paths
  const makefile = await readFile(join(SOURCE, 'Makefile'), 'utf8');
  assert.match(makefile, /weft demo \$\(if \$\(PORT\),-p \$\(PORT\)\)/);
});
