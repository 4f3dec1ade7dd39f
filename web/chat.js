// SPDX-License-Identifier: MIT
//
// chat.js: a chat room is a path.
//
// The page at /chat/tea talks on the channel /chat/tea. The server knows nothing about chat: what is said on a channel
// goes, byte for byte, to everyone on that channel, the sender included, and is kept for who comes later. So the whole
// protocol of the chat is a habit of its pages: a line is "name: text". Somebody who joins from a terminal
// with `weft ws://HOST/chat` may type anything, and anything is shown.
//
// One line's way through this file:
//
//   Enter -> submit -> channel.publish("Calm Otter: hi")   -> { position }, which is then known to be ours
//   server -> onmessage -> show()                          it came back: shown
//
// That a message is shown when it returns, not when it leaves, means that everybody sees the same
// conversation in the same order, and that what is on the screen has really been on the server.

import "/weft.js";
import { armCopyButtons, count, element, seconds } from "./parts.js";
import { fillAddresses, showState } from "./site.js";

const MOST_LINES = 500;

const log = document.querySelector("#log");
const scroller = document.querySelector("#scroller");
const jump = document.querySelector("#jump");
const notice = document.querySelector("#notice");
const nameField = document.querySelector("#name");
const messageField = document.querySelector("#message");
const roomField = document.querySelector("#room");

// --- Which room? The path says so. ---------------------------------------------------------------------

// A server of plain files, weft serve web, has this page as /chat.html.
const path = location.pathname.replace(/\/+$/, "").replace(/^\/chat\.html$/, "/chat");
const room = roomOf(path);

function roomOf(pathname) {
  const name = pathname.replace(/^\/chat\/?/, "") || "chat";
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // not valid UTF-8 behind the percent signs: show it as it stands
  }
}

function pathOf(name) {
  return name === "chat" ? "/chat" : `/chat/${encodeURIComponent(name)}`;
}

function showRoom() {
  document.title = `${room} · weft chat`;
  document.querySelector("#title").textContent = room;
  document.querySelector("#command-path").textContent = path;
  roomField.value = room;
  for (const link of document.querySelectorAll("#rooms a")) {
    if (link.pathname === path) link.setAttribute("aria-current", "page");
  }
}

document.querySelector("#rooms form").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = roomField.value.trim();
  if (!/^\.*$/.test(name)) location.href = pathOf(name); // "." and ".." mean something else in a path
});

// --- Who are we? ---------------------------------------------------------------------------------------

// A name that was chosen is kept for good; a name that was drawn by lot belongs to this tab only, so that
// two tabs side by side are two people.
const recall = (store, key) => {
  try {
    return store().getItem(key);
  } catch {
    return null; // the browser is told to store nothing
  }
};
const keep = (store, key, value) => {
  try {
    store().setItem(key, value);
  } catch {
    // then it is forgotten with the page
  }
};
const forever = () => localStorage;
const thisTab = () => sessionStorage;

function pick(list) {
  return list[Math.floor(Math.random() * list.length)];
}

function randomName() {
  const moods = ["Calm", "Brave", "Merry", "Quick", "Gentle", "Bright", "Curious", "Patient"];
  const animals = ["Otter", "Heron", "Badger", "Finch", "Lynx", "Panda", "Robin", "Gecko", "Hare", "Wren"];
  return `${pick(moods)} ${pick(animals)}`;
}

// The colon ends the name on the wire, so a name cannot have one.
function cleanName(text) {
  return text.replace(/[:\s]+/g, " ").trim();
}

const fallbackName = recall(thisTab, "weft.name") ?? randomName();
keep(thisTab, "weft.name", fallbackName);
nameField.value = recall(forever, "weft.name") || fallbackName;

nameField.addEventListener("change", () => {
  const name = cleanName(nameField.value);
  keep(forever, "weft.name", name);
  nameField.value = name || fallbackName;
});

// --- Showing lines -------------------------------------------------------------------------------------

let following = true; // does the reader stand at the end of the log?
let lastSpeaker = null;

function nearEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 48;
}

function scrollToEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}

scroller.addEventListener("scroll", () => {
  following = nearEnd();
  if (following) jump.hidden = true;
});
jump.addEventListener("click", () => {
  following = true;
  jump.hidden = true;
  scrollToEnd();
});
// A phone's keyboard makes the log smaller: its end should stay in view.
new ResizeObserver(() => following && scrollToEnd()).observe(scroller);

function split(line) {
  const match = /^([^:\n]{1,40}): ([^]*)$/.exec(line);
  return match ? { who: match[1], text: match[2] } : { who: "", text: line };
}

// Every name has its own hue, the same on every screen.
function hueOf(name) {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  return (hash * 137) % 360;
}

function lineOf({ who, text }, kind, at) {
  const whoSpan = element("span", "who", who);
  const textSpan = element("span", "text", text);
  const time = element("time", "when", new Date(at).toLocaleTimeString([], { timeStyle: "short" }));
  whoSpan.dir = textSpan.dir = "auto"; // Arabic and Hebrew from the right, the rest from the left
  const line = element("li", kind, whoSpan, textSpan, time);
  line.style.setProperty("--hue", hueOf(who));
  return line;
}

/** Ours may be known by now, or only later. */
function show(parts, kind, { time = Date.now(), position } = {}) {
  const line = lineOf(parts, kind, time);
  line.dataset.position = position ?? "";
  if (own.delete(position)) line.className = "own";
  const speaker = `${kind}\n${parts.who}`;
  if (parts.who && speaker === lastSpeaker) line.classList.add("same");
  lastSpeaker = speaker;

  log.append(line);
  while (log.children.length > MOST_LINES) log.firstElementChild.remove();
  if (following) scrollToEnd();
  else jump.hidden = false;
}

// --- The channel ---------------------------------------------------------------------------------------

const HISTORY = 50; // lines to begin with
const own = new Set(); // positions of lines of ours that have yet to come

function isOurs(position) {
  const line = log.querySelector(`[data-position="${position}"]`);
  if (line) line.className = line.classList.contains("same") ? "own same" : "own";
  else own.add(position);
}

function tell(text) {
  notice.textContent = text;
  notice.parentElement.hidden = !text;
}

const channel = new Weft(path, { last: HISTORY });

channel.onmessage = (message) => {
  const { data } = message;
  if (typeof data !== "string") show({ who: "", text: `(${count(data.length, "byte")})` }, "binary", message);
  else show(split(data), split(data).who ? "other" : "plain", message);
};
channel.onloss = ({ lost }) => show({ who: "", text: lost === null ? "What was said in between is lost." : `${count(lost, "line")} lost.` }, "plain");
showState(channel, seconds);

// --- Sending -------------------------------------------------------------------------------------------

// What is being written survives a reload, a lost connection and a visit to another room.
const draftKey = `weft.draft ${path}`;
const keepDraft = () => keep(thisTab, draftKey, messageField.value);
messageField.value = recall(thisTab, draftKey) ?? "";
messageField.addEventListener("input", keepDraft);

document.querySelector("#composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = messageField.value;
  if (!text.trim()) return;

  say(`${cleanName(nameField.value) || fallbackName}: ${text}`);
  messageField.value = "";
  keepDraft();
  messageField.focus();
});

/** While nobody answers it waits; what is refused is given back to its author. */
async function say(line) {
  try {
    isOurs((await channel.publish(line)).position);
  } catch ({ message }) {
    tell(`Not said: ${message}.`);
    messageField.value ||= split(line).text;
    keepDraft();
  }
}

showRoom();
fillAddresses();
armCopyButtons();
