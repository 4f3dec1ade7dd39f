// SPDX-License-Identifier: MIT
//
// Every peer, over ws and wss, in every mode of compression, as client of weft and as its server.
//
//              weft serve --deflate         weft URL --deflate
//              off  shared  takeover        off  shared  takeover
//   ws          x     x        x             x     x        x
//   websockets  x     x        x             x     x        x
//   lws         x     x        x             x     x        -
//   Chromium    x     x        x             -     -        -
//
// libwebsockets (4.1.6) agrees to an offer that has server_max_window_bits without saying so, as RFC 7692
// 7.1.2.1 asks, and weft, whose takeover has windows of 12 bits, refuses that. As a server behind TLS it loses
// its place in a compressed message of more than some KiB ("invalid distance too far back"), with npm's ws as
// its client, too: there it is told only short ones.
//
// A client says short and long messages, text of every width, binary, a fragmented one and a ping, hears all
// of it again, and closes with a code of its own. A server echoes the lines of weft's input, long ones in
// fragments, with a ping in between. What was agreed on has to be what the mode says.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer as createHTTP } from 'node:http';
import { createServer as createHTTPS } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { WebSocket, WebSocketServer } from 'ws';
import { Certs } from './lib/certs.mjs';
import { Peer } from './lib/peer.mjs';
import { BUILD, Program, SOURCE, soon, weft } from './lib/program.mjs';

const MODES = ['off', 'shared', 'takeover'];
const LWS = join(BUILD, 'tests', 'lws_peer');
const PYTHON = ['/usr/bin/python3', '-B', join(SOURCE, 'tests/e2e/lib/websockets_peer.py')];

// ---- what is said ------------------------------------------------------------------------------

/** Rows that resemble each other, of characters of every width; no more bytes than that. */
function rows(size) {
  let text = '';
  for (let i = 0; text.length < size / 2; i++) text += `{"id": ${i}, "größe": "𝄞 ${i % 13}"} `;
  return Buffer.from(text).subarray(0, size).toString().replaceAll('\ufffd', '');
}

const LONG = rows(1 << 20);
const NOISE = Buffer.from(Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * i * 31 + (i >> 3)) & 0xff));
const LINES = ['hello', '', 'größer 🧵', rows(5000), LONG.slice(0, 300_000), 'that is all'];

/** What has to be agreed on with somebody who offers permessage-deflate. */
function assertAgreed(extensions, mode) {
  if (mode === 'off') return assert.equal(extensions, '');
  assert.match(extensions, /^permessage-deflate/);
  const alone = /server_no_context_takeover/.test(extensions);
  assert.equal(alone, mode === 'shared', extensions);
}

// ---- programs ----------------------------------------------------------------------------------

let certs;
let own;
let browser;

before(async () => {
  certs = new Certs();
  own = certs.issue('peers');
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--headless=new', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
});
after(async () => {
  await browser.close();
  certs.remove();
});

/** A program that is not weft; out so far, and its end. It goes with the test. */
function other(t, [program, ...args]) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { child, out: '', err: '' };
  child.stdin.on('error', () => {});
  child.stdout.on('data', (data) => { said.out += data; child.emit('said'); });
  child.stderr.on('data', (data) => { said.err += data; });
  said.ended = once(child, 'close').then(([code]) => code);
  t.after(() => child.kill('SIGKILL'));
  return said;
}

async function toItsEnd(t, command) {
  const program = other(t, command);
  program.child.stdin.end();
  const code = await soon(program.ended, () => `the end of ${command.join(' ')}: ${program.err}`);
  assert.equal(code, 0, `${command.join(' ')}: ${program.out}${program.err}`);
  return program.out;
}

async function listening(t, command) {
  const program = other(t, command);
  while (!program.out.includes('\n')) await soon(once(program.child, 'said'), () => `${command.join(' ')}: ${program.err}`);
  return Number(program.out);
}

// ---- as clients of weft serve ------------------------------------------------------------------

async function wsTalks(t, server, mode) {
  const socket = new WebSocket(server.url('/echo'), [], server.s ? { ca: readFileSync(certs.ca) } : {});
  const peer = new Peer(socket);
  const [[response]] = await soon(Promise.all([once(socket, 'upgrade'), once(socket, 'open')]), () => 'the 101');
  assertAgreed(response.headers['sec-websocket-extensions'] ?? '', mode);
  for (const message of ['', 'hello', LONG, LONG]) assert.ok((await peer.ask(message)) === message);
  assert.ok((await peer.ask(NOISE)).equals(NOISE));
  for (const part of ['one ', '', 'mess']) peer.say(part, { fin: false });
  assert.equal(await peer.ping('between'), 'between');
  peer.say('age 🧵', { fin: true });
  assert.equal(await peer.next(), 'one message 🧵');
  assert.equal((await peer.leave(4321, 'that is all')).code, 4321);
}

async function websocketsTalks(t, server, mode) {
  const out = await toItsEnd(t, [...PYTHON, 'client', server.url('/echo'), server.s ? certs.ca : '']);
  assertAgreed(/^agreed: (.*)$/m.exec(out)[1], mode);
}

