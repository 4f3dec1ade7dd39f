// SPDX-License-Identifier: MIT
//
// handshake.js: the opening handshake (RFC 6455, section 4), to take apart.
//
//   request --POST /lab/handshake--> what weft answers to it
//      |                                 |
//      +-- key -> accept, here ----------+-- are they the same?
//
// No page can write the request of a real WebSocket, nor read its answer. So it goes as the body of another, to a place
// where the server treats it as if it had come by itself.

import { t } from "./language.js";
import { basePath } from "./parts.js";
import { said } from "./said.js";
import { channelURL } from "./site.js";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY_BYTES = 16;

const $ = (id) => document.getElementById(id);
const request = $("request");
const tries = document.querySelectorAll("[data-try]");

// --- Requests to try -----------------------------------------------------------------------------------

const base64Of = (bytes) => btoa(String.fromCharCode(...bytes));
const hexOf = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
const newKey = () => base64Of(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));

/** As a browser writes it, with these fields changed, or left out where they are null. */
function requestWith(changes = {}, method = "GET", end = "\n") {
  const fields = {
    Host: location.host,
    Connection: "Upgrade",
    Upgrade: "websocket",
    Origin: location.origin,
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": newKey(),
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
    ...changes,
  };
  const lines = Object.entries(fields).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}\n`);
  return `${method} /chat HTTP/1.1\n${lines.join("")}${end}`;
}

const TRIES = {
  usual: () => requestWith(),
  version: () => requestWith({ "Sec-WebSocket-Version": "12" }),
  key: () => requestWith({ "Sec-WebSocket-Key": null }),
  origin: () => requestWith({ Origin: "https://elsewhere.example" }),
  method: () => requestWith({}, "POST"),
  end: () => requestWith({}, "GET", ""),
  protocol: () => requestWith({ "Sec-WebSocket-Protocol": "superchat, chat" }),
  extension: () => requestWith({ "Sec-WebSocket-Extensions": "permessage-deflate; server_max_window_bits=10; server_no_context_takeover" }),
};

/** What a field of a head says; "" where there is none. */
function fieldOf(head, name) {
  return new RegExp(`^${name}:[ \t]*(.*?)[ \t\r]*$`, "im").exec(head)?.[1] ?? "";
}

// --- What the key makes --------------------------------------------------------------------------------

/** Of the 20 bytes, or null where browsers do not hash for pages: crypto.subtle is for localhost and https. */
async function digestOf(key) {
  if (!crypto.subtle) return null;
  return new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + GUID)));
}

function bytesIn(key) {
  try {
    return atob(key).length;
  } catch {
    return 0;
  }
}

function noteOn(key, digest) {
  if (!key) return t("handshake.no-key");
  if (!digest) return t("handshake.no-hash");
  return bytesIn(key) === KEY_BYTES ? "" : t("handshake.odd-key");
}

/** Shows it, and gives what the answer has to say; "" if nobody can tell. */
async function workOut(head) {
  const key = fieldOf(head, "Sec-WebSocket-Key");
  const digest = key ? await digestOf(key) : null;
  const accept = digest ? base64Of(digest) : "";
  if (head !== request.value) return accept; // somebody types: the next is on its way
  $("key").textContent = $("joined").textContent = key || "–";
  $("guid").hidden = !key;
  $("digest").textContent = digest ? hexOf(digest) : "–";
  $("accept").textContent = accept || "–";
  $("note").textContent = noteOn(key, digest);
  $("note").hidden = !$("note").textContent;
  return accept;
}

// --- The answer ----------------------------------------------------------------------------------------

function say(verdict, words) {
  $("verdict").dataset.verdict = verdict;
  $("verdict").textContent = words;
}

/** Its lines, with what proves it marked. */
function showAnswer(answer) {
  const accept = fieldOf(answer, "Sec-WebSocket-Accept");
  const [before, ...after] = accept ? answer.split(accept) : [answer];
  $("answer").replaceChildren(before);
  if (!accept) return;
  const mark = document.createElement("mark");
  mark.textContent = accept;
  $("answer").append(mark, after.join(accept));
}

function showAgreed(head, answer) {
  for (const [id, name] of [["protocol", "Sec-WebSocket-Protocol"], ["extension", "Sec-WebSocket-Extensions"]]) {
    $(`${id}-offered`).textContent = fieldOf(head, name) || "–";
    $(`${id}-chosen`).textContent = fieldOf(answer, name) || "–";
  }
}

function judge({ status, answer, why }, accept) {
  if (status === 0) return say("none", t("handshake.no-answer", { why: said(why) }));
  if (status !== 101) return say("refused", t("handshake.refused", { status: `${status}`, why: said(why) }));
  if (!accept) return say("agreed", t("handshake.agrees"));
  const same = fieldOf(answer, "Sec-WebSocket-Accept") === accept;
  say(same ? "agreed" : "refused", same ? t("handshake.proves") : t("handshake.differs"));
}

async function answerTo(head) {
  const response = await fetch(`${basePath}/lab/handshake`, { method: "POST", body: head.replace(/\r?\n/g, "\r\n") });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

let asked = 0; // what comes late is about another request

async function ask() {
  const head = request.value;
  const n = (asked += 1);
  try {
    const [accept, reply] = await Promise.all([workOut(head), answerTo(head)]);
    if (n !== asked) return;
    showAnswer(reply.answer);
    showAgreed(head, reply.answer);
    judge(reply, accept);
  } catch {
    if (n === asked) say("refused", t("handshake.failed"));
  }
}

// --- To change it --------------------------------------------------------------------------------------

function changed() {
  asked += 1;
  workOut(request.value);
  say("none", t("handshake.changed"));
}

function choose(name) {
  for (const button of tries) button.setAttribute("aria-pressed", button.dataset.try === name);
  $("about").textContent = t(`handshake.about-${name}`);
  request.value = TRIES[name]();
  ask();
}

for (const button of tries) button.addEventListener("click", () => choose(button.dataset.try));
request.addEventListener("input", changed);
$("draw").addEventListener("click", () => {
  request.value = request.value.replace(/^(Sec-WebSocket-Key:).*$/im, () => `Sec-WebSocket-Key: ${newKey()}`);
  ask();
});
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});

// --- One of this page's own ----------------------------------------------------------------------------

function openOwn() {
  const url = channelURL("/chat/lobby");
  const socket = new WebSocket(url, ["weft.v1"]);
  const show = (protocol, extensions) => {
    $("script").textContent = `new WebSocket("${url}", ["weft.v1"])\n  .protocol    ${protocol}\n  .extensions  ${extensions}`;
  };
  show("…", "…");
  socket.onopen = () => {
    show(`"${socket.protocol}"`, `"${socket.extensions}"`);
    socket.close(1000);
  };
}

choose("usual");
openOwn();
