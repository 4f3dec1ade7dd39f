// SPDX-License-Identifier: MIT
//
// outbox.js: what was said here and is not published yet.
//
//   say -> underway -> published, and then it is in the log
//             |  ^
//             |  '---- after a while (429, 503), or when the channel is live again
//             v
//          refused, or unknown: it stays, with why, until its author takes it back or tries again
//
// Each has a key, by which it is published once, however often it is tried. A server that was started anew has forgotten
// keys: then nobody can know of what was underway, and it is for people to decide.

import { epochOf } from "./transport.js";

const RETRIES = [429, 503];

export class Outbox {
  items = []; // { text, key, state: "waits" | "underway" | "stuck", why, epoch }, in the order in which they were said

  /** changed(): items are others now; published(position): one of them is in the channel. */
  constructor(channel, { changed, published }) {
    Object.assign(this, { channel, changed, published });
  }

  say(text) {
    const item = { text, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, state: "waits", why: "" };
    this.items.push(item);
    this.changed();
    return this.#send(item);
  }

  take(item) {
    this.items = this.items.filter((other) => other !== item);
    this.changed();
  }

  again(item) {
    item.epoch = undefined; // its author has decided
    this.#set(item, "waits", "");
    return this.#send(item);
  }

  /** The channel is live again. */
  live() {
    for (const item of this.items) this.#send(item);
  }

  #last = Promise.resolve();

  /** One after the other, so that they are published in the order in which they were said. */
  #send(item) {
    this.#last = this.#last.then(() => this.#publish(item));
    return this.#last;
  }

  #set(item, state, why) {
    Object.assign(item, { state, why });
    this.changed();
  }

  async #publish(item) {
    if (!this.channel.by || item.state !== "waits") return;
    this.#set(item, "underway", "");
    if (!(await this.#isSafe(item))) return;
    const { position } = this.channel;
    item.epoch ??= position && epochOf(position);
    const answer = await this.channel.publish(item.text, item.key);
    if (answer === undefined) this.#set(item, "waits", "The connection broke before it was answered.");
    else if (answer.error) this.#refused(item, answer.error);
    else {
      this.published(answer.position);
      this.take(item);
    }
  }

  async #isSafe(item) {
    if (item.epoch === undefined) return true;
    const epoch = await this.channel.epoch();
    if (epoch === item.epoch) return true;
    if (epoch === undefined) this.#set(item, "waits", "The server does not answer.");
    else this.#set(item, "stuck", "The server was started anew: nobody knows whether this was published.");
    return false;
  }

  #refused(item, { code, message, retry }) {
    if (!RETRIES.includes(code) || retry === undefined) return this.#set(item, "stuck", `${message} (${code})`);
    this.#set(item, "waits", `${message} (${code}). Trying again soon.`);
    setTimeout(() => this.#send(item), retry);
  }
}
