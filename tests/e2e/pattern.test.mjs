// SPDX-License-Identifier: MIT
//
// weft sub of a pattern against the real room (tests/chaos/room.c), through a proxy that cuts: channels are made and
// published on by a thread all the while, also when nobody is connected, and each message has to come once, in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Room } from '../chaos/servers.mjs';
import { Between } from './lib/between.mjs';
import { Program, soon } from './lib/program.mjs';

const CHANNELS = 20, EACH = 25, CUTS = 6;

/** Until so many lines have been printed. */
function printed(sub, n) {
  return sub.said(new RegExp(`(?:[^\\n]*\\n){${n}}`));
}

test('cut again and again while channels are made: each message of each once, in order', async (t) => {
  const room = await Room.start({ threads: 2 });
  t.after(() => room.kill());
  const net = await Between.start(t, room.port);
  const all = CHANNELS * EACH;
  const sub = new Program(['sub', '--strict', '--json', '--last', 'all', '-n', String(all), net.ws('/q/*')]);
  t.after(() => sub.kill());
  let said = 0;
  const say = () => {
    const channel = Math.floor(said / EACH); // one after the other is made
    room.tell(`${channel % 2 ? 'thread' : 'loop'} /q/${channel} ${said % EACH}`);
    said++;
  };
  for (let cut = 1; cut <= CUTS; cut++) {
    while (said < (all * cut) / (CUTS + 1)) say();
    await printed(sub, Math.floor(said / 2));
    net.cut();
    for (let i = 0; i < EACH; i++) say(); // nobody is there
  }
  while (said < all) say();
  const { code, out, err } = await sub.end();
  assert.equal(code, 0, err);
  const next = new Map();
  for (const line of out.trimEnd().split('\n')) {
    const { channel, position, data } = JSON.parse(line);
    const n = next.get(channel) ?? 0;
    assert.deepEqual({ channel, data, at: position.split('.')[1] }, { channel, data: String(n), at: String(n + 1) });
    next.set(channel, n + 1);
  }
  assert.equal(next.size, CHANNELS);
  assert.doesNotMatch(err, /lost/);
});

test('what is beyond the limit is said', async (t) => {
  const room = await Room.start({ threads: 1 });
  t.after(() => room.kill());
  for (let i = 0; i < 200; i++) room.tell(`loop /q/${i} x`);
  await soon(new Promise((done) => { let n = 0; room.onSaid(() => ++n === 200 && done()); }), 'published');
  const sub = new Program(['sub', '--last', 'all', '-n', '127', `ws://127.0.0.1:${room.port}/q/*`]);
  t.after(() => sub.kill());
  const { code, err } = await sub.end();
  assert.equal(code, 0);
  assert.match(err, /\/q\/\*: not all of it is here: a connection has at most 128 subscriptions/);
});
