// SPDX-License-Identifier: MIT
//
// weft URL in a pipe, with npm's ws as its server; and where a server should misbehave, refuse or redirect,
// with plain sockets and node's http.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectTCP, createServer as createTCP } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { Peer } from './lib/peer.mjs';
import { Program, weft } from './lib/program.mjs';

// ---- servers -----------------------------------------------------------------------------------

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** Servers that are gone when the test is. */
async function onHTTP(t, answer) {
  const server = createServer(answer);
  t.after(() => (server.closeAllConnections(), server.close()));
  return { server, port: await listening(server) };
}

/** A WebSocket server: its url, and what talk(peer, request) gave for the first one who connected. */
async function onWebSocket(t, talk, options = {}) {
  const { server, port } = await onHTTP(t, (_, response) => response.writeHead(404).end());
  const wss = new WebSocketServer({ server, ...options });
  t.after(() => wss.clients.forEach((client) => client.terminate()));
  const talked = new Promise((resolve) => {
    wss.on('connection', (socket, request) => resolve(talk(new Peer(socket), request)));
  });
  talked.catch(() => {}); // a test that does not ask for it does not care
  return { url: `ws://127.0.0.1:${port}/`, port, talked };
}

const echo = (t, options) =>
  onWebSocket(t, (peer) => peer.socket.on('message', (data, binary) => peer.say(data, { binary })), options);

/** A server of raw bytes: talk(socket, head) is called when the client's request is there. */
async function onBytes(t, talk) {
  const sockets = new Set();
  const server = createTCP((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let head = '';
    socket.on('data', function hear(data) {
      head += data.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', hear);
      talk(socket, head);
    });
  });
  t.after(() => (sockets.forEach((socket) => socket.destroy()), server.close()));
  return `ws://127.0.0.1:${await listening(server)}/`;
}

const field = (head, name) => new RegExp(`^${name}: (.*?)\r$`, 'im').exec(head)?.[1];

function acceptOf(head) {
  return createHash('sha1')
    .update(`${field(head, 'sec-websocket-key')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
}

function agree(head, more = '') {
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${acceptOf(head)}\r\n${more}\r\n`
  );
}

// ---- ends --------------------------------------------------------------------------------------

const lastLine = (text) => text.trimEnd().split('\n').at(-1);

function assertEnd(result, code, line) {
  assert.equal(result.code, code, JSON.stringify(result));
  if (line) assert.match(lastLine(result.err), line);
}

const CLEAN = /^weft: closed code=1000 reason="" by=(us|peer) clean=yes$/;

// ---- lines and messages ------------------------------------------------------------------------

