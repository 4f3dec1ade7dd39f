// SPDX-License-Identifier: MIT
//
// channel.js: the page of a channel, put together.
//
//   transport.js   the channel, by whatever gets through        -> the log (view.js)
//   the line       what is typed, measured against the limit    -> outbox.js -> transport.js
//
// In reading order: this file, transport.js, outbox.js, view.js, parts.js.

import { Outbox } from "./outbox.js";
import { armCopyButtons, armOpenField, bytesOf, count, fillCommands } from "./parts.js";
import { channelName, follow } from "./transport.js";
import { Log, showOutbox, showPolicy, showPosition, showPresence, showState } from "./view.js";

const name = channelName(location.pathname);
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

const channel = follow(location, {
  state(state) {
    showState(name, state);
    if (state.name === "live") outbox.live();
  },
  message: (envelope) => log.message(envelope),
  lost: (n) => log.lost(n),
  position: showPosition,
  hello({ limit: bytes, policy }) {
    if (bytes !== undefined) limit = bytes;
    if (policy !== undefined) showPolicy(policy);
    measure();
  },
  presence: showPresence,
});

document.querySelector("#retry").addEventListener("click", channel.retry);

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
