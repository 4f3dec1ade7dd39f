// SPDX-License-Identifier: MIT
//
// EventSource and fetch of real browsers on a channel: Chromium, and Firefox where it is installed. The page comes from
// a server of the test that passes everything else on to weft, remembers what was asked, and cuts when it is told to.
// And a channel's events for those who have no EventSource: curl, Python and undici, which is node's fetch.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { accessSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Room } from '../chaos/servers.mjs';
import { crowd } from './lib/crowd.mjs';
import { Program, soon } from './lib/program.mjs';

const PATIENCE = 40_000; // ms
const QUIET = 'user_pref("browser.shell.checkDefaultBrowser", false);user_pref("datareporting.policy.dataSubmissionEnabled", false);user_pref("app.update.enabled", false);'
  + 'user_pref("network.captive-portal-service.enabled", false);user_pref("network.connectivity-service.enabled", false);user_pref("browser.aboutwelcome.enabled", false);'
  + 'user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);user_pref("browser.safebrowsing.downloads.remote.enabled", false);';

const browsers = {
  chromium: (profile, url) => ['/usr/bin/chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    `--user-data-dir=${profile}`, url],
  firefox: (profile, url) => ['/usr/bin/firefox-esr', '--headless', '--no-remote', '--profile', profile, url],
};

const isThere = (path) => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
};

/** What the page does; each thing that it sees it posts to /seen. */
const PAGE = `<!doctype html><title>events</title><script>
let order = Promise.resolve();
const tell = (what) => (order = order.then(() => fetch('/seen', { method: 'POST', body: JSON.stringify(what) })));
const source = new EventSource('/chat');
for (const type of ['begin', 'message', 'envelope', 'lost'])
  source.addEventListener(type, (event) => tell({ type, id: event.lastEventId, data: event.data }));
source.onerror = () => tell({ type: 'error', closed: source.readyState === EventSource.CLOSED });
window.look = async () => {
  const answer = await fetch('/kept?last=all');
  return { position: answer.headers.get('weft-position'), messages: (await answer.json()).messages.map(({ data }) => data) };
};
const commands = async () => {
  for (;;) {
    const name = await (await fetch('/command', { cache: 'no-store' })).text();
    if (name) tell({ type: name, ...(await window[name]()) });
  }
};
commands();
</script>`;

/** In front of weft. */
class Front extends EventEmitter {
  asked = []; // { method, url, headers, status }
  #seen = [];
  #streams = new Set();
  #command;

