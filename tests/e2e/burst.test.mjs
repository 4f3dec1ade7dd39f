// SPDX-License-Identifier: MIT
//
// A burst on a channel: whoever reads gets every line, however fast it was said, and a pipe that could not say all of it
// does not end with 0.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { Peer } from './lib/peer.mjs';
import { Program, weft, withServer } from './lib/program.mjs';

const LINES = 30_000;
const lines = (n) => Array.from({ length: n }, (_, i) => `${i}`);
const input = `${lines(LINES).join('\n')}\n`;

let server;

before(async () => {
  server = await Program.serve();
});
after(() => server.stop());

test('who is alone on a channel gets back every line', async () => {
  const { code, out } = await weft([server.url('/alone')], input);
  assert.equal(code, 0);
  assert.ok(out === input, `${out.split('\n').length - 1} lines`);
});

test('long lines, too', async () => {
  const long = `${lines(400).map((line) => line.padEnd(50_000, '.')).join('\n')}\n`;
  const { code, out } = await weft([server.url('/long')], long);
  assert.equal(code, 0);
  assert.ok(out === long);
});

/** A listener that takes a break after every thousand messages. */
async function steady(path) {
  const peer = await Peer.connect(server.url(path), { perMessageDeflate: false });
  let heard = 0;
  peer.socket.on('message', () => {
    if (++heard % 1000) return;
    peer.socket.pause();
    setTimeout(() => peer.socket.resume(), 5);
  });
  return peer;
}

test('a burst costs no reader its connection, whoever is slower', async () => {
  const readers = await Promise.all([steady('/burst'), steady('/burst')]);
  const publishers = await Promise.all([weft(['-w', '20', server.url('/burst')], input),
    weft(['-w', '20', server.url('/burst')], input)]);
  for (const { code } of publishers) assert.equal(code, 0);
  for (const reader of readers) {
    await reader.take(2 * LINES);
    assert.ok(reader.silent);
    await reader.leave(1000);
  }
});

test('who does not read at all holds the others up for a moment only, and is closed with 1013', async () => {
  await withServer(['-v'], async (traced) => {
    const stuck = await Peer.connect(traced.url('/stuck'), { perMessageDeflate: false });
    stuck.socket.pause();
    const long = `${lines(400).map((line) => line.padEnd(50_000, '.')).join('\n')}\n`;
    const started = Date.now();
    const { code, out } = await weft(['-w', '20', traced.url('/stuck')], long);
    assert.equal(code, 0);
    assert.ok(out === long);
    assert.ok(Date.now() - started < 15_000);
    stuck.socket.resume();
    // He may have been too late to hear of it.
    await traced.heard(/\/stuck  closed code=(1013 |1006 .*cause="the peer did not complete the closing handshake")/);
    const closed = await stuck.end();
    if (closed.code !== 1013) return;
    const [, offset] = /^lost since=[a-z0-9]{8,16}\.(\d+)$/.exec(String(closed.reason));
    assert.deepEqual(await stuck.take(Number(offset)), long.split('\n').slice(0, Number(offset)));
    assert.ok(stuck.silent);
  });
});

test('the peer leaves before all of the input was sent: 56', async (t) => {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(wss, 'listening');
  t.after(() => (wss.clients.forEach((client) => client.terminate()), wss.close()));
  wss.on('connection', (socket) => socket.once('message', () => socket.close(1000)));
  const program = new Program([`ws://127.0.0.1:${wss.address().port}/`]);
  program.child.stdin.write('x'.repeat(99).concat('\n').repeat(200_000));
  const { code, err } = await program.end();
  assert.equal(code, 56, err.slice(-500));
  assert.match(err, /^weft: not all of the input was sent: .* line \d+ or before\nweft: closed code=1000 /);
});

test('a publisher that the server leaves does not end with 0', async () => {
  await withServer([], async (leaves) => {
    const program = new Program([leaves.url('/leave')]);
    const endless = setInterval(() => program.child.stdin.write('x\n'.repeat(50_000)), 1);
    try {
      await program.said(/x\n/);
      leaves.kill('SIGTERM');
      assert.equal((await program.end()).code, 56);
    } finally {
      clearInterval(endless);
    }
  });
});
