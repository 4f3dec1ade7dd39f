// SPDX-License-Identifier: MIT
//
// wss:// and https://: weft between npm's ws, curl and openssl, as server and as client.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { createServer as createHTTPS } from 'node:https';
import { createServer as createHTTP } from 'node:http';
import { connect as connectTCP } from 'node:net';
import { after, describe, test } from 'node:test';
import { connect as connectTLS } from 'node:tls';
import { readFileSync } from 'node:fs';
import { WebSocketServer } from 'ws';
import { Certs } from './lib/certs.mjs';
import { Peer, refusal } from './lib/peer.mjs';
import { Program, soon, weft } from './lib/program.mjs';

const certs = new Certs();
const local = certs.issue('local');
const ca = readFileSync(certs.ca);
after(() => certs.remove());

const tlsFlags = (...pairs) => pairs.flatMap(({ cert, key }) => ['--tls-cert', cert, '--tls-key', key]);

async function started(t, ...args) {
  const flags = args.includes('--tls-cert') ? args : [...tlsFlags(local), ...args];
  const server = await Program.serve('--echo', '/echo', '-v', '--max-message', '4M', ...flags);
  t.after(() => server.kill());
  return server;
}

/** Runs a program to its end: { code, text }, text being everything that it wrote. */
function run(program, args, input = '') {
  return soon(
    new Promise((resolve) => {
      const child = execFile(program, args, (error, out, err) =>
        resolve({ code: error ? error.code : 0, out, text: out + err }));
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    }),
    () => `the end of ${program} ${args.join(' ')}`,
  );
}

const sClient = (server, ...args) =>
  run('openssl', ['s_client', '-connect', `127.0.0.1:${server.port}`, '-CAfile', certs.ca, ...args]);

const curl = (...args) => run('curl', ['-sS', '--max-time', '20', ...args]);

/** A server of npm's ws behind TLS; its url for this host. */
async function wsServer(t, pair, options = {}) {
  const https = createHTTPS({ cert: readFileSync(pair.cert), key: readFileSync(pair.key), ...options });
  const wss = new WebSocketServer({ server: https, perMessageDeflate: false });
  wss.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
  https.on('tlsClientError', () => {});
  https.listen(0, '127.0.0.1');
  await once(https, 'listening');
  t.after(() => (wss.clients.forEach((client) => client.terminate()), https.closeAllConnections(), https.close()));
  return { https, url: (host = 'localhost') => `wss://${host}:${https.address().port}/` };
}

// ---- the server ----------------------------------------------------------------------------------