async function lwsTalks(t, server, mode) {
  await toItsEnd(t, [LWS, mode === 'off' ? 'client' : 'compressing-client', `${server.port}`, server.s ? certs.ca : '']);
  await server.heard(mode === 'off' ? /closed code=4321/ : /open, compressed[^]*closed code=4321/);
}

/** In the page. */
function pageTalks([url, long]) {
  const noise = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * i * 31 + (i >> 3)) & 0xff);
  const messages = ['', 'hello', 'größer 🧵', long, long, noise];
  const same = (data, i) => (i < 5 ? data === messages[i] : new Uint8Array(data).every((byte, k) => byte === noise[k]));
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url);
    let heard = 0;
    ws.binaryType = 'arraybuffer';
    ws.onopen = () => messages.forEach((message) => ws.send(message));
    ws.onmessage = ({ data }) => {
      if (!same(data, heard++)) reject(new Error(`message ${heard} is another`));
      if (heard === messages.length) ws.close(4321, 'that is all');
    };
    ws.onclose = ({ code }) => resolve({ heard, code, extensions: ws.extensions });
  });
}

/** The 101's own field is seen through Chromium's developer tools, too. */
async function chromiumTalks(t, server, mode) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  t.after(() => context.close());
  const page = await context.newPage();
  const tools = await context.newCDPSession(page);
  await tools.send('Network.enable');
  const upgraded = new Promise((resolve) => {
    tools.on('Network.webSocketHandshakeResponseReceived', ({ response }) => resolve(response.headers));
  });
  await page.goto(server.page('/', 'localhost'));
  const url = server.url('/echo').replace('127.0.0.1', 'localhost');
  const { extensions, ...rest } = await soon(page.evaluate(pageTalks, [url, LONG]), () => 'the page');
  assert.deepEqual(rest, { heard: 6, code: 4321 });
  const fields = Object.entries(await soon(upgraded, () => 'the 101'));
  assertAgreed(fields.find(([name]) => /^sec-websocket-extensions$/i.test(name))?.[1] ?? '', mode);
  assert.match(extensions, mode === 'off' ? /^$/ : /^permessage-deflate/);
}

const CLIENTS = { ws: wsTalks, websockets: websocketsTalks, lws: lwsTalks, Chromium: chromiumTalks };

describe('weft serve', { concurrency: 2 }, () => {
  for (const tls of [false, true]) {
    for (const mode of MODES) {
      test(`${tls ? 'wss' : 'ws'}, --deflate ${mode}`, async (t) => {
        const files = tls ? ['--tls-cert', own.cert, '--tls-key', own.key] : [];
        const server = await Program.serve('-v', '--echo', '/echo', '--max-message', '2M', '--deflate', mode, ...files);
        t.after(() => server.kill());
        for (const [name, talk] of Object.entries(CLIENTS)) {
          await t.test(name, { skip: name === 'lws' && !existsSync(LWS) }, (inner) => talk(inner, server, mode));
        }
        await server.stop();
      });
    }
  }
});

// ---- as servers for weft URL -------------------------------------------------------------------

async function wsServes(t, tls) {
  const server = tls ? createHTTPS({ cert: readFileSync(own.cert), key: readFileSync(own.key) }) : createHTTP();
  const wss = new WebSocketServer({ server, perMessageDeflate: true });
  wss.on('connection', (socket) => {
    socket.ping('are you there');
    socket.on('message', (data, binary) => {
      for (let at = 0; at < data.length - 50_000; at += 50_000) socket.send(data.subarray(at, at + 50_000), { binary, fin: false });
      socket.send(data.subarray(Math.max(0, Math.ceil(data.length / 50_000 - 1) * 50_000)), { binary, fin: true });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => (wss.clients.forEach((client) => client.terminate()), server.closeAllConnections(), server.close()));
  return server.address().port;
}

const SERVERS = {
  ws: wsServes,
  websockets: (t, tls) => listening(t, [...PYTHON, 'server', ...(tls ? [own.cert, own.key] : ['', ''])]),
  lws: (t, tls) => listening(t, [LWS, 'server', ...(tls ? [own.cert, own.key] : ['', ''])]),
};

describe('weft URL', { concurrency: 2 }, () => {
  for (const [name, serve] of Object.entries(SERVERS)) {
    for (const tls of [false, true]) {
      test(`${name}, ${tls ? 'wss' : 'ws'}`, { skip: name === 'lws' && !existsSync(LWS) }, async (t) => {
        const port = await serve(t, tls);
        for (const mode of name === 'lws' ? MODES.slice(0, 2) : MODES) {
          const said = name === 'lws' && tls && mode !== 'off' ? LINES.filter((line) => line.length < 10_000) : LINES;
          const lines = said.map((line) => `${line}\n`).join('');
          const url = `ws${tls ? 's' : ''}://127.0.0.1:${port}/`;
          const args = ['-v', '--cacert', certs.ca, '--deflate', mode, '-n', `${said.length}`, url];
          const { code, out, err } = await weft(tls ? args : args.toSpliced(1, 2), lines);
          assert.equal(code, 0, err);
          assert.ok(out === lines, `${mode}: ${out.length} of ${lines.length}`);
          assert.match(err, /closed code=1000 reason="" by=(us|peer) clean=yes/);
          assert.match(err, mode === 'off' ? / open\n/ : / open, compressed\n/);
        }
      });
    }
  }
});
