// SPDX-License-Identifier: MIT
//
// The page of heartbeats and ends, in Chromium and in Firefox: that pings have their round trips, what happens when the
// server reads nothing, and each way to close, with the code that each end reports. Without Firefox its part is skipped.
// And what the laboratory behind it (src/cli/lab_heartbeat.h) lets nobody do.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import WebSocket from 'ws';
import { launch, open as openIn, shifts } from './lib/browsers.mjs';
import { BUILD, Program } from './lib/program.mjs';

const PICTURES = join(BUILD, 'artifacts');

const running = {};
let demo;

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  demo = await Program.listening('demo', '-p', '0');
  await Promise.all(Object.entries(launch).map(async ([name, start]) => (running[name] = await start())));
});
after(async () => {
  await Promise.all(Object.values(running).map((browser) => browser.close()));
  await demo.stop();
});

// ---- the laboratory's own door -----------------------------------------------------------------

let made = 0;
const newId = () => `heartbeatoftest${(made += 1).toString().padStart(3, '0')}`;

/** The status with which an upgrade was refused; 101, and the socket, if it was not. */
function upgrade(t, id, headers = {}) {
  const socket = new WebSocket(demo.url(`/lab/heartbeat/${id}`), { headers });
  t.after(() => socket.terminate());
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.on('open', () => resolve({ status: 101, socket }));
    socket.on('unexpected-response', (_, { statusCode }) => resolve({ status: statusCode }));
  });
}

const order = (id, query, headers = {}) => fetch(demo.page(`/lab/heartbeat/${id}?${query}`), { method: 'POST', headers }).then(({ status }) => status);

/** Resolves when the server has given up a connection that it does not read. */
async function isGivenUp(t) {
  const id = newId();
  const { socket } = await upgrade(t, id);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  assert.equal(await order(id, 'do=pause'), 204);
  assert.equal(await closed, 1006);
}

// ---- the page ----------------------------------------------------------------------------------

/** The page when both ends are open. */
async function open(t, browser, { server = demo, ...profile } = {}) {
  const page = await openIn(t, running[browser], server.page('/heartbeat', 'localhost'), { locale: 'en', viewport: { width: 1280, height: 900 }, ...profile });
  await isOpen(page);
  return page;
}

/** What came to its console, but for what Firefox says of every 1006; and what has moved by itself. */
const complaints = async (page) => [...page.complaints.filter((text) => !/The connection to ws:.* was interrupted while the page was loading/.test(text)), ...await shifts(page)];

const isAt = (page, end, state) => page.waitForSelector(`[data-end=${end}][data-now=${state}]`);
const isOpen = (page) => Promise.all(['browser', 'server'].map((end) => isAt(page, end, 'open')));
/** Neither by a mouse nor by keys, which go to only one of Firefox's windows at a time. */
const click = (page, selector) => page.dispatchEvent(selector, 'click');
/** By the keyboard, where each window has one. */
const flip = (page, selector, browser) => (browser === 'firefox' ? click(page, selector) : page.press(selector, 'Space'));
const press = (page, what) => click(page, `[data-closes=${what}]`);
const told = (page, start) => page.waitForFunction((text) => document.querySelector('#story').textContent.includes(text), start);
const logged = (page, what) => page.waitForSelector(`#both-ends .what:text-is(${JSON.stringify(what)})`);
const pongs = (page, n) => page.waitForFunction((least) => Number(document.querySelector('#pongs').textContent) >= least, n);
const close = async (page, code, reason = '') => {
  await page.fill('#code', `${code}`);
  await page.fill('#reason', reason);
};

/** What both ends say, when both are closed, and through which states they went: "code reason clean". */
async function ending(page) {
  await Promise.all(['browser', 'server'].map((end) => isAt(page, end, 'closed')));
  return page.evaluate(() => Object.fromEntries(['browser', 'server'].map((end) => [end, {
    says: ['code', 'reason', 'clean'].map((row) => document.querySelector(`#report [data-row=${row}] [data-of=${end}]`).textContent).join(' '),
    states: [...document.querySelectorAll(`[data-end=${end}] [data-passed]`)].map((node) => node.dataset.state).join(' '),
  }])));
}

const CLEANLY = 'connecting open closing closed';
const UNCLEANLY = 'connecting open closed';

