// SPDX-License-Identifier: MIT
//
// chaos/writers.mjs: texts published by each way there is.
//
//   await writers.post({ port, channel, texts, random, ack });          ack(position, data) of each that is confirmed
//
// room: of those who are told on its stdin (room.c).
import { Wire, upgrade } from './wire.mjs';
import { setTimeout as sleep } from 'node:timers/promises';

const data = (text) => (typeof text === 'string' ? `t:${text}` : `b:${text.toString('base64')}`);
const said = (text) => (typeof text === 'string' ? { data: text } : { base64: text.toString('base64') });
const breath = (random) => sleep(random() * 4);

const before = (position, n) => {
  const [epoch, offset] = position.split('.');
  return `${epoch}.${offset - n}`;
};

async function ask(port, channel, body, type) {
  const answer = await fetch(`http://127.0.0.1:${port}${channel}`, { method: 'POST', body, headers: { 'Content-Type': type } });
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()).position;
}

async function post({ port, channel, texts, random, ack }) {
  for (const text of texts) {
    ack(await ask(port, channel, text, typeof text === 'string' ? 'text/plain' : 'application/octet-stream'), data(text));
    await breath(random);
  }
}

async function batch({ port, channel, texts, random, ack }) {
  for (let i = 0, n; i < texts.length; i += n) {
    n = Math.min(texts.length - i, 1 + Math.floor(random() * 20));
    const some = texts.slice(i, i + n);
    const last = await ask(port, channel, some.map((text) => JSON.stringify(said(text))).join('\n'), 'application/x-ndjson');
    some.forEach((text, j) => ack(before(last, n - 1 - j), data(text)));
    await breath(random);
  }
}

function open(port, channel, fields, frame) {
  return new Promise((resolve, reject) => {
    const wire = new Wire(port, upgrade(`${channel}?subscribe=no`, fields), {
      head: (status) => (status === 101 ? resolve(wire) : reject(new Error(`${status}`))),
      frame,
      end: () => reject(new Error('ended')),
    });
  });
}

/** Nobody confirms anything: that all of it has come is seen by the channel's position. */
async function raw({ port, channel, texts, random }) {
  const wire = await open(port, channel);
  for (const text of texts) {
    wire.send(text, typeof text === 'string' ? 1 : 2);
    if (random() < 0.3) await breath(random);
  }
  return wire;
}

async function envelope({ port, channel, texts, random, ack }) {
  let answered = 0;
  let all;
  const done = new Promise((resolve) => (all = resolve));
  const wire = await open(port, channel, 'Sec-WebSocket-Protocol: weft.v1\r\n', (opcode, payload) => {
    const { id, ok } = JSON.parse(payload);
    if (id === undefined) return;
    ack(ok.position, data(texts[id]));
    if (++answered === texts.length) all();
  });
  for (const [id, text] of texts.entries()) {
    wire.send(JSON.stringify({ id, publish: channel, ...said(text) }));
    if (random() < 0.3) await breath(random);
  }
  await done;
  wire.cut();
}

/** By weft_topic_publish. */
const inside = (how) => async ({ room, channel, texts, random, ack }) => {
  const waiting = new Map(texts.map((text) => [text, undefined]));
  const done = new Promise((resolve) => {
    room.onSaid((position, text) => {
      if (!waiting.delete(text)) return;
      ack(position, data(text));
      if (!waiting.size) resolve();
    });
  });
  for (const text of texts) {
    room.tell(`${how} ${channel} ${text}`);
    if (random() < 0.3) await breath(random);
  }
  await done;
};

export const writers = { post, batch, raw, envelope, loop: inside('loop'), thread: inside('thread') };
