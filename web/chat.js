// SPDX-License-Identifier: MIT
//
// chat.js: a chat room is a path.
//
// The page at /chat/tea talks on the channel /chat/tea. The server knows nothing about chat: what is said on a channel
// goes, byte for byte, to everyone on that channel, the sender included, and is kept for who comes later. So the whole
// protocol of the chat is a habit of its pages: a line is "name: text". Somebody who joins from a terminal
// with `weft ws://HOST/chat` may type anything, and anything is shown.
//
// One line's way through these files:
//
//   Enter -> submit -> channel.publish("Calm Otter: hi")   -> { position }, which is then known to be ours
//   server -> onmessage -> showMessage()                   it came back: shown
//
// That a message is shown when it returns, not when it leaves, means that everybody sees the same
// conversation in the same order, and that what is on the screen has really been on the server.
//
//   chat-lines.js    the log                                     chat-people.js   who is here
//   chat-names.js    names, which nobody has verified            chat-marks.js    who has read up to where

import "./weft.js";
import { isOurs, showLoss, showMessage, split } from "./chat-lines.js";
import { armMarks, markAs } from "./chat-marks.js";
import { cleanName } from "./chat-names.js";
import { armPeople, callOurselves } from "./chat-people.js";
import { has, t } from "./language.js";
import { basePath, pathOfChannel } from "./parts.js";
import { armCommands, showState } from "./site.js";

const HISTORY = 50; // lines to begin with

const conversation = document.querySelector(".conversation");
const notice = document.querySelector("#notice");
const nameField = document.querySelector("#name");
const messageField = document.querySelector("#message");
const roomField = document.querySelector("#room");

// --- Which room? The path says so. ---------------------------------------------------------------------

// A server of plain files, weft serve web, has this page as /chat.html.
const path = location.pathname.slice(basePath.length).replace(/\/+$/, "").replace(/^\/chat\.html$/, "/chat");
const room = roomOf(path);

function roomOf(pathname) {
  const name = pathname.replace(/^\/chat\/?/, "") || "chat";
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // not valid UTF-8 behind the percent signs: show it as it stands
  }
}

const pathOf = (name) => (name === "chat" ? "/chat" : pathOfChannel(`chat/${name}`));

function showRoom() {
  document.title = `${room} · ${t("chat.title")}`;
  document.querySelector("#title").textContent = room;
  for (const node of document.querySelectorAll(".command-path")) node.textContent = path;
  document.querySelector("#second").href = basePath + path;
  roomField.value = room;
  for (const link of document.querySelectorAll("#rooms a")) {
    if (link.pathname === basePath + path) link.setAttribute("aria-current", "page");
  }
}

document.querySelector("#rooms form").addEventListener("submit", (event) => {
  event.preventDefault();
  const to = pathOf(roomField.value.trim());
  roomField.setCustomValidity(to ? "" : t("chat.no-room"));
  if (to) location.href = basePath + to;
  else roomField.reportValidity();
});
roomField.addEventListener("input", () => roomField.setCustomValidity(""));

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
  const [mood, animal] = [t("chat.moods"), t("chat.animals")].map((list) => pick(list.split(", ")));
  return t("chat.random-name", { mood, animal });
}

const fallbackName = recall(thisTab, "weft.name") ?? randomName();
keep(thisTab, "weft.name", fallbackName);
nameField.value = cleanName(recall(forever, "weft.name") ?? "") || fallbackName;

const ourName = () => cleanName(nameField.value) || fallbackName;

/** By which marks of ours are known: none of a name, which somebody else may have, too. */
function ourTab() {
  const drawn = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const tab = recall(thisTab, "weft.tab") ?? drawn;
  keep(thisTab, "weft.tab", tab);
  return tab;
}

// --- The channel ---------------------------------------------------------------------------------------

let called = ourName(); // what the server is told when we connect

const channel = new Weft(basePath + path, {
  last: HISTORY,
  presence: true,
  client: called,
  request({ url }) {
    url.searchParams.set("client", called);
  },
});

channel.onmessage = showMessage;
channel.onloss = showLoss;
showState(channel);
// While it tries again what was shown stays.
channel.addEventListener("state", ({ state }) => state !== "connecting" && (conversation.dataset.channel = state));
armPeople(channel);
callOurselves(called);
armMarks(channel, { tab: ourTab(), name: called });

// Who one is, is told when one connects: so a new name is a new connection, which goes on where the old one was. What is
// still to be published is so under the old name, because a retry under another would be another message.
const unsaid = new Set(); // a promise for each line that is yet to be published

async function rename() {
  while (unsaid.size) await Promise.all(unsaid);
  if (called === ourName()) return;
  called = ourName();
  channel.retry();
  callOurselves(called);
  markAs(called);
}

nameField.addEventListener("change", () => {
  const name = cleanName(nameField.value);
  keep(forever, "weft.name", name);
  nameField.value = name || fallbackName;
  rename();
});

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

  const said = say(`${ourName()}: ${text}`);
  unsaid.add(said);
  said.then(() => unsaid.delete(said));
  messageField.value = "";
  keepDraft();
  messageField.focus();
});

function tell(text) {
  notice.textContent = text;
  notice.parentElement.hidden = !text;
}

/** While nobody answers it waits; what is refused is given back to its author. */
async function say(line) {
  try {
    isOurs((await channel.publish(line)).position);
  } catch ({ code, message }) {
    tell(t("chat.not-said", { why: has(`chat.refused-${code}`) ? t(`chat.refused-${code}`) : message }));
    messageField.value ||= split(line).text;
    keepDraft();
  }
}

showRoom();
armCommands();
