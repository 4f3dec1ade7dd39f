// SPDX-License-Identifier: MIT
//
// Chromium against weft: the demo site as a person would use it (the chat: chat.test.mjs), pages of other origins, and the
// snippets that WebSocket tutorials let their readers type. Pictures of the demo are left in artifacts/ of the build.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { BUILD, Program, withServer } from './lib/program.mjs';

const PICTURES = join(BUILD, 'artifacts');
const PATIENCE = 20_000; // ms

let browser;

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--headless=new', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--host-resolver-rules=MAP evil.test 127.0.0.1',
    ],
  });
});
after(() => browser.close());

// ---- pages -------------------------------------------------------------------------------------

/** A page in a browser profile of its own, and everything it complained about. */
async function open(t, url, profile = {}) {
  const context = await browser.newContext(profile);
  t.after(() => context.close());
  return tab(context, url);
}

/** A tab; tab.said is what came to its console, tab.complaints what should not have. */
async function tab(context, url) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const said = [];
  const complaints = [];
  page.on('console', (message) => {
    said.push(message.text());
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`));
  page.on('response', (r) => r.status() >= 400 && complaints.push(`${r.url()}: ${r.status()}`));
  await page.goto(url);
  return Object.assign(page, { said, complaints });
}

/** Waits until the page has said a line like this on its console. */
async function consoleLine(page, pattern) {
  for (;;) {
    const line = page.said.find((text) => pattern.test(text));
    if (line !== undefined) return line;
    await page.waitForEvent('console', { timeout: PATIENCE });
  }
}

const isOpen = (page) => page.waitForSelector('#state[data-state=open]');
const picture = (page, name) => page.screenshot({ path: join(PICTURES, `${name}.png`) });

/** A web server that is not weft's, with one page that runs this script. */
async function pageServer(t, script) {
  const server = createServer((request, response) => {
    if (request.url === '/favicon.ico') return response.writeHead(204).end();
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><title>elsewhere</title><script>${script}</script>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => (server.closeAllConnections(), server.close()));
  return server.address().port;
}

async function withDemo(talk) {
  const demo = await Program.listening('demo', '-p', '0', '-v');
  try {
    await talk(demo);
    await demo.stop();
  } finally {
    demo.kill();
  }
}

// ---- the demo site -----------------------------------------------------------------------------

test('pages that were told why they were left keep it while nobody answers', async (t) => {
  await withDemo(async (demo) => {
    const pages = [];
    for (const path of ['/chat', '/quotes']) {
      pages.push(await open(t, demo.page(path, 'localhost')));
      await isOpen(pages.at(-1));
    }
    await demo.stop();
    for (const page of pages) {
      const failures = () => page.said.filter((line) => /WebSocket connection .* failed/.test(line)).length;
      while (failures() < 2) await page.waitForEvent('console', { timeout: PATIENCE });
      const text = await page.textContent('#notice');
      assert.match(text, /the server is going away \(1001\)/);
      assert.doesNotMatch(text, /1006/);
    }
  });
});

test('the start page opens a connection and shows it', async (t) => {
  await withDemo(async (demo) => {
    const page = await open(t, demo.page('/', 'localhost'));
    await page.waitForSelector('#wire li.received:has-text("hello 1")');
    await page.click('#hello');
    await page.waitForSelector('#wire li.received:has-text("hello 2")');
    const commands = await page.locator('.command code').allTextContents();
    assert.ok(commands.includes(`weft ws://localhost:${demo.port}/chat`), commands.join());
    assert.ok(commands.includes(`curl http://localhost:${demo.port}/`), commands.join());
    await picture(page, 'start');
    await page.click('#toggle');
    await page.waitForSelector('#wire li.event:has-text("close")');
    await demo.heard(/\/chat\/lobby\s+closed code=1000 reason="the reader pressed Close" by=peer clean=yes/);
    assert.deepEqual(page.complaints, []);
  });
});

// ---- pages of other origins --------------------------------------------------------------------

const KNOCK = (port, path = '/chat') => `
  const ws = new WebSocket('ws://localhost:${port}${path}');
  ws.onopen = () => console.log('opened');
  ws.onclose = (event) => console.log('closed', event.code, event.wasClean);`;

test('a page of another origin is refused, and the console says so', async (t) => {
  await withServer(['-v'], async (server) => {
    const port = await pageServer(t, KNOCK(server.port));
    const page = await open(t, `http://evil.test:${port}/`);
    await consoleLine(page, /^closed 1006 false$/);
    const message = await consoleLine(page, /WebSocket connection to .* failed/);
    assert.match(message, /Unexpected response code: 403/);
    assert.ok(!page.said.includes('opened'));
    const [line] = await server.heard(/.*403.*\n/);
    assert.ok(line.includes(`http://evil.test:${port}`), line);
    assert.match(line, /origin/);
  });
});

test('the same page is let in by --origin', async (t) => {
  let knock = '';
  const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(`<script>${knock}</script>`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => (server.closeAllConnections(), server.close()));
  const origin = `http://evil.test:${server.address().port}`;
  await withServer(['--origin', origin], async (weft) => {
    knock = KNOCK(weft.port);
    await consoleLine(await open(t, `${origin}/`), /^opened$/);
  });
});

test('a page on another port of this machine is let in', async (t) => {
  await withServer([], async (server) => {
    const port = await pageServer(t, KNOCK(server.port));
    for (const host of ['localhost', '127.0.0.1']) {
      await consoleLine(await open(t, `http://${host}:${port}/`), /^opened$/);
    }
  });
});

