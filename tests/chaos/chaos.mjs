// SPDX-License-Identifier: MIT
//
// chaos/chaos.mjs: everything at once. Clients that change their transports, publishers that try again, a network that
// cuts, delays, buffers and is slow (proxy.py), bursts, DELETE, and a server that is restarted, cleanly and not.
//
//   const { faults, counts } = await chaos({ ms, seed });
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { judge } from './checker.mjs';
import { Client } from './client.mjs';
import { Enveloping, Posting } from './publishers.mjs';
import { randomOf } from './random.mjs';
import { readers } from './readers.mjs';
import { Room, Serve } from './servers.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const Server = process.env.CHAOS_SERVER === 'serve' ? Serve : Room; // which leaves as slowly as its slowest client reads
const CHANNELS = 8;
const CLIENTS = 200;
const SETTINGS = { threads: Number(process.env.CHAOS_THREADS ?? 4), history: 200, window: 65536 };
const BURST = 150; // messages
const RESTART = 2000; // ms between two, by SIGKILL and cleanly in turns
const CATCH_UP = 45_000; // ms for the last client, when all is quiet
const STILL = 500; // ms in which no channel moves: all has come
const DIRECT = 0.3; // of the clients use no proxy

const channels = Array.from({ length: CHANNELS }, (_, i) => `/chaos/${i}`);

class Proxy {
  static async start(port, seed) {
    const proxy = new Proxy();
    proxy.child = spawn('/usr/bin/python3', ['-B', join(HERE, 'proxy.py'), port, seed], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: proxy.child.stdout }), 'line');
    proxy.port = Number(line);
    return proxy;
  }

  stop() {
    this.child.kill('SIGKILL');
  }
}

class Chaos {
  history = { published: [], sent: [], heads: {} };
  counts = { restarts: 0, bursts: 0, drops: 0 };

  constructor({ ms, seed }) {
    Object.assign(this, { ms, seed, random: randomOf(seed) });
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  ask(channel, options) {
    return fetch(`http://127.0.0.1:${this.room.port}${channel}`, { signal: AbortSignal.timeout(8000), ...options });
  }

  async begin() {
    this.room = await Server.start(SETTINGS);
    this.proxy = await Proxy.start(this.room.port, this.seed);
    const port = () => (this.random() < DIRECT ? this.room.port : this.proxy.port);
    const vias = Object.keys(readers);
    this.clients = Array.from({ length: CLIENTS }, (_, i) =>
      new Client({ name: `client ${i}`, port: port(), channel: channels[i % CHANNELS], random: this.random, vias: [this.pick(vias), ...vias], quiet: 300 + this.random() ** 3 * 6000 }));
    this.publishers = channels.flatMap((channel, i) =>
      [Posting, Enveloping].map((Kind, k) => new Kind({ name: `p${i}.${k}`, port: port(), channel, random: this.random, history: this.history })));
    for (const one of [...this.clients, ...this.publishers]) one.run();
  }

  /** More than the window, for who is behind. */
  async burst() {
    const channel = this.pick(channels);
    const texts = Array.from({ length: BURST }, (_, i) => `burst${this.counts.bursts}-${i} ${'y'.repeat(700)}`);
    this.counts.bursts++;
    this.history.sent.push(...texts.map((text) => ({ channel, data: `t:${text}` })));
    const body = texts.map((text) => JSON.stringify({ data: text })).join('\n');
    const answer = await this.ask(channel, { method: 'POST', body, headers: { 'Content-Type': 'application/x-ndjson' } });
    if (!answer.ok) return;
    const [epoch, offset] = (await answer.json()).position.split('.');
    texts.forEach((text, i) => this.history.published.push({ channel, at: `${epoch}.${offset - BURST + 1 + i}`, data: `t:${text}` }));
  }

  async drop() {
    this.counts.drops++;
    await this.ask(this.pick(channels), { method: 'DELETE' });
  }

  async restart() {
    const { port } = this.room;
    if (this.counts.restarts++ % 2) await this.room.stop();
    else await this.room.kill();
    this.room = await Server.start({ ...SETTINGS, port });
  }

  /** function again and again, until the storm is over; what it asks for may be in vain. */
  async every(ms, what) {
    while (Date.now() < this.until) {
      await sleep(Math.min(ms * (0.5 + this.random()), this.until - Date.now()));
      await what.call(this).catch(() => {});
    }
  }

  async storm() {
    this.until = Date.now() + this.ms;
    const restarts = async () => {
      for (let at = Date.now() + RESTART; at < this.until; at = Date.now() + RESTART) {
        await sleep(at - Date.now());
        await this.restart();
      }
    };
    await Promise.all([this.every(150, this.burst), this.every(400, this.burst), this.every(1500, this.drop), restarts()]);
  }

  /** Until nothing comes any more of what waited for its turn. */
  async settle() {
    for (let before; before !== JSON.stringify(this.history.heads); await sleep(STILL)) {
      before = JSON.stringify(this.history.heads);
      for (const channel of channels) this.history.heads[channel] = (await this.ask(channel, { method: 'HEAD' })).headers.get('weft-position');
    }
  }

  /** Nobody publishes any more: everybody comes to the end, without a network in between. */
  async calm() {
    await Promise.all(this.publishers.map((publisher) => publisher.stop()));
    this.proxy.stop(); // with all that is still on its way in it
    for (const client of this.clients) Object.assign(client, { port: this.room.port, quiet: 300 });
    await this.settle();
    for (const client of this.clients) client.finish(this.history.heads[client.channel]);
    await Promise.race([Promise.all(this.clients.map((client) => client.ended)), sleep(CATCH_UP, undefined, { ref: false })]);
    this.counts.late = this.clients.filter((client) => client.position !== client.until).length;
    for (const client of this.clients) client.stop();
  }

  over() {
    return this.room.stop();
  }

  async timed(phase) {
    const from = Date.now();
    await this[phase]();
    this.counts[`${phase} ms`] = Date.now() - from;
  }

  async end() {
    this.proxy?.stop();
    await this.room?.kill();
  }

  verdict() {
    const clients = this.clients.map((client) => ({ ...client.history, complete: true }));
    const events = clients.flatMap(({ sessions }) => sessions.flatMap((session) => session.events));
    return {
      faults: judge({ ...this.history, clients }),
      counts: {
        ...this.counts,
        confirmed: this.history.published.length,
        sessions: clients.reduce((n, { sessions }) => n + sessions.length, 0),
        heard: events.filter(({ data }) => data !== undefined).length,
        losses: events.filter(({ lost }) => lost !== undefined).length,
        'losses between': events.filter(({ lost, begin }) => typeof lost === 'number' && begin === undefined).length,
        closed: events.filter(({ end }) => end === 'closed').length,
        left: events.filter(({ end }) => end === 'left').length,
      },
    };
  }
}

export async function chaos(how) {
  const run = new Chaos(how);
  try {
    for (const phase of ['begin', 'storm', 'calm', 'over']) await run.timed(phase);
    return run.verdict();
  } finally {
    await run.end();
  }
}