describe('weft serve --tls-cert', { concurrency: 4 }, () => {
  test("npm's ws talks to it, short and long", async (t) => {
    const server = await started(t);
    assert.match(server.out, /^https:\/\/127\.0\.0\.1:\d+\n/);
    const peer = await Peer.connect(server.url('/echo'), [], { ca, perMessageDeflate: false });
    assert.equal(await peer.ask('hello'), 'hello');
    for (const size of [0, 1, 125, 126, 16_383, 16_384, 16_385, 65_536, 3_000_000]) {
      const message = Buffer.alloc(size, 'weft');
      assert.ok((await peer.ask(message)).equals(message), `${size} bytes`);
    }
    for (let i = 0; i < 1000; i++) peer.say(`${i}`);
    assert.deepEqual(await peer.take(1000), Array.from({ length: 1000 }, (_, i) => `${i}`));
    assert.equal((await peer.leave(1000, 'bye')).code, 1000);
    await server.stop();
  });

  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`${version}, with a certificate by name and by address`, async (t) => {
      const server = await started(t);
      for (const host of ['localhost', '127.0.0.1']) {
        const url = `wss://${host}:${server.port}/echo`;
        const peer = await Peer.connect(url, [], { ca, minVersion: version, maxVersion: version });
        assert.equal(await peer.ask('hello'), 'hello');
        await peer.leave();
      }
      await server.stop();
    });
  }

  test('bytes that come one by one', async (t) => {
    const server = await started(t);
    const socket = connectTLS({ socket: await trickling(t, server.port), ca, servername: 'localhost' });
    socket.on('error', () => {});
    await soon(once(socket, 'secureConnect'), () => 'the TLS handshake');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.match(String(await soon(once(socket, 'data'), () => 'an answer')), /^HTTP\/1\.1 200 /);
    socket.destroy();
    await server.stop();
  });

  test('curl, with and without trusting it', async (t) => {
    const server = await started(t);
    const page = `https://localhost:${server.port}/`;
    const { code, out } = await curl('-H', 'Accept: text/html', '--cacert', certs.ca, page, page);
    assert.equal(code, 0);
    assert.match(out, /Every path is a/);
    assert.equal((await curl(page)).code, 60);
    assert.match((await curl(`http://localhost:${server.port}/`)).out, /this port speaks TLS/);
    await server.stop();
  });

  test('the origin that Host names is an https one', async (t) => {
    const server = await started(t, '--origin', 'same');
    const origin = `localhost:${server.port}`;
    const url = `wss://${origin}/echo`;
    assert.equal((await refusal(url, [], { ca, origin: `http://${origin}` })).status, 403);
    const peer = await Peer.connect(url, [], { ca, origin: `https://${origin}` });
    assert.equal(await peer.ask('hello'), 'hello');
    await peer.leave();
    await server.stop();
  });

  test('1.1 and weak ciphers are refused; no compression, no renegotiation', async (t) => {
    const server = await started(t);
    const old = ['-cipher', 'ALL:@SECLEVEL=0'];
    for (const args of [['-tls1_1', ...old], ['-tls1', ...old],
      ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-GCM-SHA256']]) {
      const { text } = await sClient(server, ...args);
      assert.match(text, /Cipher is \(NONE\)/, args.join(' '));
    }
    const { text } = await sClient(server, '-tls1_2');
    assert.match(text, /Cipher is ECDHE-ECDSA-(AES\d+-GCM|CHACHA20)/);
    assert.match(text, /Compression: NONE/);
    const again = await run('openssl', ['s_client', '-connect', `127.0.0.1:${server.port}`, '-tls1_2'], 'R\n');
    assert.match(again.text, /no renegotiation|handshake failure|ssl alert|RENEGOTIATING[^]*error/i);
    await server.stop();
  });

  test('ALPN: http/1.1 or nothing', async (t) => {
    const server = await started(t);
    assert.match((await sClient(server, '-alpn', 'h2,http/1.1')).text, /ALPN protocol: http\/1\.1/);
    assert.match((await sClient(server)).text, /No ALPN negotiated/);
    assert.match((await sClient(server, '-alpn', 'h2')).text, /no application protocol/);
    await server.stop();
  });

  test('the certificate for the name that is asked for, and the first for all others', async (t) => {
    const one = certs.issue('one', { names: ['DNS:one.example'] });
    const two = certs.issue('two', { names: ['DNS:two.example', 'DNS:*.wild.example'] });
    const twoRSA = certs.issue('two-rsa', { names: ['DNS:two.example'], kind: 'rsa' });
    const server = await started(t, ...tlsFlags(one, two, twoRSA));
    const shown = async (...args) => (/subject=CN = (\S+)/.exec((await sClient(server, ...args)).text) ?? [])[1];
    assert.equal(await shown('-servername', 'one.example'), 'one');
    assert.equal(await shown('-servername', 'TWO.example'), 'two');
    assert.equal(await shown('-servername', 'x.wild.example'), 'two');
    assert.equal(await shown('-servername', 'y.x.wild.example'), 'one');
    assert.equal(await shown('-servername', 'unknown.example'), 'one');
    assert.equal(await shown('-noservername'), 'one');
    assert.equal(await shown('-servername', 'two.example', '-sigalgs', 'RSA-PSS+SHA256', '-tls1_3'), 'two-rsa');
    await server.stop();
  });

  test('RSA beside ECDSA for the same names, also for who names none', async (t) => {
    const pairs = [local, certs.issue('local-rsa', { kind: 'rsa' }), certs.issue('x-rsa', { names: ['DNS:x'], kind: 'rsa' })];
    const server = await started(t, ...tlsFlags(...pairs));
    const shown = async (...args) => (/subject=CN = (\S+)/.exec((await sClient(server, ...args)).text) ?? [])[1];
    for (const name of [['-servername', 'localhost'], ['-noservername'], ['-servername', 'unknown']]) {
      assert.equal(await shown(...name), 'local');
      assert.equal(await shown(...name, '-sigalgs', 'RSA-PSS+SHA256'), 'local-rsa');
      assert.equal(await shown(...name, '-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256'), 'local-rsa');
    }
    await server.stop();
  });

  for (const version of ['-tls1_2', '-tls1_3']) {
    test(`a session is resumed (${version})`, async (t) => {
      const server = await started(t);
      const file = certs.path(`session${version}`);
      const request = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      const args = ['s_client', '-connect', `127.0.0.1:${server.port}`, version, '-ign_eof'];
      assert.match((await run('openssl', [...args, '-sess_out', file], request)).text, /New, TLS/);
      assert.match((await run('openssl', [...args, '-sess_in', file], request)).text, /Reused, TLS/);
      await server.stop();
    });
  }

  test('a session from before SIGHUP is no error: a new one is made', async (t) => {
    const server = await started(t);
    const file = certs.path('session-hup');
    const request = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const args = ['s_client', '-connect', `127.0.0.1:${server.port}`, '-ign_eof'];
    assert.match((await run('openssl', [...args, '-sess_out', file], request)).text, /New, TLS/);
    server.kill('SIGHUP');
    await server.heard(/certificates were read again/);
    assert.match((await run('openssl', [...args, '-sess_in', file], request)).text, /New, TLS[^]*HTTP\/1\.1 200 /);
    await server.stop();
  });

  test('clients have to show a certificate of the right authority', async (t) => {
    const mine = certs.issue('client', { names: [] });
    const wrong = certs.selfSigned('stranger', { names: [] });
    const server = await started(t, '--tls-client-ca', certs.ca);
    const url = `wss://localhost:${server.port}/echo`;
    const shown = ({ cert, key }) => ['--cacert', certs.ca, '--cert', cert, '--key', key];
    assert.deepEqual(await out(['-n', '1', ...shown(mine), url], 'hi\n'), { code: 0, out: 'hi\n' });
    for (const args of [['--cacert', certs.ca], shown(wrong)]) {
      const { code, err } = await weft([...args, url], 'hi\n');
      assert.equal(code, 35, err);
      assert.match(err, /TLS: .*alert/);
    }
    await server.heard(/certificate verify failed: self-signed certificate/);
    assert.match((await weft(['--cacert', certs.ca, url])).err, /the server wants a certificate/);
    assert.match((await sClient(server)).text, /CN = ca/, 'it says which authorities');
    await server.stop();
  });

  test('SIGHUP: new certificates for new connections, old ones stay when the new are bad', async (t) => {
    const [cert, key] = [certs.path('live.crt'), certs.path('live.key')];
    const put = (pair) => (copyFileSync(pair.cert, cert), copyFileSync(pair.key, key));
    const next = certs.issue('next');
    put(local);
    const server = await started(t, '--tls-cert', cert, '--tls-key', key);
    const peer = await Peer.connect(server.url('/echo'), [], { ca });
    const shown = async () => (/subject=CN = (\S+)/.exec((await sClient(server)).text) ?? [])[1];
    assert.equal(await shown(), 'local');
    put(next);
    server.kill('SIGHUP');
    await server.heard(/certificates were read again/);
    assert.equal(await shown(), 'next');
    writeFileSync(cert, 'nonsense');
    server.kill('SIGHUP');
    await server.heard(/certificates stay as they are: there is no certificate in .*live\.crt/);
    assert.equal(await shown(), 'next');
    assert.equal(await peer.ask('still there?'), 'still there?');
    await peer.leave();
    await server.stop();
  });

  test('who is one too many is told so', async (t) => {
    const server = await started(t, '--max-connections', '1');
    const peer = await Peer.connect(server.url('/echo'), [], { ca });
    assert.equal((await refusal(server.url('/echo'), [], { ca })).status, 503);
    assert.equal(await peer.ask('me'), 'me');
    await peer.leave();
    await server.stop();
  });

  test('leaving: every WebSocket gets 1001', async (t) => {
    const server = await started(t);
    const peer = await Peer.connect(server.url('/echo'), [], { ca });
    await server.stop();
    assert.equal((await peer.end()).code, 1001);
  });

  test('an end without Close, with and without close_notify', async (t) => {
    const server = await started(t);
    for (const end of ['end', 'destroy']) {
      const socket = connectTLS({ port: server.port, host: '127.0.0.1', ca });
      socket.on('error', () => {});
      socket.write('GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
        + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
      assert.match(String(await soon(once(socket, 'data'), () => 'an answer')), /^HTTP\/1\.1 101 /);
      socket[end]();
    }
    await server.heard(/(closed code=1006[^]*){2}/);
    await server.stop();
  });

  test('what is not TLS gets nowhere', async (t) => {
    const server = await started(t);
    const socket = connectTCP({ port: server.port, host: '127.0.0.1' });
    t.after(() => socket.destroy());
    let said = '';
    socket.on('error', () => {}).on('data', (data) => (said += data));
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await soon(once(socket, 'end'), () => 'the end');
    assert.match(said, /^HTTP\/1\.1 400 [^]*\r\n\r\nthis port speaks TLS: use https:\/\/ or wss:\/\/ to get in\n$/);
    await server.heard(/TLS: a plain HTTP request came where TLS is spoken/);
    await server.stop();
  });

  test('a Unix socket beside it stays plain', async (t) => {
    const path = certs.path('sock');
    const server = await started(t, '-p', '0', '-l', `unix:${path}`);
    assert.match((await curl('-H', 'Accept: text/html', '--unix-socket', path, 'http://x/')).out, /Every path is a/);
    await server.stop();
  });
});

