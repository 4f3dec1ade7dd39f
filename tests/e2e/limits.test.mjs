// SPDX-License-Identifier: MIT
//
// Every limit of docs/channels.md, over the wire: one below, at, and one above. What takes minutes or gigabytes to reach
// (members, publishers that wait, channels that are remembered) is left to tests/channel and tests/hub, where time and
// memory are the test's.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { Room } from '../chaos/servers.mjs';
import { ask } from './lib/ask.mjs';
import { Peer } from './lib/peer.mjs';
import { Program, withServer } from './lib/program.mjs';

const MESSAGE = 65536;
const SMALL = 100; // of a second server
const FAR = 2 ** 53 - 1;
const NDJSON = { 'Content-Type': 'application/x-ndjson' };

let server;
let small;
let room; // where channels cost nothing
before(async () => {
  const settings = ['--channel', '/keys/*: latest=key', '--channel', '/many/*: history=2000/1h/64M', '--channel', '/short: history=10/200ms'];
  [server, small, room] = await Promise.all([Program.serve(...settings), Program.serve('--max-message', `${SMALL}`), Room.start()]);
  await post('/x', 'kept');
});
after(() => Promise.all([server, small, room].map((one) => one.stop())));

// ---- to ask ------------------------------------------------------------------------------------

const post = async (path, body, fields) => ask(server.port, 'POST', path, { body, fields });
const status = async (answer) => (await answer).status;
const get = async (path) => (await ask(server.port, 'GET', path)).status;
const look = async (path) => JSON.parse((await ask(server.port, 'GET', path)).body);
const batch = (n, line = '{"data":"x"}') => `${line}\n`.repeat(n);

/** A connection of weft.v1 that has subscribed to nothing. */
async function talk(port) {
  const peer = await Peer.connect(`ws://127.0.0.1:${port}/x?subscribe=no`, 'weft.v1');
  assert.ok(JSON.parse(await peer.next()).hello);
  return peer;
}

/** What a command is answered: ok, a code, or that of the Close. */
async function answered(peer, command) {
  try {
    const { ok, error, pong } = JSON.parse(await peer.ask(typeof command === 'string' ? command : JSON.stringify(command)));
    return ok || pong !== undefined ? 'ok' : error.code;
  } catch {
    return `Close ${(await peer.end()).code}`;
  }
}

/** The same, on a connection of its own. */
async function said(command, port = server.port) {
  const peer = await talk(port);
  const answer = await answered(peer, command);
  peer.socket.terminate();
  return answer;
}

const publish = (members) => said({ id: 1, publish: '/x', data: '', ...members });
const subscribe = (members) => said({ id: 1, subscribe: '/x', ...members });

/** A raw WebSocket's message: "back", or that of the Close. */
async function raw(message) {
  const peer = await Peer.connect(server.url(`/raw/${message.length}/${typeof message}`));
  peer.say(message);
  const answer = await peer.next().then(() => 'back', async () => `Close ${(await peer.end()).code}`);
  peer.socket.terminate();
  return answer;
}

/** Objects and arrays in each other, n of them, with the outermost. */
const nested = (n, members) => `{${members},"more":${'['.repeat(n - 1)}${']'.repeat(n - 1)}}`;

// ---- how much there may be ---------------------------------------------------------------------

