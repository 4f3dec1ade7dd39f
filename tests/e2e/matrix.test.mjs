// SPDX-License-Identifier: MIT
//
// Whatever way something is published, by whatever way it is read: all of it, once, in order. Each reader leaves his
// transport at random points and goes on by another one, where he was. What it was is judged by chaos/checker.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { judge } from '../chaos/checker.mjs';
import { Client } from '../chaos/client.mjs';
import { randomOf, seed } from '../chaos/random.mjs';
import { readers } from '../chaos/readers.mjs';
import { Room } from '../chaos/servers.mjs';
import { writers } from '../chaos/writers.mjs';

const N = 150; // messages of each channel
const PATIENCE = 60_000; // ms
const VIAS = Object.keys(readers);
const NASTY = ['', ' ', 'ü', '𝄞', '"\\', '\u2028', '\u0001', '{"data":"x"}', ': comment', 'data: x', '\t', 'x'.repeat(700), 'y'.repeat(3000)];
const LONG = ['\r', '\n', 'a\r\nb', '\n\n', 'event: lost', '\0']; // these are no lines

/** Each text is another one; each line is one line. */
function texts(who, random, also = [], binary = false) {
  const ends = [...NASTY, ...also];
  return Array.from({ length: N }, (_, i) => {
    const text = `${who}-${i} ${ends[Math.floor(random() * ends.length)]}`;
    return binary && i % 5 === 0 ? Buffer.from([0, 255, ...Buffer.from(text)]) : text;
  });
}

const content = (text) => (typeof text === 'string' ? `t:${text}` : `b:${text.toString('base64')}`);
const head = async (port, channel) => (await fetch(`http://127.0.0.1:${port}${channel}`, { method: 'HEAD' })).headers.get('weft-position');

/** The position at which all n are there. */
async function ending(port, channel, n) {
  for (const until = Date.now() + PATIENCE; ; await sleep(20)) {
    const at = await head(port, channel);
    if (Number(at.split('.')[1]) === n) return at;
    assert.ok(Date.now() < until, `${channel} is at ${at}`);
  }
}

/** One channel: one writer, and a reader that begins by each transport. */
async function column(room, writer, random, { vias, said, channel }, history) {
  const start = await head(room.port, channel);
  const clients = vias.map((via) => new Client({ name: `${channel} ${via}`, port: room.port, channel, random, vias: [via, ...vias], start }));
  history.clients.push(...clients);
  const done = clients.map((client) => client.run());
  history.sent.push(...said.map((text) => ({ channel, data: content(text) })));
  const ack = (at, data) => history.published.push({ channel, at, data });
  const wire = await writers[writer]({ port: room.port, room, channel, texts: said, random, ack });
  history.heads[channel] = await ending(room.port, channel, N);
  wire?.cut();
  clients.forEach((client) => client.finish(history.heads[channel]));
  await Promise.all(done);
}

const IN_ROOM = ['loop', 'thread'];

async function matrix(threads, number) {
  const random = randomOf(number);
  const room = await Room.start({ threads });
  const history = { published: [], sent: [], clients: [], heads: {}, lossless: true };
  const columns = Object.keys(writers).flatMap((writer) => [
    [writer, { channel: `/lines/${writer}`, vias: VIAS, said: texts(writer, random) }],
    // What is no line cannot be told apart in a raw stream, and not be said on stdin.
    ...(IN_ROOM.includes(writer) ? [] : [[writer, { channel: `/bytes/${writer}`, vias: VIAS.filter((via) => via !== 'raw'), said: texts(writer, random, LONG, true) }]]),
  ]);
  const late = setTimeout(() => history.clients.forEach((client) => client.stop()), PATIENCE);
  try {
    await Promise.all(columns.map(([writer, how]) => column(room, writer, random, how, history)));
    await room.stop();
  } finally {
    clearTimeout(late);
    history.clients.forEach((client) => client.stop());
    room.kill();
  }
  const clients = history.clients.map((client) => ({ ...client.history, complete: true }));
  return { faults: judge({ ...history, clients }), sessions: clients.reduce((sum, { sessions }) => sum + sessions.length, 0) };
}

for (const threads of [1, 4])
  test(`the matrix, ${threads} thread${threads > 1 ? 's' : ''}`, async (t) => {
    const number = seed();
    t.diagnostic(`CHAOS_SEED=${number}`);
    const { faults, sessions } = await matrix(threads, number);
    t.diagnostic(`${sessions} connections and polls`);
    assert.deepEqual(faults.slice(0, 20), [], `CHAOS_SEED=${number}`);
  });
