// SPDX-License-Identifier: MIT
//
// outbox.js: what was said here and is not published yet, to be shown.
//
//   say -> underway -> published, and then it is in the log
//            |  ^
//            v  |
//          waits: nobody answers, or the server has asked to come later          (weft.js tries again by itself)
//
//          stuck: refused, or nobody knows; it stays, with why, until its author takes it back or says it again

export class Outbox {
  items = []; // { text, state: "waits" | "underway" | "stuck", why }, in the order in which they were said

  /** changed(): items are others now; published(position): one of them is in the channel. */
  constructor(channel, { changed, published }) {
    Object.assign(this, { channel, changed, published });
    channel.addEventListener("state", () => this.#wait(""));
    channel.addEventListener("error", ({ error }) => error.retry && this.#wait(`${error.message} (${error.code}). Trying again soon.`));
  }

  say(text) {
    const item = { text, state: "waits", why: "" };
    this.items.push(item);
    return this.#send(item);
  }

  take(item) {
    this.items = this.items.filter((other) => other !== item);
    this.changed();
  }

  again(item) {
    return this.#send(item);
  }

  async #send(item) {
    const said = this.channel.publish(item.text);
    this.#set(item, this.channel.state === "live" ? "underway" : "waits", "");
    try {
      const { position } = await said;
      this.published(position);
      this.take(item);
    } catch ({ code, message }) {
      this.#set(item, "stuck", typeof code === "number" ? `${message} (${code})` : message);
    }
  }

  #set(item, state, why) {
    Object.assign(item, { state, why });
    this.changed();
  }

  /** All that is not stuck; the first one is what the server speaks of. */
  #wait(why) {
    const state = this.channel.state === "live" && !why ? "underway" : "waits";
    for (const item of this.items.filter((one) => one.state !== "stuck")) Object.assign(item, { state, why: "" });
    const first = this.items.find((one) => one.state === "waits");
    if (first) first.why = why;
    this.changed();
  }
}