// How long, how many or how deep: limit - 1 and limit are within, limit + 1 is above.
const most = {
  'a name': [255, (n) => get(`/${'n'.repeat(n - 1)}`), 200, 400],
  'a name, as bytes behind their escapes': [255, (n) => get(`/${'n'.repeat(n - 3)}%C3%A9`), 200, 400],
  'a name in a command': [255, (n) => said({ id: 1, subscribe: `/${'n'.repeat(n - 1)}` }), 'ok', 400],
  'a pattern': [255, (n) => said({ id: 1, subscribe: `/${'n'.repeat(n - 3)}/*` }), 'ok', 400],
  'Weft-Key': [64, (n) => status(post('/x', '', { 'Weft-Key': 'k'.repeat(n) })), 200, 400],
  '"key"': [64, (n) => publish({ key: 'k'.repeat(n) }), 'ok', 400],
  '"key", as bytes': [64, (n) => publish({ key: `é${'k'.repeat(n - 2)}` }), 'ok', 400],
  '"key" in a batch': [64, (n) => status(post('/x', JSON.stringify({ data: '', key: 'k'.repeat(n) }), NDJSON)), 200, 400],
  'Idempotency-Key': [64, (n) => status(post('/x', '', { 'Idempotency-Key': 'k'.repeat(n) })), 200, 400],
  '"once"': [64, (n) => publish({ once: 'k'.repeat(n) }), 'ok', 400],
  'client, in characters': [64, (n) => get(`/x?client=${encodeURIComponent('é'.repeat(n))}`), 200, 400],
  'client, outside of the first plane': [64, (n) => get(`/x?client=${encodeURIComponent('🧵'.repeat(n))}`), 200, 400],
  '"id", as it is written': [128, (n) => said(`{"id":"${'i'.repeat(n - 2)}","unsubscribe":"/x"}`), 'ok', 400],
  '"id", a number': [128, (n) => said(`{"id":${'1'.repeat(n)},"unsubscribe":"/x"}`), 'ok', 400],
  '"ping"': [128, (n) => said(`{"ping":"${'i'.repeat(n - 2)}"}`), 'ok', 400],
  'a command\'s depth': [16, (n) => said(nested(n, '"id":1,"unsubscribe":"/x"')), 'ok', 400],
  'a line\'s depth': [16, (n) => status(post('/x', nested(n, '"data":""'), NDJSON)), 200, 400],
  'a message by POST': [MESSAGE, (n) => status(post('/x', 'm'.repeat(n))), 200, 413],
  'a binary message by POST': [MESSAGE, (n) => status(post('/x', Buffer.alloc(n, 255))), 200, 413],
  'a message in a batch': [MESSAGE, (n) => status(post('/x', JSON.stringify({ data: 'm'.repeat(n) }), NDJSON)), 200, 413],
  'a message by weft.v1': [MESSAGE, (n) => publish({ data: 'm'.repeat(n) }), 'ok', 413],
  'a message by weft.v1, decoded': [MESSAGE, (n) => said(`{"id":1,"publish":"/x","data":"${'\\u0001'.repeat(n)}"}`), 'ok', 413],
  'a binary message by weft.v1': [MESSAGE, (n) => said({ id: 1, publish: '/x', base64: Buffer.alloc(n).toString('base64') }), 'ok', 413],
  'a message by a WebSocket': [MESSAGE, (n) => raw('m'.repeat(n)), 'back', 'Close 1009'],
  'a binary message by a WebSocket': [MESSAGE, (n) => raw(Buffer.alloc(n)), 'back', 'Close 1009'],
  '--max-message': [SMALL, (n) => status(ask(small.port, 'POST', '/x', { body: 'm'.repeat(n) })), 200, 413],
  'a frame of weft.v1': [6 * SMALL + 4096, (n) => said('{"id":1,"publish":"/x","data":"hi"}'.padEnd(n), small.port), 'ok', 'Close 1009'],
  'the lines of a batch': [1000, (n) => status(post('/x', batch(n), NDJSON)), 200, 413],
  'the bytes of a batch': [1 << 20, (n) => status(post('/x', batch(1).padEnd(n, '\n'), NDJSON)), 200, 413],
};

for (const [what, [limit, answer, within, above]] of Object.entries(most))
  test(`${what}: ${limit}`, async () => {
    const got = await Promise.all([limit - 1, limit, limit + 1].map(answer));
    assert.deepEqual(got, [within, within, above]);
  });

// ---- what may be said --------------------------------------------------------------------------

const epochs = (n) => `${'e'.repeat(n)}.0`;

// [what is asked with it, those that are right, those that are wrong]
const ranges = {
  'last': [(value) => get(`/x?last=${value}`), [1, 2, FAR - 1, FAR, 'all'], ['', 0, -1, '1.0', '1e3', FAR + 1, 2 ** 64, 'ALL']],
  'wait': [(value) => get(`/x?last=1&wait=${value}`), [0, 1, 59, 60], ['', -1, 61, '1.5', 'all', 2 ** 53]],
  'since': [(value) => get(`/x?since=${value}`), [epochs(8), epochs(16), 'eeeeeeee.1', `eeeeeeee.${FAR}`],
    ['', epochs(7), epochs(17), 'eeeeeeee', 'eeeeeeee.', 'eeeeeeee.01', 'eeeeeeee.-1', `eeeeeeee.${FAR + 1}`, 'EEEEEEEE.1']],
  'client': [(value) => get(`/x?client=${value}`), ['a', '%20'], ['', '%01', '%7F', '%FF']],
  'stream': [(value) => status(ask(server.port, 'GET', `/x?stream=${value}`, { endless: true })), ['', 'raw', 'sse'], ['yes', 'ws', 'SSE']],
  'presence': [(value) => status(ask(server.port, 'GET', `/x?stream&presence=${value}`, { endless: true })), ['events'], ['', 'event', 'once']],
};

