// SPDX-License-Identifier: MIT
//
// view.js: how a channel looks. Everything that comes from somebody else is written as text, never as markup.
//
// Entries are gathered, and drawn once for each frame, so that a busy channel costs what can be seen of it. At most MOST
// are kept; who has scrolled up stays where he is.

import { count, element, seconds } from "./parts.js";

const MOST = 500; // entries in the page
const LONG = 4000; // characters of a message that are shown at first
const HEX = 32; // bytes of a binary one

const $ = (id) => document.getElementById(id);
const [epochOf, offsetOf] = [0, 1].map((part) => (position) => position.split(".")[part]);

// --- entries ---------------------------------------------------------------------------------------------

function textOf(text) {
  const said = element("div", "said", text.slice(0, LONG));
  said.dir = "auto"; // Arabic and Hebrew from the right, the rest from the left
  if (text.length <= LONG) return said;
  const all = element("button", "all", `Show all ${count(text.length, "character")}`);
  all.type = "button";
  all.onclick = () => said.replaceChildren(text);
  said.append("… ", all);
  return said;
}

function binaryOf(bytes) {
  const hex = [...bytes.slice(0, HEX)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const rest = bytes.length > HEX ? " …" : "";
  return element("div", "said", element("span", "size", count(bytes.length, "byte")), element("code", "", `${hex}${rest}`));
}

/** "14:01" and, where there is room, ":32". By Server-Sent Events texts come without a time: then it is when they came. */
function timeOf(time) {
  const date = new Date(time);
  const [hour, minute, second] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, "0"));
  const when = element("time", "", `${hour}:${minute}`, element("span", "", `:${second}`));
  when.dateTime = date.toISOString();
  when.title = date.toLocaleString();
  return when;
}

function entryOf({ position, time, key, skipped, data }) {
  const isText = typeof data === "string";
  const said = isText ? textOf(data) : binaryOf(data);
  if (key !== undefined) said.prepend(element("span", "key", key));
  const at = element("span", "at", offsetOf(position));
  at.title = position;
  const line = element("li", isText ? "" : "binary", at, said, timeOf(time ?? Date.now()));
  if (skipped) line.append(element("span", "skipped", `${count(skipped, "older one")} skipped`));
  line.dataset.position = position;
  return line;
}

function lossOf(lost) {
  const words = lost === null
    ? "What was said in between is lost: the server has begun anew, and nobody knows how much it was."
    : `${count(lost, "message")} lost: longer ago than the server keeps them.`;
  return element("li", "lost", element("span", "words", words));
}

// --- the log ---------------------------------------------------------------------------------------------

export class Log {
  #own = new Set(); // positions
  #waiting = []; // lines to be drawn
  #following = true;
  #unseen = 0;