  static async start(room) {
    const front = new Front();
    front.room = room;
    front.server = createServer((request, response) => front.#answer(request, response)).listen(0, '127.0.0.1');
    await once(front.server, 'listening');
    front.url = `http://127.0.0.1:${front.server.address().port}/`;
    return front;
  }

  async #answer(request, response) {
    if (request.url === '/') return response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
    if (request.url === '/favicon.ico') return response.writeHead(204).end();
    if (request.url === '/command') return void (this.#command = response);
    if (request.url !== '/seen') return this.#pass(request, response);
    let body = '';
    for await (const chunk of request) body += chunk;
    this.#seen.push(JSON.parse(body));
    response.writeHead(204).end();
    this.emit('seen');
    return undefined;
  }

  #pass(request, response) {
    const { method, url, headers } = request;
    const one = { method, url, headers };
    const behind = ask({ port: this.room.port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
      one.status = answer.statusCode;
      this.asked.push(one);
      response.writeHead(answer.statusCode, answer.headers);
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    this.#streams.add(response);
    response.on('close', () => (this.#streams.delete(response), behind.destroy()));
    behind.on('error', () => response.destroy());
    request.pipe(behind);
  }

  /** In the middle, as a network does. */
  cut() {
    for (const response of this.#streams) response.destroy();
  }

  /** The next thing that the page saw, of one of these types. */
  async next(...types) {
    const until = AbortSignal.timeout(PATIENCE);
    for (;;) {
      const i = this.#seen.findIndex(({ type }) => types.includes(type));
      if (i >= 0) return this.#seen.splice(0, i + 1).at(-1);
      await once(this, 'seen', { signal: until });
    }
  }

  /** Has the page do something, and returns what it tells. */
  async have(name) {
    while (!this.#command) await new Promise((resolve) => setImmediate(resolve));
    const response = this.#command;
    this.#command = undefined;
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end(name);
    return this.next(name);
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const url = (room, path) => `http://127.0.0.1:${room.port}${path}`;
const publish = async (room, path, body) => {
  const answer = await fetch(url(room, path), { method: 'POST', body, headers: typeof body === 'string' ? {} : { 'Content-Type': 'application/octet-stream' } });
  return (await answer.json()).position;
};

async function events(front) {
  const { room } = front;
  const begin = await front.next('begin');
  const epoch = begin.id.split('.')[0];
  assert.deepEqual(begin, { type: 'begin', id: `${epoch}.0`, data: `{"position":"${epoch}.0"}` });
  assert.equal(front.asked[0].headers['last-event-id'], undefined);

  await publish(room, '/chat', 'one\nline');
  assert.deepEqual(await front.next('message'), { type: 'message', id: `${epoch}.1`, data: 'one\nline' });
  await publish(room, '/chat', Buffer.from([0, 255]));
  const envelope = await front.next('envelope');
  assert.equal(envelope.id, `${epoch}.2`);
  assert.equal(JSON.parse(envelope.data).base64, 'AP8=');

  // It comes again by itself, and is given what it missed.
  front.cut();
  assert.equal((await front.next('error')).closed, false);
  await publish(room, '/chat', 'two');
  assert.deepEqual(await front.next('begin'), { type: 'begin', id: `${epoch}.2`, data: `{"position":"${epoch}.2"}` });
  assert.equal(front.asked.at(-1).headers['last-event-id'], `${epoch}.2`);
  assert.deepEqual(await front.next('message'), { type: 'message', id: `${epoch}.3`, data: 'two' });

  // More than is kept: told, counted, and the id goes on.
  front.cut();
  await front.next('error');
  for (const text of ['a', 'b', 'c', 'd', 'e']) await publish(room, '/chat', text);
  assert.equal((await front.next('begin')).id, `${epoch}.3`);
  assert.deepEqual(await front.next('lost', 'message'), { type: 'lost', id: `${epoch}.5`, data: '{"lost":2}' });
  for (const [i, text] of ['c', 'd', 'e'].entries()) assert.deepEqual(await front.next('message', 'lost'), { type: 'message', id: `${epoch}.${6 + i}`, data: text });
  return `${epoch}.8`;
}

/** The server leaves: 200 and the end. The browser comes again, to another epoch. */
async function restart(front, position) {
  await front.room.stop();
  front.room = await Room.start({ history: 3 });
  assert.equal((await front.next('error')).closed, false);
  const begin = await front.next('begin');
  assert.equal(begin.id, position);
  assert.equal(front.asked.filter(({ url: path }) => path === '/chat').at(-1).headers['last-event-id'], position);
  const lost = await front.next('lost', 'message');
  assert.equal(lost.data, '{"lost":null}');
  const at = await publish(front.room, '/chat', 'after');
  assert.equal(lost.id, at.replace(/\d+$/, '0'));
  assert.deepEqual(await front.next('message'), { type: 'message', id: at, data: 'after' });
}

/** The browser's cache asks each time whether there is something new, and is told 304 if not. */
async function caches(front) {
  const kept = () => front.asked.filter(({ url: path }) => path.startsWith('/kept'));
  const at = await publish(front.room, '/kept', 'x');
  assert.deepEqual(await front.have('look'), { type: 'look', position: at, messages: ['x'] });
  assert.deepEqual(await front.have('look'), { type: 'look', position: at, messages: ['x'] });
  const [first, second] = kept();
  assert.equal(first.headers['if-none-match'], undefined);
  assert.deepEqual([first.status, second.status, second.headers['if-none-match']], [200, 304, `W/"${at}"`]);
  const then = await publish(front.room, '/kept', 'y');
  assert.deepEqual(await front.have('look'), { type: 'look', position: then, messages: ['x', 'y'] });
  assert.equal(kept().at(-1).status, 200);
}

for (const [name, command] of Object.entries(browsers))
  test(name, { skip: !isThere(command('', '')[0]) && 'it is not installed', concurrency: true }, async (t) => {
    const profile = await mkdtemp(join(tmpdir(), `weft-${name}-`));
    const front = await Front.start(await Room.start({ history: 3 }));
    await writeFile(join(profile, 'user.js'), QUIET);
    const [program, ...args] = command(profile, front.url);
    const browser = spawn(program, args, { stdio: 'ignore', detached: true, env: { ...process.env, HOME: profile } });
    const gone = once(browser, 'close');
    t.after(async () => {
      process.kill(-browser.pid, 'SIGKILL');
      await gone;
      front.stop();
      await front.room.kill();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    });
    const position = await events(front);
    await caches(front);
    await restart(front, position);
  });

// ---- without an EventSource --------------------------------------------------------------------

const PYTHON = `
import http.client, sys
port, path, last = sys.argv[1:]
http_ = http.client.HTTPConnection('127.0.0.1', int(port))
http_.request('GET', path, headers={'Accept': 'text/event-stream', **({'Last-Event-ID': last} if last else {})})
answer = http_.getresponse()
print(answer.status, file=sys.stderr)
for line in answer:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
if answer.chunked and answer.chunk_left is not None:
    sys.exit('cut')
`;

const fields = (last) => ({ Accept: 'text/event-stream', ...(last && { 'Last-Event-ID': last }) });

/** A program that writes what it reads to stdout, and the status to stderr. */
function run(on, program, ...args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let status = '';
  child.stdout.setEncoding('utf8').on('data', on.text);
  child.stderr.setEncoding('utf8').on('data', (text) => (status += text));
  child.on('close', (code) => on.end({ status: parseInt(status, 10), whole: code === 0 }));
  return () => child.kill('SIGKILL');
}

/** Each calls on.text(text) of what comes, and on.end({ status, whole }); it returns what goes away. */
const clients = {
  curl: (port, path, last, on) =>
    run(on, 'curl', '-sN', '-w', '%{stderr}%{http_code}', ...Object.entries(fields(last)).flatMap(([name, value]) => ['-H', `${name}: ${value}`]), `127.0.0.1:${port}${path}`),
  python: (port, path, last, on) => run(on, '/usr/bin/python3', '-c', PYTHON, `${port}`, path, last),
  undici: (port, path, last, on) => {
    const leave = new AbortController();
    let status;
    const read = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: fields(last), signal: leave.signal });
      ({ status } = answer);
      for await (const text of answer.body.pipeThrough(new TextDecoderStream())) on.text(text);
    };
    read().then(() => on.end({ status, whole: true }), () => on.end({ status, whole: false }));
    return () => leave.abort();
  },
};

/** What comes, block by block. */
class Reading {
  #text = '';
  #waiting;
  #look = () => this.#waiting?.();

  constructor(client, port, path, last = '') {
    const text = (more) => ((this.#text += more), this.#look());
    const end = (how) => ((this.over = how), this.#look());
    this.leave = client(port, path, last, { text, end });
  }

  async #until(there) {
    await soon(new Promise((resolve) => {
      this.#waiting = () => there() && resolve();
      this.#waiting();
    }), () => `more than ${JSON.stringify(this.#text)}`);
  }

  /** The next event, as it is on the wire; its empty line is left out. */
  async next() {
    await this.#until(() => this.#text.includes('\n\n') || this.over);
    const end = this.#text.indexOf('\n\n');
    assert.ok(end >= 0, `over, with ${JSON.stringify(this.#text)}`);
    const block = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 2);
    return block;
  }

  /** Of the stream: { status, whole, rest }. */
  async end() {
    await this.#until(() => this.over);
    return { ...this.over, rest: this.#text };
  }
}

const retryOf = (block) => {
  const [, retry, rest] = /^retry: (\d+)\n?([^]*)$/.exec(block);
  assert.ok(retry >= 1000 && retry <= 5000, retry);
  return rest;
};
const event = (type, id, data) => [...(type ? [`event: ${type}`] : []), `id: ${id}`, ...data.split('\n').map((line) => `data: ${line}`)].join('\n');

/** From its first event to the server's end. */
async function follow(t, client) {
  const server = await Program.serve('--channel', '/**: history=3');
  const open = [];
  t.after(() => (server.kill(), open.forEach((reading) => reading.leave())));
  const read = (last, path = '/chat') => {
    const reading = new Reading(client, server.port, path, last);
    open.push(reading);
    return reading;
  };

  const first = read();
  const begin = retryOf(await first.next());
  const epoch = /^id: (.*)\.0$/m.exec(begin)[1];
  const at = (n) => `${epoch}.${n}`;
  assert.equal(begin, event('begin', at(0), `{"position":"${at(0)}"}`));
  await publish(server, '/chat', 'one\n\nline');
  assert.equal(await first.next(), event('', at(1), 'one\n\nline'));
  await publish(server, '/chat', Buffer.from([0, 255]));
  assert.match(await first.next(), new RegExp(`^event: envelope\nid: ${at(2)}\ndata: {"channel":"/chat",.*"base64":"AP8="}$`));
  first.leave();

  // Nothing is missing, and then more than is kept.
  await publish(server, '/chat', '3');
  const second = read(at(2));
  assert.equal(retryOf(await second.next()), event('begin', at(2), `{"position":"${at(2)}"}`));
  assert.equal(await second.next(), event('', at(3), '3'));
  second.leave();
  for (const text of ['4', '5', '6', '7', '8']) await publish(server, '/chat', text);
  const third = read(at(3), `/chat?since=${at(7)}`);
  assert.equal(retryOf(await third.next()), event('begin', at(3), `{"position":"${at(3)}"}`));
  assert.equal(await third.next(), event('lost', at(5), '{"lost":2}'));
  for (const n of [6, 7, 8]) assert.equal(await third.next(), event('', at(n), `${n}`));

  // Another epoch, and what is no position.
  for (const last of ['zzzzzzzz.1', 'nonsense']) {
    const other = read(last);
    const from = last.includes('.') ? last : at(0);
    assert.equal(retryOf(await other.next()), event('begin', from, `{"position":"${from}"}`));
    assert.equal(await other.next(), event('lost', at(5), '{"lost":null}'));
    assert.equal(await other.next(), event('', at(6), '6'));
    other.leave();
  }

  // What is final is a status, what passes is the end of a stream.
  for (const [path, status] of [['/.reserved', 404], ['/chat?last=0', 400]]) {
    const { status: got, whole } = await read('', path).end();
    assert.deepEqual([got, whole], [status, true]);
  }
  const disperse = await crowd(server.port);
  for (let n = 0, refused = false; !refused; n++) {
    const full = read('', `/too/many/${n}`);
    refused = !retryOf(await full.next());
    if (refused) assert.deepEqual(await full.end(), { status: 200, whole: true, rest: '' });
  }
  await disperse();

  // The server leaves.
  const stopped = server.stop();
  assert.equal(retryOf(await third.next()), '');
  assert.deepEqual(await third.end(), { status: 200, whole: true, rest: '' });
  await stopped;

  // A cut is none of that.
  const killed = await Program.serve();
  const last = new Reading(client, killed.port, '/chat');
  retryOf(await last.next());
  killed.kill();
  assert.equal((await last.end()).whole, false);
}

describe('without an EventSource', { concurrency: true }, () => {
  for (const [name, client] of Object.entries(clients)) test(name, (t) => follow(t, client));
});