for (const [name, [answer, right, wrong]] of Object.entries(ranges))
  test(`${name}: its range`, async () => {
    for (const value of right) assert.equal(await answer(value), 200, `${name}=${value}`);
    for (const value of wrong) assert.equal(await answer(value), 400, `${name}=${value}`);
  });

const members = {
  '"last"': [(last) => subscribe({ last }), [null, 1, FAR, 'all'], [0, -1, 1.5, FAR + 1, '1', true, []]],
  '"since"': [(since) => subscribe({ since }), [null, epochs(8), epochs(16), `eeeeeeee.${FAR}`], ['', epochs(7), epochs(17), `eeeeeeee.${FAR + 1}`, 1, {}]],
  '"key"': [(key) => publish({ key }), [null, 'k'], ['', 1, []]],
  '"once"': [(once) => publish({ once }), [null, 'k'], ['', 1, {}]],
  '"data"': [(data) => publish({ data }), ['', 'x'], [null, 1, {}, []]],
  '"id"': [(id) => said({ id, presence: '/x' }), [0, -1, '', 'i'], [1.5, true, {}]],
  '"events"': [(events) => said({ id: 1, presence: '/x', events }), [true, false, null], ['yes', 1]],
  '"ping"': [(ping) => said({ ping }), [1, 'p', ''], [1.5, true, {}]],
};

for (const [name, [answer, right, wrong]] of Object.entries(members))
  test(`${name} of a command: its range`, async () => {
    for (const value of right) assert.equal(await answer(value), 'ok', `${name}: ${JSON.stringify(value)}`);
    for (const value of wrong) assert.equal(await answer(value), 400, `${name}: ${JSON.stringify(value)}`);
  });

test('what is no JSON: once is an error, twice in a row the end', async () => {
  const peer = await talk(server.port);
  const answers = [];
  for (const text of ['{', '{"ping":1}', 'hi', '[']) answers.push(await answered(peer, text));
  assert.deepEqual(answers, [400, 'ok', 400, 400]);
  assert.equal((await peer.end()).code, 1007);
  const binary = await talk(server.port);
  binary.say(Buffer.from('{"ping":1}'));
  assert.equal((await binary.end()).code, 1003);
});

// ---- how many there may be ---------------------------------------------------------------------

describe('of a connection', () => {
  /** The answers to n of these, one after the other. */
  async function answers(n, command) {
    const peer = await talk(room.port);
    for (let i = 0; i < n; i++) peer.say(JSON.stringify(command(i)));
    const said = (await peer.take(n)).map((text) => JSON.parse(text));
    return { peer, codes: said.map(({ ok, error }) => (ok ? 'ok' : error.code)) };
  }

  for (const [what, command, back] of [
    ['subscriptions', (i) => ({ id: i, subscribe: `/s/${i}` }), { id: 1, unsubscribe: '/s/1' }],
    ['patterns', (i) => ({ id: i, subscribe: `/p/${i}/*` }), { id: 1, unsubscribe: '/p/1/*' }],
    ['channels that it looks on at', (i) => ({ id: i, presence: `/l/${i}`, events: true }), { id: 1, presence: '/l/1', events: false }],
  ])
    test(`${what}: 128`, async () => {
      const { peer, codes } = await answers(129, command);
      assert.deepEqual(codes.map((code, i) => [i, code]).filter(([, code]) => code !== 'ok'), [[128, 429]]);
      peer.say(JSON.stringify(back));
      peer.say(JSON.stringify({ ...command(128), id: 'again' }));
      let answer;
      while (answer?.id !== 'again') answer = JSON.parse(await peer.next());
      assert.ok(answer.ok, 'there is room again');
      peer.socket.terminate();
    });

  test('subscriptions: that of the URL is one of them, and so is a pattern', async () => {
    const peer = await Peer.connect(`ws://127.0.0.1:${room.port}/own`, 'weft.v1');
    for (let i = 0; i < 128; i++) peer.say(JSON.stringify({ id: i, subscribe: i ? `/s/${i}` : '/none/*' }));
    const codes = (await peer.take(129)).slice(1).map((text) => JSON.parse(text).error?.code);
    assert.deepEqual(codes.map((code, i) => [i, code]).filter(([, code]) => code), [[127, 429]]);
    peer.socket.terminate();
  });
});

