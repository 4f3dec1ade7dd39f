// SPDX-License-Identifier: MIT
//
// chaos/client.mjs: who reads a channel by one transport after another, and goes on where he was.
//
//   const client = new Client({ name, port, channel, random, vias, start });
//   client.run();                            until stop(), which cuts him; or until client.until is his position
//   client.history                           for the checker
//
// He leaves each transport after a random number of messages, or when nothing has come for a while.
import { readers } from './readers.mjs';

const QUIET = 400; // ms without a message after which another transport is tried
const PAUSE = 15; // ms behind what ended by itself

export class Client {
  sessions = [];
  #reader;
  #timer;
  #over = false;

  constructor({ name, port, channel, random, vias, start, most = 40, quiet = QUIET }) {
    Object.assign(this, { name, port, channel, random, vias, start, most, quiet, position: start });
    this.ended = new Promise((resolve) => (this.#done = resolve));
  }

  #done;

  get history() {
    const { name, channel, start, sessions } = this;
    return { name, channel, start, sessions, complete: this.until !== undefined && this.position === this.until };
  }

  run() {
    this.#next();
    return this.ended;
  }

  stop() {
    if (!this.#over) this.#leave();
    this.#over = true;
    this.#done();
  }

  /** He is there when he is at this position. */
  finish(position) {
    this.until = position;
    this.#look();
  }

  #look() {
    if (this.until !== undefined && this.position === this.until && !this.#over) this.stop();
  }

  #leave() {
    clearTimeout(this.#timer);
    this.#reader?.cut();
    this.#reader = undefined;
  }

  #again(ms) {
    this.#leave();
    if (!this.#over) this.#timer = setTimeout(() => this.#next(), ms);
  }

  #next() {
    const via = this.vias[this.sessions.length % 2 ? Math.floor(this.random() * this.vias.length) : 0];
    const session = { via, since: this.position, events: [] };
    const left = 1 + Math.floor(this.random() * this.most);
    this.sessions.push(session);
    this.#wait();
    this.#reader = readers[via](this.port, this.channel, { since: this.position }, (event) => {
      if (this.sessions.at(-1) === session && !this.#over) this.#take(session, event, left);
    });
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#again(0), this.quiet * (0.5 + this.random()));
  }

  #take(session, event, left) {
    if (event.refused !== undefined) return this.#again(PAUSE);
    session.events.push(event);
    this.#move(event);
    const n = session.events.length;
    if (event.end !== undefined || event.poll !== undefined) this.#again(event.more || n > 1 ? 0 : PAUSE);
    else if (n > left) this.#again(0);
    else if (event.data !== undefined) this.#wait();
    this.#look();
    return undefined;
  }

  #move({ begin, lost, at, poll, data }) {
    // Of events the id counts: where it begins in front of a loss, that comes next.
    if (begin !== undefined) this.position = begin;
    else if (data !== undefined && at === undefined) this.position = this.#after();
    else if (lost !== undefined || data !== undefined) this.position = at;
    else if (poll !== undefined) this.position = poll;
  }

  #after() {
    const [epoch, offset] = this.position.split('.');
    return `${epoch}.${Number(offset) + 1}`;
  }
}
