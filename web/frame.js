// SPDX-License-Identifier: MIT
//
// frame.js: frames as bytes, and bytes as frames (RFC 6455, section 5.2). No drawing, no page.
//
//   encode({ opcode: 1, payload, key })   the bytes of a frame as a client sends it
//   decode(bytes)                         the frames that they are, whatever is wrong with them
//
// Each frame that decode finds has pieces of bytes, the way they lie on the wire:
//
//   head (2)   length (0, 2 or 8)   key (0 or 4)   payload (as many as are there)   missing: how many are not

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

export const isControl = (opcode) => opcode >= 8;

/** Up to 125 the length stands in the second byte itself; 126 there means that two bytes follow, and 127 eight. */
function lengthBytes(length) {
  if (length < 126) return [length];
  if (length < 65536) return [126, length >> 8, length & 0xff];
  return [127, 0, 0, 0, 0, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff];
}

/** Masks, and unmasks: to XOR twice with the same is to do nothing. */
export function mask(bytes, key) {
  return bytes.map((byte, i) => byte ^ key[i % 4]);
}

export function encode({ fin = true, rsv1 = false, opcode, payload = new Uint8Array(), key }) {
  const [length, ...more] = lengthBytes(payload.length);
  const first = (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode;
  return join([[first, 0x80 | length, ...more], key, mask(payload, key)]);
}

export function join(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Of a message: n parts of about the same size. */
export function cut(bytes, n) {
  const size = Math.max(1, Math.ceil(bytes.length / n));
  return Array.from({ length: n }, (_, i) => bytes.slice(i * size, i === n - 1 ? bytes.length : (i + 1) * size));
}

const numberOf = (bytes) => bytes.reduce((number, byte) => number * 256 + byte, 0);

function decodeOne(bytes) {
  let at = 0;
  const take = (n) => bytes.slice(at, (at += n));
  const head = take(2);
  const short = head.length < 2 ? 0 : head[1] & 0x7f;
  const masked = head.length === 2 && head[1] >= 0x80;
  const length = take({ 126: 2, 127: 8 }[short] ?? 0);
  const key = take(masked ? 4 : 0);
  const size = length.length ? numberOf(length) : short;
  const payload = take(size);
  const bit = (n) => (head[0] & (0x80 >> n)) !== 0;
  const frame = { head, length, key, payload, size, masked, missing: Math.max(0, at - bytes.length) };
  Object.assign(frame, { fin: bit(0), rsv: [bit(1), bit(2), bit(3)], opcode: head[0] & 0x0f });
  frame.plain = key.length === 4 ? mask(payload, key) : payload;
  return [frame, bytes.slice(at)];
}

export function decode(bytes) {
  const frames = [];
  for (let rest = bytes, frame; rest.length; frames.push(frame)) [frame, rest] = decodeOne(rest);
  return frames;
}

// --- hexadecimal -----------------------------------------------------------------------------------------

export const hex = (byte) => byte.toString(16).padStart(2, "0");
export const bits = (number, width) => number.toString(2).padStart(width, "0");

/** The bytes that "81 05, 48" says; undefined if that is not whole bytes. */
export function parseHex(text) {
  const digits = text.replace(/[\s,:]|0x/gi, "");
  if (!/^([\da-f]{2})*$/i.test(digits)) return undefined;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export const printHex = (bytes) => Array.from(bytes, hex).join(" ");