describe('of a channel', () => {
  test('keys: 10,000', async () => {
    const keys = (first, n) => Array.from({ length: n }, (_, i) => JSON.stringify({ data: '', key: `${first + i}` })).join('\n');
    for (let first = 0; first < 9000; first += 1000) assert.equal(await status(post('/keys/x', keys(first, 1000), NDJSON)), 200);
    assert.equal(await status(post('/keys/x', keys(9000, 999), NDJSON)), 200);
    const codes = [];
    for (const key of ['9999', '10000', '0', '9999']) codes.push(await status(post('/keys/x', '', { 'Weft-Key': key })));
    assert.deepEqual(codes, [200, 409, 200, 200]);
    assert.equal(await status(post('/keys/x', keys(9999, 2), NDJSON)), 409);
    assert.equal(await said({ id: 1, publish: '/keys/x', data: '', key: 'new' }), 409);
    assert.equal(await status(post('/keys/x', 'none is one, too')), 409);
  });

  test('idempotency keys: of 1,000 the first is known, of 1,001 not any more', async () => {
    const peer = await talk(server.port);
    const once = async (keys) => {
      for (const key of keys) peer.say(JSON.stringify({ id: key, publish: '/once', data: '', once: key }));
      return (await peer.take(keys.length)).map((text) => Number(JSON.parse(text).ok.position.split('.')[1]));
    };
    const keys = (first, n) => Array.from({ length: n }, (_, i) => `${first + i}`);
    let head = 0;
    for (let first = 0; first < 1000; first += 50) head = (await once(keys(first, 50))).at(-1);
    assert.deepEqual([head, await once(['0'])], [1000, [1]]);
    assert.deepEqual(await once(['1000', '1', '0']), [1001, 2, 1002]);
    peer.socket.terminate();
  });

  test('members that are listed: 100', async () => {
    const there = [];
    for (let n = 1; n <= 101; n++) {
      await get(`/who?client=c${n}`);
      if (n < 99) continue;
      const { presence } = await look('/who?presence');
      there.push([presence.count, presence.members?.length]);
    }
    assert.deepEqual(there, [[99, 99], [100, 100], [101, undefined]]);
  });

  test('history: 100 messages', async () => {
    let epoch;
    for (const [n, lost] of [[99, undefined], [1, undefined], [1, 1]]) {
      epoch = JSON.parse((await post('/history', batch(n), NDJSON)).body).position.split('.')[0];
      assert.equal((await look(`/history?since=${epoch}.0`)).lost, lost);
    }
  });

  test('history: 1 MiB', async () => {
    const each = MESSAGE - 64; // as much as 64 KiB
    for (const [last, lost] of [[each - 1, undefined], [each, undefined], [each + 1, 1]]) {
      const path = `/bytes/${last}`;
      let position;
      for (let i = 0; i < 16; i++) ({ position } = JSON.parse((await post(path, 'm'.repeat(i < 15 ? each : last))).body));
      assert.equal((await look(`${path}?since=${position.split('.')[0]}.0`)).lost, lost);
    }
  });

  test('history: its time', async () => {
    const { position } = JSON.parse((await post('/short', 'x')).body);
    const since = () => look(`/short?since=${position.replace(/\d+$/, '0')}`);
    let answer = await since();
    assert.equal(answer.messages.length, answer.lost ? 0 : 1);
    for (const until = Date.now() + 20_000; !answer.lost && Date.now() < until;) answer = await since();
    assert.deepEqual(answer, { channel: '/short', position, messages: [], lost: 1 });
  });
});

