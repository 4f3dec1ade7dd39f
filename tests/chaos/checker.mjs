// SPDX-License-Identifier: MIT
//
// chaos/checker.mjs: whether what clients were told is what docs/channels.md promises. It knows that page and nothing
// else; no server, no client, no clock.
//
//   const faults = judge({ published, sent, clients, heads, lossless, kept });      [] is what is hoped for
//
//   published   [{ channel, at: 'k3f9a2c1.42', data }]             what publishers were answered
//   sent        [{ channel, data }]                                what they said and were not answered
//   clients     [{ name, channel, start?, complete?, sessions: [{ via, since?, last?, events: [...] }] }]
//   heads       { channel: position }                              where each channel ends; complete clients are there
//   lossless    nothing may be lost, announced or not
//   kept        at least so many messages are kept: what is among them is not lost
//
// Data is whatever can be compared, other data for each message. A client has one position; start is the one it was
// given. Each session is one connection, or one poll; its events are, in the order in which they came,
//
//   { begin: P, lost?, head? }      hello, ok, begin, the first line, Weft-Position; lost: a number, or null
//   { data, at?, skipped? }         a message; without at by a transport that has no positions
//   { lost: n | null, at: P }       an announcement
//   { poll: P }                     the position of an answer, behind its messages
//   { end: 'cut' }                  the test's own doing, the network's, or the server was killed
//   { end: 'left' }                 the server said that it ends, or closed with 1001 or 1012
//   { end: 'clean' }                it ended as if it were complete
//   { end: 'closed', code, reason } a Close of the server's
//
// A fault is { kind, client, session, text }. Its kind: loss, double, disorder, position, count, data, end, stuck; and
// client, when the history itself cannot be.

const parse = (position) => {
  const match = /^([a-z0-9]{8,16})\.(0|[1-9]\d*)$/.exec(position ?? '');
  return match && Number(match[2]) < 2 ** 53 ? { epoch: match[1], offset: Number(match[2]) } : undefined;
};
const print = ({ epoch, offset }) => `${epoch}.${offset}`;

/** What is known of each position, and of each message: from answers, and from whoever saw it with its position. */
class Log {
  #at = new Map(); // channel position -> data
  #of = new Map(); // channel epoch data -> position
  #said = new Set(); // channel data

  constructor(published, sent) {
    for (const { channel, data } of [...published, ...sent]) this.#said.add(`${channel} ${data}`);
  }

  /** undefined, or what is wrong with it. */
  learn(channel, at, data) {
    const place = `${channel} ${at}`;
    const name = `${channel} ${at.split('.')[0]} ${data}`;
    const known = this.#at.get(place);
    const elsewhere = this.#of.get(name);
    if (!this.#said.has(`${channel} ${data}`)) return { kind: 'data', text: `${at} is ${data}, which nobody has said` };
    if (known !== undefined && known !== data) return { kind: 'data', text: `${at} is ${data}, and was ${known}` };
    if (elsewhere !== undefined && elsewhere !== at) return { kind: 'double', text: `${data} is at ${elsewhere} and at ${at}` };
    this.#at.set(place, data);
    this.#of.set(name, at);
    return undefined;
  }
}

/** One client's way through its sessions. */
class Walk {
  faults = [];
  #seen = new Set(); // epoch data

  constructor(client, log, rules) {
    Object.assign(this, { client, log, rules, at: parse(client.start) });
  }

  #fault(kind, text) {
    this.faults.push({ kind, client: this.client.name, session: `${this.n}: ${this.session?.via}`, text });
  }

  run() {
    this.client.sessions.forEach((session, n) => this.#session(session, n));
    const head = this.rules.heads?.[this.client.channel];
    const is = this.at && print(this.at);
    if (this.client.complete && head !== undefined && is !== head) this.#fault('stuck', `it ended at ${is}, the channel at ${head}`);
    return this.faults;
  }

  #session(session, n) {
    Object.assign(this, { session, n });
    const is = this.at && print(this.at);
    if (session.since !== undefined && session.since !== is) this.#fault('client', `since ${session.since}, but it was at ${is}`);
    if (session.since === undefined && is) this.#fault('client', `at ${is}, and did not say so`);
    session.events.forEach((event, i) => this.#event(event, i));
  }

  #event(event, i) {
    if (i && this.session.events[i - 1].end !== undefined) this.#fault('client', 'something came behind the end');
    if (event.begin !== undefined) this.#begin(event);
    else if (event.data !== undefined) this.#message(event);
    else if (event.lost !== undefined) this.#lost(event.lost, event.at);
    else if (event.poll !== undefined) this.#poll(event.poll);
    else this.#end(event);
  }

