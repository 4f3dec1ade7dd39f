// SPDX-License-Identifier: MIT
//
// The quotes page, in Chromium and in Firefox: a minute is drawn from the first second on, red and green mean what signs
// mean, and the slow client is told what its policy says: what it was told is compared with what another subscriber of the
// same channel was. Without Firefox its part is skipped.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, open as openIn } from './lib/browsers.mjs';
import { BUILD, Program } from './lib/program.mjs';

const PICTURES = join(BUILD, 'artifacts');
const SPAN = 60_000; // ms of a chart

const running = {};
let demo;

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  demo = await Program.listening('demo', '-p', '0');
  await Promise.all(Object.entries(launch).map(async ([name, begin]) => (running[name] = await begin())));
});
after(async () => {
  await Promise.all(Object.values(running).map((browser) => browser.close()));
  await demo.stop();
});

// ---- pages -------------------------------------------------------------------------------------

/** Of each WebSocket of the slow client what it was told, in window.told. Runs in the page. */
function listen() {
  window.told = [];
  window.WebSocket = class extends WebSocket {
    constructor(url, ...rest) {
      super(url, ...rest);
      if (!/\/slow\//.test(url)) return;
      const told = { url, said: [] };
      window.told.push(told);
      this.addEventListener('message', ({ data }) => told.said.push(JSON.parse(data)));
      this.addEventListener('close', ({ code, reason }) => Object.assign(told, { code, reason }));
    }
  };
}

/** The page, when it has drawn something. */
async function open(t, browser, profile = {}, server = demo) {
  const page = await openIn(t, running[browser], server.page('/favicon.svg', 'localhost'), { locale: 'en', ...profile });
  await page.addInitScript(listen);
  await page.goto(server.page('/quotes', 'localhost'));
  await page.waitForSelector('#grid.settled .change .by:not(:empty)');
  return page;
}

/** All numbers of the table, once it says of one of them what is waited for. */
async function numbers(page, name, isSo) {
  const read = () => Object.fromEntries([...document.querySelectorAll('#slow [data-field]')].map((cell) => [cell.dataset.field, cell.textContent]));
  await page.waitForFunction(([field, least]) => Number(document.querySelector(`#slow [data-field=${field}]`).textContent) >= least, [name, isSo]);
  return page.evaluate(read);
}

/** A subscriber of a channel that reads as fast as it can: envelopes, by offset. */
async function subscribe(t, channel) {
  const aborted = new AbortController();
  const response = await fetch(demo.page(`${channel}?stream`), { signal: aborted.signal });
  t.after(() => aborted.abort());
  const heard = new Map();
  const read = async () => {
    let rest = '';
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) if (line) heard.set(offsetOf(JSON.parse(line)), JSON.parse(line));
    }
  };
  read().catch((error) => assert.equal(error.name, 'AbortError'));
  return heard;
}

const offsetOf = ({ position }) => Number(position.split('.')[1]);

// ---- charts ------------------------------------------------------------------------------------

/** What is to be drawn has been. */
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** Of each chart: in how many of sixty slices of it something is drawn in the colour of the line. Runs in the page. */
function drawnSlices() {
  return [...document.querySelectorAll('#grid .card')].map((card) => {
    const canvas = card.querySelector('canvas');
    const one = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
    one.fillStyle = getComputedStyle(card.querySelector('.change')).color;
    one.fillRect(0, 0, 1, 1);
    const [r, g, b] = one.getImageData(0, 0, 1, 1).data;
    const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const slices = new Set();
    for (let x = 0; x < width; x++) {
      for (let y = 0; y < height; y++) {
        const at = 4 * (y * width + x);
        const near = Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b) < 30 && data[at + 3] > 200;
        if (near) slices.add(Math.floor((60 * (x - 5)) / (width - 10)));
      }
    }
    return [...slices].filter((slice) => slice >= 0 && slice < 60).length;
  });
}

/** What cards show, at one moment, and whether it is red or green. Runs in the page. */
function shown() {
  return [...document.querySelectorAll('#grid .card')].map((card) => {
    const [r, g] = getComputedStyle(card.querySelector('.change')).color.match(/[\d.]+/g).map(Number);
    const text = (selector) => card.querySelector(selector).textContent;
    return {
      symbol: card.dataset.symbol, company: text('.company'), price: Number(text('.price')), arrow: text('.arrow'),
      word: text('.change .visually-hidden'), by: Number(text('.by').split(' ')[0].replace('−', '-')), colour: r > g ? 'red' : 'green',
    };
  });
}

