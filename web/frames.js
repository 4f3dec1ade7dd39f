// SPDX-License-Identifier: MIT
//
// frames.js: the page of frames.
//
//   a message   -> deflated, cut, masked -> drawn, and POST /lab/frames -> the answer's bytes, drawn the same way
//   the editor  -> any bytes             -> the same
//
// The laboratory (src/cli/lab.h) gives the bytes to a session of the library, as if they had come behind a handshake.

import { FAULTS } from "./faults.js";
import { bits, cut, decode, encode, hex, isControl, join, OPCODE, parseHex, printHex } from "./frame.js";
import { draw, opName } from "./frame-drawing.js";
import { has, t } from "./language.js";
import { basePath, element } from "./parts.js";
import { said } from "./said.js";

const $ = (selector) => document.querySelector(selector);
const SHOWN = 24; // bytes of a payload that are written out
const PAUSE_MS = 120; // while somebody types, until the server is asked

// --- the server ------------------------------------------------------------------------------------------

/** { frames, events, error }, of the answer to these bytes. */
async function ask(bytes, deflate) {
  const response = await fetch(`${basePath}/lab/frames${deflate ? "?deflate" : ""}`, { method: "POST", body: bytes, headers: { "Content-Type": "application/octet-stream" } });
  if (!response.ok) throw new Error(await response.text());
  const { events, answer, error } = await response.json();
  return { frames: decode(Uint8Array.from(atob(answer), (char) => char.charCodeAt(0))), events, error };
}

/** A function that asks when it has not been called for a moment, and shows the answer to its last call only. */
function asker(show, fail) {
  let newest;
  return (bytes, deflate, pause) => {
    const mine = (newest = {});
    setTimeout(async () => {
      if (mine !== newest) return;
      try {
        const answer = await ask(bytes, deflate);
        if (mine === newest) show(answer);
      } catch (error) {
        if (mine === newest) fail(error);
      }
    }, pause);
  };
}

const shortened = (text) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** What the server has understood, as a sentence. */
function heardWords({ type, data, base64 = "", code, reason }) {
  const n = atob(base64).length;
  if (type === "text") return t("frames.heard.text", { text: shortened(data) });
  if (type === "close") return t("frames.heard.close", { code: `${code}`, reason });
  return t(`frames.heard.${type}`, { n });
}

function verdictWords({ events, error }) {
  const heard = events.slice(0, 4).map(heardWords);
  if (events.length > 4) heard.push("…");
  if (error) heard.push(t("frames.wrong", { code: `${error.code}`, meaning: has(`frames.code.${error.code}`) ? t(`frames.code.${error.code}`) : "", reason: said(error.reason) }));
  return heard.length ? heard.join(" ") : t("frames.waits");
}

/** Into an ol and the sentence below it. */
function showInto(list, sentence) {
  return asker(
    (answer) => {
      draw(list, answer.frames);
      sentence.textContent = verdictWords(answer);
    },
    (error) => {
      list.replaceChildren();
      sentence.textContent = t("frames.no-answer", { why: said(error.message) });
    },
  );
}

// --- compression -----------------------------------------------------------------------------------------

/** What a message becomes, with the byte that makes its last block none; undefined: this browser cannot. */
async function deflated(bytes) {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    return join([new Uint8Array(await new Response(stream).arrayBuffer()), [0]]);
  } catch {
    return undefined;
  }
}

function showBytes(node, bytes) {
  node.textContent = printHex(bytes.slice(0, SHOWN)) + (bytes.length > SHOWN ? ` ${t("frames.more", { n: bytes.length - SHOWN })}` : "");
}

function showCompression(before, after) {
  $("#before-title").textContent = t("frames.before", { n: before.length });
  showBytes($("#before"), before);
  if (!after) {
    $("#gain").textContent = t("frames.gain.cannot");
    $("#deflate").disabled = $("#show-deflate").disabled = true;
    return;
  }
  $("#after-title").textContent = t("frames.after", { n: after.length });
  showBytes($("#after"), after);
  const saved = before.length - after.length;
  $("#gain").textContent = saved > 0 ? t("frames.gain.yes", { n: saved, percent: Math.round((saved * 100) / before.length) }) : t("frames.gain.no");
}

// --- unmasking -------------------------------------------------------------------------------------------

let maskedFrame;
let at = 0; // the byte that is unmasked

function xorRow(name, byte, className) {
  const head = element("th", "", name);
  head.scope = "row";
  return element("tr", className, head, ...Array.from(bits(byte, 8), (bit) => element("td", "", bit)), element("td", "value", hex(byte)));
}

