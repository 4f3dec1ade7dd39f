// SPDX-License-Identifier: MIT
//
// permessage-deflate between weft and npm's ws, both ways round, in every mode of either side.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { Peer } from './lib/peer.mjs';
import { Program, soon, weft, withServer } from './lib/program.mjs';

const SIZES = [0, 1, 31, 32, 199, 200, 1000, 16_384, 65_535, 65_536, 131_072, 1 << 20];

// What ws offers as a client, or accepts as a server.
const OFFERS = {
  'all defaults': true,
  'no takeover': { serverNoContextTakeover: true, clientNoContextTakeover: true },
  'windows of 9': { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  'windows of 10, nothing too small': { serverMaxWindowBits: 10, clientMaxWindowBits: 10, threshold: 0 },
};

/** Realistic: rows that resemble each other, and are never quite the same. */
function rows(size, seed) {
  let text = '';
  for (let i = seed * 7; text.length < size; i++) text += `{"id":${i},"name":"sensor ${i % 13}","value":${(i * 7919) % 1009}}\n`;
  return text.slice(0, size);
}

function noise(size) {
  return Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * i * 31 + (i >> 3)) & 0xff));
}

for (const mode of ['shared', 'takeover']) {
  for (const [name, perMessageDeflate] of Object.entries(OFFERS)) {
    test(`weft serve --deflate ${mode}, ws with ${name}`, async () => {
      await withServer(['--echo', '/echo', '--max-message', '2M', '--deflate', mode], async (server) => {
        const peer = await Peer.connect(server.url('/echo'), [], { perMessageDeflate });
        assert.match(peer.socket.extensions, /^permessage-deflate/);
        for (const [i, size] of SIZES.entries()) {
          const text = rows(size, i);
          assert.ok((await peer.ask(text)) === text, `${size} bytes of text`);
          assert.ok((await peer.ask(text)) === text, `${size} bytes of text again`);
          const data = noise(size);
          assert.ok((await peer.ask(data)).equals(data), `${size} bytes of noise`);
        }
        await peer.leave(1000);
      });
    });

    test(`weft URL --deflate ${mode}, ws with ${name}`, async (t) => {
      const listener = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate, maxPayload: 1 << 24 });
      t.after(() => listener.close());
      await once(listener, 'listening');
      const agreed = [];
      listener.on('connection', (socket) => {
        agreed.push(socket.extensions);
        socket.on('message', (data, binary) => socket.send(data, { binary }));
      });
      const lines = Array.from({ length: 50 }, (_, i) => `${rows(1 + i * 300, i).replaceAll('\n', ' ')}\n`).join('');
      const result = await weft(['--deflate', mode, '-n', '50', `ws://127.0.0.1:${listener.address().port}/`], lines);
      assert.deepEqual([result.code, result.out === lines], [0, true], result.err);
      assert.match(agreed[0], /^permessage-deflate/);
    });
  }
}

test('a channel: one message for members of every kind', async () => {
  await withServer(['--deflate', 'shared'], async (server) => {
    const kinds = [false, true, { serverMaxWindowBits: 9 }];
    const peers = await Promise.all(kinds.map((perMessageDeflate) => Peer.connect(server.url('/c'), [], { perMessageDeflate })));
    for (let i = 0; i < 20; i++) {
      const text = rows(100 + i * 500, i);
      peers[i % 3].say(text);
      for (const peer of peers) assert.ok((await peer.next()) === text, `message ${i}`);
    }
    for (const peer of peers) await peer.leave(1000);
  });
});

test('off is off, and another word is refused', async () => {
  await withServer(['--echo', '/echo', '--deflate', 'off'], async (server) => {
    const peer = await Peer.connect(server.url('/echo'));
    assert.equal(peer.socket.extensions, '');
    await peer.leave(1000);
  });
  const { code, err } = await weft(['serve', '-p', '0', '--deflate', 'zip']);
  assert.equal(code, 1);
  assert.match(err, /^weft: --deflate: "zip" is not off, shared or takeover/);
});

test('a bomb: 1009', async () => {
  await withServer(['--echo', '/echo', '--max-message', '64M'], async (server) => {
    const peer = await Peer.connect(server.url('/echo'));
    peer.say(Buffer.alloc(32 << 20));
    assert.equal((await soon(peer.closed, () => 'the end')).code, 1009);
  });
});
