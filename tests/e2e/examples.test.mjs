// SPDX-License-Identifier: MIT
//
// The programs of examples/, as a reader of the README would meet them: each is started, talked to by
// npm's ws, and ended. Servers listen on a port of the kernel's choice and say which on their first line.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';

const BUILD = process.env.WEFT_BUILD ?? 'build/asan';
const SOURCE = process.env.WEFT_SRC ?? '.';
const PATIENCE = 15_000; // ms; nothing here waits longer than that

// ---- waiting, never for ever -------------------------------------------------------------------

function soon(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// ---- a program ---------------------------------------------------------------------------------

class Program {
  constructor(name, ...args) {
    this.out = '';
    this.err = '';
    this.child = spawn(join(BUILD, 'examples', name), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr.on('data', (data) => (this.err += data));
    this.firstLine = new Promise((resolve, reject) => {
      this.child.stdout.on('data', (data) => {
        this.out += data;
        if (this.out.includes('\n')) resolve(this.out.split('\n')[0]);
      });
      this.child.once('error', reject);
      this.child.once('close', () => reject(new Error(`${name} has ended: ${this.err}`)));
    });
    this.firstLine.catch(() => {}); // those that run to their end may have no line
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  url() {
    return soon(this.firstLine, 'the line that says where it listens');
  }

  end() {
    return soon(this.ended, 'the program to end by itself');
  }

  async stop() {
    this.child.kill('SIGTERM');
    try {
      await soon(this.ended, 'the program to be ended');
    } finally {
      this.child.kill('SIGKILL');
    }
    assert.equal(this.err, '', 'nothing on stderr, no sanitizer either');
  }
}

async function withServer(name, talk) {
  const program = new Program(name, '127.0.0.1:0');
  try {
    const url = await program.url();
    assert.match(url, /^(ws|http):\/\/127\.0\.0\.1:\d+\//);
    await talk(url);
  } finally {
    await program.stop();
  }
}

// ---- a peer ------------------------------------------------------------------------------------

class Peer {
  #heard = [];
  #waiting = [];

  static async connect(url) {
    const peer = new Peer();
    peer.socket = new WebSocket(url);
    peer.socket.on('message', (data, binary) => peer.#hear(binary ? data : data.toString()));
    peer.closed = once(peer.socket, 'close').then(([code]) => code);
    await soon(once(peer.socket, 'open'), `${url} to open`);
    return peer;
  }

  #hear(message) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(message);
    else this.#heard.push(message);
  }

  next() {
    if (this.#heard.length) return Promise.resolve(this.#heard.shift());
    return soon(new Promise((resolve) => this.#waiting.push(resolve)), 'a message');
  }

  async nextLike(pattern) {
    for (;;) {
      const message = await this.next();
      if (pattern.test(message)) return message;
    }
  }

  say(message) {
    this.socket.send(message);
  }

  async leave() {
    this.socket.close(1000);
    assert.equal(await soon(this.closed, 'the answer to Close'), 1000);
  }
}

// ---- the two of the README ---------------------------------------------------------------------

for (const name of ['echo_server', 'client']) {
  test(`${name}.c is short enough for the README`, () => {
    const source = readFileSync(join(SOURCE, 'examples', `${name}.c`), 'utf8');
    const code = source.replace(/\/\*[^]*?\*\//g, '').split('\n').filter((line) => line.trim());
    assert.ok(code.length <= 20, `${code.length} lines of code`);
  });
}

test('echo_server: what is sent comes back', () =>
  withServer('echo_server', async (url) => {
    const peer = await Peer.connect(url);
    for (const text of ['hello', '', 'grüße 🧵', 'x'.repeat(300_000)]) {
      peer.say(text);
      assert.equal(await peer.next(), text);
    }
    peer.say(Buffer.from([0, 1, 254, 255]));
    assert.deepEqual(await peer.next(), Buffer.from([0, 1, 254, 255]));
    peer.socket.ping('there?');
    const [pong] = await soon(once(peer.socket, 'pong'), 'a pong');
    assert.equal(pong.toString(), 'there?');
    await peer.leave();
  }));

test('echo_server: a port that is taken is said', () =>
  withServer('echo_server', async (url) => {
    const second = new Program('echo_server', new URL(url).host);
    assert.equal((await second.end()).code, 1);
    assert.match(second.err, /Address already in use/);
  }));

test('client: prints the next message and leaves', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await soon(once(server, 'listening'), 'ws to listen');
  const said = soon(
    once(server, 'connection').then(([socket]) => {
      socket.send('what is said');
      return once(socket, 'close');
    }),
    'the client to leave',
  );
  try {
    const client = new Program('client', `ws://127.0.0.1:${server.address().port}/any`);
    assert.equal((await said)[0], 1000);
    assert.deepEqual(await client.end(), { code: 0, signal: null });
    assert.equal(client.out, 'what is said\n');
    assert.equal(client.err, '');
  } finally {
    for (const socket of server.clients) socket.terminate();
    await soon(new Promise((resolve) => server.close(resolve)), 'ws to close');
  }
});

test('client: says why it could not connect', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await soon(once(server, 'listening'), 'ws to listen');
  const { port } = server.address();
  await soon(new Promise((resolve) => server.close(resolve)), 'ws to close');
  const client = new Program('client', `ws://127.0.0.1:${port}/`);
  await client.end();
  assert.match(client.err, /refused/i);
});

test('client: a wrong URL', async () => {
  const client = new Program('client', 'gopher://example.org/');
  assert.equal((await client.end()).code, 1);
});

// ---- the others --------------------------------------------------------------------------------

test('chat_server: everyone hears what one says, a page comes with it', () =>
  withServer('chat_server', async (url) => {
    const page = await soon(fetch(url), 'the page');
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type'), /^text\/html/);
    assert.match(await soon(page.text(), 'the page'), /new WebSocket/);

    const chat = url.replace('http:', 'ws:') + 'chat';
    const [ann, bob] = [await Peer.connect(chat), await Peer.connect(chat)];
    ann.say('hi, I am Ann');
    assert.equal(await ann.next(), 'hi, I am Ann');
    assert.equal(await bob.next(), 'hi, I am Ann');
    await ann.leave();
    bob.say('alone now');
    assert.equal(await bob.next(), 'alone now');
    await bob.leave();
  }));

// Yields the events of a stream as they come, as text without the empty line; ends where the stream ends.
async function* events(url) {
  const response = await soon(fetch(url), 'the stream to begin');
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  let text = '';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await soon(reader.read(), 'an event');
    if (done) break;
    text += value;
    for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) yield text.slice(0, end);
  }
  assert.equal(text, '', 'the stream ends behind an event');
}

test('event_stream: all who watch see the same, and are told when to come back', async () => {
  const program = new Program('event_stream', '127.0.0.1:0');
  try {
    const url = await program.url();
    assert.match(await soon((await soon(fetch(url), 'the page')).text(), 'the page'), /new EventSource/);
    const streams = [events(`${url}events`), events(`${url}events`)];
    const next = async (stream) => {
      const { value } = await stream.next();
      return [+/^id: (\d+)\ndata: \d\d:\d\d:\d\d$/.exec(value)[1], value];
    };
    const first = await Promise.all(streams.map(next));
    const both = Math.max(...first.map(([number]) => number)) + 1; // one may have come a tick later
    const seen = await Promise.all(
      streams.map(async (stream, i) => {
        for (let expected = first[i][0] + 1; ; expected++) {
          const [number, event] = await next(stream);
          assert.equal(number, expected);
          if (number === both) return event;
        }
      }),
    );
    assert.equal(seen[0], seen[1]);

    program.child.kill('SIGTERM');
    const waits = await Promise.all(
      streams.map(async (stream) => {
        let last;
        for await (const event of stream) last = event;
        return +/^retry: (\d+)$/.exec(last)[1];
      }),
    );
    for (const wait of waits) assert.ok(wait >= 1000 && wait < 11_000, `${wait} ms`);
    assert.notEqual(waits[0], waits[1]);
    assert.deepEqual(await program.end(), { code: 0, signal: null });
  } finally {
    await program.stop();
  }
});

for (const name of ['embed_epoll', 'embed_libuv']) {
  const skip = !existsSync(join(BUILD, 'examples', name)) && name === 'embed_libuv';
  test(`${name}: the host's own timer reaches everyone`, { skip: skip && 'built without libuv' }, () =>
    withServer(name, async (url) => {
      const [ann, bob] = [await Peer.connect(url), await Peer.connect(url)];
      const first = parseInt(await ann.nextLike(/^\d+ s$/));
      assert.equal(parseInt(await ann.nextLike(/^\d+ s$/)), first + 1);
      assert.match(await bob.next(), /^\d+ s$/);
      await ann.leave();
      await bob.leave();
    }));
}

test('threads_post: a worker publishes, a thread answers one client', () =>
  withServer('threads_post', async (url) => {
    const [ann, bob] = [await Peer.connect(url), await Peer.connect(url)];
    ann.say('91');
    assert.equal(await ann.nextLike(/divisor/), 'smallest divisor of 91: 7');
    ann.say('999999999989');
    assert.equal(await ann.nextLike(/divisor/), 'smallest divisor of 999999999989: 999999999989');
    assert.match(await bob.next(), /^worker: \d+ done$/);
    bob.say('a number that is far too long');
    assert.equal(await soon(bob.closed, 'a Close'), 1008);
    await ann.leave();
  }));

test('worker_pool: every question is answered, also those of who asks many at once', () =>
  withServer('worker_pool', async (url) => {
    const [ann, bob] = [await Peer.connect(url), await Peer.connect(url)];
    const wanted = new Set();
    for (let i = 1; i <= 300; i++) {
      ann.say(`${7 * i}`);
      wanted.add(7 * i);
    }
    bob.say('999999999989');
    assert.equal(await bob.next(), 'smallest divisor of 999999999989: 999999999989');
    while (wanted.size) {
      const [, number] = /^smallest divisor of (\d+): /.exec(await ann.next());
      assert.ok(wanted.delete(Number(number)), number);
    }
    bob.say('a number that is far too long');
    assert.equal(await soon(bob.closed, 'a Close'), 1008);
    ann.say('999999999989');
    ann.socket.terminate(); // an answer to nobody
    const eve = await Peer.connect(url);
    eve.say('15');
    assert.equal(await eve.next(), 'smallest divisor of 15: 3');
    await eve.leave();
  }));

test('reverse_proxy: what comes from behind is what a client gets', async () => {
  const large = randomBytes(3_000_000);
  const behind = createServer((request, response) => {
    if (request.url === '/large') return response.end(large);
    if (request.url === '/broken') {
      response.writeHead(200, { 'content-length': 10 });
      return response.write('half', () => response.destroy());
    }
    if (request.url === '/length') return response.writeHead(200, { 'content-length': 3 }).end('abc');
    response.setHeader('x-method', request.method);
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.writeHead(201, { 'content-type': 'text/x' });
    return request.pipe(response);
  }).listen(0, '127.0.0.1');
  await soon(once(behind, 'listening'), 'the server behind');
  const program = new Program('reverse_proxy', '127.0.0.1:0', `tcp://127.0.0.1:${behind.address().port}`);
  try {
    const url = await program.url();
    const echo = await soon(fetch(`${url}echo?x=1`, { method: 'POST', body: 'what is said' }), 'an answer');
    assert.deepEqual([echo.status, echo.headers.get('x-method'), echo.headers.get('content-type')], [201, 'POST', 'text/x']);
    assert.deepEqual(echo.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.equal(await echo.text(), 'what is said');
    const whole = await soon(fetch(`${url}large`), 'a large answer');
    assert.deepEqual(Buffer.from(await soon(whole.arrayBuffer(), 'all of it')), large);
    const head = await soon(fetch(`${url}length`, { method: 'HEAD' }), 'a head');
    assert.equal(head.headers.get('content-length'), '3');
    await assert.rejects(async () => (await fetch(`${url}broken`)).text());
    behind.closeAllConnections();
    await soon(new Promise((resolve) => behind.close(resolve)), 'the server behind to close');
    assert.equal((await soon(fetch(url), 'a refusal')).status, 502);
  } finally {
    behind.close();
    await program.stop();
  }
});

// Says it in one piece, and hears until the other side ends.
async function rawly(url, bytes) {
  const socket = connect(new URL(url).port, '127.0.0.1');
  const heard = [];
  socket.on('data', (data) => heard.push(data));
  socket.end(bytes);
  await soon(once(socket, 'close'), 'the end of the connection');
  return Buffer.concat(heard).toString('latin1');
}

async function echoes(url) {
  const peer = await Peer.connect(url);
  for (const text of ['hello', '', 'grüße 🧵', 'x'.repeat(300_000)]) {
    peer.say(text);
    assert.equal(await peer.next(), text);
  }
  peer.say(Buffer.from([0, 1, 254, 255]));
  assert.deepEqual(await peer.next(), Buffer.from([0, 1, 254, 255]));
  await peer.leave();
}

test('handshake_only: an echo on plain sockets', async () => {
  const program = new Program('handshake_only');
  const upgrade = (more) =>
    `GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${more}\r\n`;
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  try {
    const url = await program.url();
    await echoes(url);
    const page = await soon(fetch(url.replace('ws:', 'http:')), 'an answer to a plain request');
    assert.equal(page.status, 426);
    assert.equal(page.headers.get('sec-websocket-version'), '13');
    assert.match(await rawly(url, 'GET / HTTP/1.1\n'), /^HTTP\/1\.1 400 .*a bare LF ends a line\n$/s);
    assert.match(await rawly(url, `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(65)}`), /^HTTP\/1\.1 431 /);
    assert.match(await rawly(url, upgrade('Sec-WebSocket-Version: 13\r\n')), /^HTTP\/1\.1 400 /);
    assert.match(await rawly(url, upgrade(`${key}Origin: https://evil.example\r\n`)), /^HTTP\/1\.1 403 /);
    assert.equal(await rawly(url, 'GET / HT'), '');
    const frames = '\x81\x82\0\0\0\0hi\x88\x82\0\0\0\0\x03\xe8'; // behind the head, in the same piece
    const heard = await rawly(url, Buffer.from(upgrade(key) + frames, 'latin1'));
    assert.match(heard, /^HTTP\/1\.1 101 .*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n\r\n\x81\x02hi\x88\x02\x03\xe8$/s);
    await echoes(url);
  } finally {
    await program.stop();
  }
});

test('client_only: a conversation out of an array', async () => {
  const server = new Program('handshake_only');
  try {
    const { port } = new URL(await server.url());
    const long = 'y'.repeat(20_000);
    for (const text of ['hello', long]) {
      const client = new Program('client_only', port, text);
      assert.deepEqual(await client.end(), { code: 0, signal: null }, client.err);
      const [heard, memory] = client.out.split('\n');
      assert.equal(heard, text);
      assert.match(memory, /^with \d+ bytes of memory$/);
    }
    const large = new Program('client_only', port, 'z'.repeat(100_000));
    assert.equal((await large.end()).code, 1);
    assert.match(large.err, /^client_only: Cannot allocate memory/);
  } finally {
    await server.stop();
  }
});

test('client_only: a refusal', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, verifyClient: () => false });
  await soon(once(server, 'listening'), 'ws to listen');
  try {
    const client = new Program('client_only', String(server.address().port));
    assert.equal((await client.end()).code, 1);
    assert.match(client.err, /refused to open a WebSocket/);
  } finally {
    server.close();
  }
});

const noCpp = !existsSync(join(BUILD, 'examples', 'cpp', 'echo_raii')) && 'built without a C++ compiler';

test('cpp/echo_raii: C++17, callbacks that are lambdas, exceptions', { skip: noCpp }, () =>
  withServer('cpp/echo_raii', async (url) => {
    await echoes(url);
    const page = url.replace('ws:', 'http:').replace('echo', '');
    assert.equal(await (await soon(fetch(page), 'the page')).text(), '1 have been here\n');
    assert.equal((await soon(fetch(`${page}throw`), 'the page that throws')).status, 500);
    const peer = await Peer.connect(url);
    peer.say('throw');
    assert.equal(await soon(peer.closed, 'a Close'), 1011);

    const late = await Peer.connect(url); // reads late, and misses nothing
    const lines = Array.from({ length: 3000 }, (_, i) => `${i} ${'x'.repeat(1000)}`);
    late.socket.pause();
    lines.forEach((line) => late.say(line));
    late.socket.resume();
    for (const line of lines) assert.equal(await late.next(), line);
    await late.leave();
  }));

test('cpp/echo_raii: an error is said in words', { skip: noCpp }, async () => {
  const program = new Program('cpp/echo_raii', 'nowhere');
  assert.equal((await program.end()).code, 1);
  assert.match(program.err, /^echo_raii: this is not an address/);
});

test('cpp/echo_cpp11: the headers in C++11', { skip: noCpp }, () => withServer('cpp/echo_cpp11', echoes));

test('session_only: a whole conversation', async () => {
  const program = new Program('session_only');
  assert.deepEqual(await program.end(), { code: 0, signal: null });
  assert.equal(program.err, '');
  assert.equal(
    program.out,
    [
      'server: ping "there?"',
      'server: message "hello"',
      'client: pong "there?"',
      'client: message "HELLO"',
      'server: message "and again"',
      'client: message "AND AGAIN"',
      'server: close "goodbye"',
      'client: close ""',
      '',
    ].join('\n'),
  );
});

// The fuzzing server of the Autobahn testsuite, as far as its client sees it.
async function asFuzzingServer(cases, talk) {
  const asked = [];
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true });
  await once(server, 'listening');
  server.on('connection', (socket, { url }) => {
    asked.push(url);
    socket.on('error', () => {});
    const [, number] = /^\/runCase\?case=(\d+)&agent=weft$/.exec(url) ?? [];
    if (number) return cases[number - 1](socket);
    if (url === '/getCaseCount' && cases.length) socket.send(String(cases.length));
    socket.close(1000);
  });
  const program = new Program('autobahn', `ws://127.0.0.1:${server.address().port}`);
  try {
    await talk(program, asked);
  } finally {
    program.child.kill('SIGKILL');
    server.close();
  }
}