for (const browser of Object.keys(launch)) {
  describe(browser, { concurrency: 2 }, () => {
    test('pings appear, each with its round trip', async (t) => {
      const page = await open(t, browser);
      await pongs(page, 3);
      for (const id of ['rtt', 'median']) assert.match(await page.textContent(`#${id}`), /^\d+(\.\d\d)? ms$/);
      const remarks = await page.locator('#both-ends li:has-text("Pong 2") .remark').allTextContents();
      assert.match(remarks[0], /^RTT \d+(\.\d\d)? ms$/);
      assert.equal(await page.locator('#axis .rtt').first().textContent().then((text) => / ms$/.test(text)), true);
      assert.match(await page.getAttribute('#axis', 'aria-label'), /\d pings, \d pongs, the last round trip [\d.]+ ms\.$/);
      await page.selectOption('#every', '0');
      await logged(page, 'no Pings by themselves any more');
      const before = Number(await page.textContent('#pings'));
      await click(page, '#ping');
      await pongs(page, before + 1);
      assert.equal(Number(await page.textContent('#pings')), before + 1);
      assert.deepEqual(await complaints(page), []);
    });

    test('what is read late has taken long; what is not read ends it with 1006', async (t) => {
      const page = await open(t, browser);
      await flip(page, '#deaf', browser);
      await told(page, 'in its kernel');
      await flip(page, '#deaf', browser);
      await told(page, 'The server reads again');
      await page.waitForSelector('#axis .late', { state: 'attached' });
      await click(page, '#deaf');
      await told(page, 'in its kernel');
      await told(page, 'No Pong for three seconds');
      assert.deepEqual(await ending(page), { browser: { says: '1006 – no', states: UNCLEANLY }, server: { says: '1006 – no', states: UNCLEANLY } });
      assert.equal(await page.isChecked('#deaf'), false);
      assert.deepEqual(await complaints(page), []);
      await page.screenshot({ path: join(PICTURES, `heartbeat-deaf-${browser}.png`) }); // which a policy may complain of
    });

    test('without a heartbeat nobody notices', async (t) => {
      const page = await open(t, browser);
      await page.selectOption('#every', '0');
      await logged(page, 'no Pings by themselves any more');
      await click(page, '#deaf');
      await logged(page, 'the server stops reading');
      await isGivenUp(t); // one that has a heartbeat, and is not read since later
      for (const end of ['browser', 'server']) assert.equal(await page.getAttribute(`[data-end=${end}]`, 'data-now'), 'open');
      assert.deepEqual(await complaints(page), []);
    });

    test('closed from either side, with codes and without', async (t) => {
      const page = await open(t, browser);
      await close(page, 3001, 'done, “here”');
      await press(page, 'browser');
      assert.deepEqual(await ending(page), { browser: { says: '3001 – yes', states: CLEANLY }, server: { says: '3001 done, “here” yes', states: CLEANLY } });
      await told(page, 'The browser began.');
      assert.equal(await page.textContent('[data-close=browser]'), 'Close 3001 “done, “here””');
      assert.equal(await page.textContent('[data-close=server]'), 'Close 3001');

      await click(page, '#open');
      await isOpen(page);
      await close(page, 1011, 'broken');
      await press(page, 'server');
      assert.deepEqual(await ending(page), { browser: { says: '1011 broken yes', states: CLEANLY }, server: { says: '1011 broken yes', states: CLEANLY } });
      await told(page, 'The server began.');

      await close(page, '');
      await press(page, 'server'); // opens a new one, which is open for a moment only
      await page.waitForSelector('#report [data-row=code] [data-of=server]:text-is("1005")');
      assert.deepEqual(await ending(page), { browser: { says: '1005 – yes', states: CLEANLY }, server: { says: '1005 – yes', states: CLEANLY } });
      assert.deepEqual(await complaints(page), []);
    });

    test('codes that nobody may send are refused in words, and nothing ends', async (t) => {
      const page = await open(t, browser);
      for (const code of [1005, 1006, 1015, 999, 5000]) {
        await close(page, code, 'x');
        await press(page, 'server');
        await page.waitForSelector(`#wrong:text-is("Refused by the server’s library: ${code} may not stand in a Close frame.")`);
      }
      for (const code of [1001, 1006, 2999, 5000]) {
        await close(page, code);
        await press(page, 'browser');
        await page.waitForSelector('#wrong:has-text("The browser throws: InvalidAccessError: ")');
      }
      await close(page, 1000, 'é'.repeat(62));
      await press(page, 'browser');
      await page.waitForSelector('#wrong:has-text("The browser throws: SyntaxError: ")');
      await isOpen(page);
      assert.deepEqual(await complaints(page), []);
    });

    test('both at once: each reports the code of the other', async (t) => {
      const page = await open(t, browser);
      await press(page, 'both');
      assert.deepEqual(await ending(page), {
        browser: { says: '4001 the server leaves yes', states: CLEANLY },
        server: { says: '4000 the browser leaves yes', states: CLEANLY },
      });
      await told(page, 'Both had sent a Close');
      assert.deepEqual(await complaints(page), []);
    });

    test('no answer: closing, until the server misses its pong', async (t) => {
      const page = await open(t, browser);
      await press(page, 'unanswered');
      // It is closing for three seconds at most; that it was stays.
      assert.deepEqual(await ending(page), { browser: { says: '1006 – no', states: CLEANLY }, server: { says: '1006 – no', states: UNCLEANLY } });
      assert.match(await page.textContent('[data-close=browser]'), /, unread$/);
      await told(page, 'was never read');
      assert.deepEqual(await complaints(page), []);
    });

    test('no Close: 1006, past closing', async (t) => {
      const page = await open(t, browser);
      await press(page, 'reset');
      assert.deepEqual(await ending(page), { browser: { says: '1006 – no', states: UNCLEANLY }, server: { says: '1006 – no', states: UNCLEANLY } });
      await told(page, 'TCP was reset');
      assert.equal(await page.textContent('#report [data-row=sent] [data-of=server]'), 'none');
      assert.deepEqual(await complaints(page), []);
    });

    test('in Chinese, and a server that leaves', async (t) => {
      const own = await Program.listening('demo', '-p', '0');
      t.after(() => own.kill());
      const page = await open(t, browser, { server: own, locale: 'zh-CN' });
      await told(page, '两端都已打开');
      await pongs(page, 1);
      await own.stop();
      await isAt(page, 'browser', 'closed');
      assert.equal(await page.textContent('#report [data-row=code] [data-of=browser]'), '1001');
    });
  });
}

