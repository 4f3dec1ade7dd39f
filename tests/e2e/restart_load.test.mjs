// SPDX-License-Identifier: MIT
//
// Restarts under load, at one socket that stays: publishers and readers of every transport, who are asked to leave, come
// back to the next process, and go on. Nothing is refused, lost or published twice; chaos/checker.mjs judges.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { judge } from '../chaos/checker.mjs';
import { Client } from '../chaos/client.mjs';
import { Enveloping, Posting } from '../chaos/publishers.mjs';
import { randomOf, seed } from '../chaos/random.mjs';
import { readers } from '../chaos/readers.mjs';
import { BUILD, soon } from './lib/program.mjs';

const HOLDER = join(dirname(fileURLToPath(import.meta.url)), 'lib/holder.py');
const RESTARTS = 3;
const CHANNELS = ['/load/a', '/load/b'];
const BETWEEN = 25; // messages of each channel from one restart to the next

class Holder {
  static async start(t) {
    const holder = new Holder();
    const dir = await mkdtemp(join(tmpdir(), 'weft-load-'));
    t.after(() => rm(dir, { recursive: true, force: true }));
    const settings = ['--open', '--drain', '300ms', '--channel', '/**: history=100000'];
    holder.child = spawn('/usr/bin/python3', ['-B', HOLDER, process.env.WEFT || join(BUILD, 'weft'), join(dir, 'snapshot'), ...settings], { stdio: ['pipe', 'pipe', 'pipe'] });
    t.after(() => holder.child.kill('SIGTERM'));
    holder.err = '';
    holder.child.stderr.setEncoding('utf8').on('data', (text) => (holder.err += text));
    holder.lines = createInterface({ input: holder.child.stdout })[Symbol.asyncIterator]();
    holder.port = Number(await holder.said());
    return holder;
  }

  async said() {
    const { value } = await soon(this.lines.next(), () => `a word of the holder; stderr: ${this.err}`);
    return value;
  }

  async restart() {
    this.child.stdin.write('restart\n');
    assert.equal(await this.said(), 'restarted', this.err);
  }

  async end() {
    this.child.stdin.end();
    assert.equal(await this.said(), 'done', this.err);
    await once(this.child, 'close');
  }
}

const offset = (position) => Number(position.split('.')[1]);

async function head(port, channel) {
  const answer = await fetch(`http://127.0.0.1:${port}${channel}`, { method: 'HEAD' });
  return answer.headers.get('weft-position');
}

/** Somebody who connects all the time: how often he was not let in. */
function knocking(port) {
  const state = { refused: 0, times: 0, over: false };
  state.ended = (async () => {
    for (; !state.over; await sleep(5)) {
      const socket = connect(port, '127.0.0.1');
      const [error] = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).catch((e) => [e]);
      state.times++;
      if (error) state.refused++;
      socket.destroy();
    }
  })();
  return state;
}

test('three restarts: nobody is refused, and whoever reads has all of it, once', { timeout: 120_000 }, async (t) => {
  const random = randomOf(seed());
  const holder = await Holder.start(t);
  const history = { published: [], sent: [], heads: {}, lossless: true };
  const { port } = holder;
  const vias = Object.keys(readers);
  const clients = [];
  for (const channel of CHANNELS) {
    const start = await head(port, channel);
    clients.push(...vias.map((via) => new Client({ name: `${channel} ${via}`, port, channel, random, vias: [via, ...vias], start })));
  }
  const publishers = CHANNELS.flatMap((channel, i) =>
    [Posting, Enveloping].map((Kind, k) => new Kind({ name: `p${i}.${k}`, port, channel, random, history })));
  const ends = clients.map((client) => client.run());
  publishers.forEach((publisher) => publisher.run());
  const knock = knocking(port);

  const epochs = new Set();
  for (let n = 0; n <= RESTARTS; n++) {
    for (const channel of CHANNELS) {
      for (let from = offset(await head(port, channel)); offset(await head(port, channel)) < from + BETWEEN; await sleep(10));
      epochs.add((await head(port, channel)).split('.')[0]);
    }
    if (n < RESTARTS) await holder.restart();
  }
  await Promise.all(publishers.map((publisher) => publisher.stop()));
  for (const channel of CHANNELS) history.heads[channel] = await head(port, channel);
  clients.forEach((client) => client.finish(history.heads[client.channel]));
  await soon(Promise.all(ends), () => 'the last reader');
  knock.over = true;
  await knock.ended;
  await holder.end();

  assert.equal(epochs.size, CHANNELS.length);
  assert.ok(knock.times > 50 && knock.refused === 0, `${knock.refused} of ${knock.times} refused`);
  assert.doesNotMatch(holder.err, /Sanitizer|runtime error|begin anew/);
  const faults = judge({ ...history, clients: clients.map((client) => ({ ...client.history, complete: true })) });
  assert.deepEqual(faults, []);
});