describe('in a pipe', { concurrency: 4 }, () => {
  test('a line is a message, a message is a line, and Close follows the end of input', async (t) => {
    const heard = [];
    const { url } = await onWebSocket(t, (peer) => {
      peer.socket.on('message', (data, binary) => {
        heard.push([data.toString(), binary]);
        peer.say(data.toString().toUpperCase());
      });
    });
    const result = await weft(['-n', '4', url], 'one\ntwo\r\n\nfour, without a line feed');
    assertEnd(result, 0, CLEAN);
    assert.equal(result.out, 'ONE\nTWO\r\n\nFOUR, WITHOUT A LINE FEED\n');
    assert.equal(result.err.trimEnd().split('\n').length, 1, 'nothing else on stderr');
    assert.deepEqual(heard.map(([text]) => text), ['one', 'two\r', '', 'four, without a line feed']);
    assert.ok(heard.every(([, binary]) => !binary));
  });

  test('what is queued is sent before the Close', async (t) => {
    const { url, talked } = await onWebSocket(t, async (peer) => [await peer.end(), await peer.take(3)]);
    assertEnd(await weft([url], 'a\nb\nc\n'), 0, CLEAN);
    assert.deepEqual(await talked, [{ code: 1000, reason: '' }, ['a', 'b', 'c']]);
  });

  test('-n: enough is enough', async (t) => {
    const { url } = await onWebSocket(t, (peer) => {
      for (let i = 0; i < 10; i++) peer.say(`${i}`);
    });
    const program = new Program(['-n', '3', url]); // its input stays open
    const result = await program.end();
    assertEnd(result, 0, CLEAN);
    assert.equal(result.out, '0\n1\n2\n');
  });

  test('-n with the end of input: what was asked for is waited for', async (t) => {
    const { url } = await onWebSocket(t, async (peer) => {
      const question = await peer.next();
      setTimeout(() => peer.say(`answer to ${question}`), 100);
    });
    const result = await weft(['-n', '1', url], 'question\n');
    assertEnd(result, 0, CLEAN);
    assert.equal(result.out, 'answer to question\n');
  });

  test('-b: lines go out as binary, binary comes in raw', async (t) => {
    const { url } = await echo(t);
    const program = new Program(['-b', '-n', '2', url], { encoding: 'latin1' });
    program.child.stdin.end(Buffer.from('\xff\x00\xfe\nsecond\n', 'latin1'));
    const result = await program.end();
    assertEnd(result, 0, CLEAN);
    assert.equal(result.out, '\xff\x00\xfesecond');
  });

  test('a line that is not UTF-8 is an error without -b', async (t) => {
    const { url } = await echo(t);
    const result = await weft([url], Buffer.from('fine\n\xff\xfe\n', 'latin1'));
    assert.equal(result.code, 1);
    assert.match(result.err, /line 2 .*UTF-8.*-b/);
  });

  test('fragments of the server, empty messages and long ones', async (t) => {
    const long = 'x'.repeat(1 << 20);
    const { url } = await onWebSocket(t, (peer) => {
      for (const part of ['frag', 'men']) peer.say(part, { fin: false });
      peer.say('ted', { fin: true });
      peer.say('');
      peer.say(long);
      peer.socket.close(1000);
    });
    const program = new Program([url]);
    const result = await program.end();
    assertEnd(result, 0, /^weft: closed code=1000 reason="" by=peer clean=yes$/);
    assert.ok(result.out === `fragmented\n\n${long}\n`);
  });

  test('pings of the server are answered', async (t) => {
    const { url } = await onWebSocket(t, async (peer) => {
      peer.say(await peer.ping('how are you'));
    });
    assert.equal((await weft(['-n', '1', url])).out, 'how are you\n');
  });

  test('--ping: a silent server is pinged', async (t) => {
    const { url } = await onWebSocket(t, (peer) => peer.socket.once('ping', () => peer.say('pinged')));
    assert.equal((await new Program(['--ping', '200ms', '-n', '1', url]).end()).out, 'pinged\n');
  });

  test('much input, read slowly by the server', async (t) => {
    const lines = Array.from({ length: 40_000 }, (_, i) => `${i} ${'.'.repeat(200)}`);
    const arrived = [];
    const { url, talked } = await onWebSocket(t, (peer) => {
      peer.socket.on('message', (data) => {
        arrived.push(data.toString());
        if (arrived.length % 8000) return;
        peer.socket.pause();
        setTimeout(() => peer.socket.resume(), 20);
      });
      return peer.end();
    });
    assertEnd(await weft([url], `${lines.join('\n')}\n`), 0, CLEAN);
    assert.equal((await talked).code, 1000);
    assert.ok(arrived.length === lines.length && lines.every((line, i) => line === arrived[i]));
  });

  test('much output, read slowly: nothing is lost, and the server is held back', async (t) => {
    const block = 'y'.repeat(65_535);
    const { url } = await onWebSocket(t, (peer) => {
      for (let i = 0; i < 400; i++) peer.say(block);
      peer.socket.close(1000);
    });
    const program = new Program([url]);
    program.child.stdout.pause();
    setTimeout(() => program.child.stdout.resume(), 300);
    const result = await program.end();
    assertEnd(result, 0);
    assert.equal(result.out.length, 400 * 65_536);
  });

  test('SIGTERM: a polite end', async (t) => {
    const { url, talked } = await onWebSocket(t, (peer) => {
      peer.say('up');
      return peer.end();
    });
    const program = new Program([url]);
    await program.said(/up/);
    program.kill('SIGTERM');
    assertEnd(await program.end(), 0, CLEAN);
    assert.equal((await talked).code, 1000);
  });

  test('a server that goes first', async (t) => {
    const { url } = await onWebSocket(t, (peer) => {
      peer.say('bye');
      peer.socket.close(1001, 'going home');
    });
    const result = await new Program([url]).end();
    assertEnd(result, 0, /^weft: closed code=1001 reason="going home" by=peer clean=yes$/);
    assert.equal(result.out, 'bye\n');
  });
});