describe('of an answer', () => {
  test('a poll: 1,000 messages', async () => {
    const got = [];
    for (const n of [999, 1, 1]) {
      await post('/many/messages', batch(n), NDJSON);
      const { messages, more } = await look('/many/messages');
      got.push([messages.length, more]);
    }
    assert.deepEqual(got, [[999, undefined], [1000, undefined], [1000, true]]);
    const { position, messages } = await look('/many/messages');
    const rest = await look(`/many/messages?since=${position}`);
    assert.deepEqual([messages.length + rest.messages.length, rest.more], [1001, undefined]);
  });

  test('a poll: 256 KiB, and one message at least', async () => {
    for (const n of [50_000, 52_000, 52_400, 60_000]) {
      const path = `/many/${n}`;
      for (let i = 0; i < 6; i++) await post(path, 'm'.repeat(n));
      const { body } = await ask(server.port, 'GET', path);
      const { messages, more } = JSON.parse(body);
      const each = JSON.stringify(messages[0]).length + 1;
      assert.ok(body.length <= 256 << 10 && more, `${n}: ${body.length}`);
      assert.ok(body.length + each + 200 > 256 << 10, `${n}: ${body.length}, and one more is ${each}`);
    }
    const one = JSON.stringify({ data: '\u0001'.repeat(60_000) }); // as JSON six times as long
    for (let i = 0; i < 2; i++) assert.equal(await status(post('/many/one', one, NDJSON)), 200);
    const { messages, more } = await look('/many/one');
    assert.deepEqual([messages.length, more], [1, true]);
  });
});

// ---- who publishes faster than is read ---------------------------------------------------------

// It subscribes, and reads nothing until its stdin ends.
const LATE_READER = `
import socket, sys
reader = socket.socket()
reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
reader.connect(('127.0.0.1', int(sys.argv[1])))
reader.sendall(b'GET /x HTTP/1.1\\r\\nHost: localhost\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n'
               b'Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n')
assert b' 101 ' in reader.recv(100)
print('subscribed', flush=True)
sys.stdin.read()
while reader.recv(65536):
    pass
`;

const publication = (id, n) => JSON.stringify({ id, publish: '/x', data: 'm'.repeat(n) });

/**
 * A server whose channel /x is behind, so that who publishes on it waits: its reader has been sent more at once than
 * kernels take for him, and what came then fills half of the window.
 */
class Behind {
  waiting = 0; // publications
  #open = []; // who publishes

