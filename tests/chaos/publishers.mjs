// SPDX-License-Identifier: MIT
//
// chaos/publishers.mjs: who publishes each message once, whatever happens to his connections, as section 11 says.
//
//   const publisher = new Posting({ port, channel, name, random, history });       or Enveloping
//   publisher.run();  await publisher.stop();
//
// Confirmed messages are in history.published, the others of which nobody knows in history.sent.
import { setTimeout as sleep } from 'node:timers/promises';
import { Wire, upgrade } from './wire.mjs';

const PATIENCE = 1500; // ms for an answer, before it is tried again
const PAUSE = 60; // ms between two messages, about
const TRIES = 30;
const QUIET = 30; // messages without an answer after which a connection is given up

class Publisher {
  n = 0;
  over = false;

  constructor(how) {
    Object.assign(this, how);
  }

  text() {
    return `${this.name}-${this.n++} ${'x'.repeat(Math.floor(this.random() ** 4 * 3000))}`;
  }

  confirm(at, text) {
    this.history.published.push({ channel: this.channel, at, data: `t:${text}` });
  }

  /** Whether it was published nobody knows, until it is confirmed. */
  say(text) {
    this.history.sent.push({ channel: this.channel, data: `t:${text}` });
  }

  run() {
    this.ended = this.go();
  }

  async stop() {
    this.over = true;
    await this.ended;
  }
}

export class Posting extends Publisher {
  async #try(text, key) {
    const answer = await fetch(`http://127.0.0.1:${this.port}${this.channel}`, {
      method: 'POST',
      body: text,
      headers: { 'Content-Type': 'text/plain', 'Idempotency-Key': key },
      signal: AbortSignal.timeout(PATIENCE),
    });
    return answer.ok ? (await answer.json()).position : undefined;
  }

  async go() {
    while (!this.over) {
      const text = this.text();
      this.say(text);
      for (let i = 0, at; i < TRIES && at === undefined && !this.over; i++) {
        at = await this.#try(text, `${this.name}.${this.n}`).catch(() => undefined);
        if (at !== undefined) this.confirm(at, text);
        else await sleep(this.random() * 50);
      }
      await sleep(this.random() * 2 * PAUSE);
    }
  }
}

export class Enveloping extends Publisher {
  #unanswered = new Map(); // id -> text
  #quiet = 0; // rounds without an answer

  #send(id, text) {
    this.#wire?.send(JSON.stringify({ id, publish: this.channel, data: text, once: `${this.name}.${id}` }));
  }

  #wire;

  #answered({ id, ok, error }) {
    const text = this.#unanswered.get(id);
    this.#quiet = 0;
    if (text === undefined || error?.retry) return;
    if (ok) this.confirm(ok.position, text);
    this.#unanswered.delete(id);
  }

  async #epoch() {
    const answer = await fetch(`http://127.0.0.1:${this.port}${this.channel}`, { method: 'HEAD', signal: AbortSignal.timeout(PATIENCE) });
    return answer.headers.get('weft-position')?.split('.')[0];
  }

  /** Keys are forgotten with the epoch: what was not answered may be there, or not. */
  async #again() {
    const epoch = await this.#epoch().catch(() => undefined);
    if (epoch !== this.epoch) this.#unanswered.clear();
    this.epoch = epoch;
    await new Promise((resolve) => {
      const wire = new Wire(this.port, upgrade(`${this.channel}?subscribe=no`, 'Sec-WebSocket-Protocol: weft.v1\r\n'), {
        frame: (opcode, payload) => {
          if (opcode !== 1) return;
          const object = JSON.parse(payload);
          if (object.hello) resolve();
          else if (object.id !== undefined) this.#answered(object);
        },
        end: () => {
          if (this.#wire === wire) this.#wire = undefined;
          resolve();
        },
      });
      this.#wire = wire;
      sleep(PATIENCE).then(resolve);
    });
    this.#unanswered.forEach((text, id) => this.#send(id, text));
  }

  async go() {
    for (; !this.over; this.#quiet++) {
      if (!this.#wire || this.#quiet > QUIET) {
        this.#wire?.cut();
        await this.#again();
        this.#quiet = 0;
      }
      if (this.#unanswered.size < 30) {
        const text = this.text();
        this.say(text);
        this.#unanswered.set(this.n, text);
        this.#send(this.n, text);
      }
      await sleep(this.random() * 2 * PAUSE);
    }
    this.#wire?.cut();
  }
}