test('autobahn: every case is echoed, however it ends, then the reports are asked for', async () => {
  const big = randomBytes(16 << 20);
  const heard = [];
  const hear = (socket) => {
    socket.on('message', (data, binary) => (heard.push([data, binary]), socket.close(1000)));
    socket.on('close', (code) => heard.push(code));
  };
  const cases = [
    (socket) => (hear(socket), socket.send('hello')),
    (socket) => (hear(socket), socket._socket.write(Buffer.from([0x83, 0x00]))), // a reserved opcode
    (socket) => (hear(socket), socket.send(big)),
    (socket) => socket.terminate(),
  ];
  await asFuzzingServer(cases, async (program, asked) => {
    assert.deepEqual(await program.end(), { code: 0, signal: null }, program.err);
    assert.equal(program.err, '');
    const cases = [1, 2, 3, 4].map((i) => `/runCase?case=${i}&agent=weft`);
    assert.deepEqual(asked, ['/getCaseCount', ...cases, '/updateReports?agent=weft']);
    assert.deepEqual(heard.slice(0, 3), [[Buffer.from('hello'), false], 1000, 1002]);
    assert.ok(heard[3][1] && big.equals(heard[3][0]));
    assert.equal(heard[4], 1000);
  });
});

test('autobahn: without a number of cases it fails', () =>
  asFuzzingServer([], async (program, asked) => {
    assert.deepEqual(await program.end(), { code: 1, signal: null });
    assert.match(program.err, /^autobahn: no number of cases: /);
    assert.deepEqual(asked, ['/getCaseCount']);
  }));
