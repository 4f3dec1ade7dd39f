// SPDX-License-Identifier: MIT
//
// race.js: the same prices by five ways, side by side, and what each of them costs.
//
//   POST /races/ID?rate=N                the server publishes N prices a second on the channel /race/ID/quotes
//   /race/ID/quotes?lane=NAME            which is read in five lanes (lanes.js)
//   GET /races/ID                        what the server has counted for each of them
//
//   {"now": 1732233600123, "rate": 5, "updates": 42, "lanes": {"poll": {"requests": 12, "received": 5400, "sent": 9123, "writes": 12}, ...}}
//
// Bytes and requests are the server's counts. What this page finds out by itself is how late each price is, by the
// server's clock, and how often an answer brought none.

import { run } from "./lanes.js";
import { language, locale, t } from "./language.js";
import { basePath } from "./parts.js";

const RATES = [0.5, 1, 2, 5, 10, 20]; // prices a second
const INTERVALS = [250, 500, 1000, 2000, 5000, 10000]; // ms between polls
const LATENCY = 200; // ms, there and back
const LENGTH = 30000; // ms of a race
const LOOK = 500; // ms between two looks at the counts
const DELAYS = 1000; // of a lane, of which the median is told

const form = document.querySelector("#settings");
const verdict = document.querySelector("#verdict");
const left = document.querySelector("#left");
const finishButton = document.querySelector("#finish");

let id = ""; // of the race; "" before there is one
let counts = null; // what the server said last
let base = null; // what it had said when this race began
let ends = 0; // when it is over, by performance.now(); 0: it is
let clock = { offset: 0, trip: Infinity }; // how far the server's clock is ahead, as the quickest answer told it

const settings = {
  rate: () => RATES[form.elements.rate.value],
  interval: () => INTERVALS[form.elements.interval.value],
  half: () => (form.elements.latency.checked ? LATENCY / 2 : 0),
};

// --- numbers as words ------------------------------------------------------------------------------------

const number = (n, digits = 0) => n.toLocaleString(locale, { maximumFractionDigits: digits });
const unit = (n, name, digits = 0) => new Intl.NumberFormat(locale, { style: "unit", unit: name, maximumFractionDigits: digits }).format(n);
const span = (ms) => (ms < 1000 ? unit(ms, "millisecond") : unit(ms / 1000, "second", 1));

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

// --- the server's clock ----------------------------------------------------------------------------------

const here = () => performance.timeOrigin + performance.now();

/** The answer was made somewhere between asking and hearing: the shorter that was, the surer its time is. */
function setClock(asked, server) {
  const trip = here() - asked;
  if (trip < clock.trip) clock = { offset: server - (asked + trip / 2), trip };
}

// --- a lane ----------------------------------------------------------------------------------------------

class Lane {
  inView = false;
  updates = 0;
  vains = 0;
  delays = []; // by two clocks: how far the server's is ahead gets known better with time
  #stop = null; // aborts what runs

  constructor(root) {
    this.root = root;
    this.name = root.dataset.lane;
    this.fields = Object.fromEntries([...root.querySelectorAll("[data-field]")].map((node) => [node.dataset.field, node]));
    this.pill = root.querySelector(".state");
    this.price = root.querySelector(".price");
  }

  get running() {
    return this.#stop !== null;
  }

  start() {
    if (this.running) return;
    this.#stop = new AbortController();
    const begun = here() + clock.offset;
    const lane = this;
    run[this.name]({
      signal: this.#stop.signal,
      url: (query) => `${location.origin}${basePath}/race/${id}/quotes?lane=${this.name}${query && "&"}${query}`,
      hear: (data) => lane.#hear(data, begun),
      vain: () => lane.vains++,
      is: (state) => lane.show(state),
      interval: settings.interval,
      half: settings.half,
    });
  }

  stop(state) {
    this.#stop?.abort();
    this.#stop = null;
    this.show(state);
  }

  reset() {
    this.updates = this.vains = 0;
    this.delays = [];
  }

  /** A price that was there before the lane began is no news. Anybody may publish here, so it may be anything. */
  #hear(data, begun) {
    let quote;
    try {
      quote = JSON.parse(data);
    } catch {
      return;
    }
    if (typeof quote?.t !== "number" || typeof quote.price !== "number") return;
    this.price.textContent = `${String(quote.symbol).slice(0, 8)} ${quote.price.toFixed(2)}`;
    if (quote.t < begun) return;
    this.updates++;
    this.delays.push(here() - quote.t);
    if (this.delays.length > DELAYS) this.delays.shift();
  }

  show(state) {
    this.pill.dataset.state = { open: "open", connecting: "connecting", lost: "closed" }[state] ?? "rests";
    this.pill.textContent = t(`race.state-${state}`);
    this.root.dataset.state = state;
  }

  /** What it has cost since the race began. */
  cost() {
    const now = counts.lanes[this.name];
    const then = base.lanes[this.name];
    const { requests, received, sent, writes } = Object.fromEntries(Object.keys(now).map((key) => [key, now[key] - then[key]]));
    const each = this.updates ? (received + sent) / this.updates : undefined;
    const delay = this.updates ? Math.max(0, median(this.delays) + clock.offset) : undefined;
    return { requests, received, sent, writes, each, delay };
  }

  write() {
    const { requests, received, sent, writes, each, delay } = this.cost();
    const said = {
      requests: number(requests),
      received: number(received),
      sent: number(sent),
      updates: number(this.updates),
      vains: number(this.vains),
      writes: number(writes),
      each: each === undefined ? "–" : number(each),
      delay: delay === undefined ? "–" : span(Math.round(delay)),
    };
    for (const [name, text] of Object.entries(said)) this.fields[name].textContent = text;
  }
}