test('with --origin https://example.org not even that one is', async (t) => {
  await withServer(['--origin', 'https://example.org'], async (server) => {
    const page = await open(t, `http://localhost:${await pageServer(t, KNOCK(server.port))}/`);
    assert.match(await consoleLine(page, /failed/), /403/);
  });
});

// ---- what tutorials let their readers type -----------------------------------------------------

test('tutorial: a bare URL, typed into the console of any page', async (t) => {
  await withServer(['-v'], async (server) => {
    const page = await open(t, server.page('/', 'localhost'));
    await page.evaluate((port) => {
      var ws = new WebSocket(`ws://localhost:${port}`);
      ws.onopen = function () {
        console.info('connected');
      };
    }, server.port);
    await consoleLine(page, /^connected$/);
    await server.heard(/ \/ +open/);
  });
});

test('tutorial: a page that sends as soon as it is open', async (t) => {
  await withServer(['-v'], async (server) => {
    const port = await pageServer(t, `
      const socket = new WebSocket('ws://127.0.0.1:${server.port}');
      socket.onopen = function (event) {
        console.log('opened');
        socket.send('hello, this is from client');
      };
      socket.onmessage = function (event) {
        console.log('client: received %s', event.data);
      };`);
    const page = await open(t, `http://127.0.0.1:${port}/`);
    await consoleLine(page, /^client: received (%s )?hello, this is from client$/);
    await server.heard(/<- text, 26 bytes/);
    assert.deepEqual(page.complaints, []);
  });
});

const GOODBYE = (port) => `
  var ws = new WebSocket('ws://localhost:${port}');
  ws.onopen = function (msg) {
    console.log('client: ws connection is open');
    ws.send('hello');
  };
  ws.onmessage = function (message) {
    console.log('client: received %s', message.data);
  };
  ws.onerror = function (error) {
    console.log('Error: ' + error.name + error.number);
  };
  ws.onclose = function () {
    console.log('Websocket closed!');
  };
  window.onbeforeunload = function () {
    ws.onclose = function () {};
    ws.close();
  };`;

test('tutorial: a page on one port, its server on another, closed when the page is left', async (t) => {
  await withServer(['-v'], async (server) => {
    const page = await open(t, `http://localhost:${await pageServer(t, GOODBYE(server.port))}/`);
    await consoleLine(page, /^client: received (%s )?hello$/);
    await page.goto('about:blank');
    await server.heard(/closed code=1005 reason="" by=peer clean=yes/);
    assert.ok(!page.said.some((line) => /^Error|closed!/.test(line)), page.said.join('\n'));
  });
});

test('tutorial: the same page out of the same server', async (t) => {
  const site = await mkdtemp(join(tmpdir(), 'weft-e2e-'));
  t.after(() => rm(site, { recursive: true }));
  await withServer([site, '-v'], async (server) => {
    await writeFile(join(site, 'index.html'), `<!doctype html><title>ws demo</title><script>${GOODBYE(server.port)}</script>`);
    const page = await open(t, server.page('/', 'localhost'));
    await consoleLine(page, /^client: received (%s )?hello$/);
  });
});

test('tutorial: a chosen subprotocol', async (t) => {
  await withServer(['--subprotocol', 'chat'], async (server) => {
    const page = await open(t, server.page('/', 'localhost'));
    const chosen = (offers) => page.evaluate(([port, protocols]) => new Promise((resolve) => {
      const ws = new WebSocket(`ws://localhost:${port}/chat`, protocols);
      ws.onopen = () => resolve(ws.protocol);
      ws.onclose = (event) => resolve(event.code);
    }), [server.port, offers]);
    assert.equal(await chosen(['chat', 'superchat']), 'chat');
    assert.equal(await chosen(['superchat', 'chat']), 'chat');
    assert.equal(await chosen([]), '');
    assert.equal(await chosen(['superchat']), 1006, 'a browser insists on one of those that it offered');
  });
});

test('tutorial: ping and pong in the log at -v', async (t) => {
  await withServer(['-v', '--ping', '200ms'], async (server) => {
    const page = await open(t, server.page('/', 'localhost'));
    await page.evaluate((port) => {
      window.ws = new WebSocket(`ws://localhost:${port}/beat`);
    }, server.port);
    await server.heard(/(\/beat\s+<- pong, after \d+\.\d ms[^]*){2}/);
  });
});

test('text, blobs and buffers, large and small, through a channel', async (t) => {
  await withServer(['--max-message', '2M'], async (server) => {
    const page = await open(t, server.page('/', 'localhost'));
    const answers = await page.evaluate((port) => new Promise((resolve, reject) => {
      const ws = new WebSocket(`ws://localhost:${port}/kinds`);
      const got = [];
      ws.binaryType = 'arraybuffer';
      ws.onopen = () => {
        for (const data of ['', 'grün 🧵', new Uint8Array(200_000), new Blob(['blob']), 'x'.repeat(1_000_000)]) ws.send(data);
      };
      ws.onmessage = ({ data }) => {
        got.push(typeof data === 'string' ? `text ${data.length} ${data.slice(0, 8)}` : `binary ${data.byteLength}`);
        if (got.length === 5) resolve(got);
      };
      ws.onclose = (event) => reject(new Error(`closed with ${event.code}`));
    }), server.port);
    assert.deepEqual(answers, ['text 0 ', 'text 7 grün 🧵', 'binary 200000', 'binary 4', 'text 1000000 xxxxxxxx']);
  });
});