  #position(text) {
    const at = parse(text);
    if (!at) this.#fault('position', `${text} is no position`);
    return at;
  }

  #begin({ begin, lost, head }) {
    const at = this.#position(begin);
    if (!at) return;
    if (this.session.since === undefined) this.at = at;
    else if (lost !== undefined) this.#lost(lost, begin, head);
    else if (begin !== this.session.since) this.#fault('position', `since ${this.session.since}, and begins at ${begin} without a word`);
    this.at = at;
  }

  /** Up to at all is accounted for. */
  #lost(n, position, head) {
    const at = this.#position(position);
    const { lossless, kept } = this.rules;
    if (!at) return;
    if (lossless) this.#fault('loss', `lost ${n} up to ${position}, where nothing may be`);
    if (this.at) this.#count(n, at);
    const newest = parse(head);
    if (kept !== undefined && newest && at.offset > Math.max(0, newest.offset - kept)) this.#fault('count', `up to ${position}, but ${kept} in front of ${head} are kept`);
    this.at = at;
  }

  #count(n, at) {
    const same = at.epoch === this.at.epoch;
    const gone = at.offset - this.at.offset;
    if (n === null && same && gone >= 0) this.#fault('count', `lost null from ${print(this.at)} to ${print(at)}, where ${gone} can be counted`);
    if (n !== null && !same) this.#fault('count', `lost ${n} from ${print(this.at)} to ${print(at)}, which nobody can count`);
    if (n !== null && same && (n !== gone || n < 1)) this.#fault('count', `lost ${n} from ${print(this.at)} to ${print(at)}`);
  }

  #message({ data, at: position, skipped = 0 }) {
    if (position === undefined && !this.at) return this.#fault('client', `${data} came before a position`);
    const next = this.at && { epoch: this.at.epoch, offset: this.at.offset + 1 + skipped };
    const at = position === undefined ? next : this.#position(position);
    if (!at) return undefined;
    const name = `${at.epoch} ${data}`;
    if (next) this.#order(at, next, name, data);
    const wrong = this.log.learn(this.client.channel, print(at), data);
    if (wrong) this.#fault(wrong.kind, wrong.text);
    this.#seen.add(name);
    this.at = at;
    return undefined;
  }

  #order(at, next, name, data) {
    if (at.epoch !== next.epoch) this.#fault('loss', `${print(at)} behind ${print(this.at)} without a word`);
    else if (this.#seen.has(name)) this.#fault('double', `${data} at ${print(at)} again`);
    else if (at.offset < next.offset) this.#fault('disorder', `${print(at)} behind ${print(this.at)}`);
    else if (at.offset > next.offset) this.#fault('loss', `${at.offset - next.offset} in front of ${print(at)}, without a word`);
  }

  #poll(position) {
    const at = this.#position(position);
    if (at && this.at && position !== print(this.at)) this.#fault('position', `the answer is at ${position}, its messages at ${print(this.at)}`);
    if (at) this.at = at;
  }

  #end({ end, code, reason }) {
    if (end === 'cut' || end === 'left') return;
    if (end !== 'closed') return void this.#fault('end', 'it ended as if it were complete');
    const said = /^lost since=(.*)$/.exec(reason);
    if (code === 1013 && said && this.rules.lossless) this.#fault('loss', reason);
    if (code === 1013 && said && said[1] === print(this.at)) return;
    if (said) this.#fault('position', `closed with "${reason}" at ${this.at && print(this.at)}`);
    else if (code !== 1008) this.#fault('end', `closed with ${code} "${reason}"`);
  }
}

export function judge({ published, sent = [], clients, ...rules }) {
  const log = new Log(published, sent);
  const faults = [];
  const learn = (name, channel, at, data) => {
    const wrong = parse(at) ? log.learn(channel, at, data) : { kind: 'position', text: `${at} is no position` };
    if (wrong) faults.push({ ...wrong, client: name });
  };
  for (const { channel, at, data } of published) learn('a publisher', channel, at, data);
  // Those who have no positions are judged by what all others have seen.
  const seen = (events) => events.filter(({ at, data }) => data !== undefined && at !== undefined);
  for (const { name, channel, sessions } of clients)
    for (const { events } of sessions) for (const { at, data } of seen(events)) learn(name, channel, at, data);
  for (const client of clients) faults.push(...new Walk(client, log, rules).run());
  return faults;
}
