// SPDX-License-Identifier: MIT
//
// How a server leaves in phases: while load balancers have yet to notice, while others are asked to go, and at the end.
//
// A phase that a test looks at lasts as long as it likes, for nobody waits for its end: the second SIGTERM is that.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Peer } from './lib/peer.mjs';
import { Program, soon } from './lib/program.mjs';

const FAR = '1h';

async function started(t, ...args) {
  const server = await Program.serve('-v', '--echo', '/echo', ...args);
  t.after(() => server.kill());
  return server;
}

async function status(server, path, options) {
  const answer = await fetch(server.page(path), options);
  await answer.arrayBuffer();
  return answer.status;
}

async function upgraded(t, server, path = '/chat') {
  const socket = connect(server.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  const [head] = await soon(once(socket, 'data'), () => 'an answer');
  return head.toString();
}

async function endsAtOnce(server) {
  server.kill('SIGTERM');
  assert.equal((await server.end()).code, 0);
}

test('the delay: not ready, and everything goes on, who is new included', async (t) => {
  const server = await started(t, '--drain-delay', FAR);
  const there = await Peer.connect(server.url('/chat'));
  server.kill('SIGTERM');
  await server.heard(/leaving/);
  assert.equal(await status(server, '/readyz'), 503);
  assert.equal(await status(server, '/healthz'), 200);
  const late = await Peer.connect(server.url('/chat'));
  assert.equal(await status(server, '/chat', { method: 'POST', body: 'posted' }), 200);
  assert.equal(await there.next(), 'posted');
  late.say('said');
  assert.equal(await there.next(), 'said');
  await endsAtOnce(server);
});

test('the drain: who is new is refused, publishing goes on, who is there is asked one after the other', async (t) => {
  const server = await started(t, '--drain', FAR, '--threads', '1');
  const first = await Peer.connect(server.url('/chat'), 'weft.v1');
  const second = await Peer.connect(server.url('/chat'));
  server.kill('SIGTERM');
  await server.heard(/draining/);

  const envelopes = [];
  const hears = async () => { for (;;) envelopes.push(JSON.parse(await first.next())); };
  await assert.rejects(hears(), /closed with 1012/);
  assert.ok(envelopes.at(-1).close.retry >= 1000, JSON.stringify(envelopes));

  const refused = await fetch(server.page('/chat'));
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  const words = await refused.text();
  assert.match(words, /lets nobody in/);
  assert.match(await upgraded(t, server, '/echo'), /^HTTP\/1\.1 503 [^]*\r\nRetry-After: \d+\r\n/);
  assert.match(await upgraded(t, server, '/chat'), /^HTTP\/1\.1 503 [^]*\r\nRetry-After: \d+\r\n/);
  assert.equal(await status(server, '/healthz'), 200);
  assert.equal(await status(server, '/readyz'), 503);
  assert.equal(await status(server, '/chat', { method: 'POST', body: 'posted' }), 200);
  assert.equal(await second.next(), 'posted');
  await endsAtOnce(server);
});

test('every transport is told, and the program ends when all have gone', async (t) => {
  const server = await started(t, '--drain-delay', '20ms', '--drain', '200ms');
  const socket = await Peer.connect(server.url('/chat'));
  const echo = await Peer.connect(server.url('/echo'));
  const events = await fetch(server.page('/chat'), { headers: { Accept: 'text/event-stream' } });
  const { headers } = await fetch(server.page('/chat'), { method: 'HEAD' });
  const poll = fetch(server.page(`/chat?since=${headers.get('weft-position')}&wait=60`));
  await server.heard(/GET \/chat\?since=|HEAD \/chat/);
  const start = Date.now();
  server.kill('SIGTERM');
  assert.equal((await socket.closed).code, 1012);
  assert.equal((await echo.closed).code, 1012);
  assert.match(await events.text(), /retry: \d+\n\n$/);
  assert.ok([200, 204, 503].includes((await poll).status));
  assert.equal((await server.end()).code, 0);
  assert.ok(Date.now() - start < 10_000);
});

test('SIGINT does not wait for any of that', async (t) => {
  const server = await started(t, '--drain-delay', FAR, '--drain', FAR);
  const there = await Peer.connect(server.url('/chat'));
  server.kill('SIGINT');
  assert.equal((await there.closed).code, 1001);
  assert.equal((await server.end()).code, 0);
});

test('nobody to be asked: the drain is over at once', async (t) => {
  const server = await started(t, '--drain', FAR);
  server.kill('SIGTERM');
  assert.equal((await server.end()).code, 0);
});
