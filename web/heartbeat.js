// SPDX-License-Identifier: MIT
//
// heartbeat.js: the page of heartbeats and ends.
//
//   a real WebSocket, and what its server's end says of itself (heartbeat-lab.js)
//     -> the states of both ends (heartbeat-ends.js), time with pings and pongs (heartbeat-axis.js), a log, a sentence
//
// A script in a browser sees no Ping, no Pong and no Close frame: all that is told of them here is the server's word.
// Only what close() was called with, and the CloseEvent, are the browser's.

import { Axis } from "./heartbeat-axis.js";
import { Ends } from "./heartbeat-ends.js";
import { Lab } from "./heartbeat-lab.js";
import { locale, t } from "./language.js";
import { element } from "./parts.js";

const MOST_LINES = 80;
const MOST_TIMES = 200; // of which the median is told

const $ = (selector) => document.querySelector(selector);
const axis = new Axis($("#axis"));
const ends = new Ends($("#ends"));

let lab;
let begun = 0;
let seen; // what has happened on this connection: { pings, pongs, times, asked, ... }

// --- words -----------------------------------------------------------------------------------------------

const number = (n, digits = 0) => n.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const milliseconds = (ms) => t("site.milliseconds", { ms: number(ms, ms < 10 ? 2 : 0) });

/** "Close 1000 “bye”"; 1005 says that there was no code in it. */
function frameWords(code, reason) {
  if (code === undefined || code === 0 || code === 1005) return "Close";
  return reason ? t("heartbeat.close-reason", { code: `${code}`, reason }) : `Close ${code}`;
}

const story = (words) => ($("#story").textContent = words);

// --- the log ---------------------------------------------------------------------------------------------

const ARROWS = { sent: "↑", received: "↓", event: "·" };

function note(kind, at, text, remark = "") {
  const log = $("#both-ends");
  const arrow = element("span", "arrow", ARROWS[kind]);
  arrow.setAttribute("role", "img");
  arrow.setAttribute("aria-label", t(`heartbeat.arrow-${kind}`));
  const words = element("span", "what", text);
  words.dir = "auto";
  const time = t("site.seconds", { s: number(Math.max(0, at - begun) / 1000, 3) });
  log.append(element("li", kind, element("span", "at", time), arrow, words, element("span", "remark", remark)));
  while (log.children.length > MOST_LINES) log.firstElementChild.remove();
  log.parentElement.scrollTop = log.parentElement.scrollHeight;
}

// --- numbers ---------------------------------------------------------------------------------------------

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function showNumbers() {
  $("#pings").textContent = number(seen.pings);
  $("#pongs").textContent = number(seen.pongs);
  $("#rtt").textContent = seen.times.length ? milliseconds(seen.times.at(-1)) : "–";
  $("#median").textContent = seen.times.length ? milliseconds(median(seen.times)) : "–";
}

/** In words what can be seen, for who does not. */
function describe() {
  axis.describe(t("heartbeat.picture", { pings: seen.pings, pongs: seen.pongs, rtt: $("#rtt").textContent }));
}

const report = (side, row, words) => ($(`#report [data-row=${row}] [data-of=${side}]`).textContent = words);
const yesNo = (is) => (is ? t("heartbeat.yes") : t("heartbeat.no"));

// --- what the browser says -------------------------------------------------------------------------------

