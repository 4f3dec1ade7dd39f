// SPDX-License-Identifier: MIT
//
// index.js: the log of the start page. It opens a WebSocket, plain as the browser gives it, and writes down everything
// that happens, with the time. What it sends comes back, because a channel sends to everyone on it.

import { t } from "./language.js";
import { element } from "./parts.js";
import { armCommands, bytes, channelURL, closeWords } from "./site.js";

const MOST_LINES = 60;

const wire = document.querySelector("#wire");
const helloButton = document.querySelector("#hello");
const toggleButton = document.querySelector("#toggle");

let socket;
let startedAt = 0;
let hellos = 0;
const sentAt = new Map(); // text -> when it was sent

const ARROWS = { sent: "↑", received: "↓", event: "·" };
const ARROW_NAMES = { sent: t("start.arrow-sent"), received: t("start.arrow-received"), event: t("start.arrow-event") };

function note(kind, text, remark = "") {
  const time = t("site.seconds", { s: ((performance.now() - startedAt) / 1000).toFixed(3) });
  const arrow = element("span", "arrow", ARROWS[kind]);
  arrow.setAttribute("role", "img");
  arrow.setAttribute("aria-label", ARROW_NAMES[kind]);
  const textSpan = element("span", "what", text);
  textSpan.dir = "auto";
  wire.append(element("li", kind, element("span", "at", time), arrow, textSpan, element("span", "remark", remark)));
  while (wire.children.length > MOST_LINES) wire.firstElementChild.remove();
  wire.parentElement.scrollTop = wire.parentElement.scrollHeight;
}

function milliseconds(from) {
  return t("site.milliseconds", { ms: (performance.now() - from).toFixed(1) });
}

function setButtons(isOpen) {
  helloButton.disabled = !isOpen;
  toggleButton.textContent = isOpen ? t("start.press-close") : t("start.open");
}

function sayHello() {
  const text = `hello ${(hellos += 1)}`;
  sentAt.set(text, performance.now());
  socket.send(text);
  note("sent", text);
}

function received(data) {
  if (typeof data !== "string") return note("received", `(${bytes(data.size)})`);
  if (!sentAt.has(data)) return note("received", data, t("start.somebody-else"));
  note("received", data, t("start.there-and-back", { time: milliseconds(sentAt.get(data)) }));
  sentAt.delete(data);
}

function open() {
  const url = channelURL("/chat/lobby");
  startedAt = performance.now();
  note("event", `new WebSocket("${url}")`);

  socket = new WebSocket(url);
  socket.onopen = () => {
    note("event", "open", t("start.handshake-took", { time: milliseconds(startedAt) }));
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
  if (socket.readyState === WebSocket.OPEN) socket.close(1000, t("start.pressed"));
  else if (socket.readyState === WebSocket.CLOSED) open();
});

armCommands();
open();