/** Reads a page that has been halted, and the minute in front of what it shows, as the server has it. */
async function compare(page, colours) {
  await page.click('#pause');
  await drawn(page);
  const cards = await page.evaluate(shown);
  const { messages } = await (await fetch(demo.page('/quotes/minute?last=all'))).json();
  const ticks = messages.map(({ data }) => JSON.parse(data));
  const now = ticks.findLast(({ prices }) => cards.every(({ symbol, price }) => prices[symbol] === price));
  assert.ok(now, 'prices that were together');
  const then = ticks.findLast(({ t }) => t <= now.t - SPAN);
  assert.ok(then, 'the server has that minute');
  for (const { symbol, price, arrow, word, by, colour } of cards) {
    const is = price > then.prices[symbol] ? 'rise' : price < then.prices[symbol] ? 'fall' : 'flat';
    assert.equal(by.toFixed(2), (price - then.prices[symbol]).toFixed(2).replace('-0.00', '0.00'), symbol);
    assert.equal(arrow, { rise: '▲', fall: '▼', flat: '■' }[is], symbol);
    assert.equal(word, colours.words[is], symbol);
    if (is !== 'flat') assert.equal(colour, colours[is], symbol);
  }
  return cards;
}

for (const browser of Object.keys(launch)) {
  describe(browser, { concurrency: true }, () => {
    test('a minute is there from the first second on; red and green mean what signs mean', async (t) => {
      const page = await open(t, browser);
      for (const slices of await page.evaluate(drawnSlices)) assert.ok(slices >= 57, `${slices} of 60 seconds`);
      const words = { rise: 'risen', fall: 'fallen', flat: 'unchanged' };
      const cards = await compare(page, { rise: 'green', fall: 'red', words });
      const { messages } = await (await fetch(demo.page('/quotes'))).json();
      const listed = messages.map(({ data }) => JSON.parse(data)).map(({ symbol, name }) => [symbol, name]).sort();
      assert.deepEqual(cards.map(({ symbol, company }) => [symbol, company]), listed);
      await page.click('#pause');
      await numbers(page, 'fast-read', 5);
      assert.deepEqual(page.complaints, []);
      await page.screenshot({ path: join(PICTURES, `quotes-${browser}.png`), fullPage: true }); // of which Firefox complains
    });

    test('in Chinese red rises', async (t) => {
      const page = await open(t, browser, { locale: 'zh-CN', colorScheme: 'dark' });
      await compare(page, { rise: 'red', fall: 'green', words: { rise: '上涨', fall: '下跌', flat: '持平' } });
      assert.match(await page.textContent('#colours'), /红涨绿跌/);
      assert.deepEqual(page.complaints, []);
    });

    test('queue: all of it, late, and what the window has not is told as lost', async (t) => {
      const others = await subscribe(t, '/quotes/queue');
      const page = await open(t, browser);
      await page.focus('#reads');
      await page.keyboard.press('Home');
      assert.equal(await page.getAttribute('#reads', 'aria-valuetext'), '0.5 messages a second');
      const table = await numbers(page, 'lost', 1);
      const [{ said: [begun, ...said] }] = await page.evaluate(() => window.told);
      assert.equal(begun.policy, 'queue');
      const envelopes = said.filter(({ position }) => position);
      let at = offsetOf(begun);
      for (const envelope of envelopes) {
        if (envelope.lost) at += envelope.lost;
        else assert.deepEqual({ ...envelope, skipped: undefined }, { ...others.get(at += 1), skipped: undefined });
        assert.equal(offsetOf(envelope), at);
      }
      const waited = Math.max(...said.map(({ behind = 0 }) => behind));
      assert.ok(waited >= 48, `${waited} waited, for which there is a window of 50`);
      assert.ok(Number.parseFloat(table.behind) >= 10, `it is ${table.behind} late`);
      assert.equal(table.skipped, '0');
      assert.equal(table.cuts, '0');
      assert.match(await page.textContent('#slow-news'), /messages are lost/);
      assert.deepEqual(page.complaints, []);
    });

    test('latest: the newest, and what is older is skipped', async (t) => {
      const others = await subscribe(t, '/quotes/latest');
      const page = await open(t, browser);
      await page.focus('#policies :checked');
      await page.keyboard.press('ArrowDown');
      const table = await numbers(page, 'skipped', 10);
      assert.match(await page.textContent('#policy-for'), /^latest: /);
      const { said: [begun, ...said] } = (await page.evaluate(() => window.told)).findLast(({ url }) => url.includes('latest'));
      let at = offsetOf(begun);
      for (const envelope of said.filter(({ position }) => position)) {
        assert.equal(offsetOf(envelope), (at += 1 + (envelope.skipped ?? 0)));
        assert.equal(envelope.data, others.get(at).data);
      }
      assert.ok(Number(table.waiting) <= 4, `${table.waiting} wait`);
      assert.equal(table.lost, '0');
      assert.deepEqual(page.complaints, []);
    });

    test('disconnect: closed with 1008; it returns, and is told what it has missed', async (t) => {
      const page = await open(t, browser);
      await page.check('[value=disconnect]');
      await page.waitForSelector('#slow-state:has-text("1008, “too slow: the send queue is full”")');
      assert.match(await page.textContent('#slow-news'), /disconnected/);
      if (browser === 'chromium') await page.screenshot({ path: join(PICTURES, 'quotes-disconnected.png'), fullPage: true });
      const table = await numbers(page, 'cuts', 2);
      const [first, second] = (await page.evaluate(() => window.told)).filter(({ url }) => url.includes('disconnect'));
      assert.equal(first.code, 1008);
      const last = first.said.findLast(({ position }) => position);
      assert.equal(new URL(second.url).searchParams.get('since'), last.position);
      assert.equal(second.said[0].lost, offsetOf(second.said[0]) - offsetOf(last));
      assert.equal(table.lost, `${second.said[0].lost}`);
      await page.focus('#reads');
      await page.keyboard.press('End');
      await page.waitForFunction(() => window.told.at(-1).said.filter(({ data }) => data).length >= 15);
      assert.deepEqual(page.complaints, [], 'who is fast enough stays');
    });
  });
}

