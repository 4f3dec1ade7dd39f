// SPDX-License-Identifier: MIT
//
// --base-path: weft under a path of somebody else's host, behind an nginx that does not strip it, as docs/proxies.md prints
// that. Every transport, files, pages in Chromium, weft pub and weft sub, weft.js.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { launch, open } from './lib/browsers.mjs';
import { Program, SOURCE, soon, weft } from './lib/program.mjs';
import { Proxy, under } from './lib/proxies.mjs';
import { READY, pathOf } from './lib/site.mjs';

const { Weft } = createRequire(import.meta.url)(resolve(SOURCE, 'js/weft.js'));
const BASE = '/ws';
const OUTSIDE = /there is nothing at this path: all that this server has is under \/ws\/ \(--base-path\)/;

const dir = mkdtempSync(join(tmpdir(), 'weft-base-'));
mkdirSync(join(dir, 'sub'));
writeFileSync(join(dir, 'sub', 'a.txt'), 'a file\n');
after(() => rmSync(dir, { recursive: true }));

let server; // with files
let demo;
let nginx; // in front of server
let front; // of demo
before(async () => {
  server = await Program.serve('--base-path', BASE, dir);
  demo = await Program.listening('demo', '-p', '0', '--base-path', `${BASE}/`);
  nginx = await Proxy.plain('nginx', under('nginx'), server.port);
  front = await Proxy.plain('nginx', under('nginx'), demo.port);
});
after(async () => {
  await Promise.all([nginx.stop(), front.stop()]);
  await Promise.all([server.stop(), demo.stop()]);
});

const at = (path, { scheme = 'http', proxy = nginx } = {}) => `${scheme}://localhost:${proxy.port}${path}`;

