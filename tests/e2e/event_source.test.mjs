// SPDX-License-Identifier: MIT
//
// EventSource and fetch of real browsers on a channel: Chromium, and Firefox where it is installed. The page comes from
// a server of the test that passes everything else on to weft, remembers what was asked, and cuts when it is told to.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { accessSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Room } from '../chaos/servers.mjs';

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
