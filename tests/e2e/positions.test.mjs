// SPDX-License-Identifier: MIT
//
// The table of positions (docs/channels.md, section 2): each row by each transport, over the wire, with what is said of a
// loss, and what comes behind it.
//
//   offset   1  2  3  4 | 5  6  7  8  9        ten: published when it has begun
//                       K              H
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readers } from '../chaos/readers.mjs';
import { Room } from '../chaos/servers.mjs';

const [K, H, END] = [4, 9, 10];
const OTHER = 'zzzzzzzz.7';

let room;
before(async () => (room = await Room.start({ history: H - K })));
after(() => room.stop());

const post = async (channel, body, type = 'text/plain') => {
  const answer = await fetch(`http://127.0.0.1:${room.port}${channel}`, { method: 'POST', body, headers: { 'Content-Type': type } });
  assert.equal(answer.status, 200);
  return (await answer.json()).position;
};

/** Nine messages, "1" to "9". The epoch. */
async function fill(channel) {
  const lines = Array.from({ length: H }, (_, i) => JSON.stringify({ data: `${i + 1}` }));
  return (await post(channel, lines.join('\n'), 'application/x-ndjson')).split('.')[0];
}

// since: an offset of this epoch, or a position. at: where it begins; lost as it is told.
const rows = {
  'nothing: from now on': { at: H },
  'last=2': { last: 2, at: 7 },
  'last=5: just all': { last: 5, at: K },
  'last=100: more than there is': { last: 100, at: K },
  'last=all': { last: 'all', at: K },
  'P = H': { since: H, at: H },
  'K < P < H': { since: 6, at: 6 },
  'P = K': { since: K, at: K },
  'P = K - 1': { since: 3, at: K, lost: 1 },
  'P = 0': { since: 0, at: K, lost: 4 },
  'P = H + 1': { since: H + 1, at: K, lost: null },
  'P far behind the head': { since: 2 ** 53 - 1, at: K, lost: null },
  'another epoch': { since: OTHER, at: K, lost: null },
  'another epoch, and nothing in it': { since: 'zzzzzzzz.0', at: K, lost: null },
  'since and last, nothing lost': { since: 6, last: 1, at: 6 },
  'since and last, lost': { since: 2, last: 2, at: 7, lost: 5 },
  'since and last, lost, more than there is': { since: 2, last: 100, at: K, lost: 2 },
  'since and last=all, lost': { since: 2, last: 'all', at: K, lost: 2 },
  'since and last, another epoch': { since: OTHER, last: 2, at: 7, lost: null },
};

// What is told before the first message; since: the position that was asked for.
const said = (lost) => (lost === undefined ? {} : { lost });
const loss = (lost, at) => (lost === undefined ? [] : [{ lost, at }]);
const beginnings = {
  ws: (at, head, lost, since) => [{ begin: since ?? at }],
  raw: (at, head, lost, since) => [{ begin: since ?? at }],
  envelope: (at, head, lost) => [{ begin: at, ...said(lost), policy: 'queue' }],
  command: (at, head, lost) => [{ begin: at, ...said(lost), head, policy: 'queue' }],
  stream: (at, head, lost) => [{ begin: at, ...said(lost), head, policy: 'queue' }],
  sse: (at, head, lost, since) => [{ begin: lost === undefined ? at : since }, ...loss(lost, at)],
  longpoll: (at, head, lost) => loss(lost, at),
  poll: (at, head, lost) => loss(lost, at),
};

/** Those that cannot announce a loss end by it. */
const ends = {
  ws: ({ last }, since) => last === undefined && { end: 'closed', code: 1013, reason: `lost since=${since}` },
  raw: () => ({ end: 'cut' }),
};

/** All that it was told, up to the tenth message, the end, or the answer. */
function told(via, channel, where, begun) {
  const events = [];
  return new Promise((resolve) => {
    const reader = readers[via](room.port, channel, where, (event) => {
      events.push(event);
      if (event.begin !== undefined) begun();
      if (event.end === undefined && event.poll === undefined && event.refused === undefined && event.data !== 't:10') return;
      reader.cut();
      resolve(events);
    });
  });
}

const number = (first, last, position, numbered) =>
  Array.from({ length: Math.max(0, last - first) }, (_, i) => ({ ...(numbered ? { at: position(first + 1 + i) } : {}), data: `t:${first + 1 + i}` }));

