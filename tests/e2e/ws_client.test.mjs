// SPDX-License-Identifier: MIT
//
// weft serve, with npm's ws as its client. (ws offers permessage-deflate unless told otherwise, so here
// every handshake is also one with an extension that is declined; deflate.test.mjs has those where it is not.)
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { Peer, refusal } from './lib/peer.mjs';
import { Program, soon, withServer } from './lib/program.mjs';

const SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 1 << 20, 2 << 20];

let server;

before(async () => {
  server = await Program.serve('--echo', '/echo', '--max-message', '2M', '--max-connections-per-ip', '0',
    '--deflate', 'off');
});
after(() => server.stop());

const echo = (...args) => Peer.connect(server.url('/echo'), ...args);

function bytes(length) {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
}

// ---- messages ----------------------------------------------------------------------------------

test('text of every length class comes back as it was', async () => {
  const peer = await echo();
  for (const size of SIZES) {
    const text = 'abcdefghij'.repeat(Math.ceil(size / 10)).slice(0, size);
    assert.ok((await peer.ask(text)) === text, `${size} bytes of text`);
  }
  await peer.leave(1000);
});

test('binary of every length class comes back as it was', async () => {
  const peer = await echo();
  for (const size of SIZES) {
    const data = bytes(size);
    const answer = await peer.ask(data);
    assert.ok(Buffer.isBuffer(answer) && answer.equals(data), `${size} bytes`);
  }
  await peer.leave(1000);
});

test('characters of every width', async () => {
  const peer = await echo();
  const text = 'a\u0000é€𝄞\ufeff\uffff\u{10ffff}'.repeat(10_000);
  assert.ok((await peer.ask(text)) === text);
  await peer.leave(1000);
});

test('a message over the limit: 1009', async () => {
  const peer = await echo();
  assert.equal((await peer.ask(bytes(2 << 20))).length, 2 << 20);
  peer.say(bytes((2 << 20) + 1));
  assert.equal((await peer.end()).code, 1009);
});

test('fragments are one message, with pings in between', async () => {
  const peer = await echo();
  const parts = ['Grüße', '', ' in ', 'Stücken'];
  for (const part of parts) peer.say(part, { fin: false });
  assert.equal(await peer.ping('between'), 'between');
  peer.say('.', { fin: true });
  assert.equal(await peer.next(), `${parts.join('')}.`);

  for (let i = 0; i < 200; i++) peer.say(bytes(1000), { fin: i === 199, binary: true });
  assert.equal((await peer.next()).length, 200_000);
  await peer.leave(1000);
});

test('fragments together over the limit: 1009', async () => {
  const peer = await echo();
  for (let i = 0; i < 3; i++) peer.say(bytes(1 << 20), { fin: false });
  assert.equal((await peer.end()).code, 1009);
});

test('a thousand messages in one go come back in order', async () => {
  const peer = await echo();
  for (let i = 0; i < 1000; i++) peer.say(`message ${i}`);
  const answers = await peer.take(1000);
  answers.forEach((answer, i) => assert.equal(answer, `message ${i}`));
  await peer.leave(1000);
});

test('ping and pong', async () => {
  const peer = await echo();
  for (const payload of ['', 'hello', '\x00\xff', 'x'.repeat(125)]) {
    assert.equal(await peer.ping(Buffer.from(payload, 'latin1')), payload);
  }
  peer.socket.pong('nobody asked');
  assert.equal(await peer.ask('still here'), 'still here');
  await peer.leave(1000);
});

test('sixty-four pings in one go, all answered in order', async () => {
  const peer = await echo();
  const pongs = [];
  const done = new Promise((resolve) => {
    peer.socket.on('pong', (data) => pongs.push(data.toString()) === 64 && resolve());
  });
  for (let i = 0; i < 64; i++) peer.socket.ping(`${i}`);
  await soon(done, () => 'the pongs');
  assert.deepEqual(pongs, Array.from({ length: 64 }, (_, i) => `${i}`));
  await peer.leave(1000);
});

// ---- closing -----------------------------------------------------------------------------------

const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];

test('a close code and its reason are answered', async () => {
  for (const code of CODES) {
    const peer = await echo();
    assert.equal((await peer.leave(code, `because of ${code}`)).code, code);
  }
});

test('a reason of 123 bytes', async () => {
  const peer = await echo();
  assert.equal((await peer.leave(4001, `${'ü'.repeat(61)}!`)).code, 4001);
});

test('a Close without a code is answered without one', async () => {
  const peer = await echo();
  assert.deepEqual(await peer.leave(), { code: 1005, reason: '' });
});

test('what was sent before the Close is answered before it', async () => {
  const peer = await echo();
  for (let i = 0; i < 50; i++) peer.say(`${i}`);
  peer.socket.close(1000);
  assert.equal((await peer.end()).code, 1000);
  assert.equal((await peer.take(50)).at(-1), '49');
});

test('a client that drops the connection is forgotten, and the others go on', async () => {
  const [stays, goes] = [await Peer.connect(server.url('/drop')), await Peer.connect(server.url('/drop'))];
  goes.socket.terminate();
  assert.equal((await goes.end()).code, 1006);
  assert.equal(await stays.ask('alone'), 'alone');
  await stays.leave(1000);
});