test('without motion the same is told', async (t) => {
  const page = await open(t, 'chromium', { reducedMotion: 'reduce' });
  await pongs(page, 1);
  assert.equal(await page.locator('.token').count(), 0);
  await press(page, 'server');
  await ending(page);
  assert.deepEqual(await complaints(page), []);
});

// ---- the laboratory ----------------------------------------------------------------------------

describe('the laboratory', () => {
  test('an id is its connection’s only, and moves nothing else', async (t) => {
    const id = newId();
    assert.equal((await upgrade(t, 'short')).status, 404);
    assert.equal(await order(id, 'do=ping'), 404);
    const { status, socket } = await upgrade(t, id);
    assert.equal(status, 101);
    assert.equal((await upgrade(t, id)).status, 409);
    assert.equal(await order(id, 'do=ping'), 204);
    for (const query of ['', 'do=', 'do=dance', 'do=close&code=x', 'do=close&code=65536', 'do=every&ms=-1']) assert.equal(await order(id, query), 400, query);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    assert.equal(await order(id, 'do=close&code=4002'), 204);
    assert.equal(await closed, 4002);
  });

  test('pages of others neither open one nor move it', async (t) => {
    const id = newId();
    const stranger = { Origin: 'http://evil.example' };
    assert.equal((await upgrade(t, id, stranger)).status, 403);
    assert.equal((await upgrade(t, id)).status, 101);
    assert.equal(await order(id, 'do=abort', stranger), 403);
    assert.equal(await order(id, 'do=abort'), 204);
  });

  test('a page that has gone leaves its place, even one that the server does not read', async (t) => {
    const id = newId();
    const { socket } = await upgrade(t, id);
    assert.equal(await order(id, 'do=pause'), 204);
    socket.terminate();
    let status;
    do status = await order(id, 'do=ping');
    while (status === 204);
    assert.equal(status, 404);
  });
});