async function trickling(t, port) {
  const { Duplex } = await import('node:stream');
  const socket = connectTCP({ port, host: '127.0.0.1', noDelay: true });
  t.after(() => socket.destroy());
  await soon(once(socket, 'connect'), () => 'a connection');
  const duplex = new Duplex({
    read() {},
    write(data, _, done) {
      for (const byte of data) socket.write(Buffer.of(byte));
      setImmediate(done);
    },
  });
  socket.on('data', (data) => duplex.push(data));
  return duplex;
}

// ---- mistakes at the start -------------------------------------------------------------------------

/** A file of the test's own. */
function put(name, content) {
  writeFileSync(certs.path(name), content);
  return certs.path(name);
}

describe('what is wrong with the files is said at the start', { concurrency: 4 }, () => {
  const fails = (what, flags, message) =>
    test(what, async () => {
      const { code, out: said, err } = await weft(['serve', '-p', '0', ...flags()]);
      assert.deepEqual([code, said], [1, '']);
      assert.match(err, message);
    });
  const with_ = (cert, key) => ['--tls-cert', cert, '--tls-key', key];

  fails('no such file', () => with_(local.cert, '/nowhere/x.key'),
    /cannot read \/nowhere\/x\.key: No such file or directory/);
  fails('a directory', () => with_(certs.dir, local.key), /cannot read .*: Is a directory/);
  fails('an empty file', () => with_(local.cert, put('empty', '')), /there is no private key in .*empty/);
  fails('garbage', () => with_(put('garbage', '\0\x01-----BEGIN nothing'), local.key), /there is no certificate in .*garbage/);
  fails('half a certificate', () => with_(put('half', readFileSync(local.cert).subarray(0, 200)), local.key),
    /cannot read .*half: bad end line/);
  fails('a key with a passphrase', () => with_(local.cert, certs.locked(local)),
    /the key .*local\.locked is locked with a passphrase/);
  fails('a weak key', () => tlsFlags(certs.selfSigned('weak', { kind: 'weak' })), /cannot use .*weak\.crt: ee key too small/);
  fails('a weak key, for another name', () => tlsFlags(local, certs.selfSigned('weak2', { kind: 'weak' })),
    /cannot use .*weak2\.crt: ee key too small/);
  fails('not yet valid', () => tlsFlags(certs.issue('early', { start: 1 })),
    /the certificate .*early\.crt is not valid before \w+ +\d+ .* GMT/);
  fails('another key', () => with_(local.cert, certs.issue('other').key),
    /the key .*other\.key does not match the certificate .*local\.crt/);
  fails('expired', () => tlsFlags(certs.issue('expired', { days: -1 })),
    /the certificate .*expired\.crt expired on \w+ +\d+ .* GMT/);
  fails('a key instead of a certificate', () => with_(local.key, local.key), /there is no certificate in .*local\.key/);
  fails('a certificate instead of a key', () => with_(local.cert, local.cert), /there is no private key in .*local\.crt/);
  fails('a certificate without its key', () => ['--tls-cert', 'a.crt'], /--tls-cert a\.crt has no --tls-key/);
  fails('a key without its certificate', () => ['--tls-key', 'a.key'], /--tls-key a\.key has no --tls-cert/);
  fails('no authority', () => [...tlsFlags(local), '--tls-client-ca', local.key], /there is no certificate in .*local\.key/);
});

