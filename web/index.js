// SPDX-License-Identifier: MIT
//
// index.js: the two live parts of the start page.
//
//   The log     opens a WebSocket, plain as the browser gives it, and writes down everything that happens,
//               with the time. What it sends comes back, because a channel sends to everyone on it.
//   The frame   shows which bytes a text becomes on the wire, in either direction.

import { armCopyButtons, count, element } from "./parts.js";
import { channelURL, closeWords, fillAddresses } from "./site.js";

// --- The log -------------------------------------------------------------------------------------------

const MOST_LINES = 60;

const wire = document.querySelector("#wire");
const helloButton = document.querySelector("#hello");
const toggleButton = document.querySelector("#toggle");

let socket;
let startedAt = 0;
let hellos = 0;
const sentAt = new Map(); // text -> when it was sent

const ARROWS = { sent: "↑", received: "↓", event: "·" };

function note(kind, text, remark = "") {
  const time = `${((performance.now() - startedAt) / 1000).toFixed(3)} s`;
  const arrow = element("span", "arrow", ARROWS[kind]);
  arrow.setAttribute("role", "img");
  arrow.setAttribute("aria-label", kind);
  const textSpan = element("span", "what", text);
  textSpan.dir = "auto";
  wire.append(element("li", kind, element("span", "at", time), arrow, textSpan, element("span", "remark", remark)));
  while (wire.children.length > MOST_LINES) wire.firstElementChild.remove();
  wire.parentElement.scrollTop = wire.parentElement.scrollHeight;
}

function milliseconds(from) {
  return `${(performance.now() - from).toFixed(1)} ms`;
}

function setButtons(isOpen) {
  helloButton.disabled = !isOpen;
  toggleButton.textContent = isOpen ? "Close" : "Open";
}

function sayHello() {
  const text = `hello ${(hellos += 1)}`;
  sentAt.set(text, performance.now());
  socket.send(text);
  note("sent", text);
}

function received(data) {
  if (typeof data !== "string") return note("received", `(${count(data.size, "byte")})`);
  if (!sentAt.has(data)) return note("received", data, "from somebody else");
  note("received", data, `there and back in ${milliseconds(sentAt.get(data))}`);
  sentAt.delete(data);
}

function open() {
  const url = channelURL("/chat/lobby");
  startedAt = performance.now();
  note("event", `new WebSocket("${url}")`);

  socket = new WebSocket(url);
  socket.onopen = () => {
    note("event", "open", `the handshake took ${milliseconds(startedAt)}`);
    setButtons(true);
    sayHello();
  };
  socket.onmessage = (event) => received(event.data);
  socket.onclose = (event) => {
    note("event", "close", closeWords(event));
    setButtons(false);
  };
}

helloButton.addEventListener("click", sayHello);
toggleButton.addEventListener("click", () => {
  if (socket.readyState === WebSocket.OPEN) socket.close(1000, "the reader pressed Close");
  else if (socket.readyState === WebSocket.CLOSED) open();
});

// --- The frame (RFC 6455, section 5.2) -----------------------------------------------------------------

const MOST_BYTES = 32; // of the payload that are drawn

const frameField = document.querySelector("#frame-text");
const maskingKey = crypto.getRandomValues(new Uint8Array(4));

// Up to 125 the length stands in the second byte itself; from 126 on that byte says 126, and two bytes follow.
function lengthBytes(length, maskBit) {
  if (length < 126) return [maskBit | length];
  return [maskBit | 126, length >> 8, length & 0xff];
}

function frameOf(payload, masked) {
  const parts = [
    { name: "FIN, text", bytes: [0x81] }, // 0x80: last frame of its message; 0x01: a text message
    { name: masked ? "mask, length" : "length", bytes: lengthBytes(payload.length, masked ? 0x80 : 0) },
  ];
  if (masked) {
    parts.push({ name: "masking key", bytes: [...maskingKey] });
    parts.push({ name: "payload, masked", bytes: payload.map((byte, i) => byte ^ maskingKey[i % 4]) });
  } else {
    parts.push({ name: "payload", bytes: payload });
  }
  return parts;
}

function drawFrame(target, parts) {
  const groups = parts.map(({ name, bytes }) => {
    const drawn = bytes.slice(0, MOST_BYTES).map((byte) => element("b", "", byte.toString(16).padStart(2, "0")));
    const rest = bytes.length - drawn.length;
    if (rest > 0) drawn.push(element("i", "", `… ${rest} more`));
    return element("li", "", element("span", "bytes", ...drawn), element("span", "part", name));
  });
  target.replaceChildren(...groups);
}

function drawFrames() {
  const payload = [...new TextEncoder().encode(frameField.value)];
  drawFrame(document.querySelector("#frame-up"), frameOf(payload, true));
  drawFrame(document.querySelector("#frame-down"), frameOf(payload, false));
}

frameField.addEventListener("input", drawFrames);

fillAddresses();
armCopyButtons();
drawFrames();
open();