// ---- what the request says ---------------------------------------------------------------------

describe('the request', { concurrency: 4 }, () => {
  /** The head of the request that weft makes with these flags. */
  async function request(t, flags, path = '', options = {}) {
    const { url, talked } = await onWebSocket(t, (peer, { headers, url: target }) => {
      peer.socket.close(1000);
      return { headers, target, protocol: peer.socket.protocol };
    }, options);
    const result = await weft([...flags, `${url}${path}`]);
    assertEnd(result, 0);
    return { ...(await talked), url };
  }

  test('bare: nothing that was not asked for', async (t) => {
    const { headers, target, url } = await request(t, []);
    assert.equal(target, '/');
    assert.equal(headers.host, new URL(url).host);
    assert.equal(headers['sec-websocket-version'], '13');
    assert.match(headers['sec-websocket-key'], /^[A-Za-z0-9+/]{22}==$/);
    for (const name of ['origin', 'authorization', 'sec-websocket-protocol']) {
      assert.equal(headers[name], undefined, name);
    }
  });

  test('every frame has a masking key of its own', async (t) => {
    const received = [];
    const url = await onBytes(t, (socket, head) => {
      socket.on('data', (data) => received.push(data));
      socket.on('end', () => socket.end());
      socket.write(agree(head));
    });
    await weft(['-w', '0.1', url], 'x\n'.repeat(50));
    const bytes = Buffer.concat(received);
    const keys = Array.from({ length: 50 }, (_, i) => {
      const at = 7 * i;
      assert.deepEqual([bytes[at], bytes[at + 1], bytes[at + 2] ^ bytes[at + 6]], [0x81, 0x81, 0x78]);
      return bytes.readUInt32BE(at + 2);
    });
    assert.ok(new Set(keys).size >= 49);
  });

  test('a user in the URL is no part of Host', async (t) => {
    const { url, talked } = await onWebSocket(t, (peer, { headers }) => (peer.socket.close(1000), headers));
    const result = await weft([url.replace('ws://', 'ws://me:s3cret@')]);
    assertEnd(result, 0);
    const { host, authorization } = await talked;
    assert.equal(host, new URL(url).host);
    assert.equal(authorization, `Basic ${Buffer.from('me:s3cret').toString('base64')}`);
    assert.doesNotMatch(result.err, /s3cret/);
  });

  test('localhost, and a URL without scheme', async (t) => {
    const { port } = await echo(t);
    for (const url of [`ws://localhost:${port}`, `localhost:${port}/a`, `:${port}`, `ws://LOCALHOST:${port}/?q`]) {
      assert.equal((await weft(['-n', '1', url], 'hi\n')).out, 'hi\n', url);
    }
  });

  test('path and query', async (t) => {
    assert.equal((await request(t, [], 'a/b%20c?d=e&f')).target, '/a/b%20c?d=e&f');
  });

  test('-H, repeated', async (t) => {
    const { headers } = await request(t, ['-H', 'Cookie: id=7', '--header', 'X-One:1', '-H', 'x-two:  2']);
    assert.deepEqual([headers.cookie, headers['x-one'], headers['x-two']], ['id=7', '1', '2']);
  });

  test('-u', async (t) => {
    const { headers } = await request(t, ['-u', 'me:s3cret']);
    assert.equal(headers.authorization, `Basic ${Buffer.from('me:s3cret').toString('base64')}`);
  });

  test('--origin', async (t) => {
    assert.equal((await request(t, ['--origin', 'https://example.org'])).headers.origin, 'https://example.org');
  });

  test('--subprotocol, repeated', async (t) => {
    const options = { handleProtocols: (offers) => [...offers][1] };
    const { headers, protocol } = await request(t, ['--subprotocol', 'a', '--subprotocol', 'b'], '', options);
    assert.match(headers['sec-websocket-protocol'], /^a, ?b$/);
    assert.equal(protocol, 'b');
  });

  test('a server that does not choose a subprotocol is fine', async (t) => {
    assert.equal((await request(t, ['--subprotocol', 'a'], '', { handleProtocols: () => false })).protocol, '');
  });

  test('-x: through a proxy, by CONNECT', async (t) => {
    const { url, port } = await echo(t);
    const asked = [];
    const { server, port: proxy } = await onHTTP(t, (_, response) => response.writeHead(400).end());
    server.on('connect', (message, client, head) => {
      asked.push([message.url, message.headers.host, message.headers['proxy-authorization']]);
      const target = connectTCP(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.write(head);
        client.pipe(target).pipe(client);
      });
      t.after(() => (client.destroy(), target.destroy()));
      for (const socket of [client, target]) socket.on('error', () => {});
    });
    for (const through of [`127.0.0.1:${proxy}`, `http://127.0.0.1:${proxy}`, `http://u:p@127.0.0.1:${proxy}`]) {
      const result = await weft(['-x', through, '-n', '1', url], 'by proxy\n');
      assertEnd(result, 0, CLEAN);
      assert.equal(result.out, 'by proxy\n');
    }
    const basic = `Basic ${Buffer.from('u:p').toString('base64')}`;
    const to = `127.0.0.1:${port}`;
    assert.deepEqual(asked, [[to, to, undefined], [to, to, undefined], [to, to, basic]]);
  });

  test('-L: redirects are followed, and drop credentials across origins', async (t) => {
    const { url, talked } = await onWebSocket(t, (peer, { headers, url: target }) => {
      peer.socket.close(1000);
      return { target, authorization: headers.authorization };
    });
    const hops = [];
    const { server, port: first } = await onHTTP(t);
    server.on('upgrade', ({ url: target, headers }, socket) => {
      hops.push([target, headers.authorization]);
      const location = { '/': '/a/b', '/a/b': '../next?y' }[target] ?? `${url}there`;
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
    });
    assertEnd(await weft(['-L', '-u', 'a:b', `ws://127.0.0.1:${first}/`]), 0);
    const basic = `Basic ${Buffer.from('a:b').toString('base64')}`;
    assert.deepEqual(hops, [['/', basic], ['/a/b', basic], ['/next?y', basic]]);
    assert.deepEqual(await talked, { target: '/there', authorization: undefined });
  });
});