// ---- the client ------------------------------------------------------------------------------------

/** How `weft ARGS` ended, without what it said on stderr. */
async function out(args, input) {
  const { code, out: said } = await weft(args, input);
  return { code, out: said };
}

describe('weft wss://', { concurrency: 4 }, () => {
  test("npm's ws is its server", async (t) => {
    const { url } = await wsServer(t, local);
    const lines = Array.from({ length: 200 }, (_, i) => `${'x'.repeat(i * 100)}\n`).join('');
    for (const host of ['localhost', '127.0.0.1'])
      assert.deepEqual(await out(['--cacert', certs.ca, '-n', '200', url(host)], lines), { code: 0, out: lines });
  });

  test('SNI: a name, but not an address', async (t) => {
    const { https, url } = await wsServer(t, local);
    const names = [];
    https.on('secureConnection', (socket) => names.push(socket.servername));
    for (const host of ['localhost', '127.0.0.1']) await weft(['--cacert', certs.ca, '-n', '1', url(host)], 'x\n');
    assert.deepEqual(names, ['localhost', false]);
  });

  const refuses = (what, pair, words) =>
    test(`${what}, unless -k`, async (t) => {
      const { url } = await wsServer(t, pair());
      const { code, err } = await weft(['--cacert', certs.ca, url()], 'x\n');
      assert.equal(code, 60, err);
      assert.match(err, words);
      assert.match(err, /--cacert FILE .* -k /, 'and what would change it');
      assert.deepEqual(await out(['-k', '-n', '1', url()], 'x\n'), { code: 0, out: 'x\n' });
    });
  refuses('a certificate for another name', () => certs.issue('elsewhere', { names: ['DNS:elsewhere.example'] }),
    /certificate verify failed: hostname mismatch/);
  refuses('a name that is only in the subject', () => certs.issue('localhost', { names: [] }),
    /certificate verify failed: hostname mismatch/);
  refuses('one that is not valid yet', () => certs.issue('soon', { start: 1 }),
    /certificate verify failed: certificate is not yet valid/);
  refuses('a wildcard for two labels', () => certs.issue('wild', { names: ['DNS:*.example', 'DNS:*'] }),
    /certificate verify failed: hostname mismatch/);
  refuses('an expired one', () => certs.issue('late', { days: -1 }), /certificate verify failed: certificate has expired/);
  refuses('a self-signed one', () => certs.selfSigned('own'), /certificate verify failed: self-signed certificate/);

  test('an address counts only as one, a name only as a name', async (t) => {
    const named = await wsServer(t, certs.issue('named', { names: ['DNS:127.0.0.1', 'DNS:localhost'] }));
    const { code, err } = await weft(['--cacert', certs.ca, named.url('127.0.0.1')], 'x\n');
    assert.equal(code, 60);
    assert.match(err, /certificate verify failed: IP address mismatch/);
    const numbered = await wsServer(t, certs.issue('numbered', { names: ['IP:127.0.0.1'] }));
    assert.equal((await weft(['--cacert', certs.ca, '-n', '1', numbered.url('127.0.0.1')], 'x\n')).out, 'x\n');
    assert.equal((await weft(['--cacert', certs.ca, numbered.url('localhost')], 'x\n')).code, 60);
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'])
    test(`the second connection to a server resumes (${version})`, async (t) => {
      const { https, url } = await wsServer(t, local, { minVersion: version, maxVersion: version });
      const reused = [];
      https.on('secureConnection', (socket) => reused.push(socket.isSessionReused()));
      https.removeAllListeners('upgrade').on('upgrade', (request, socket) =>
        socket.end(`HTTP/1.1 302 Found\r\nLocation: ${url()}\r\nContent-Length: 0\r\n\r\n`));
      assert.equal((await weft(['--cacert', certs.ca, '-L', url()], 'x\n')).code, 22);
      assert.deepEqual(reused.slice(0, 2), [false, true]); // node gives no new ticket to who resumes
    });

  test("the system's authorities do not know ours", async (t) => {
    const { url } = await wsServer(t, local);
    const { code, err } = await weft([url()], 'x\n');
    assert.equal(code, 60);
    assert.match(err, /unable to get local issuer certificate/);
  });

  test('a server that does not speak TLS, and one that speaks 1.1 only', async (t) => {
    const plain = await Program.serve('--echo', '/echo', '-v');
    t.after(() => plain.kill());
    const { code, err } = await weft([`wss://127.0.0.1:${plain.port}/echo`], 'x\n');
    assert.equal(code, 35);
    assert.match(err, /TLS: the server does not speak TLS there/);
    await plain.heard(/refused with 400: a TLS handshake came where plain HTTP is spoken/);
    await plain.stop();
    const { url } = await wsServer(t, local, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
    assert.equal((await weft(['-k', url()], 'x\n')).code, 35);
  });

  test('files that cannot be used', async (t) => {
    const { url } = await wsServer(t, local);
    for (const [args, words] of [[['--cacert', '/nowhere'], /cannot read \/nowhere: No such file or directory/],
      [['--cacert', certs.dir], /cannot read .*: Is a directory/],
      [['--cert', local.cert, '--key', certs.caKey], /does not match the certificate/]]) {
      const { code, err } = await weft([...args, url()], 'x\n');
      assert.equal(code, 35, err);
      assert.match(err, words);
    }
  });

  test('redirects lead from ws to wss, never back', async (t) => {
    const { url } = await wsServer(t, local);
    const plain = createHTTP((request, response) => response.writeHead(302, { Location: url() }).end());
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    t.after(() => plain.close());
    const from = `ws://127.0.0.1:${plain.address().port}/`;
    assert.deepEqual(await out(['-L', '--cacert', certs.ca, '-n', '1', from], 'x\n'), { code: 0, out: 'x\n' });

    const back = createHTTPS({ cert: readFileSync(local.cert), key: readFileSync(local.key) },
      (request, response) => response.writeHead(302, { Location: from }).end());
    back.listen(0, '127.0.0.1');
    await once(back, 'listening');
    t.after(() => back.close());
    const { code, err } = await weft(['-L', '-k', `wss://localhost:${back.address().port}/`], 'x\n');
    assert.notEqual(code, 0);
    assert.match(err, /that is not secret, and this was/);
  });

  test('through a proxy by CONNECT', async (t) => {
    const { https, url } = await wsServer(t, local);
    const proxy = createHTTP().on('connect', (request, socket) => {
      const to = connectTCP(https.address().port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        to.pipe(socket).pipe(to);
      });
      to.on('error', () => {});
      socket.on('error', () => {});
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    t.after(() => (proxy.closeAllConnections(), proxy.close()));
    const args = ['-x', `127.0.0.1:${proxy.address().port}`, '--cacert', certs.ca, '-n', '1', url()];
    assert.deepEqual(await out(args, 'x\n'), { code: 0, out: 'x\n' });
  });
});
