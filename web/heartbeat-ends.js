// SPDX-License-Identifier: MIT
//
// heartbeat-ends.js: the states of both ends, and the frames that travel between them.
//
// A closing handshake is over in a millisecond. So each state is shown for a moment before the next one is; the order
// is that in which things happened.

import { element } from "./parts.js";

const MOMENT = 450; // ms

class End {
  #items;
  #light;
  #strip; // the same in a word, on a phone at the foot of the window
  #due = [];
  #timer = 0;

  constructor(root) {
    this.root = root;
    this.#items = [...root.querySelectorAll("[data-state]")];
    this.#light = root.querySelector(".light");
    this.#strip = document.querySelector(`[data-strip=${root.dataset.end}]`);
  }

  /** The next one; it waits until the one before has been seen. */
  go(state) {
    this.#due.push(state);
    this.#timer ||= setTimeout(() => this.#show());
  }

  #show() {
    const state = this.#due.shift();
    this.#timer = state === undefined ? 0 : setTimeout(() => this.#show(), MOMENT);
    if (state === undefined || state === this.root.dataset.now) return;
    if (state === "connecting") this.#items.forEach((item) => item.removeAttribute("data-passed"));
    this.root.dataset.now = state;
    this.#strip.textContent = state.toUpperCase();
    for (const [i, item] of this.#items.entries()) {
      const now = item.dataset.state === state;
      if (now) item.setAttribute("aria-current", "step"), (item.dataset.passed = ""), (this.#light.dataset.at = `${i}`);
      else item.removeAttribute("aria-current");
    }
  }
}

export class Ends {
  #wire;
  #ends;

  constructor(root) {
    this.#wire = root.querySelector(".between");
    this.#ends = { browser: new End(root.querySelector("[data-end=browser]")), server: new End(root.querySelector("[data-end=server]")) };
  }

  reset() {
    for (const side of ["browser", "server"]) this.go(side, "connecting"), this.closed(side, "–");
    for (const token of this.#wire.querySelectorAll(".token")) token.remove();
  }

  go(side, ...states) {
    for (const state of states) this.#ends[side].go(state);
  }

  /** A frame goes from this side to the other. */
  travel(side, words) {
    const token = element("span", `token from-${side}`, words);
    token.setAttribute("aria-hidden", "true");
    token.addEventListener("animationend", () => token.remove());
    this.#wire.append(token);
    if (getComputedStyle(token).animationName === "none") token.remove();
  }

  /** The Close of this side stays to be read. */
  closed(side, words) {
    this.#wire.querySelector(`[data-close=${side}]`).textContent = words;
  }
}