// ---- how it ends -------------------------------------------------------------------------------

describe('exit codes', { concurrency: 4 }, () => {
  test('0: closed with 1000, 1001, or without a code', async (t) => {
    for (const [code, shown] of [[1000, 1000], [1001, 1001], [undefined, 1005]]) {
      const { url } = await onWebSocket(t, (peer) => peer.socket.close(code));
      const line = new RegExp(`^weft: closed code=${shown} reason="" by=peer clean=yes$`);
      assertEnd(await new Program([url]).end(), 0, line);
    }
  });

  test('1: usage', async () => {
    for (const args of [[], ['--nonsense', 'ws://localhost:1/'], ['-n', 'x', 'ws://localhost:1/'],
      ['-H', 'no colon', 'ws://localhost:1/'], ['ws://localhost:1/', 'ws://localhost:2/']]) {
      const result = await weft(args);
      assert.equal(result.code, 1, JSON.stringify([args, result]));
      assert.equal(result.out, '');
      assert.match(result.err, /^(weft: |usage|Usage)/i);
    }
  });

  test('3: not a URL of a WebSocket', async () => {
    for (const url of ['http://localhost:1/', 'ws://', 'ws://localhost:99999/', 'ws://a b/', 'ws://localhost/#part']) {
      assertEnd(await weft([url]), 3);
    }
  });

  test('6: the name cannot be resolved', async () => {
    assertEnd(await weft(['ws://no-such-host.invalid/']), 6);
  });

  test('7: nobody listens', async () => {
    const server = createTCP();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const result = await weft([`ws://127.0.0.1:${port}/`]);
    assertEnd(result, 7);
    assert.match(result.err, /refused/i);
  });

  test('22: the upgrade is refused; status and body are told', async (t) => {
    const { server, port } = await onHTTP(t);
    server.on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nnot for you!\n');
    });
    const result = await weft([`ws://127.0.0.1:${port}/`]);
    assertEnd(result, 22);
    assert.equal(result.err, 'weft: refused status=403\n> not for you!\n');
  });

  test('22: a refusal, whatever its fields are', async (t) => {
    const many = Array.from({ length: 120 }, (_, i) => `X-${i}: y\r\n`).join('');
    for (const fields of ['X: a\r\n b\r\n', `X: ${'x'.repeat(9000)}\r\n`, many, 'X : a\r\n', 'Content-Length: -1\r\n']) {
      const { server, port } = await onHTTP(t);
      server.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 403 Forbidden\r\n${fields}Connection: close\r\n\r\n`));
      const result = await weft([`ws://127.0.0.1:${port}/`]);
      assertEnd(result, 22);
      assert.match(result.err, /^weft: refused status=403\n/);
    }
  });

  test('a folded line in the 101', async (t) => {
    const url = await onBytes(t, (socket, head) => {
      socket.write(Buffer.concat([Buffer.from(agree(head, 'X: a\r\n b\r\n')), Buffer.from([0x88, 2, 3, 232])]));
    });
    assertEnd(await weft([url]), 0);
  });

  test('22: what the server says cannot be taken for what we say', async (t) => {
    const body = 'no\r\nweft: closed code=1000 reason="" by=us clean=yes\n\rweft: \x1b[1A\x1b[2Kweft: \u2028weft: \n';
    const { server, port } = await onHTTP(t);
    server.on('upgrade', (_, socket) => {
      socket.end(`HTTP/1.1 403 weft: closed\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
    const result = await weft([`ws://127.0.0.1:${port}/`]);
    assertEnd(result, 22);
    assert.equal(result.err, 'weft: refused status=403\n> no\n> weft: closed code=1000 reason="" by=us clean=yes\n' +
      '> \\x0dweft: \\x1b[1A\\x1b[2Kweft: \\u2028weft: \n');
  });

  test('22: an ordinary page, and a redirect that is not followed', async (t) => {
    const { port } = await onHTTP(t, (request, response) => {
      if (request.url === '/') response.end('<h1>hello</h1>');
      else response.writeHead(301, { Location: '/' }).end();
    });
    const page = await weft([`ws://127.0.0.1:${port}/`]);
    assertEnd(page, 22);
    assert.match(page.err, /status=200\n> <h1>hello/);
    const redirect = await weft([`ws://127.0.0.1:${port}/moved`]);
    assertEnd(redirect, 22);
    assert.match(redirect.err, /status=301/);
  });

  test('7: the proxy refuses', async (t) => {
    const { server, port } = await onHTTP(t);
    server.on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    const result = await weft(['-x', `127.0.0.1:${port}`, 'ws://example.invalid/']);
    assertEnd(result, 7);
    assert.match(result.err, /status=407/);
  });

  test('22 or 80: redirects in a circle come to an end', async (t) => {
    let hops = 0;
    const { server, port } = await onHTTP(t);
    server.on('upgrade', (_, socket) => {
      hops++;
      socket.end('HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n');
    });
    assertEnd(await weft(['-L', `ws://127.0.0.1:${port}/`]), 22);
    assert.equal(hops, 11);
  });

  test('28: the peer does not answer the Close', async (t) => {
    const url = await onBytes(t, (socket, head) => socket.write(agree(head)));
    const started = Date.now();
    const result = await weft(['-w', '0.3', url], 'hello\n');
    assertEnd(result, 28, /^weft: closed code=1006 reason="" by=us clean=no sent=1000 error=WEFT_ERR_TIMEOUT/);
    assert.ok(Date.now() - started >= 300);
  });

  test('28: the messages of -n do not come in time', async (t) => {
    const one = (peer) => peer.say('one');
    for (const [flags, talk, came] of [
      [['-n', '1', '-w', '0.2'], () => {}, '0 of 1'],
      [['-n', '3', '-w', '0.2'], one, '1 of 3'],
      [['-n', '1', '-w', '0'], () => {}, '0 of 1'],
    ]) {
      const { url } = await onWebSocket(t, talk);
      const result = await weft([...flags, url]);
      assertEnd(result, 28, /^weft: closed code=/);
      assert.match(result.err, new RegExp(`^weft: messages that came in time: ${came}; -w waits longer\n`));
    }
  });

  test('0: the messages of -n came, or somebody else ended it', async (t) => {
    const { url: talks } = await onWebSocket(t, (peer) => peer.say('one'));
    assertEnd(await weft(['-n', '1', '-w', '0.5', talks]), 0, CLEAN);
    const { url: leaves } = await onWebSocket(t, (peer) => peer.socket.close(1000));
    assertEnd(await weft(['-n', '1', leaves]), 0);
    const { url: silent } = await onWebSocket(t, (peer) => peer.say('up'));
    const program = new Program(['-n', '2', '-w', '60', silent]);
    program.child.stdin.end();
    await program.said(/up/);
    program.kill('SIGTERM');
    assertEnd(await program.end(), 0, CLEAN);
  });

  test('81 comes before 28: the code says more', async (t) => {
    const { url } = await onWebSocket(t, (peer) => peer.socket.close(1011));
    assertEnd(await weft(['-n', '1', url]), 81);
  });

  test('-w 0: the answer to the Close is not waited for', async (t) => {
    const url = await onBytes(t, (socket, head) => socket.write(agree(head)));
    assertEnd(await weft(['-w', '0', url], 'hello\n'), 0);
  });

  test('56: the connection is lost', async (t) => {
    for (const gone of [(socket) => socket.end(), (socket) => socket.resetAndDestroy()]) {
      const url = await onBytes(t, (socket, head) => {
        socket.write(Buffer.concat([Buffer.from(agree(head)), Buffer.from([0x81, 2, 0x68, 0x69])]));
        socket.once('data', () => gone(socket));
      });
      const program = new Program([url]);
      await program.said(/hi\n/);
      program.type('now');
      assertEnd(await program.end(), 56, /^weft: closed code=1006 reason="" by=\w+ clean=no error=\w+ cause=".+"$/);
    }
  });

  test('56: lost during the handshake', async (t) => {
    assertEnd(await weft([await onBytes(t, (socket) => socket.end())]), 56);
  });

  test('81: another close code, with its reason as JSON', async (t) => {
    for (const [code, reason] of [[1008, 'too slow'], [1011, ''], [4321, 'a "quoted"\n\u00fcline']]) {
      const { url } = await onWebSocket(t, (peer) => peer.socket.close(code, reason));
      const result = await new Program([url]).end();
      assertEnd(result, 81);
      const line = /^weft: closed code=(\d+) reason=(".*") by=peer clean=yes$/.exec(lastLine(result.err));
      assert.deepEqual([Number(line?.[1]), JSON.parse(line?.[2])], [code, reason]);
    }
  });
});

test('81: a message is refused when our Close is out already', async (t) => {
  const url = await onBytes(t, (socket, head) => {
    let got = Buffer.alloc(0);
    socket.write(agree(head));
    socket.on('data', (data) => {
      got = Buffer.concat([got, data]); // a message of 80 bytes, and a Close: with their keys 86 and 8
      if (got.length === 94) socket.end(Buffer.from([0x88, 2, 0x03, 0xf1]));
    });
  });
  const result = await weft([url], `${'0'.repeat(80)}\n`);
  assertEnd(result, 81, /^weft: closed code=1009 reason="" by=us clean=yes sent=1000$/);
});

describe('80: the peer breaks the protocol', { concurrency: 4 }, () => {
  const ANSWERS = {
    'no HTTP at all': () => 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    'no Upgrade': (head) => agree(head).replace(/Upgrade: websocket\r\n/, ''),
    'another Upgrade': (head) => agree(head).replace('websocket', 'h2c'),
    'no Connection': (head) => agree(head).replace(/Connection: Upgrade\r\n/, ''),
    'no Accept': (head) => agree(head).replace(/Sec-WebSocket-Accept.*\r\n/, ''),
    'a wrong Accept': (head) => agree(head).replace(acceptOf(head), acceptOf('Sec-WebSocket-Key: x\r\n')),
    'an extension that was not offered': (head) => agree(head, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'),
    'a subprotocol that was not offered': (head) => agree(head, 'Sec-WebSocket-Protocol: chat\r\n'),
    'a bare line feed': (head) => agree(head).replaceAll('\r\n', '\n'),
    'a folded line before any field': (head) => agree(head).replace('\r\n', '\r\n a: b\r\n'),
    'a space before the colon': (head) => agree(head, 'X : a\r\n'),
  };
  for (const [what, answer] of Object.entries(ANSWERS)) {
    test(`in the handshake: ${what}`, async (t) => {
      const url = await onBytes(t, (socket, head) => socket.write(answer(head)));
      assertEnd(await weft([url]), 80);
    });
  }

  const FRAMES = {
    'a masked frame': [1002, [0x81, 0x81, 1, 2, 3, 4, 0x60]],
    'a reserved bit': [1002, [0xc1, 1, 0x61]],
    'a reserved opcode': [1002, [0x83, 0]],
    'a continuation of nothing': [1002, [0x80, 1, 0x61]],
    'a fragmented ping': [1002, [0x09, 0]],
    'a length in too many bytes': [1002, [0x82, 126, 0, 5, 1, 2, 3, 4, 5]],
    'text that is not UTF-8': [1007, [0x81, 2, 0xc0, 0x80]],
    'a Close of one byte': [1002, [0x88, 1, 3]],
    'a close code that may not be sent': [1002, [0x88, 2, 0x03, 0xed]],
    'a message over the limit': [1009, [0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0]],
  };
  for (const [what, [code, frame]] of Object.entries(FRAMES)) {
    test(`in a frame: ${what}, right behind the 101`, async (t) => {
      const received = [];
      const url = await onBytes(t, (socket, head) => {
        socket.on('data', (data) => received.push(data));
        socket.on('end', () => socket.end());
        socket.write(Buffer.concat([Buffer.from(agree(head)), Buffer.from([0x81, 2, 0x68, 0x69]), Buffer.from(frame)]));
      });
      const result = await new Program([url]).end();
      assertEnd(result, 80, new RegExp(`^weft: closed code=1006 reason="" by=us clean=no sent=${code} error=WEFT_ERR_\\w+ cause="`));
      assert.equal(result.out, 'hi\n');
      const close = Buffer.concat(received);
      assert.equal(close[0], 0x88, 'the Close reaches the peer');
      assert.equal(close[1] & 0x80, 0x80, 'masked');
      assert.equal(((close[6] ^ close[2]) << 8) | (close[7] ^ close[3]), code);
    });
  }
});