const browser = {
  connecting({ at }) {
    note("event", at, `new WebSocket("${lab.socket.url.replace(/\/[^/]*$/, "/…")}")`);
  },

  open({ at }) {
    ends.go("browser", "open");
    note("event", at, "open", t("heartbeat.by-browser"));
  },

  closing({ at, code, reason }) {
    const words = frameWords(code, reason);
    ends.go("browser", "closing");
    ends.travel("browser", words);
    ends.closed("browser", lab.reading ? words : t("heartbeat.unread", { words }));
    axis.close("browser", at, frameWords(code), !lab.reading);
    note("sent", at, words, lab.reading ? "" : t("heartbeat.unread-remark"));
    seen.called = true;
    story(t("heartbeat.story.closing"));
  },

  close({ at, code, reason, wasClean }) {
    seen.end = { code, wasClean };
    ends.go("browser", ...(wasClean ? ["closing", "closed"] : ["closed"]));
    if (lab.opened) axis.end("browser", at, wasClean);
    report("browser", "code", `${code}`);
    report("browser", "reason", reason || "–");
    report("browser", "clean", yesNo(wasClean));
    note("event", at, `CloseEvent ${code}`, wasClean ? t("heartbeat.clean") : t("heartbeat.unclean"));
    finish();
  },
};

// --- what the server says --------------------------------------------------------------------------------

const server = {
  open({ at }) {
    ends.go("server", "open");
    note("event", at, "open", t("heartbeat.by-server"));
    story(t("heartbeat.story.open"));
  },

  ping({ at, n }) {
    seen.pings++;
    axis.ping(n, at, !lab.reading, !seen.called);
    ends.travel("server", `Ping ${n}`);
    note("received", at, `Ping ${n}`);
    if (lab.reading) ends.travel("browser", `Pong ${n}`);
    else if (!seen.called) story(t("heartbeat.story.deaf", { n: ++seen.unread }));
    showNumbers();
    describe();
  },

  pong({ at, n, rtt }) {
    seen.pongs++;
    seen.times.push(rtt);
    if (seen.times.length > MOST_TIMES) seen.times.shift();
    axis.pong(n, at, milliseconds(rtt));
    note("sent", at, `Pong ${n}`, `RTT ${milliseconds(rtt)}`);
    showNumbers();
    describe();
  },

  every({ at, ms }) {
    note("event", at, ms ? t("heartbeat.every-said", { ms: number(ms) }) : t("heartbeat.never-said"));
  },

  pause({ at }) {
    seen.unread = 0;
    axis.reading(false, at);
    note("event", at, t("heartbeat.pause"));
    story(t("heartbeat.story.pause"));
  },

  resume({ at }) {
    axis.reading(true, at);
    note("event", at, t("heartbeat.resume"));
    story(t("heartbeat.story.resume"));
  },

  close({ at, code, reason }) {
    const words = frameWords(code, reason);
    seen.ordered = true;
    axis.reading(true, at);
    ends.go("server", "closing");
    ends.travel("server", words);
    ends.closed("server", words);
    axis.close("server", at, frameWords(code));
    note("received", at, words);
  },

  refused({ at, code }) {
    const words = t("heartbeat.refused", { code: `${code}` });
    note("event", at, words);
    $("#wrong").textContent = words;
  },

  lost({ at, n }) {
    seen.lost = true;
    note("event", at, t("heartbeat.lost", { n }));
  },

  abort({ at }) {
    seen.aborted = true;
    note("event", at, t("heartbeat.aborted"));
  },

  /** Their Close and ours, as far as they have not been seen yet. */
  closed({ at, code, sent, reason, clean }) {
    const [theirs, ours] = [frameWords(code, reason), frameWords(sent)];
    if (code !== 1006 && !seen.called) ends.travel("browser", theirs), axis.close("browser", at, frameWords(code)), note("sent", at, theirs);
    if (sent && !seen.ordered) ends.travel("server", ours), axis.close("server", at, ours), note("received", at, ours);
    if (code !== 1006) ends.closed("browser", theirs), axis.read();
    if (sent && !seen.ordered) ends.closed("server", ours);
    ends.go("server", ...(code !== 1006 || sent ? ["closing", "closed"] : ["closed"]));
    axis.end("server", at, clean);
    report("server", "code", `${code}`);
    report("server", "reason", reason || "–");
    report("server", "clean", yesNo(clean));
    report("server", "sent", sent ? `${sent}` : t("heartbeat.none"));
    note("event", at, t("heartbeat.closed"), clean ? t("heartbeat.clean") : t("heartbeat.unclean"));
    seen.closed = { code, sent, clean };
    finish();
  },

  silent() {
    story(t("heartbeat.story.silent"));
  },
};