const lanes = [...document.querySelectorAll("[data-lane]")].map((root) => new Lane(root));

/** Bars are as long as what they stand for, against the longest of all. */
function writeAll() {
  const costs = lanes.map((lane) => lane.cost());
  for (const name of ["each", "delay"]) {
    const most = Math.max(...costs.map((cost) => cost[name] ?? 0), 1);
    lanes.forEach((lane, i) => (lane.root.querySelector(`.bar-${name}`).style.inlineSize = `${(100 * (costs[i][name] ?? 0)) / most}%`));
  }
  for (const lane of lanes) lane.write();
}

// --- the race --------------------------------------------------------------------------------------------

function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => (byte % 36).toString(36)).join("");
}

async function look() {
  const asked = here();
  const response = await fetch(`${basePath}/races/${id}`);
  if (!response.ok) throw new Error(`answered with ${response.status}`);
  const answer = await response.json();
  setClock(asked, answer.now);
  return answer;
}

/** Only who can be seen runs: a browser has six connections for all of us. */
function startThoseInView() {
  for (const lane of lanes) {
    if (!ends) lane.stop("done");
    else if (lane.inView && !document.hidden) lane.start();
    else lane.stop("away");
  }
}

const stopAll = (state) => lanes.forEach((lane) => lane.stop(state));

let begins = 0; // which beginning is the newest: changes may come faster than answers

async function begin() {
  const mine = ++begins;
  stopAll("connecting");
  ends = 0;
  say(t("race.verdict"), false);
  id ||= randomId();
  try {
    const response = await fetch(`${basePath}/races/${id}?rate=${settings.rate()}`, { method: "POST" });
    if (response.status === 503) say(t("race.full"), false);
    if (!response.ok) throw new Error(await response.text());
    const answer = await look();
    if (mine !== begins) return;
    base = counts = answer;
  } catch {
    if (mine === begins) setTimeout(() => mine === begins && begin(), 2000); // full, or not there: it may pass
    return;
  }
  for (const lane of lanes) lane.reset();
  ends = performance.now() + LENGTH;
  showButtons();
  startThoseInView();
  writeAll();
}

async function finish() {
  if (!ends) return;
  ends = 0;
  stopAll("done");
  showButtons();
  const mine = begins;
  await new Promise((resolve) => setTimeout(resolve, 300)); // what is under way is counted, too
  counts = await look().catch(() => counts);
  if (mine !== begins) return;
  writeAll();
  say(judge(), true);
  verdict.scrollIntoView({ block: "nearest" });
}

function say(text, over) {
  verdict.textContent = text;
  verdict.dataset.over = over;
}

function showButtons() {
  finishButton.textContent = ends ? t("race.finish") : t("race.again");
  left.textContent = ends ? span(Math.max(0, Math.ceil((ends - performance.now()) / 1000) * 1000)) : "";
}

async function tick() {
  if (ends && !document.hidden) {
    const mine = begins;
    const answer = await look().catch(() => null);
    if (answer && mine === begins && ends) (counts = answer), writeAll();
    if (!answer && mine === begins && ends) begin();
    if (ends && performance.now() >= ends) finish();
    else if (ends) showButtons();
  }
  setTimeout(tick, LOOK);
}

// --- the sentence ----------------------------------------------------------------------------------------

/** The numbers say which lanes it is about. */
function judge() {
  const ran = lanes.filter((lane) => lane.updates > 0).map((lane) => ({ lane: t(`race.name-${lane.name}`), ...lane.cost() }));
  if (ran.length < 2) return t("race.verdict-none");
  const by = (key) => [...ran].sort((a, b) => a[key] - b[key]);
  const [cheap, dear] = [by("each")[0], by("each").at(-1)];
  const [quick, slow] = [by("delay")[0], by("delay").at(-1)];
  const poll = lanes.find((lane) => lane.name === "poll");
  const said = [
    t("race.verdict-cost", { dear: dear.lane, most: number(dear.each), cheap: cheap.lane, least: number(cheap.each), times: number(dear.each / cheap.each, 1) }),
    t("race.verdict-delay", { slow: slow.lane, long: span(Math.round(slow.delay)), quick: quick.lane, short: span(Math.round(quick.delay)) }),
  ];
  const answers = poll.cost().requests;
  if (poll.updates && poll.vains) said.push(t("race.verdict-vain", { vains: poll.vains, n: answers }));
  return said.join(language === "zh" ? "" : " ");
}

// --- what is set -----------------------------------------------------------------------------------------

function showSettings() {
  const said = { rate: number(settings.rate(), 1), interval: span(settings.interval()) };
  for (const [name, text] of Object.entries(said)) {
    form.elements[name].setAttribute("aria-valuetext", text);
    document.querySelector(`#${name}-said`).textContent = text;
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) lanes.find((lane) => lane.root === target).inView = isIntersecting;
  if (ends) startThoseInView();
});

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", showSettings);
form.addEventListener("change", () => (showSettings(), begin()));
finishButton.addEventListener("click", () => (ends ? finish() : begin()));
document.addEventListener("visibilitychange", () => {
  if (!ends) return;
  if (document.hidden) startThoseInView();
  else begin(); // it may be over by now
});

for (const lane of lanes) seen.observe(lane.root);
showSettings();
begin();
tick();
