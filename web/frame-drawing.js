// SPDX-License-Identifier: MIT
//
// frame-drawing.js: frames drawn as in RFC 6455, section 5.2: 32 bits a row, 16 on a phone, each field in as many
// columns as it has bits. A list of cells, each with its name, its bits and what they mean, in the order of the wire.

import { bits, hex, isControl, OPCODE } from "./frame.js";
import { t } from "./language.js";
import { element } from "./parts.js";

const MOST_BYTES = 14; // of a payload that are drawn
const MOST_FRAMES = 6;

/** A byte as a character; "" for those that are none, or part of one. */
const letterOf = (byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "");

function cell(kind, name, value, meaning = "") {
  return element("li", `cell ${kind}`, element("span", "name", name), " ", element("b", "", value), " ", element("span", "meaning", meaning));
}

const byteCell = (kind, name, byte, more = "") => cell(`byte ${kind}`, name, hex(byte), `${bits(byte, 8)} ${more}`);

function headCells({ head, fin, rsv, opcode, masked }) {
  const bit = (name, is) => cell(is ? "bit on" : "bit", name, is ? "1" : "0");
  const cells = [bit("FIN", fin), ...rsv.map((is, i) => bit(`RSV${i + 1}`, is))];
  cells.push(cell("opcode", t("frames.opcode"), bits(opcode, 4), opName(opcode)));
  if (head.length < 2) return cells;
  const short = head[1] & 0x7f;
  return [...cells, bit("MASK", masked), cell("length", t("frames.length"), bits(short, 7), short < 126 ? `${short}` : t(`frames.length.${short}`))];
}

export function opName(opcode) {
  const name = Object.keys(OPCODE).find((key) => OPCODE[key] === opcode) ?? "reserved";
  return t(`frames.op.${name}`);
}

/** What a byte of the payload means to who reads it: of a Close its code, of text its letter, unmasked. */
function meaningOf({ opcode, plain, rsv, masked }, i) {
  const isCode = opcode === OPCODE.close && i < 2;
  if (isCode) return i === 1 ? `= ${plain[0] * 256 + plain[1]}` : "";
  const letter = rsv[0] ? "" : letterOf(plain[i]);
  return masked && letter ? `→ ${letter}` : letter;
}

function payloadCells(frame) {
  const { payload, masked, opcode } = frame;
  const name = (i) => {
    if (opcode === OPCODE.close && i === 0) return t("frames.code");
    if (i > 0) return "";
    return masked ? t("frames.masked") : t("frames.payload");
  };
  const cells = Array.from(payload.slice(0, MOST_BYTES), (byte, i) => byteCell("payload", name(i), byte, meaningOf(frame, i)));
  const rest = payload.length - cells.length;
  if (rest > 0) cells.push(element("li", "cell byte rest", t("frames.more", { n: rest })));
  return cells;
}

function cellsOf(frame) {
  const { length, key, size, missing } = frame;
  const cells = headCells(frame);
  const last = length.length - 1;
  length.forEach((byte, i) => cells.push(byteCell("length", i ? "" : t("frames.length"), byte, i === last ? `= ${size.toLocaleString("en")}` : "")));
  key.forEach((byte, i) => cells.push(byteCell("mask-key", i ? "" : t("frames.key"), byte)));
  cells.push(...payloadCells(frame));
  if (missing) cells.push(element("li", "cell byte rest", t("frames.missing", { n: missing })));
  return cells;
}

/** "text, more follow; 5 bytes, masked" */
function sentenceOf({ fin, rsv, opcode, size, masked }) {
  const parts = [opName(opcode)];
  if (!isControl(opcode)) parts.push(fin ? t("frames.final") : t("frames.follow"));
  if (rsv[0]) parts.push(t("frames.compressed"));
  parts.push(t("frames.bytes", { n: size }));
  if (masked) parts.push(t("frames.is-masked"));
  return parts.join(t("frames.comma"));
}

function drawingOf(frame) {
  const sentence = sentenceOf(frame);
  const cells = element("ol", "bits", ...cellsOf(frame));
  return element("li", "", element("p", "sentence", sentence), cells);
}

/** Into an ol. */
export function draw(target, frames) {
  const drawn = frames.slice(0, MOST_FRAMES).map(drawingOf);
  const rest = frames.length - drawn.length;
  if (rest > 0) drawn.push(element("li", "sentence", t("frames.more-frames", { n: rest })));
  target.replaceChildren(...drawn);
}