  static async start(threads, t) {
    const behind = new Behind();
    t?.after(() => (behind.server?.kill(), behind.leave()));
    behind.server = await Program.serve('--threads', `${threads}`, '--max-message', '16M', '--channel', '/x: window=256K, pace=1, history=1');
    behind.reader = spawn('/usr/bin/python3', ['-c', LATE_READER, `${behind.server.port}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(behind.reader.stdout, 'data');
    assert.equal(await status(ask(behind.server.port, 'POST', '/x', { body: Buffer.alloc(16 << 20) })), 200);
    await behind.#fill();
    return behind;
  }

  async #connect() {
    const peer = await talk(this.server.port);
    this.#open.push(peer);
    return peer;
  }

  /** Until a publication waits: then pongs are all that comes. The first may be in front of what is done in that turn. */
  async #fill() {
    const peer = await this.#connect();
    for (let id = 0, pongs = 0; pongs < 20; id++) {
      peer.say(publication(id, MESSAGE));
      pongs = 0;
      for (let answered = false; !answered && pongs < 20;) {
        peer.say('{"ping":1}');
        answered = !JSON.parse(await peer.next()).pong;
        if (answered) await peer.next(); // the pong
        else pongs++;
      }
    }
    this.waiting = 1;
  }

  /** A new connection's n publications of so many bytes, and a ping. */
  async publishing(n, bytes) {
    const peer = await this.#connect();
    for (let id = 0; id < n; id++) peer.say(publication(id, bytes));
    peer.say('{"ping":1}');
    this.waiting += n;
    return peer;
  }

  /** What a connection is told in front of the pong. */
  async unanswered(n, bytes) {
    const peer = await this.publishing(n, bytes);
    const told = [];
    for (;;) {
      const object = JSON.parse(await peer.next());
      if (object.pong) return told;
      told.push(object);
    }
  }

  get silent() {
    return this.#open.every((peer) => peer.silent);
  }

  /** Nobody is there any more when it ends. */
  async stop() {
    const stopped = this.server.stop();
    this.leave();
    await stopped;
  }

  leave() {
    this.reader?.kill('SIGKILL');
    for (const peer of this.#open) peer.socket.terminate();
  }
}

describe('of a channel that is behind', () => {
  let behind;
  let unread; // whose ping is not read
  before(async () => (behind = await Behind.start(1)));
  after(() => behind.stop());

  test('of a connection 63 may wait, or 256 KiB less one, and it is read from', async () => {
    assert.deepEqual(await behind.unanswered(63, 1), []);
    assert.deepEqual(await behind.unanswered(3, MESSAGE), []);
    assert.deepEqual(await behind.unanswered(4, MESSAGE - 1), []);
  });

  test('with 64, or 256 KiB, it is not read from', async () => {
    unread = [await behind.publishing(64, 1), await behind.publishing(4, MESSAGE)];
    assert.deepEqual(await behind.unanswered(1, 1), []); // by then those would have been told, too
    assert.ok(behind.silent);
  });

  test('who was not read from is, as soon as one is answered', async () => {
    behind.reader.stdin.end();
    for (const peer of unread) assert.notEqual(JSON.parse(await peer.next()).id, undefined);
    for (const peer of unread) {
      let told;
      while (!told?.pong) told = JSON.parse(await peer.next());
    }
  });
});

test('of a channel 1,000 may wait: the next is 503, and when to come again', async (t) => {
  const behind = await Behind.start(1, t);
  while (behind.waiting < 1000) assert.deepEqual(await behind.unanswered(Math.min(60, 1000 - behind.waiting), 1), []);
  const one = await behind.publishing(1, 1);
  const [{ id, error: { code, retry } }] = (await one.take(2)).map((text) => JSON.parse(text)).filter(({ pong }) => !pong);
  assert.deepEqual([id, code, retry > 0], [0, 503, true]);
  const { status: got, fields, body } = await ask(behind.server.port, 'POST', '/x', { body: 'm' });
  assert.deepEqual([got, Number(fields['retry-after']) > 0, JSON.parse(body).error.code], [503, true, 503]);
  assert.ok(behind.silent, 'all others wait');
  await behind.stop();
});

test('a server that ends while many wait on both of its threads ends well', async (t) => {
  const behind = await Behind.start(2, t);
  const { port } = behind.server;
  const raw = await Promise.all(Array.from({ length: 8 }, () => Peer.connect(`ws://127.0.0.1:${port}/x?subscribe=no`)));
  for (const peer of raw) for (const text of ['a', 'b', 'c']) peer.say(text);
  const once = { 'Idempotency-Key': 'k' };
  const others = Array.from({ length: 8 }, (_, i) => [
    ask(port, 'POST', '/x', { body: 'm' }),
    ask(port, 'POST', '/x', { body: 'm', fields: once }),
    ask(port, 'GET', `/x?wait=60&client=c${i}`),
    ask(port, 'GET', `/x?stream&presence=events&client=d${i}`),
  ]).flat();
  const gone = Promise.allSettled(others);
  for (let n = 0; n < 8; n++) {
    const peer = await behind.publishing(60, 1);
    for (const command of [{ subscribe: '/*' }, { presence: '/x', events: true }]) peer.say(JSON.stringify(command));
    while (!JSON.parse(await peer.next()).pong);
  }
  await behind.stop();
  await gone;
  for (const peer of raw) assert.equal((await peer.end()).code, 1001);
});

test('new channels of an address: 100 at once, then 10 a second', () => withServer([], async (fresh) => {
  const begun = Date.now();
  let made = 0;
  let answer = { status: 200 };
  while (answer.status === 200) answer = await ask(fresh.port, 'HEAD', `/new/${made++}`);
  made--;
  const most = 101 + (Date.now() - begun) / 100;
  assert.ok(made >= 100 && made <= most, `${made} of ${most}`);
  assert.equal(answer.status, 429);
  assert.equal(answer.fields['retry-after'], '1');
  assert.equal(await status(ask(fresh.port, 'HEAD', '/new/0')), 200, 'what is there is no matter');
}));