// ---- what goes wrong ---------------------------------------------------------------------------

describe('what goes wrong', { concurrency: true }, () => {
  test('the server is gone, and comes back: what was not heard is a gap', async (t) => {
    const first = await Program.listening('demo', '-p', '0');
    t.after(() => first.kill());
    const page = await open(t, 'chromium', {}, first);
    await numbers(page, 'read', 1);
    await first.stop();
    await page.waitForSelector('#notice:has-text("(1001)")');
    await page.waitForSelector('#slow-state:text-is("The server is gone, for the slow client, too.")');
    await page.waitForFunction(() => Number.parseFloat(document.querySelector('[data-field=fast-behind]').textContent.replace(/.* ms/, '')) >= 4);
    await drawn(page);
    await page.screenshot({ path: join(PICTURES, 'quotes-gone.png'), fullPage: true });
    for (const slices of await page.evaluate(drawnSlices)) assert.ok(slices < 59, 'time goes on');
    const second = await Program.listening('demo', '-p', `${first.port}`);
    t.after(() => second.kill());
    await page.evaluate(() => document.querySelector('#retry').click()); // whatever it is doing at this moment
    await page.waitForSelector('#state[data-state=open]');
    await page.waitForSelector('#slow-state:text-is("The slow client is connected.")');
    await page.waitForFunction(() => Number(document.querySelector('#rate').textContent) > 5);
    assert.equal((await numbers(page, 'fast-cuts', 1))['fast-cuts'], '1');
    await second.stop();
  });

  test('what others publish there is nothing to the page', async (t) => {
    const own = await Program.listening('demo', '-p', '0');
    t.after(() => own.kill());
    const page = await open(t, 'chromium', {}, own);
    for (const body of ['no JSON', '{}', 'null', '{"t": 99999999999999}', '{"t":1,"prices":{}}', new Uint8Array([255])])
      for (const channel of ['minute', 'queue', 'latest']) await (await fetch(own.page(`/quotes/${channel}`), { method: 'POST', body })).text();
    await page.waitForFunction((before) => Number(document.querySelector('#slow [data-field=read]').textContent) > before + 8, Number(await page.textContent('#slow [data-field=read]')));
    assert.deepEqual(page.complaints, []);
    await own.stop();
  });

  test('a slow client that is asked for wrongly is refused', async () => {
    const fields = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const status = async (path, headers = fields) => {
      const [response] = await once(get(demo.page(path), { headers, agent: false }), 'response');
      response.resume();
      return response.statusCode;
    };
    assert.equal(await status('/slow/never?rate=1'), 404);
    assert.equal(await status('/slow/queue'), 400);
    assert.equal(await status('/slow/queue?rate=21'), 400);
    assert.equal(await status('/slow/queue?rate=1&since=here'), 400);
    assert.equal(await status('/slow/queue?rate=1', {}), 426);
  });
});
