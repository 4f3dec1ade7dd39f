// SPDX-License-Identifier: MIT
//
// chaos/readers.mjs: a channel read by each transport, as events of a history (checker.mjs). By docs/channels.md alone.
//
//   const reader = readers.sse(port, '/chat', { since, last }, (event) => {});
//   reader.cut();                      nothing comes any more
//
// The last event is an end, but of polls, which end by { poll } when all is well; { refused: status } is none of the
// checker's. Data is "t:text" or "b:base64".
import { BINARY, Wire, get, upgrade } from './wire.mjs';

const target = (channel, { since, last }, ...more) => {
  const query = [...more, since === undefined ? '' : `since=${since}`, last === undefined ? '' : `last=${last}`].filter(Boolean);
  return channel + (query.length ? `?${query.join('&')}` : '');
};

const content = ({ data, base64 }) => (data === undefined ? `b:${base64}` : `t:${data}`);

/** What an envelope is for the checker. */
const told = (envelope) =>
  envelope.lost !== undefined
    ? { lost: envelope.lost, at: envelope.position }
    : { at: envelope.position, data: content(envelope), ...(envelope.skipped === undefined ? {} : { skipped: envelope.skipped }) };

const begun = ({ position, lost, head, policy }) => ({ begin: position, ...(lost === undefined ? {} : { lost }), ...(head === undefined ? {} : { head }), policy });

/** function of bytes -> function(line) for each that is whole. */
function lines(on) {
  let rest = Buffer.alloc(0);
  return (data) => {
    rest = rest.length ? Buffer.concat([rest, data]) : data;
    for (let end; (end = rest.indexOf(10)) >= 0; rest = rest.subarray(end + 1)) on(rest.subarray(0, end).toString());
  };
}

/** left(): whether the server has said that it would end. */
const streamed = (on, left) => (how) => on({ end: how === 'broken' ? 'cut' : left() ? 'left' : 'clean' });

const refused = (on, start) => (status, fields) => (status === 200 || status === 101 ? start?.(fields) : on({ refused: status }));

function closed(on, payload) {
  const code = payload.length ? payload.readUInt16BE(0) : 1005;
  on(code === 1001 || code === 1012 ? { end: 'left' } : { end: 'closed', code, reason: payload.subarray(2).toString() });
}

// By a transport without announcements a client stays at the position that it had.

/** A WebSocket whose last word is its Close, if there is one. */
function socket(port, request, on, { head, text }) {
  let over = false;
  const end = (event) => {
    if (!over) on(event);
    over = true;
  };
  return new Wire(port, request, {
    head: refused(on, head),
    frame: (opcode, payload) => (opcode === 8 ? closed(end, payload) : !over && text(opcode, payload)),
    end: () => end({ end: 'cut' }),
  });
}

function ws(port, channel, where, on) {
  return socket(port, upgrade(target(channel, where)), on, {
    head: (fields) => on({ begin: where.since ?? fields['weft-position'] }),
    text: (opcode, payload) => on({ data: opcode === BINARY ? `b:${payload.toString('base64')}` : `t:${payload}` }),
  });
}

function envelope(port, channel, where, on) {
  return socket(port, upgrade(target(channel, where), 'Sec-WebSocket-Protocol: weft.v1\r\n'), on, {
    text: (opcode, payload) => {
      const object = JSON.parse(payload);
      if (object.hello) on(begun(object));
      else if (object.channel) on(told(object));
    },
  });
}

/** The channel is subscribed to by a command. */
function command(port, channel, where, on) {
  const wire = socket(port, upgrade(`${channel}?subscribe=no`, 'Sec-WebSocket-Protocol: weft.v1\r\n'), on, {
    text: (opcode, payload) => {
      const object = JSON.parse(payload);
      if (object.hello) wire.send(JSON.stringify({ id: 1, subscribe: channel, ...where }));
      else if (object.ok) on(begun(object.ok));
      else if (object.channel) on(told(object));
    },
  });
  return wire;
}

function stream(port, channel, where, on) {
  let first = true;
  let left = false;
  return new Wire(port, get(target(channel, where, 'stream')), {
    head: refused(on),
    data: lines((line) => {
      if (!line) return;
      const object = JSON.parse(line);
      if (object.close) left = true;
      else on(first ? begun(object) : told(object));
      first = false;
    }),
    end: streamed(on, () => left),
  });
}

function raw(port, channel, where, on) {
  return new Wire(port, get(target(channel, where, 'stream=raw')), {
    head: refused(on, (fields) => on({ begin: where.since ?? fields['weft-position'] })),
    data: lines((line) => on({ data: `t:${line}` })),
    end: streamed(on, () => false),
  });
}

/** One event of a stream of events: { event, id, data, retry }. */
function events(on) {
  let event = {};
  return lines((line) => {
    if (line) {
      const colon = line.indexOf(':');
      const [name, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
      if (name) event[name] = name === 'data' && event.data !== undefined ? `${event.data}\n${value}` : value;
      return;
    }
    on(event);
    event = {};
  });
}

const byEvent = {
  begin: ({ id }) => ({ begin: id }),
  lost: ({ id, data }) => ({ lost: JSON.parse(data).lost, at: id }),
  envelope: ({ data }) => told(JSON.parse(data)),
};

function sse(port, channel, where, on) {
  let left = false;
  // EventSource has its position in a field, and repeats its URL.
  const last = where.since === undefined ? '' : `Last-Event-ID: ${where.since}\r\n`;
  return new Wire(port, get(target(channel, { ...where, since: undefined }), `Accept: text/event-stream\r\n${last}`), {
    head: refused(on),
    data: events(({ event, id, data, retry }) => {
      if (event) on(byEvent[event]({ id, data }));
      else if (data !== undefined) on({ at: id, data: `t:${data}` });
      left = retry !== undefined && !event;
    }),
    end: streamed(on, () => left),
  });
}

function answer(port, request, on) {
  let body = '';
  let ok = true;
  return new Wire(port, request, {
    head: (status) => {
      ok = status === 200;
      if (!ok) on({ refused: status });
    },
    data: (data) => (body += data.toString('latin1')),
    end: (how) => {
      if (!ok) return;
      if (how === 'broken') return void on({ end: 'cut' });
      const { position, messages, lost, more } = JSON.parse(Buffer.from(body, 'latin1').toString());
      // A loss stands in front of the first message, and reaches up to it.
      const [epoch, offset] = messages.length ? messages[0].position.split('.') : [];
      if (lost !== undefined) on({ lost, at: messages.length ? `${epoch}.${offset - 1 - (messages[0].skipped ?? 0)}` : position });
      for (const message of messages) on(told(message));
      on({ poll: position, more });
    },
  });
}

const longpoll = (port, channel, where, on) => answer(port, get(target(channel, where, 'wait=20'), 'Connection: close\r\n'), on);
const poll = (port, channel, where, on) => answer(port, get(target(channel, where), 'Connection: close\r\n'), on);

export const readers = { ws, envelope, command, sse, stream, raw, longpoll, poll };