  constructor() {
    const scroller = $("scroller");
    scroller.addEventListener("scroll", () => {
      this.#following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
      if (this.#following) this.#see();
    });
    $("jump").addEventListener("click", () => this.#toEnd());
    new ResizeObserver(() => this.#following && this.#toEnd()).observe(scroller);
    document.addEventListener("visibilitychange", () => this.#following && !document.hidden && this.#see());
  }

  message(envelope) {
    const line = entryOf(envelope);
    if (this.#own.delete(envelope.position)) line.classList.add("own");
    this.#add(line, true);
  }

  lost(n) {
    this.#add(lossOf(n), false);
  }

  /** This one is ours, whether it is there already or comes. */
  own(position) {
    const lines = [...this.#waiting, ...$("log").children];
    const line = lines.find((other) => other.dataset.position === position);
    if (line) line.classList.add("own");
    else this.#own.add(position);
  }

  #add(line, isNews) {
    if (!this.#waiting.length) setTimeout(() => this.#draw(), 16);
    if (isNews) this.#unseen += 1;
    this.#waiting.push(line);
    if (this.#waiting.length > MOST) this.#waiting.shift();
  }

  #draw() {
    const log = $("log");
    log.append(...this.#waiting);
    this.#waiting = [];
    while (log.children.length > MOST) {
      log.firstElementChild.remove();
      $("older").hidden = false;
    }
    if (this.#following) this.#toEnd();
    this.#tell();
  }

  #toEnd() {
    $("scroller").scrollTop = $("scroller").scrollHeight;
    this.#following = true;
    this.#see();
  }

  #see() {
    if (!document.hidden) this.#unseen = 0;
    this.#tell();
  }

  /** Of what has come and was not seen: a button, and the title of the tab. */
  #tell() {
    $("jump").hidden = this.#following || !this.#unseen;
    $("jump-count").textContent = `${this.#unseen.toLocaleString("en")} new`;
    document.title = `${this.#unseen && document.hidden ? `(${this.#unseen}) ` : ""}${$("title").textContent} · weft`;
  }
}

// --- the outbox ------------------------------------------------------------------------------------------

export function showOutbox(items, { again, take }) {
  $("outbox").replaceChildren(...items.map((item) => {
    const text = element("span", "said", item.text.slice(0, LONG));
    text.dir = "auto";
    const line = element("li", item.state, text);
    if (item.why) line.append(element("span", "why", item.why));
    if (item.state !== "stuck") return line;
    for (const [words, act] of [["Edit", take], ["Try again", again]]) {
      const button = element("button", "", words);
      button.type = "button";
      button.onclick = () => act(item);
      line.append(button);
    }
    return line;
  }));
}

// --- the connection --------------------------------------------------------------------------------------

const TRANSPORTS = { websocket: "WebSocket", sse: "Server-Sent Events", longpoll: "long polling" };

const PILLS = {
  connecting: () => "connecting",
  live: ({ by }) => `live by ${TRANSPORTS[by]}`,
  waiting: () => "reconnecting",
  gone: () => "no answer",
  refused: () => "refused",
};

const EMPTY = {
  connecting: (name) => [`Looking for ${name}`, ""],
  live: (name) => [`Nothing has been said on ${name} yet`, "Say something below, or publish from a terminal. Whoever opens this address reads along."],
  waiting: (name) => [`${name} was cut off`, "What is said meanwhile will be here as soon as the connection is back."],
  gone: () => ["The server does not answer", "It may be stopped, or the network is away. This page goes on by itself as soon as it is back."],
  refused: (name, { why }) => [`You cannot read ${name}`, sentence(why.message)],
};

const sentence = (words) => `${words[0]?.toUpperCase() ?? ""}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;

const NOTICE = {
  waiting: ({ why }) => `The connection was lost${why ? `: ${why}` : ""}.`,
  gone: () => "The server does not answer.",
  refused: ({ why }) => `Refused: ${why.message} (${why.code})`,
};

let ticking;

export function showState(name, state) {
  clearInterval(ticking);
  const words = NOTICE[state.name]?.(state);
  const [title, more] = EMPTY[state.name](name, state);
  document.body.dataset.state = state.name;
  $("state").dataset.state = { live: "open", connecting: "connecting" }[state.name] ?? "closed";
  $("state").textContent = PILLS[state.name](state);
  $("empty-title").textContent = title;
  $("empty-words").textContent = more;
  $("fact-by").textContent = TRANSPORTS[state.by] ?? "none";
  $("notice").hidden = words === undefined;
  $("present").hidden = true; // until it is told again
  if ($("notice-words").textContent !== (words ?? "")) $("notice-words").textContent = words ?? ""; // read out once
  $("retry").textContent = "Try again";
  if (state.wait !== undefined) countDown(performance.now() + state.wait);
}

/** On the button, which is not read out each second. */
function countDown(until) {
  const tick = () => {
    const left = until - performance.now();
    $("retry").textContent = left > 0 ? `Try now (${seconds(left)})` : "Trying";
  };
  tick();
  ticking = setInterval(tick, 250);
}

export function showPosition(position) {
  $("fact-position").replaceChildren(epochOf(position), ".", element("b", "", offsetOf(position)));
}

export function showPolicy(policy) {
  $("fact-policy").textContent = policy;
}

export function showPresence({ count: n }) {
  $("present").hidden = false;
  $("present").textContent = n === 1 ? "you alone" : `${n.toLocaleString("en")} here`;
}
