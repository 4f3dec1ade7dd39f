// SPDX-License-Identifier: MIT
//
// lib/channels.mjs: a server of channels that is not ours, small, by docs/channels.md alone.
//
//   const server = await Channels.start();             server.ws('/chat'), server.http('/chat')
//   server.publish('/chat', 'hi');                      text, or a Buffer
//   server.log('/chat').texts();                        what was published
//   server.cut();                                       every connection is reset
//   server.restart();                                   the same, and everything is forgotten: other epochs
//   server.log('/chat').keep(2);                        history is the newest two
//   server.present('/chat', { count: 1, members: [] })  who is there from now on, told to whoever wants to see it
//   server.onPublish = (log, message) => {}             return { error } to refuse, false not to answer
//   server.refuse = (request) => 503                    a status, or nothing
//
// It has what clients can meet: weft.v1 with patterns, SSE, streams, polls, POST with batches and keys, HEAD.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { WebSocketServer } from 'ws';
import { soon } from './program.mjs';

const HEARTBEAT = 15_000; // ms

class Log {
  epoch = randomBytes(5).toString('hex');
  entries = []; // { offset, time, key, data | base64 }
  head = 0;
  keys = new Map(); // idempotency key -> { body, offset }
  readers = new Set(); // functions of an entry
  presence = { count: 0, members: [] };
  onlookers = new Set(); // functions of presence

  constructor(name) {
    this.name = name;
  }

  position(offset = this.head) {
    return `${this.epoch}.${offset}`;
  }

  get oldest() {
    return this.entries.length ? this.entries[0].offset - 1 : this.head;
  }

  append(payload) {
    const entry = { ...payload, offset: ++this.head, time: Date.now() };
    this.entries.push(entry);
    for (const reader of [...this.readers]) reader(entry);
    return entry.offset;
  }

  keep(n) {
    this.entries = n ? this.entries.slice(-n) : [];
  }

  texts() {
    return this.entries.map((entry) => entry.data ?? Buffer.from(entry.base64, 'base64'));
  }

  envelope({ offset, time, key, data, base64 }) {
    return { channel: this.name, position: this.position(offset), time, key, ...(base64 === undefined ? { data } : { base64 }) };
  }

  #seeks = 0;
  #waiting = [];