/** Compressed ones are none. */
const letterOf = (byte) => (!maskedFrame.rsv[0] && byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·");

function stripItem(byte, i) {
  const done = i < at;
  const now = i === at ? "now" : "";
  const plain = maskedFrame.plain[i];
  return element("li", done ? "done" : now, element("b", "", hex(done ? plain : byte)), " ", element("span", "", done ? letterOf(plain) : "·"));
}

function showUnmasking() {
  const { payload, key, plain } = maskedFrame;
  const end = Math.min(payload.length, SHOWN);
  const i = Math.max(0, Math.min(at, end - 1));
  const own = (values) => values[i] ?? 0;
  $("#xor").replaceChildren(
    xorRow(t("frames.unmask.byte", { i: `${i}` }), own(payload), "masked"),
    xorRow(t("frames.unmask.key", { i: `${i % 4}` }), key[i % 4], "mask-key"),
    xorRow(t("frames.unmask.plain"), own(plain), "plain"),
  );
  $("#unmasked").replaceChildren(...Array.from(payload.slice(0, SHOWN), stripItem));
  $("#next").disabled = at >= end;
}

$("#next").addEventListener("click", () => {
  const { payload, key, plain } = maskedFrame;
  $("#step").textContent = t("frames.unmask.step", { a: hex(payload[at]), b: hex(key[at % 4]), c: hex(plain[at]), letter: letterOf(plain[at]) });
  at += 1;
  showUnmasking();
});

function unmaskFromStart() {
  at = 0;
  $("#step").textContent = t("frames.unmask.start");
  showUnmasking();
}

$("#again").addEventListener("click", unmaskFromStart);

// --- a message -------------------------------------------------------------------------------------------

let key = crypto.getRandomValues(new Uint8Array(4));
const askAboutMessage = showInto($("#down"), $("#heard"));
let newestMessage;

/** The frames of a message, with a Ping behind the first. */
function framesOf(payload, rsv1) {
  const pieces = cut(payload, Number($("#pieces").value));
  const frames = pieces.map((piece, i) =>
    encode({ fin: i === pieces.length - 1, rsv1: rsv1 && i === 0, opcode: i ? OPCODE.continuation : OPCODE.text, payload: piece, key }));
  if ($("#ping").checked) frames.splice(1, 0, encode({ opcode: OPCODE.ping, payload: new TextEncoder().encode("hi"), key }));
  return frames;
}

async function showMessage(pause = 0) {
  const mine = (newestMessage = {});
  const plain = new TextEncoder().encode($("#text").value);
  const after = await deflated(plain);
  if (mine !== newestMessage) return;
  showCompression(plain, after);
  const compress = $("#deflate").checked && after !== undefined;
  const bytes = join(framesOf(compress ? after : plain, compress));
  const frames = decode(bytes);
  draw($("#up"), frames);
  maskedFrame = frames.find(({ opcode }) => !isControl(opcode));
  unmaskFromStart();
  askAboutMessage(bytes, compress, pause);
}

const SAMPLES = {
  short: "Hello",
  medium: "x".repeat(126),
  long: "x".repeat(65536),
  again: "warp and weft and ".repeat(10),
};

function show({ sample, pieces = "1", ping = false, deflate = false }) {
  $("#text").value = SAMPLES[sample];
  $("#pieces").value = pieces;
  $("#ping").checked = ping;
  $("#deflate").checked = deflate;
  showMessage();
  $("#text").scrollIntoView({ block: "center" });
}

for (const button of document.querySelectorAll("[data-sample]")) {
  button.addEventListener("click", () => {
    $("#text").value = SAMPLES[button.dataset.sample];
    showMessage();
  });
}
$("#message").addEventListener("submit", (event) => event.preventDefault());
$("#message").addEventListener("input", () => showMessage(PAUSE_MS));
$("#new-key").addEventListener("click", () => {
  key = crypto.getRandomValues(new Uint8Array(4));
  showMessage();
});
$("#show-fragments").addEventListener("click", () => show({ sample: "short", pieces: "3", ping: true }));
$("#show-deflate").addEventListener("click", () => show({ sample: "again", deflate: true }));

// --- the editor ------------------------------------------------------------------------------------------

const bytesField = $("#bytes");
const askAboutFault = showInto($("#fault-down"), $("#verdict"));
const bitBoxes = [...document.querySelectorAll("[data-bit]")];

/** The controls say what the bytes do. */
function showBits(bytes) {
  const [first = 0, second = 0] = bytes;
  for (const box of bitBoxes) {
    const n = Number(box.dataset.bit);
    box.checked = ((n < 8 ? first : second) & (0x80 >> (n % 8))) !== 0;
  }
  $("#opcode").value = first & 0x0f;
  $("#length").value = second & 0x7f;
}

function showEdited(pause = 0) {
  const bytes = parseHex(bytesField.value);
  bytesField.setAttribute("aria-invalid", bytes === undefined);
  $("#bytes-wrong").textContent = bytes === undefined ? t("frames.no-hex") : "";
  if (!bytes) return;
  showBits(bytes);
  draw($("#fault-up"), decode(bytes));
  askAboutFault(bytes, $("#agreed").checked, pause);
}

function readBits() {
  const bytes = parseHex(bytesField.value) ?? new Uint8Array();
  const head = [Number($("#opcode").value), Math.min(127, Number($("#length").value) || 0)];
  for (const box of bitBoxes) {
    const n = Number(box.dataset.bit);
    if (box.checked) head[n < 8 ? 0 : 1] |= 0x80 >> (n % 8);
  }
  bytesField.value = printHex(join([head, bytes.slice(2)]));
  showEdited();
}

function showFault() {
  const { bytes, deflate = false } = FAULTS[$("#fault").value];
  bytesField.value = printHex(bytes);
  $("#agreed").checked = deflate;
  showEdited();
}

function option(value, text) {
  return Object.assign(element("option", "", text), { value });
}

$("#fault").append(...Object.keys(FAULTS).map((name) => option(name, t(`frames.fault.${name}`))));
$("#opcode").append(...Array.from({ length: 16 }, (_, n) => option(n, `${n} ${opName(n)}`)));
$("#fault").addEventListener("change", showFault);
for (const control of [...bitBoxes, $("#opcode"), $("#length")]) control.addEventListener("change", readBits);
bytesField.addEventListener("input", () => showEdited(PAUSE_MS));
$("#agreed").addEventListener("change", () => showEdited());
$("#editor").addEventListener("submit", (event) => event.preventDefault());

showFault();
showMessage();