const get = async (path, options = {}) => {
  const response = await fetch(at(path, options), { redirect: 'manual', ...options });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

async function publish(name, body) {
  const { status, text } = await get(`${BASE}${name}`, { method: 'POST', body });
  assert.equal(status, 200, text);
}

// ---- what is where -----------------------------------------------------------------------------

test('it says where it is', () => {
  assert.match(server.out, /^http:\/\/127\.0\.0\.1:\d+\/ws\/\n/);
  assert.match(demo.out, /Open   http:\/\/localhost:\d+\/ws\/ /);
  assert.match(demo.out, /weft ws:\/\/localhost:\d+\/ws\/chat /);
});

test('what it has besides is there, and what is outside is a 404 that says where', async () => {
  for (const path of ['/healthz', '/readyz', '/weft.js', '/.weft/style.css']) assert.equal((await get(BASE + path)).status, 200, path);
  assert.match((await fetch(`http://127.0.0.1:${demo.port}${BASE}/echo`).then((response) => response.text())), /WebSocket/);
  for (const path of ['/', '/chat', '/healthz', '/weft.js', '/wsx', '/metrics']) {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    assert.equal(response.status, 404, path);
    assert.match(await response.text(), OUTSIDE, path);
  }
});

test('/metrics of its own port, and the admin listener, which knows of no path', async (t) => {
  const other = await Program.serve('--base-path', BASE, '--admin', '127.0.0.1:0');
  t.after(() => other.kill());
  const [, port] = await other.said(/admin: http:\/\/127\.0\.0\.1:(\d+)\n/);
  for (const url of [`http://127.0.0.1:${other.port}${BASE}/metrics`, `http://127.0.0.1:${port}/metrics`]) {
    const response = await fetch(url);
    assert.equal(response.status, 200, url);
    assert.match(await response.text(), /^weft_/m);
  }
  await other.stop();
});

test('files, their lists, and the way to a directory', async () => {
  assert.equal((await get('/ws/sub/a.txt')).text, 'a file\n');
  const { status, headers } = await get('/ws/sub?x');
  assert.deepEqual([status, headers.get('Location')], [301, '/ws/sub/?x']);
  assert.match((await get('/ws/')).text, /^sub\/$/m);
  const list = (await get('/ws/sub/', { headers: { Accept: 'text/html' } })).text;
  assert.match(list, /href="\/ws\/\.weft\/style\.css"/);
  assert.doesNotMatch(list, /(href|src)="\/(?!ws\/)/);
  const bare = await fetch(`http://127.0.0.1:${server.port}/ws?lang=zh`, { redirect: 'manual' });
  assert.deepEqual([bare.status, bare.headers.get('Location')], [308, '/ws/?lang=zh']);
});

test('a page has the tag of what is sent', async () => {
  const page = { headers: { Accept: 'text/html' } };
  const there = await get('/ws/heartbeat', { proxy: front, ...page });
  const tag = there.headers.get('ETag');
  const again = await get('/ws/heartbeat', { proxy: front, headers: { ...page.headers, 'If-None-Match': tag } });
  assert.equal(again.status, 304);
  const elsewhere = await Program.listening('demo', '-p', '0', '--base-path', '/xy');
  try {
    const other = await fetch(`http://127.0.0.1:${elsewhere.port}/xy/heartbeat`, page);
    assert.notEqual(other.headers.get('ETag'), tag);
    await elsewhere.stop();
  } finally {
    elsewhere.kill();
  }
});

// ---- channels ----------------------------------------------------------------------------------

describe('transports', { concurrency: true }, () => {
  test('polls, streams and events say the name without the path', async () => {
    await publish('/polled', 'hi');
    const poll = JSON.parse((await get('/ws/polled?last=1&wait=0')).text);
    assert.deepEqual([poll.channel, poll.messages[0].data], ['/polled', 'hi']);
    const long = get(`/ws/polled?wait=20&since=${poll.position}`);
    await publish('/polled', 'more');
    assert.equal(JSON.parse((await long).text).messages[0].data, 'more');
    for (const [query, sign] of [['stream=sse', /^data: hi$/m], ['stream', /"channel":"\/polled".*"data":"hi"/], ['stream=raw', /^hi$/m]]) {
      const abort = new AbortController();
      const response = await fetch(at(`/ws/polled?${query}&last=all`), { signal: abort.signal });
      let text = '';
      for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        text += piece;
        if (sign.test(text)) break;
      }
      assert.match(text, sign, query);
      abort.abort();
    }
  });

  test('a raw WebSocket, and one of weft.v1, whose hello says what the channel is called', async () => {
    const raw = new WebSocket(at('/ws/raw', { scheme: 'ws' }));
    await soon(once(raw, 'open'), () => 'raw');
    const v1 = new WebSocket(at('/ws/raw?subscribe=no', { scheme: 'ws' }), ['weft.v1']);
    const [hello] = await soon(once(v1, 'message'), () => 'hello');
    assert.equal(JSON.parse(hello).channel, '/raw');
    v1.send(JSON.stringify({ publish: '/raw', data: 'by name' }));
    const [heard] = await soon(once(raw, 'message'), () => 'raw');
    assert.equal(String(heard), 'by name');
    raw.close();
    v1.close();
    const outside = new WebSocket(`ws://127.0.0.1:${server.port}/raw`);
    outside.on('error', () => {});
    const [, response] = await soon(once(outside, 'unexpected-response'), () => 'outside');
    assert.equal(response.statusCode, 404);
    outside.terminate();
  });
});

// ---- programs ----------------------------------------------------------------------------------

describe('weft pub | weft sub', { concurrency: true }, () => {
  for (const via of ['ws', 'sse', 'stream', 'longpoll', 'poll'])
    for (const scheme of ['ws', 'http'])
      test(`by ${scheme}, read by ${via}`, async () => {
        const name = `/programs/${scheme}-${via}`;
        const pub = await weft(['pub', at(`/ws${name}`, { scheme })], 'one\ntwo\n');
        assert.deepEqual([pub.code, pub.err], [0, '']);
        const sub = await weft(['sub', '--via', via, '--json', '--last', 'all', '-n', '2', at(`/ws${name}`)]);
        assert.equal(sub.code, 0, sub.err);
        // Events have no name in them: what they say of the channel is what the URL says.
        const called = via === 'sse' ? `/ws${name}` : name;
        const said = sub.out.trim().split('\n').map((line) => JSON.parse(line));
        assert.deepEqual(said.map(({ channel, data }) => [channel, data]), [[called, 'one'], [called, 'two']]);
      });

  test('a pattern, here and at the top', async () => {
    await publish('/stars/a', 'x');
    await publish('/star', 'y');
    // nginx sends /ws, where the one at the top begins, to /ws/ by itself.
    for (const [url, data] of [[at('/ws/stars/*', { scheme: 'ws' }), /^x$/m], [server.url('/ws/*'), /./]]) {
      const { code, out, err } = await weft(['sub', '--last', 'all', '-n', '1', url]);
      assert.equal(code, 0, err);
      assert.match(out, data);
    }
  });

  test('a URL is signed for the channel', async (t) => {
    const key = join(dir, 'secret');
    writeFileSync(key, 'x'.repeat(40));
    const other = await Program.serve('--base-path', BASE, '--sign-key', key);
    t.after(() => other.kill());
    const url = `http://127.0.0.1:${other.port}/ws/signed`;
    const signed = await weft(['sign', '--key', key, '--base-path', BASE, url]);
    assert.equal(signed.code, 0, signed.err);
    assert.equal((await fetch(`${signed.out.trim()}&wait=0`)).status, 200);
    const { code, err } = await weft(['sign', '--key', key, '--base-path', '/other', url]);
    assert.equal(code, 1, err);
    assert.match(err, /its path is not under \/other/);
    await other.stop();
  });
});

test('what is no path is refused', async () => {
  for (const path of ['ws', '/', '//', '/a b', '/a/../b', '/ws/*', '/a//b']) {
    const { code, err } = await weft(['serve', '-p', '0', '--base-path', path]);
    assert.equal(code, 1, path);
    assert.match(err, /is not a path like \/ws, of letters, digits and -\._~/);
  }
});

// ---- weft.js -----------------------------------------------------------------------------------

describe('weft.js', () => {
  before(() => (Weft.base = BASE));
  after(() => (Weft.base = undefined));

  for (const transport of ['websocket', 'sse', 'longpoll'])
    test(`by ${transport}: its own channel, another one, and what it is called`, async () => {
      const channel = new Weft(at(`/ws/js/${transport}`), { WebSocket, transports: [transport] });
      const other = channel.channel(`/js/${transport}/a b`);
      try {
        assert.equal(channel.name, `/js/${transport}`);
        const heard = (weft, data) => soon(new Promise((done) => weft.addEventListener('message', (event) => event.data === data && done(event.channel))), () => data);
        const told = [heard(channel, 'own'), heard(other, 'other')];
        await channel.publish('own');
        await other.publish('other');
        assert.deepEqual(await Promise.all(told), [`/js/${transport}`, `/js/${transport}/a b`]);
        assert.match((await get(`/ws/js/${transport}/a%20b?last=1&wait=0`)).text, /"data":"other"/);
      } finally {
        channel.close();
        other.close();
      }
    });

  test('of a server that is at the top of its own it takes nothing off', () => {
    const channel = new Weft('http://localhost:1/wsx/chat');
    assert.equal(channel.name, '/wsx/chat');
    channel.close();
  });
});

// ---- pages -------------------------------------------------------------------------------------

describe('pages in Chromium', () => {
  let browser;
  before(async () => (browser = await launch.chromium()));
  after(() => browser.close());

  for (const [name, ready] of Object.entries(READY))
    test(`${name}: it begins, and all it links to is there`, async (t) => {
      const page = await open(t, browser, at(BASE + pathOf(name), { proxy: front }));
      await page.waitForSelector(ready);
      const links = await page.$$eval('a[href]', (nodes) => nodes.map(({ href }) => href));
      const own = [...new Set(links)].filter((link) => link.startsWith(at('/', { proxy: front })));
      assert.ok(own.length > 7);
      for (const link of own) {
        assert.ok(link.startsWith(at(BASE, { proxy: front })), link);
        const { status } = await fetch(link, { headers: { Accept: 'text/html' } });
        assert.equal(status, 200, link);
      }
      assert.deepEqual(page.complaints, []);
    });

  test('the chat: a room, said and heard', async (t) => {
    const page = await open(t, browser, at('/ws/chat/tea', { proxy: front }));
    await page.waitForSelector(READY.chat);
    await page.fill('#message', 'a cup');
    await page.press('#message', 'Enter');
    await page.waitForSelector('#log :text("a cup")');
    await page.fill('#room', 'coffee');
    await Promise.all([page.waitForURL(/\/ws\/chat\/coffee$/), page.press('#room', 'Enter')]);
    assert.match((await get('/ws/chat/tea?last=1&wait=0', { proxy: front })).text, /"channel":"\/chat\/tea".*a cup/);
    assert.deepEqual(page.complaints, []);
  });

  test('the page of a channel, and the field that opens another', async (t) => {
    const page = await open(t, browser, at('/ws/rooms/one'));
    await page.waitForSelector('#state[data-state=open]');
    assert.equal(await page.textContent('#title'), '/rooms/one');
    assert.equal(await page.textContent('[data-command^="weft sub"]'), `weft sub ${at('/ws/rooms/one')}`);
    await page.fill('#message', 'hello');
    await page.press('#message', 'Enter');
    await page.waitForSelector('#log :text("hello")');
    await page.fill('[name=channel]', 'rooms/two');
    await Promise.all([page.waitForURL(/\/ws\/rooms\/two$/), page.press('[name=channel]', 'Enter')]);
    assert.deepEqual(page.complaints, []);
  });

  test('the start page and the page of what is not there', async (t) => {
    const other = await Program.serve('--base-path', BASE);
    t.after(() => other.kill());
    const page = await open(t, browser, `http://localhost:${other.port}/ws/`);
    await page.fill('#channel', 'first');
    await page.waitForSelector(`code:text("http://localhost:${other.port}/ws/first")`);
    assert.deepEqual(page.complaints, []);
    const missing = await get('/ws/no.html', { headers: { Accept: 'text/html' } });
    assert.equal(missing.status, 404);
    assert.doesNotMatch(missing.text, /(href|src)="\/(?!ws\/)/);
    await other.stop();
  });
});
