// SPDX-License-Identifier: MIT
//
// slow.js: the slow client of the quotes page, and what becomes of it.
//
// A browser cannot read a WebSocket slowly: it takes what comes. So the client that does is in the server (slow.h), as a
// reader of a channel with the policy that is chosen; by a WebSocket it says what it has read, as it is told it:
//
//   /slow/POLICY?rate=N      N messages a second
//
//   {"channel":..., "position":P, "policy":...}      it begins behind P
//   {"position":P, "skipped":n?, "data":...}         it has read one
//   {"position":P, "lost":n}                         it was told of a loss
//   {"held":n, "behind":n}                           what waits on the line, and in the channel
//
// When it is disconnected it comes back behind the last message that it has read.

import { t } from "./language.js";
import { channelURL, closeWords, seconds } from "./site.js";

const RATES = [0.5, 1, 2, 3, 4, 6]; // messages a second; five are published
const TOO_SLOW = 1008; // Close
const BACK = 2500; // ms until it comes back
const LOOK = 250; // ms between two looks at the numbers

const settings = document.querySelector("#slow-settings");
const slider = document.querySelector("#reads");
const said = document.querySelector("#reads-said");
const purpose = document.querySelector("#policy-for");
const state = document.querySelector("#slow-state");
const news = document.querySelector("#slow-news");
const field = (name) => document.querySelector(`#slow [data-field="${name}"]`);

export class SlowClient {
  points = []; // { at, prices }: what it believed from when on; prices null: from here on it was not connected
  #page; // { clock, newest, isPaused }
  #server; // the channel by which the page itself hears: while that is gone nothing is tried
  #socket;
  #back; // timer
  #position; // of what it has read last
  #read; // { at } of the newest that it has read
  #counts;
  #waits; // { held, behind }, as the server says
  #fast = { begun: 0, read: 0, lost: 0, cuts: 0 };
  #wasLive = false; // the page itself
  #told = new Set(); // what was announced since it was last set

  constructor(server, page) {
    this.#page = page;
    this.#server = server;
    server.addEventListener("state", ({ state }) => this.#serverIs(state));
    settings.addEventListener("submit", (event) => event.preventDefault());
    settings.addEventListener("change", ({ target }) => target.name === "policy" && this.#begin());
    slider.addEventListener("input", () => this.#setRate());
    this.#sayRate();
    this.#reset();
    setInterval(() => this.#show(), LOOK);
  }

  /** How many messages the page itself has read. */
  fastRead(count) {
    this.#fast.begun ||= count;
    this.#fast.read = count;
  }

  fastLost(lost) {
    this.#fast.lost += lost ?? 0;
  }

  get #policy() {
    return settings.elements.policy.value;
  }

  get #rate() {
    return RATES[slider.value];
  }

  // --- what is set ---

  #setRate() {
    this.#told.clear();
    this.#sayRate();
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(`${this.#rate}`);
  }

  #sayRate() {
    const words = t("quotes.rate-is", { n: this.#rate });
    said.textContent = words;
    slider.setAttribute("aria-valuetext", words);
  }

  /** From now on, as if nothing had been. */
  #begin() {
    this.#drop();
    this.#reset();
    purpose.textContent = t(`quotes.for-${this.#policy}`);
    if (this.#server.state === "live") this.#connect();
  }

  #reset() {
    this.#counts = { read: 0, skipped: 0, lost: 0, cuts: 0 };
    this.#position = this.#read = this.#waits = undefined;
    this.#fast = { ...this.#fast, begun: this.#fast.read, lost: 0, cuts: 0 };
    this.#told.clear();
    news.textContent = "";
  }

  // --- its connection ---

  #serverIs(is) {
    if (is === "live" && !this.#socket) this.#connect();
    if (is !== "live" && this.#wasLive) {
      this.#fast.cuts += 1;
      this.#isAlone();
    }
    this.#wasLive = is === "live";
  }

  /** The page hears nothing either, so nobody is to blame but the network, or the server. */
  #isAlone() {
    clearTimeout(this.#back);
    state.textContent = t("quotes.server-gone");
  }

  #drop() {
    clearTimeout(this.#back);
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    // Browsers complain of one that is closed before it has opened.
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket.close();
    this.#isGone();
  }

  #isGone() {
    this.points.push({ at: this.#page.clock(), prices: null });
    this.#waits = undefined;
  }

  #connect() {
    const since = this.#position ? `&since=${this.#position}` : "";
    this.#socket = new WebSocket(channelURL(`/slow/${this.#policy}?rate=${this.#rate}${since}`));
    this.#socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    this.#socket.onclose = (event) => this.#closed(event);
    this.#socket.onopen = () => (state.textContent = t("quotes.is-reading"));
  }

  #hear({ position, data, skipped = 0, lost, held, behind }) {
    if (held !== undefined) {
      this.#waits = { held, behind };
      return;
    }
    if (lost !== undefined) this.#loses(lost);
    if (data !== undefined) this.#reads(data, skipped);
    this.#position = position;
  }

  #loses(lost) {
    this.#counts.lost += lost ?? 0;
    this.#announce("lost");
  }

  #reads(data, skipped) {
    this.#counts.read += 1;
    this.#counts.skipped += skipped;
    if (skipped) this.#announce("skipped");
    try {
      const { t: at, prices } = JSON.parse(data);
      this.#read = { at };
      this.points.push({ at: this.#page.clock(), prices });
    } catch {
      // somebody else's
    }
  }

  #closed(event) {
    this.#isGone();
    this.#socket = undefined;
    if (this.#server.state !== "live") return this.#isAlone();
    state.textContent = t("quotes.was-disconnected", { why: closeWords(event), seconds: seconds(BACK) });
    if (event.code === TOO_SLOW) {
      this.#counts.cuts += 1;
      this.#announce("disconnected");
    }
    this.#back = setTimeout(() => this.#server.state === "live" && this.#connect(), BACK);
  }

  // --- what is seen, and what is said ---

  /** Once for each setting: what happens all the time is in the table. */
  #announce(what) {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    news.textContent = t(`quotes.news-${what}`);
  }

  /** With `latest` there is one that it will still be told: the newest. */
  get #waiting() {
    if (!this.#waits) return undefined;
    const { held, behind } = this.#waits;
    return held + (this.#policy === "latest" ? Math.min(behind, 1) : behind);
  }

  #show() {
    if (this.#page.isPaused()) return;
    const late = (at) => {
      const ms = Math.max(0, this.#page.clock() - at);
      return ms < 1000 ? t("site.milliseconds", { ms: Math.round(ms) }) : t("site.seconds", { s: (ms / 1000).toFixed(1) });
    };
    const numbers = {
      ...this.#counts,
      waiting: this.#waiting ?? "–",
      behind: this.#read ? late(this.#read.at) : "–",
      "fast-behind": this.#fast.read ? late(this.#page.newest()) : "–",
      "fast-read": this.#fast.read - this.#fast.begun,
      "fast-lost": this.#fast.lost,
      "fast-cuts": this.#fast.cuts,
    };
    for (const [name, value] of Object.entries(numbers)) field(name).textContent = value.toLocaleString();
  }
}
