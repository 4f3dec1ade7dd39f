// SPDX-License-Identifier: MIT
//
// What may be done in a second: publish (by an address, a WebSocket, a user), connect, be accepted; and how long somebody
// may stay. The clock is the server's, so rates are such that what a test needs is there at once, and the rest is far off.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Peer, refusal } from './lib/peer.mjs';
import { Program } from './lib/program.mjs';

async function started(t, ...args) {
  const server = await Program.serve('--threads', '2', ...args);
  t.after(() => server.kill());
  return server;
}

const from = (address) => ({ 'X-Forwarded-For': address });

function post(server, address, body = 'x', headers = {}) {
  return fetch(server.page('/chat'), { method: 'POST', body, headers: { ...from(address), ...headers } });
}

async function upgraded(t, server, address) {
  const socket = connect(server.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write('GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `X-Forwarded-For: ${address}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
  const [head] = await once(socket, 'data');
  return Number(`${head}`.split(' ')[1]);
}

test('an address publishes ten seconds\' worth, and then has to wait', async (t) => {
  const server = await started(t, '--trust-proxy', '127.0.0.1', '--publish-rate', 'address: 1');
  let answer;
  for (let i = 0; i < 12 && (answer = await post(server, '192.0.2.1')).status === 200; i++) await answer.text();
  assert.equal(answer.status, 429);
  assert.equal(answer.headers.get('Retry-After'), '1');
  const { error } = await answer.json();
  assert.equal(error.code, 429);
  assert.ok(error.retry > 0 && error.retry <= 1000, `${error.retry} ms`);
  assert.equal((await post(server, '192.0.2.2')).status, 200);
  assert.equal((await post(server, '2001:db8::1')).status, 200);
});

test('bytes are counted, too', async (t) => {
  const server = await started(t, '--trust-proxy', '127.0.0.1', '--publish-rate', 'address: 0, 1K');
  assert.equal((await post(server, '192.0.2.1', 'x'.repeat(30000))).status, 200);
  const answer = await post(server, '192.0.2.1');
  assert.equal(answer.status, 429);
  assert.ok(Number(answer.headers.get('Retry-After')) > 10);
});

test('weft.v1 is told in an error, a raw WebSocket waits, and is closed if that is too long', async (t) => {
  const server = await started(t, '--publish-rate', 'connection: 1, 1K');
  const v1 = await Peer.connect(server.url('/chat?subscribe=no'), 'weft.v1');
  await v1.next();
  for (let i = 0; i < 15; i++) v1.say(JSON.stringify({ publish: '/chat', data: 'x' }));
  v1.say(JSON.stringify({ publish: '/chat', data: 'x', id: 'last' }));
  for (let heard; heard?.id !== 'last';) {
    heard = JSON.parse(await v1.next());
    assert.equal(heard.error.code, 429);
    assert.ok(heard.error.retry <= 1000);
  }

  const raw = await Peer.connect(server.url('/raw'));
  for (let i = 0; i < 11; i++) raw.say(`${i}`);
  for (let i = 0; i < 11; i++) assert.equal(await raw.next(), `${i}`);
  raw.say('x'.repeat(20000));
  assert.equal((await raw.next()).length, 20000);
  raw.say('more');
  const { code, reason } = await raw.end();
  assert.equal(code, 1013);
  assert.match(reason, /^too fast: come again in \d+ ms$/);
});

test('an address connects ten seconds\' worth, and then gets 429', async (t) => {
  const server = await started(t, '--trust-proxy', '127.0.0.1', '--connect-rate', '1', '--echo', '/echo');
  let status = 101;
  for (let i = 0; i < 12 && status === 101; i++) status = await upgraded(t, server, '192.0.2.1');
  assert.equal(status, 429);
  const refused = await refusal(server.url('/echo'), [], { headers: from('192.0.2.1') });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers['retry-after'], '5');
  assert.equal(await upgraded(t, server, '192.0.2.2'), 101);
});

test('more connect than are accepted a second: they wait, and none is refused', async (t) => {
  const server = await started(t, '--accept-rate', '20', '--echo', '/echo');
  const began = performance.now();
  const sockets = Array.from({ length: 12 }, () => connect(server.port, '127.0.0.1'));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  const answers = await Promise.all(sockets.map(async (socket) => {
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return `${(await once(socket, 'data'))[0]}`;
  }));
  for (const answer of answers) assert.match(answer, /^HTTP\/1.1 200/);
  assert.ok(performance.now() - began > 300, 'the last one had to wait');
});

test('who has been there for --max-age is asked to come again', async (t) => {
  const server = await started(t, '--max-age', '1s');
  const stream = await fetch(server.page('/chat?stream=sse'));
  const raw = await Peer.connect(server.url('/chat'));
  const v1 = await Peer.connect(server.url('/chat'), 'weft.v1');
  assert.equal((await raw.end()).code, 1012);
  await v1.next();
  assert.ok(JSON.parse(await v1.next()).close.retry >= 0);
  assert.equal((await v1.end()).code, 1012);
  assert.match(await stream.text(), /retry: \d+\n\n$/);
});

test('behind a proxy that is not trusted, limits by address are void: it is said once', async (t) => {
  const server = await started(t, '--publish-rate', 'address: 1');
  for (let i = 0; i < 3; i++) {
    const socket = connect(server.port, '127.0.0.1');
    socket.end('GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n');
    await once(socket.resume(), 'close');
  }
  await server.heard(/limits by address do not count its clients: trust it \(--trust-proxy 127\.0\.0\.1\)/);
  assert.equal(server.err.match(/--trust-proxy/g).length, 1);
});