async function row(via, name, { since, last, at, lost }) {
  const channel = `/${via}/${encodeURIComponent(name).replaceAll('%', '_')}`;
  const epoch = await fill(channel);
  const position = (n) => (typeof n === 'number' ? `${epoch}.${n}` : n);
  const asked = since === undefined ? undefined : position(since);
  const polls = via.endsWith('poll');
  // Without anything a poll is a look at all, and a long poll waits.
  const from = via === 'poll' && since === undefined && last === undefined ? K : at;
  const waits = via === 'longpoll' && from === H && lost === undefined;
  const events = told(via, channel, { since: asked, last }, () => post(channel, '10'));
  if (waits) await post(channel, '10');
  const end = lost !== undefined && ends[via]?.({ last }, asked);
  const until = polls && !waits ? H : END;
  assert.deepEqual(await events.then((all) => all.map(({ more, ...event }) => event)), [
    ...beginnings[via](position(from), position(H), lost, asked),
    ...(end ? [end] : number(from, until, position, !['ws', 'raw'].includes(via))),
    ...(polls ? [{ poll: position(until) }] : []),
  ]);
}

for (const via of Object.keys(beginnings))
  describe(via, { concurrency: true }, () => {
    for (const [name, what] of Object.entries(rows)) {
      // Whether it waits before the message is there is not to be seen from outside.
      if (via === 'longpoll' && name.startsWith('nothing')) continue;
      test(name, () => row(via, name, what));
    }
  });

test('a long poll for nothing is answered with where it is', async () => {
  const epoch = await fill('/wait');
  const answer = await fetch(`http://127.0.0.1:${room.port}/wait?wait=0`);
  assert.deepEqual(await answer.json(), { channel: '/wait', position: `${epoch}.9`, messages: [] });
});

test('the head says the position, too', async () => {
  const epoch = await fill('/head');
  const ask = async (query, options) => (await fetch(`http://127.0.0.1:${room.port}/head${query}`, options)).headers.get('weft-position');
  assert.equal(await ask('', { method: 'HEAD' }), `${epoch}.9`);
  assert.equal(await ask(`?since=${epoch}.6`), `${epoch}.9`);
  assert.equal(await ask(`?since=${epoch}.2&wait=1`), `${epoch}.9`);
  for (const stream of ['', '=raw', '=sse']) {
    const cancel = new AbortController();
    assert.equal(await ask(`?stream${stream}&since=${epoch}.6`, { signal: cancel.signal }), `${epoch}.6`);
    cancel.abort();
  }
});

test('what was dropped is lost, exactly', async () => {
  const epoch = await fill('/dropped');
  const url = `http://127.0.0.1:${room.port}/dropped`;
  assert.deepEqual(await (await fetch(url, { method: 'DELETE' })).json(), { position: `${epoch}.9` });
  assert.deepEqual(await (await fetch(`${url}?since=${epoch}.9`)).json(), { channel: '/dropped', position: `${epoch}.9`, messages: [] });
  assert.deepEqual(await (await fetch(`${url}?since=${epoch}.6`)).json(), { channel: '/dropped', position: `${epoch}.9`, messages: [], lost: 3 });
  assert.equal(await post('/dropped', '10'), `${epoch}.10`);
});

describe('Last-Event-ID', () => {
  const ids = async (field, query = '') => {
    const cancel = new AbortController();
    const answer = await fetch(`http://127.0.0.1:${room.port}/ids?stream=sse${query}`, { headers: { 'Last-Event-ID': field }, signal: cancel.signal });
    let text = '';
    for await (const chunk of answer.body) {
      text += Buffer.from(chunk);
      if (/data: 9\n\n/.test(text)) break;
    }
    cancel.abort();
    return text.match(/(?<=^id: ).*/gm);
  };
  let epoch;
  before(async () => (epoch = await fill('/ids')));

  test('wins over since', async () => assert.deepEqual(await ids(`${epoch}.7`, `&since=${epoch}.5`), [`${epoch}.7`, `${epoch}.8`, `${epoch}.9`]));
  test('counts as another epoch if it is no position', async () =>
    assert.deepEqual(await ids('nonsense'), [`${epoch}.0`, ...[4, 5, 6, 7, 8, 9].map((n) => `${epoch}.${n}`)]));
});

for (const query of ['since=', 'since=x', 'since=k3f9a2c1', 'since=k3f9a2c1.', 'since=k3f9a2c1.01', 'since=k3f9a2c1.-1', 'since=K3F9A2C1.1', 'since=k3f9a2.1', 'since=abcdefghijklmnopq.1',
  `since=k3f9a2c1.${2n ** 53n}`, 'last=', 'last=0', 'last=-1', 'last=1.5', 'last=ALL', `last=${2n ** 53n}`, 'since=k3f9a2c1.1&since=k3f9a2c1.2', 'last=1&last=1'])
  test(`400: ${query}`, async () => {
    const answer = await fetch(`http://127.0.0.1:${room.port}/x?${query}`);
    assert.equal(answer.status, 400);
    assert.equal((await answer.json()).error.code, 400);
  });
