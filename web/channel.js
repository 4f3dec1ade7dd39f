// SPDX-License-Identifier: MIT
//
// channel.js: the page of a channel, put together.
//
//   weft.js        the channel, by whatever gets through        -> the log (view.js)
//   the line       what is typed, measured against the limit    -> outbox.js -> weft.js
//
// In reading order: this file, outbox.js, view.js, parts.js; docs/weft-js.md is about weft.js.

import "./weft.js";
import { Outbox } from "./outbox.js";
import { armCopyButtons, armOpenField, bytesOf, count, fillCommands } from "./parts.js";
import { Log, showOutbox, showPolicy, showPosition, showPresence, showState } from "./view.js";

const HISTORY = 100; // messages to begin with

const channel = new Weft(location.pathname + location.search, { last: HISTORY, presence: true });
const { name } = channel;
const line = document.querySelector("#message");
const limitWords = document.querySelector("#limit");
const sendButton = document.querySelector("#say-it");

document.querySelector("#title").textContent = name;
document.title = `${name} · weft`;
fillCommands(location.origin + location.pathname);
armCopyButtons();
armOpenField();

// --- The channel ---------------------------------------------------------------------------------------

const log = new Log();
let limit = Infinity; // until the server has told it

let shown; // what view.js was told last

/** To be cut off is one thing, that nobody answers another; that it is tried again is no news. */
function view({ state, wait, reason, error }) {
  if (state === "connecting" && (shown === "waiting" || shown === "gone")) return;
  shown = state === "waiting" && shown !== "live" ? "gone" : state;
  showState(name, { name: shown, by: channel.transport, wait, why: error ?? reason });
}

channel.addEventListener("state", (event) => {
  view(event);
  if (channel.maxMessage !== undefined) limit = channel.maxMessage;
  if (channel.policy !== undefined) showPolicy(channel.policy);
  if (channel.position !== undefined) showPosition(channel.position);
  measure();
});
channel.addEventListener("message", (message) => {
  log.message(message);
  showPosition(message.position);
});
channel.addEventListener("loss", ({ lost, position }) => {
  log.lost(lost);
  showPosition(position);
});
channel.addEventListener("presence", showPresence);

document.querySelector("#retry").addEventListener("click", () => {
  shown = undefined;
  channel.retry();
});

// --- The line ------------------------------------------------------------------------------------------

const outbox = new Outbox(channel, {
  published: (position) => log.own(position),
  changed: () => showOutbox(outbox.items, { again: (item) => outbox.again(item), take }),
});

/** Back into the line, in front of what is there. */
function take(item) {
  outbox.take(item);
  line.value = line.value ? `${item.text}\n${line.value}` : item.text;
  line.focus();
  measure();
}

/** How long it is, and how long it may be; whether it may be said. */
function measure() {
  const bytes = bytesOf(line.value);
  const isLong = bytes > limit;
  const most = limit < Infinity ? ` of ${limit.toLocaleString("en")}` : "";
  limitWords.textContent = isLong ? `${count(bytes - limit, "byte")} too many` : `${bytes.toLocaleString("en")}${most} bytes`;
  limitWords.hidden = !line.value;
  limitWords.classList.toggle("long", isLong);
  line.setAttribute("aria-invalid", isLong);
  sendButton.disabled = !line.value || isLong;
}

function say() {
  if (sendButton.disabled) return;
  outbox.say(line.value);
  line.value = "";
  line.focus();
  keepDraft();
  measure();
}

document.querySelector("#say").addEventListener("submit", (event) => {
  event.preventDefault();
  say();
});

line.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    say();
  }
  if (event.key === "Escape") document.querySelector("#scroller").focus();
});

// What is being written survives a reload.
const draftKey = `weft.draft ${name}`;

function keepDraft() {
  try {
    sessionStorage.setItem(draftKey, line.value);
  } catch {
    // the browser is told to store nothing
  }
}

function recallDraft() {
  try {
    return sessionStorage.getItem(draftKey) ?? "";
  } catch {
    return "";
  }
}

line.value = recallDraft();
line.addEventListener("input", () => {
  keepDraft();
  measure();
});
measure();

// On a phone what is known of the channel is behind a button.
document.querySelector("#facts-toggle").addEventListener("click", ({ currentTarget }) => {
  const isOpen = currentTarget.getAttribute("aria-expanded") !== "true";
  currentTarget.setAttribute("aria-expanded", isOpen);
  document.querySelector("#facts").classList.toggle("open", isOpen);
});