// --- how it has ended ------------------------------------------------------------------------------------

function ending() {
  if (seen.lost) return seen.called ? "unanswered" : "lost";
  if (seen.aborted) return "aborted";
  if (!seen.closed.clean) return seen.called ? "impatient" : "cut";
  if (seen.called && seen.ordered) return "both";
  if (seen.called) return "browser";
  return seen.ordered ? "server" : "left";
}

/** When both have said so. */
function finish() {
  if (seen.end && !lab.opened) story(t("heartbeat.story.full"));
  else if (seen.end && seen.closed) story(t(`heartbeat.story.${ending()}`, { browser: `${seen.end.code}`, server: `${seen.closed.code}` }));
  else if (seen.end || !seen.closed) return showButtons();
  $("#deaf").checked = false;
  showButtons();
}

function showButtons() {
  $("#open").disabled = !seen.end;
}

// --- a connection ----------------------------------------------------------------------------------------

function open() {
  begun = performance.now();
  seen = { pings: 0, pongs: 0, times: [], unread: 0 };
  axis.reset();
  ends.reset();
  showNumbers();
  describe();
  $("#both-ends").replaceChildren();
  $("#deaf").checked = false;
  $("#wrong").textContent = "";
  for (const cell of document.querySelectorAll("#report [data-of]")) cell.textContent = "–";
  story(t("heartbeat.story.connecting"));
  const hears = { browser, server };
  lab = new Lab($("#every").value, (side, event, from) => from === lab && hears[side][event.type]?.(event));
  showButtons();
}

/** The connection, a new one if the last is over; undefined when it is just closing, or does not open. */
async function opened() {
  if (seen.end) open();
  const mine = lab;
  if (!mine.opened) await mine.happens("browser", "open");
  if (mine.server === "connecting" && !mine.isOver) await mine.happens("server", "open");
  return mine.isOpen ? mine : undefined;
}

const order = async (what, values) => (await opened())?.order(what, values);

/** What a browser does not let pages send, it says itself. */
async function closeFromBrowser(code, reason) {
  const mine = await opened();
  try {
    mine?.close(code, reason);
  } catch (error) {
    $("#wrong").textContent = t("heartbeat.threw", { error: `${error.name}: ${error.message}` });
  }
}

function typed() {
  const { code, reason } = $("#close").elements;
  $("#wrong").textContent = "";
  return code.value === "" ? [undefined, ""] : [Number(code.value), reason.value];
}

const closings = {
  browser: () => closeFromBrowser(...typed()),
  server: () => {
    const [code, reason] = typed();
    return order("close", code === undefined ? {} : { code, reason });
  },

  /** So that they really cross, the server reads nothing until its own is on its way. */
  async both() {
    const mine = await opened();
    if (!(await mine?.stopReading())) return;
    mine.close(4000, t("heartbeat.reason-browser"));
    mine.order("close", { code: 4001, reason: t("heartbeat.reason-server") });
  },

  async unanswered() {
    const mine = await opened();
    if (await mine?.stopReading()) mine.close(1000, t("heartbeat.reason-browser"));
  },

  reset: () => order("abort"),
};

$("#open").addEventListener("click", open);
$("#ping").addEventListener("click", () => order("ping"));
$("#every").addEventListener("change", () => order("every", { ms: $("#every").value }));
$("#deaf").addEventListener("change", () => order($("#deaf").checked ? "pause" : "resume"));
$("#close").addEventListener("submit", (event) => event.preventDefault());
for (const button of document.querySelectorAll("[data-closes]")) button.addEventListener("click", () => closings[button.dataset.closes]());

open();
