// SPDX-License-Identifier: MIT
//
// faults.js: frames that break a rule, for the editor of frames.html. What is said of each: frames.fault.NAME in the texts.

import { OPCODE, encode, join, parseHex } from "./frame.js";

const KEY = parseHex("37 fa 21 3d"); // that of the examples in RFC 6455, 5.7
const text = (words) => new TextEncoder().encode(words);
const close = (code, reason = new Uint8Array()) => join([[code >> 8, code & 0xff], reason]);
const frame = (fields) => encode({ opcode: OPCODE.text, key: KEY, ...fields });

/** With the bits of mask turned over in the byte at. */
const flipped = (bytes, at, mask) => bytes.map((byte, i) => (i === at ? byte ^ mask : byte));

const hello = frame({ payload: text("Hello") });
const start = frame({ fin: false, payload: text("Hel") });
const empty = frame({ fin: false, opcode: OPCODE.continuation });

/** name: { bytes, deflate: whether compression was agreed on } */
export const FAULTS = {
  unmasked: { bytes: join([[0x81, 0x05], text("Hello")]) },
  rsv1: { bytes: flipped(hello, 0, 0x40) },
  rsv2: { bytes: flipped(hello, 0, 0x20) },
  opcode: { bytes: frame({ opcode: 3, payload: text("?") }) },
  "cut-ping": { bytes: frame({ fin: false, opcode: OPCODE.ping, payload: text("?") }) },
  "long-ping": { bytes: frame({ opcode: OPCODE.ping, payload: new Uint8Array(126) }) },
  orphan: { bytes: frame({ opcode: OPCODE.continuation, payload: text("lo") }) },
  nested: { bytes: join([start, hello]) },
  "long-way": { bytes: join([[0x81, 0xfe, 0x00, 0x05], hello.slice(2)]) },
  "top-bit": { bytes: parseHex("82 ff 80 00 00 00 00 00 00 00 37 fa 21 3d") },
  utf8: { bytes: frame({ payload: parseHex("48 c3 28") }) },
  "half-letter": { bytes: frame({ payload: parseHex("e4 bd") }) },
  "close-1": { bytes: frame({ opcode: OPCODE.close, payload: Uint8Array.of(3) }) },
  "close-1005": { bytes: frame({ opcode: OPCODE.close, payload: close(1005) }) },
  "close-utf8": { bytes: frame({ opcode: OPCODE.close, payload: close(1000, parseHex("ff")) }) },
  terabyte: { bytes: parseHex("82 ff 00 00 01 00 00 00 00 00 37 fa 21 3d") },
  crumbs: { bytes: join([start, ...Array(65).fill(empty)]) },
  deflate: { bytes: frame({ rsv1: true, payload: parseHex("ff ff") }), deflate: true },
  none: { bytes: join([hello, frame({ opcode: OPCODE.close, payload: close(1000, text("bye")) })]) },
};