  /** Resolves when somebody has begun to read for the nth time. */
  sought(n) {
    return soon(new Promise((resolve) => (this.#seeks >= n ? resolve() : this.#waiting.push({ n, resolve }))), () => `reader ${n} of ${this.name}`);
  }

  /** The table of section 2: where it begins, and what is lost by that. */
  seek(since, last) {
    this.#seeks++;
    for (const { n, resolve } of this.#waiting) if (this.#seeks >= n) resolve();
    const newest = last === undefined ? undefined : last === 'all' ? this.oldest : Math.max(this.oldest, this.head - last);
    if (since === undefined) return { at: newest ?? this.head };
    const [epoch, offset] = [since.slice(0, since.indexOf('.')), Number(since.slice(since.indexOf('.') + 1))];
    const known = epoch === this.epoch && offset <= this.head;
    if (known && offset >= this.oldest) return { at: offset };
    const at = newest ?? this.oldest;
    return { at, lost: known ? at - offset : null };
  }

  after(offset) {
    return this.entries.filter((entry) => entry.offset > offset);
  }
}

const isJSON = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export class Channels {
  #logs = new Map();
  #sockets = new Set();
  #http;
  #ws = new WebSocketServer({ noServer: true, handleProtocols: (names) => names.has('weft.v1') && 'weft.v1' });
  requests = []; // "GET /chat?last=1"
  connections = 0; // WebSockets so far
  retry = 1000; // of SSE

  /** tls: { cert, key }, of a server that speaks it. */
  constructor(tls) {
    const answer = (request, response) => this.#request(request, response);
    this.#http = tls ? createSecureServer(tls, answer) : createServer(answer);
    this.s = tls ? 's' : '';
  }

  static async start(port = 0, tls = undefined) {
    const server = new Channels(tls);
    server.#http.on('connection', (socket) => {
      server.#sockets.add(socket);
      socket.on('close', () => server.#sockets.delete(socket));
    });
    server.#http.on('upgrade', (request, socket, head) => server.#upgrade(request, socket, head));
    await server.listen(port);
    return server;
  }

  async listen(port) {
    this.#http.listen(port, '127.0.0.1');
    await once(this.#http, 'listening');
    this.port = this.#http.address().port;
  }

  log(name) {
    if (!this.#logs.has(name)) this.#logs.set(name, new Log(name));
    return this.#logs.get(name);
  }

  ws(path) {
    return `ws${this.s}://127.0.0.1:${this.port}${path}`;
  }

  http(path) {
    return `http${this.s}://127.0.0.1:${this.port}${path}`;
  }

  publish(name, message) {
    const payload = typeof message === 'string' ? { data: message } : { base64: message.toString('base64') };
    const log = this.log(name);
    log.append(payload);
    this.#patterns(log);
    return log.position();
  }

  present(name, presence) {
    const log = this.log(name);
    log.presence = presence;
    for (const onlooker of [...log.onlookers]) onlooker(presence);
  }

  cut() {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  restart() {
    this.#logs.clear();
    this.cut();
  }

  async stop() {
    this.cut();
    this.#http.close();
    if (this.#http.listening) await once(this.#http, 'close');
  }

  // ---- publishing -------------------------------------------------------------------------------

  /** { position } or { error: { code, message } }; undefined: no answer is to be given. */
  #take(log, messages, key) {
    const body = JSON.stringify(messages);
    const before = key && log.keys.get(key);
    if (before && before.body !== body) return { error: { code: 422, message: 'this key was used for another message' } };
    if (before) return { position: log.position(before.offset) };
    for (const message of messages) {
      if (typeof (message.data ?? message.base64) !== 'string') return { error: { code: 400, message: 'the message is missing' } };
    }
    const verdict = this.onPublish?.(log, messages, key);
    if (verdict?.error) return verdict;
    for (const { data, base64, key: replaced } of messages) log.append({ data, base64, key: replaced });
    if (key) log.keys.set(key, { body, offset: log.head });
    this.#patterns(log);
    return verdict === false ? undefined : { position: log.position() };
  }

  // ---- weft.v1 ----------------------------------------------------------------------------------

  #listeners = new Set(); // of patterns: functions of a log

  #patterns(log) {
    for (const listener of [...this.#listeners]) listener(log);
  }

  #upgrade(request, socket, head) {
    const status = this.refuse?.(request);
    if (status) return socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    this.#ws.handleUpgrade(request, socket, head, (peer) => this.#talk(peer, new URL(request.url, 'http://x')));
  }

  #talk(peer, url) {
    const leave = new Map(); // channel -> function
    const send = (object) => peer.send(JSON.stringify(object));
    this.connections++;
    peer.on('error', () => {});
    peer.on('close', () => leave.forEach((end) => end()));
    const subscribe = (name, since, last) => {
      const log = this.log(name);
      const { at, lost } = log.seek(since, last);
      if (leave.has(name)) return { channel: name, position: log.position(), head: log.position(), policy: 'queue' };
      const reader = (entry) => send(log.envelope(entry));
      log.readers.add(reader);
      leave.set(name, () => log.readers.delete(reader));
      queueMicrotask(() => log.after(at).filter(({ offset }) => offset <= head).forEach(reader));
      const head = log.head;
      return { channel: name, position: log.position(at), head: log.position(), policy: 'queue', lost };
    };
    const join = (pattern, last) => {
      const level = pattern.slice(0, -1);
      const matches = (name) => name.startsWith(level) && name.length > level.length && !name.includes('/', level.length);
      const meet = (name, since, last) => matches(name) && !leave.has(name) && send(subscribe(name, since, last));
      const listener = (log) => meet(log.name, log.position(0));
      for (const [name] of this.#logs) meet(name, undefined, last);
      this.#listeners.add(listener);
      leave.set(pattern, () => this.#listeners.delete(listener));
      return { channel: pattern };
    };
    const quiet = url.searchParams.get('subscribe') === 'no';
    const own = decodeURIComponent(url.pathname);
    const { head, ...begins } = quiet ? {} : subscribe(own, url.searchParams.get('since') ?? undefined);
    send({ hello: { client: 'c1', max_message: 65536, ping: 25000 }, ...begins });
    peer.on('message', (text) => {
      const command = isJSON(text);
      const answer = (object) => command.id !== undefined && send({ id: command.id, ...object });
      if (command?.subscribe?.endsWith('/*')) answer({ ok: join(command.subscribe, command.last) });
      else if (command?.subscribe && this.unreadable) answer({ error: { code: 403, message: 'reading is not allowed here' } });
      else if (command?.subscribe) answer({ ok: subscribe(command.subscribe, command.since, command.last) });
      else if (command?.unsubscribe) {
        leave.get(command.unsubscribe)?.();
        leave.delete(command.unsubscribe);
        answer({ ok: {} });
      } else if (command?.presence) {
        const log = this.log(command.presence);
        const onlooker = (presence) => send({ channel: log.name, presence });
        answer({ ok: { channel: log.name, presence: log.presence } });
        log.onlookers.add(onlooker);
        peer.on('close', () => log.onlookers.delete(onlooker));
      } else if (command?.publish) {
        const { data, base64, key } = command;
        const result = this.#take(this.log(command.publish), [{ data, base64, key }], command.once);
        if (result) answer(result.error ? result : { ok: result });
      } else if (command?.ping) send({ pong: command.ping });
      else send({ id: command?.id, error: { code: 400, message: 'no command' } });
    });
  }

  /** A close object, and then the Close. */
  leave(retry) {
    for (const peer of this.#ws.clients) {
      peer.send(JSON.stringify({ close: { retry } }));
      peer.close(1001);
    }
  }

  // ---- HTTP -------------------------------------------------------------------------------------

  async #request(request, response) {
    const url = new URL(request.url, 'http://x');
    const log = this.log(decodeURIComponent(url.pathname));
    const asked = (name) => url.searchParams.get(name) ?? undefined;
    this.requests.push(`${request.method} ${request.url}`);
    const refused = this.refuse?.(request);
    const json = (status, object, fields = {}) =>
      response.writeHead(status, { 'Content-Type': 'application/json', 'Weft-Position': log.position(), ...fields }).end(`${JSON.stringify(object)}\n`);
    if (refused) return json(refused, { error: { code: refused, message: 'not now' } }, { 'Retry-After': '0' });
    if (request.method === 'HEAD') return response.writeHead(200, { 'Weft-Position': log.position() }).end();
    if (request.method === 'DELETE') log.keep(0);
    if (request.method === 'DELETE') return json(200, { position: log.position() });
    if (request.method === 'POST') return this.#post(log, request, json);
    if (asked('presence') === '') return json(200, { channel: log.name, presence: log.presence });
    const sees = asked('presence') === 'events';
    const look = url.search === '' ? 'all' : asked('last');
    const place = log.seek(asked('since'), look === 'all' ? 'all' : look && Number(look));
    if (asked('stream') === 'sse' || request.headers.accept?.includes('text/event-stream')) return this.#events(log, place, response, sees);
    if (asked('stream') === 'raw') return this.#raw(log, place, response);
    if (asked('stream') !== undefined) return this.#stream(log, place, response, sees);
    return this.#poll(log, place, Number(asked('wait') ?? 0), json);
  }

  async #post(log, request, json) {
    let body = Buffer.alloc(0);
    for await (const data of request) body = Buffer.concat([body, data]);
    const batch = request.headers['content-type'] === 'application/x-ndjson';
    const binary = request.headers['content-type'] === 'application/octet-stream';
    const messages = batch ? body.toString().split('\n').filter(Boolean).map(isJSON) : [binary ? { base64: body.toString('base64') } : { data: body.toString() }];
    const result = this.#take(log, messages, request.headers['idempotency-key']);
    if (!result) request.socket.resetAndDestroy();
    else json(result.error?.code ?? 200, result, result.error?.retry ? { 'Retry-After': String(Math.ceil(result.error.retry / 1000)) } : {});
  }

  #go(log, { at }, response, write) {
    const reader = (entry) => response.writableEnded || write(entry);
    log.after(at).forEach(reader);
    log.readers.add(reader);
    response.on('close', () => log.readers.delete(reader));
    const beat = setInterval(() => write(null), HEARTBEAT);
    response.on('close', () => clearInterval(beat));
    this.streams.add(response);
    response.on('close', () => this.streams.delete(response));
  }

  streams = new Set();

  #look(log, response, write) {
    write(log.presence);
    log.onlookers.add(write);
    response.on('close', () => log.onlookers.delete(write));
  }

  #events(log, place, response, sees) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const write = (event, id, data) =>
      response.write(`${event ? `event: ${event}\n` : ''}id: ${id}\n${data.split('\n').map((line) => `data: ${line}\n`).join('')}\n`);
    response.write(`retry: ${this.retry}\n`);
    write('begin', log.position(place.at), JSON.stringify({ position: log.position(place.at) }));
    if (place.lost !== undefined) write('lost', log.position(place.at), JSON.stringify({ lost: place.lost }));
    if (sees) this.#look(log, response, (presence) => response.write(`event: presence\ndata: ${JSON.stringify(presence)}\n\n`));
    this.#go(log, place, response, (entry) => {
      if (!entry) response.write(':\n\n');
      else if (entry.data?.includes('\r') === false) write('', log.position(entry.offset), entry.data);
      else write('envelope', log.position(entry.offset), JSON.stringify(log.envelope(entry)));
    });
  }