// ---- the handshake -----------------------------------------------------------------------------

test('neither subprotocol nor extension when nothing is agreed on', async () => {
  const peer = await echo();
  assert.equal(peer.socket.protocol, '');
  assert.equal(peer.socket.extensions, '');
  await peer.leave(1000);
});

test('the first offered subprotocol that the server knows', async () => {
  await withServer(['--echo', '/echo', '--subprotocol', 'chat', '--subprotocol', 'soap'], async (chatty) => {
    for (const path of ['/echo', '/room']) {
      const peer = await Peer.connect(chatty.url(path), ['wamp', 'soap', 'chat']);
      assert.equal(peer.socket.protocol, 'soap');
      await peer.leave(1000);
    }
    const plain = await Peer.connect(chatty.url('/echo'));
    assert.equal(plain.socket.protocol, '');
    await plain.leave(1000);
  });
});

test('a subprotocol that the server does not know is not agreed to', async () => {
  const socket = new WebSocket(server.url('/echo'), ['wamp']);
  const both = Promise.all([once(socket, 'upgrade'), once(socket, 'error')]);
  const [[response], [error]] = await soon(both, () => 'the 101, and what ws says of it');
  assert.equal(response.headers['sec-websocket-protocol'], undefined);
  assert.match(error.message, /subprotocol/);
});

test('a page of another origin is refused, one of this origin is not', async () => {
  const refused = await refusal(server.url('/echo'), { origin: 'https://example.org' });
  assert.equal(refused.status, 403);
  assert.match(refused.body, /https:\/\/example\.org/);
  assert.match(refused.body, /--origin|origins/);
  const peer = await echo({ origin: `http://127.0.0.1:${server.port}` });
  await peer.leave(1000);
});

test('an old version of the protocol is told which one is spoken', async () => {
  const refused = await refusal(server.url('/echo'), { protocolVersion: 8 });
  assert.equal(refused.status, 426);
  assert.equal(refused.headers['sec-websocket-version'], '13');
});

// ---- channels ----------------------------------------------------------------------------------

/** What each of these heard when each of them said twenty things. */
async function allTalk(members) {
  members.forEach((member, m) => {
    for (let i = 0; i < 20; i++) member.say(`${m}:${i}`);
  });
  return Promise.all(members.map((member) => member.take(members.length * 20)));
}

test('everyone on a path hears everything, each one in the order in which he spoke, the sender too', async () => {
  const members = await Promise.all(Array.from({ length: 5 }, () => Peer.connect(server.url('/room'))));
  const stranger = await Peer.connect(server.url('/room/other'));
  for (const list of await allTalk(members)) {
    members.forEach((_, m) => {
      const own = list.filter((line) => line.startsWith(`${m}:`));
      assert.deepEqual(own, Array.from({ length: 20 }, (__, i) => `${m}:${i}`));
    });
  }
  assert.equal(await stranger.ask('mine'), 'mine');
  assert.ok(stranger.silent && members.every((member) => member.silent));
  await Promise.all([...members, stranger].map((member) => member.leave(1000)));
});

test('with one thread everyone hears the same order', async () => {
  await withServer(['--threads', '1'], async (one) => {
    const members = await Promise.all(Array.from({ length: 5 }, () => Peer.connect(one.url('/room'))));
    const heard = await allTalk(members);
    for (const list of heard) assert.deepEqual(list, heard[0]);
    await Promise.all(members.map((member) => member.leave(1000)));
  });
});

test('channels carry text as text and binary as binary', async () => {
  const [one, other] = [await Peer.connect(server.url('/kinds')), await Peer.connect(server.url('/kinds'))];
  one.say('text');
  one.say(bytes(300));
  one.say('');
  assert.deepEqual(await other.take(3), ['text', bytes(300), '']);
  await Promise.all([one.leave(1000), other.leave(1000)]);
});

test('the query does not belong to the name of a channel', async () => {
  const [one, other] = [await Peer.connect(server.url('/q?a=1')), await Peer.connect(server.url('/q'))];
  one.say('hello');
  assert.equal(await other.next(), 'hello');
  await Promise.all([one.leave(1000), other.leave(1000)]);
});

test('who reads so slowly that the channel has moved on is closed with 1013, and told since when', async () => {
  const [quick, slow] = [await Peer.connect(server.url('/slow')), await Peer.connect(server.url('/slow'))];
  slow.socket.pause();
  const block = bytes(1 << 20);
  for (let i = 0; i < 24; i++) assert.equal((await quick.ask(block)).length, block.length);
  slow.socket.resume();
  const { code, reason } = await slow.end();
  assert.equal(code, 1013);
  assert.match(String(reason), /^lost since=[a-z0-9]{8,16}\.\d+$/);
  await quick.leave(1000);
});

// ---- many --------------------------------------------------------------------------------------

test('five hundred at once', async () => {
  const peers = [];
  for (let i = 0; i < 500; i += 50) {
    peers.push(...(await Promise.all(Array.from({ length: 50 }, () => echo({ perMessageDeflate: false })))));
  }
  const answers = await Promise.all(peers.map((peer, i) => peer.ask(`I am ${i}`)));
  answers.forEach((answer, i) => assert.equal(answer, `I am ${i}`));
  await Promise.all(peers.map((peer) => peer.leave(1000)));
});
