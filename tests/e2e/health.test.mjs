// SPDX-License-Identifier: MIT
//
// What load balancers and supervisors ask: whether it is alive, and whether it wants more.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Program, soon } from './lib/program.mjs';

async function started(t, command, ...args) {
  const server = await Program.listening(command, '-p', '0', ...args);
  t.after(() => server.kill());
  return server;
}

async function asked(server, path, options) {
  const answer = await fetch(server.page(path), options);
  const { status, headers } = answer;
  return { status, text: await answer.text(), caching: headers.get('cache-control'), type: headers.get('content-type') };
}

for (const command of ['serve', 'demo']) {
  test(`weft ${command} is alive and ready, and nobody keeps that`, async (t) => {
    const server = await started(t, command);
    const word = { status: 200, caching: 'no-store', type: 'text/plain; charset=utf-8' };
    assert.deepEqual(await asked(server, '/healthz'), { ...word, text: 'alive\n' });
    assert.deepEqual(await asked(server, '/readyz'), { ...word, text: 'ready\n' });
    assert.deepEqual(await asked(server, '/readyz', { method: 'HEAD' }), { ...word, text: '' });
    assert.equal((await asked(server, '/healthz', { method: 'POST', body: 'x' })).status, 405);
    await server.stop();
  });
}

test('by an address and by every name, with and without channels that are declared', async (t) => {
  const server = await started(t, 'serve', '--host', 'example.org', '--only-channels', '--channel', '/a: latest');
  for (const host of ['example.org', '127.0.0.1', 'localhost']) {
    const socket = connect(server.port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write(`GET /readyz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    const [head] = await soon(once(socket, 'data'), () => 'an answer');
    assert.match(head.toString(), /^HTTP\/1\.1 200 /);
  }
  await server.stop();
});

test('a WebSocket there is a reserved name, as it was', async (t) => {
  const server = await started(t, 'serve');
  const socket = connect(server.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  const [head] = await soon(once(socket, 'data'), () => 'an answer');
  assert.match(head.toString(), /^HTTP\/1\.1 404 /);
  await server.stop();
});