  #stream(log, place, response, sees) {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    const write = (object) => response.write(`${JSON.stringify(object)}\n`);
    write({ channel: log.name, position: log.position(place.at), head: log.position(), policy: 'queue', lost: place.lost });
    if (sees) this.#look(log, response, (presence) => write({ channel: log.name, presence }));
    this.#go(log, place, response, (entry) => (entry ? write(log.envelope(entry)) : response.write('\n')));
  }

  #raw(log, place, response) {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Weft-Position': log.position(place.at) });
    this.#go(log, place, response, (entry) => entry && response.write(entry.data === undefined ? Buffer.from(entry.base64, 'base64') : `${entry.data}\n`));
  }

  #poll(log, { at, lost }, wait, json) {
    const answer = () => {
      const entries = log.after(at).slice(0, 3); // few, so that there is more
      const end = entries.at(-1)?.offset ?? at;
      log.readers.delete(answer);
      clearTimeout(timer);
      json(200, { channel: log.name, position: log.position(end), messages: entries.map((entry) => log.envelope(entry)), lost, more: end < log.head ? true : undefined });
    };
    const timer = wait ? setTimeout(answer, wait * 1000) : undefined;
    if (!wait || lost !== undefined || log.head > at) return answer();
    log.readers.add(answer);
  }

  /** Streams end as they do when the server leaves. */
  endStreams(retry) {
    for (const response of this.streams) {
      const sse = response.getHeader?.('Content-Type') === 'text/event-stream' || /event-stream/.test(response._header);
      response.end(sse ? `retry: ${retry}\n\n` : `${JSON.stringify({ close: { retry } })}\n`);
    }
  }
}
