// SPDX-License-Identifier: MIT
//
// The demo site: that its texts are there in both languages, and how each page is to use, in Chromium and in Firefox. How they
// look: looks_*.test.mjs. What is said in the chat: chat.test.mjs; by the quotes: quotes.test.mjs.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, open as openIn } from './lib/browsers.mjs';
import { Counted } from './lib/counted.mjs';
import { BUILD, Program, SOURCE } from './lib/program.mjs';
import { en, pages, pathOf, sources, zh } from './lib/site.mjs';

const PICTURES = join(BUILD, 'artifacts');
const PHONE = { viewport: { width: 320, height: 640 } };

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

const open = (t, path, profile = {}, { server = demo, browser = 'chromium' } = {}) => openIn(t, running[browser], server.page(path, 'localhost'), profile);

// ---- texts -------------------------------------------------------------------------------------

/** Those of values and elements that a text has places for. */
const places = (text) => [...new Set(text.match(/\{\w+\}|<\d\/?>/g))].sort();

/** Of a page's source: [key, the English that stands there]. Runs in a page. */
function inPlace([html, attributes]) {
  const root = new DOMParser().parseFromString(html, 'text/html');
  const plain = (text) => text.replace(/\s+/g, ' ').trim();
  const text = (node, key) => {
    const numbers = [...node.children];
    const parts = [...node.childNodes].map((child) => {
      const n = numbers.indexOf(child) + 1;
      if (!n) return child.data ?? '';
      return key.includes(`<${n}/>`) ? `<${n}/>` : `<${n}>${child.textContent}</${n}>`;
    });
    return plain(parts.join(''));
  };
  const of = (selector) => [...root.querySelectorAll(selector)];
  return [
    ...of('[data-text]').map((node) => [node.dataset.text, (key) => text(node, key)]),
    ...attributes.flatMap((name) => of(`[data-text-${name}]`).map((node) => [node.getAttribute(`data-text-${name}`), () => plain(node.getAttribute(name) ?? '')])),
  ].map(([key, said]) => [key, said(window.en[key] ?? '')]);
}

/** The keys that a script uses, and the beginnings of those that it makes. */
function usedBy(script) {
  const all = (pattern) => [...script.matchAll(pattern)].map(([, key]) => key);
  return { keys: all(/\bt\("([^"]+)"/g), beginnings: all(/\bt\(`([^`$]+)\$\{/g) };
}

describe('texts', () => {
  test('both languages have the same keys, in the same order, with the same places', () => {
    assert.deepEqual(Object.keys(zh), Object.keys(en));
    for (const key of Object.keys(en)) assert.deepEqual(places(zh[key]), places(en[key]), key);
    for (const [key, text] of Object.entries(zh)) assert.ok(text.trim(), key);
  });

  test('every key is there and used, and the English of the HTML is that of texts-en.js', async (t) => {
    const page = await open(t, '/favicon.svg');
    await page.goto('about:blank');
    await page.evaluate((texts) => (window.en = texts), en);
    const used = new Set();
    const beginnings = [];
    for (const [name, source] of Object.entries(sources)) {
      if (name.endsWith('.html')) {
        for (const [key, said] of await page.evaluate(inPlace, [source, ['aria-label', 'content', 'placeholder']])) {
          assert.equal(said, en[key], `${name}: ${key}`);
          used.add(key);
        }
      } else {
        const by = usedBy(source);
        for (const key of by.keys) assert.ok(name === 'language.js' || key in en, `${name}: ${key}`), used.add(key);
        beginnings.push(...by.beginnings);
      }
    }
    for (const key of Object.keys(en)) assert.ok(used.has(key) || beginnings.some((start) => key.startsWith(start)), `nobody says ${key}`);
  });

  test('the header is the same on every page', () => {
    const header = (name) => /<a class="skip"[^]*<\/noscript>/.exec(sources[`${name}.html`])[0].replaceAll(' aria-current="page"', '');
    for (const name of pages) {
      assert.equal(header(name), header('index'), name);
      assert.match(sources[`${name}.html`], new RegExp(`<a href="${pathOf(name)}" aria-current="page"`), name);
    }
  });
});

// ---- what the server says ------------------------------------------------------------------------

/** Those of weft's sources that a server may say to a request or to frames: string literals of more than one word. */
async function sentences() {
  const files = ['http/scan.c', 'http/head_check.c', 'http/parse.c', 'ws/handshake.c', 'ws/terms.c', 'ws/rules.c', 'ws/recv.c', 'ws/unpack.c', 'cli/lab.c', 'cli/lab_frames.c', 'cli/lab_handshake.c'];
  const toClients = /\b101\b|answer our key|HTTP response|from a server|status line|the status is/;
  const onTheWire = /\\r|^[ :,]|^[A-Z]\w+( [A-Z]\w+)+$|charset/;
  const inAsserts = /has room/;
  const literals = (text) => text.replace(/"\s*\n\s*"/g, '').match(/"(?:[^"\\\n]|\\.)*"/g);
  const texts = await Promise.all(files.map((name) => readFile(join(SOURCE, 'src', name), 'utf8')));
  const all = texts.flatMap(literals).map((literal) => literal.slice(1, -1).replace(/\\n$/, ''));
  return [...new Set(all)].filter((text) => text.includes(' ') && ![toClients, onTheWire, inAsserts].some((pattern) => pattern.test(text)));
}

test('what a server says of a handshake and of frames is there in Chinese', async () => {
  const translated = [...sources['said.js'].matchAll(/^ {2}"(.*)":/gm)].map(([, sentence]) => sentence);
  assert.deepEqual(translated.sort(), (await sentences()).sort());
});

test('on Chinese pages it is said in Chinese', async (t) => {
  const page = await open(t, '/handshake', { locale: 'zh' });
  const isChinese = (start) => page.waitForFunction(([begin]) => {
    const words = document.querySelector('#verdict').textContent;
    return words.startsWith(begin) && !/[a-z]+ [a-z]+ [a-z]+/.test(words);
  }, [start]);
  for (const [name, status] of Object.entries({ version: 426, key: 400, origin: 403, method: 405 })) {
    await page.click(`[data-try=${name}]`);
    await isChinese(`被拒绝（${status}）：`);
  }
  await page.click('[data-try=end]');
  await isChinese('没有回答：');
  await page.goto(demo.page('/frames', 'localhost'));
  for (const [name, code] of Object.entries({ unmasked: 1002, utf8: 1007, crumbs: 1008, terabyte: 1009 })) {
    await page.selectOption('#fault', name);
    await isChinese(`以 ${code}（`);
  }
});

// ---- languages ---------------------------------------------------------------------------------

test('the language: of the browser, by the switch, remembered, by the address', async (t) => {
  const page = await open(t, '/');
  const language = () => page.getAttribute('html', 'lang');
  const begins = (name) => page.waitForSelector(`nav [href="/"]:text-is("${name === 'zh' ? zh['site.start'] : en['site.start']}")`);
  assert.equal(await language(), 'en');
  await page.focus('a.language');
  await page.keyboard.press('Enter');
  await begins('zh');
  assert.equal(await language(), 'zh-CN');
  await page.goto(demo.page('/chat', 'localhost'));
  await begins('zh');
  await page.goto(demo.page('/quotes?lang=en', 'localhost'));
  await begins('en');
  await page.goto(demo.page('/', 'localhost'));
  await begins('en');
  const chinese = await open(t, '/', { locale: 'zh-TW' });
  assert.equal(await chinese.getAttribute('html', 'lang'), 'zh-CN');
  assert.equal(await chinese.textContent('a.language'), 'English');
});

// ---- each page ---------------------------------------------------------------------------------

describe('start', () => {
  test('leads through the pages in the order of the header, and some of them lead on', async (t) => {
    const page = await open(t, '/');
    const hrefs = (selector) => page.locator(selector).evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    const order = await hrefs('.bar nav a');
    assert.deepEqual(await hrefs('.step .button'), order.slice(1));
    const leadsOn = (name) => /href="([^"]*)" data-text="\w+\.next"/.exec(sources[`${name}.html`])?.[1];
    for (const name of ['race', 'handshake', 'frames']) assert.equal(leadsOn(name), order[order.indexOf(pathOf(name)) + 1]);
  });
});

describe('chat', () => {
  test('what its script says is Chinese, too', async (t) => {
    const own = await Program.listening('demo', '-p', '0');
    t.after(() => own.kill());
    const page = await open(t, '/', { locale: 'zh-CN' });
    await page.goto(own.page('/chat/tea', 'localhost'));
    await page.waitForSelector(`#state:text-is("${zh['site.open']}")`);
    assert.equal(await page.title(), `tea · ${zh['chat.title']}`);
    assert.match(await page.inputValue('#name'), /^\p{Script=Han}+$/u);
    assert.match(await page.getAttribute('.copy', 'aria-label'), /^复制 weft ws:/);
    await own.stop();
    await page.waitForSelector(`#notice:has-text("${zh['close.1001']}（1001")`);
    assert.equal(await page.textContent('#state'), zh['site.closed']);
  });
});

for (const browser of Object.keys(launch)) {
  const concurrency = browser === 'chromium'; // Firefox gives its keys to one window at a time

  describe(`handshake in ${browser}`, { concurrency }, () => {
    const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='; // RFC 6455, 1.3
    const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
    const verdict = (page, text) => page.waitForSelector(`#verdict:has-text(${JSON.stringify(text)})`);
    const answer = (page) => page.textContent('#answer');

    test('the key is worked out, and the answer says the same', async (t) => {
      const page = await open(t, '/handshake', {}, { browser });
      await verdict(page, en['handshake.proves']);
      assert.match(await page.inputValue('#request'), new RegExp(`^GET /chat HTTP/1.1\nHost: localhost:${demo.port}\n[^]*\n\n$`));
      const first = await page.textContent('#accept');
      assert.equal(await page.textContent('#answer mark'), first);
      await page.click('#draw');
      await page.waitForFunction((old) => document.querySelector('#answer mark').textContent !== old, first);
      await page.fill('#request', (await page.inputValue('#request')).replace(/(Key: ).*/, `$1${KEY}`));
      await verdict(page, en['handshake.changed']);
      await page.waitForSelector(`#accept:text-is("${ACCEPT}")`);
      assert.equal(await page.textContent('#digest'), 'b3 7a 4f 2c c0 62 4f 16 90 f6 46 06 cf 38 59 45 b2 be c4 ea');
      await page.click('#ask [type=submit]');
      await verdict(page, en['handshake.proves']);
      assert.match(await answer(page), /^HTTP\/1\.1 101 Switching Protocols\r?\n[^]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
      assert.deepEqual(page.complaints, []);
    });

    test('each refusal, by the keyboard', async (t) => {
      const page = await open(t, '/handshake', {}, { browser });
      const refused = { version: /^HTTP\/1\.1 426 [^]*Sec-WebSocket-Version: 13/, key: /^HTTP\/1\.1 400 /, origin: /^HTTP\/1\.1 403 /, method: /^HTTP\/1\.1 405 / };
      for (const [name, said] of Object.entries(refused)) {
        await page.focus(`[data-try=${name}]`);
        await page.keyboard.press('Enter');
        await verdict(page, `Refused with ${/\d{3}/.exec(said)}: `);
        assert.match(await answer(page), said);
        assert.equal(await page.textContent('#about'), en[`handshake.about-${name}`]);
        assert.equal(await page.getAttribute(`[data-try=${name}]`, 'aria-pressed'), 'true');
      }
      await page.click('[data-try=key]');
      await page.waitForSelector(`#note:text-is("${en['handshake.no-key']}")`);
      await page.click('[data-try=end]');
      await verdict(page, 'No answer: ');
      assert.equal(await answer(page), '');
      await page.fill('#request', 'GET / HTTP/1.1\nX: <b id="strange">not markup</b>\n\n');
      await page.click('#ask [type=submit]');
      await verdict(page, 'Refused with ');
      assert.equal(await page.locator('#strange').count(), 0);
      assert.deepEqual(page.complaints, []);
    });

    test('what is offered, what is chosen, and what a script sees of it', async (t) => {
      const page = await open(t, '/handshake', {}, { browser });
      const agreed = () => page.locator('#agreed ~ table td').allTextContents();
      await verdict(page, en['handshake.proves']);
      await page.click('[data-try=protocol]');
      await page.waitForSelector('#protocol-chosen:text-is("chat")');
      assert.deepEqual((await agreed()).slice(0, 2), ['superchat, chat', 'chat']);
      await page.click('[data-try=extension]');
      await page.waitForSelector('#extension-chosen:has-text("server_max_window_bits=10")');
      await page.waitForSelector('#script:has-text(\'.protocol    "weft.v1"\'):has-text("permessage-deflate")');
      assert.deepEqual(page.complaints, []);
    });

    test('by plain HTTP from elsewhere nothing is hashed, and it says so', async (t) => {
      const page = await open(t, '/favicon.svg', {}, { browser });
      await page.addInitScript(() => Object.defineProperty(crypto, 'subtle', { value: undefined }));
      await page.goto(demo.page('/handshake', 'localhost'));
      await verdict(page, en['handshake.agrees']);
      assert.equal(await page.textContent('#note'), en['handshake.no-hash']);
      assert.equal(await page.textContent('#accept'), '–');
      assert.deepEqual(page.complaints, []);
    });
  });

  describe(`frames in ${browser}`, { concurrency }, () => {
    /** "FIN=1 RSV1=0 ..." of each frame that is drawn. */
    const drawn = (page, list) => page.locator(`${list} > li`).evaluateAll((frames) => frames.map((frame) =>
      [...frame.querySelectorAll('.cell:not(.byte)')].map((cell) => `${cell.querySelector('.name').textContent}=${cell.querySelector('b').textContent}`).join(' ')));
    const hexOf = (page, list) => page.locator(`${list} .cell.byte b`).allTextContents();
    const heard = (page, words) => page.waitForSelector(`#heard:text-is(${JSON.stringify(words)})`);

    test('a message: every bit of it, and the echo', async (t) => {
      const page = await open(t, '/frames', {}, { browser });
      await heard(page, 'The server has read the text “Hello”.');
      assert.deepEqual(await drawn(page, '#up'), ['FIN=1 RSV1=0 RSV2=0 RSV3=0 opcode=0001 MASK=1 length=0000101']);
      assert.deepEqual(await drawn(page, '#down'), ['FIN=1 RSV1=0 RSV2=0 RSV3=0 opcode=0001 MASK=0 length=0000101']);
      assert.deepEqual(await hexOf(page, '#down'), ['48', '65', '6c', '6c', '6f']);
      const up = (await hexOf(page, '#up')).map((byte) => parseInt(byte, 16));
      assert.equal(up.slice(4).map((byte, i) => String.fromCharCode(byte ^ up[i % 4])).join(''), 'Hello');

      await page.focus('#next');
      for (let i = 0; i < 5; i++) await page.keyboard.press('Enter');
      assert.equal((await page.locator('#unmasked li span').allTextContents()).join(''), 'Hello');
      assert.match(await page.textContent('#step'), / is 6f: o$/);
      await page.click('#again');
      assert.equal(await page.locator('#unmasked .done').count(), 0);

      await page.fill('#text', '<b>你好</b>');
      await heard(page, 'The server has read the text “<b>你好</b>”.');
      assert.equal(await page.locator('#heard b').count(), 0);
      assert.deepEqual(page.complaints, []);
    });

    test('lengths of 16 and 64 bits, fragments with a Ping between, compression', async (t) => {
      const page = await open(t, '/frames', {}, { browser });
      const length = async (sample, list) => {
        await page.click(`[data-sample=${sample}]`);
        await heard(page, `The server has read the text “${'x'.repeat(40)}…”.`);
        return page.locator(`${list} .cell.byte.length b`).allTextContents();
      };
      assert.deepEqual(await length('medium', '#up'), ['00', '7e']);
      await page.fill('#text', 'between');
      await heard(page, 'The server has read the text “between”.');
      assert.deepEqual(await length('long', '#down'), ['00', '00', '00', '00', '00', '01', '00', '00']);

      await page.click('#show-fragments');
      await heard(page, 'It got a Ping with 2 bytes, and sends them back in a Pong. The server has read the text “Hello”.');
      const opcodes = async (list) => (await drawn(page, list)).map((bits) => /FIN=(.).*opcode=(....)/.exec(bits).slice(1).join(' '));
      assert.deepEqual(await opcodes('#up'), ['0 0001', '1 1001', '0 0000', '1 0000']);
      assert.deepEqual(await opcodes('#down'), ['1 1010', '1 0001']);
      if (browser === 'chromium') await page.screenshot({ path: join(PICTURES, 'chromium-frames-fragments.png'), fullPage: true }); // in Firefox the driver styles the page for it

      await page.click('#show-deflate');
      await heard(page, `The server has read the text “${'warp and weft and '.repeat(3).slice(0, 40)}…”.`);
      for (const list of ['#up', '#down']) assert.match((await drawn(page, list))[0], /FIN=1 RSV1=1/);
      assert.match(await page.textContent('#gain'), /^1\d\d bytes less, \d\d %\.$/);
      assert.match(await page.textContent('#after'), / 00$/);
      assert.deepEqual(page.complaints, []);
    });

    test('what is illegal gets a Close with its code', async (t) => {
      const page = await open(t, '/frames', {}, { browser });
      const codes = { utf8: 1007, 'half-letter': 1007, 'close-utf8': 1007, deflate: 1007, terabyte: 1009, crumbs: 1008 };
      const names = await page.locator('#fault option').evaluateAll((options) => options.map((option) => option.value));
      assert.ok(names.length > 15);
      const verdict = (start) => page.waitForFunction((text) => document.querySelector('#verdict').textContent.includes(text), start);
      for (const name of names.filter((name) => name !== 'none')) {
        await page.evaluate(() => (document.querySelector('#verdict').textContent = ''));
        await page.selectOption('#fault', name);
        await verdict(`Closed with ${codes[name] ?? 1002}, `);
        assert.match((await drawn(page, '#fault-down')).at(-1), /FIN=1 .* opcode=1000 MASK=0/, name);
        assert.match(await page.locator('#fault-down > li:last-child .payload .meaning').nth(1).textContent(), new RegExp(`^[01]{8} = ${codes[name] ?? 1002}$`), name);
      }
      await page.selectOption('#fault', 'none');
      await verdict('It got a Close, 1000 “bye”');
      await page.fill('#bytes', '81 85 37 fa 21 3d 7f 9f 4d 51 58');
      await verdict('has read the text “Hello”');
      await page.uncheck('[data-bit="8"]');
      await verdict('a frame from a client is not masked');
      await page.check('[data-bit="8"]');
      await page.fill('#length', '125');
      await page.press('#length', 'Tab');
      await verdict('the server waits for the rest');
      assert.match(await page.inputValue('#bytes'), /^81 fd 37 fa/);
      await page.fill('#bytes', '81 8');
      assert.equal(await page.textContent('#bytes-wrong'), en['frames.no-hex']);
      assert.deepEqual(page.complaints, []);
    });
  });

  describe(`race in ${browser}`, { concurrency }, () => {
    const WIDE = { viewport: { width: 1280, height: 1600 } };
    const LANES = ['poll', 'wait', 'stream', 'sse', 'ws'];
    const shown = (page, lane, field) => page.locator(`[data-lane=${lane}] [data-field=${field}]`).evaluate((node) => Number(node.textContent.replaceAll(',', '')));
    const set = (page, name, value) => page.locator(`#${name}`).evaluate((node, to) => {
      node.value = to;
      node.dispatchEvent(new Event('input', { bubbles: true }));
      node.dispatchEvent(new Event('change', { bubbles: true }));
    }, value);
    const has = (page, n) => page.waitForFunction((least) => [...document.querySelectorAll('[data-field=updates]')].every((node) => Number(node.textContent) >= least), n);
    const delay = (page, lane) => page.locator(`[data-lane=${lane}] [data-field=delay]`).evaluate((node) => parseFloat(node.textContent) * (/ms/.test(node.textContent) ? 1 : 1000));

    async function finish(page) {
      await page.click('#finish');
      await page.waitForSelector('#verdict[data-over=true]');
    }

    test('the bytes that are shown are those of the wire', async (t) => {
      const proxy = await Counted.start(t, demo.port);
      const page = await open(t, '/race', WIDE, { browser, server: proxy });
      await has(page, 5);
      await finish(page);
      for (const lane of LANES) {
        const seen = proxy.of(new RegExp(`lane=${lane}(&|$)`));
        assert.equal(await shown(page, lane, 'requests'), seen.requests, lane);
        for (const [field, bytes] of [['received', seen.up], ['sent', seen.down]]) {
          const said = await shown(page, lane, field);
          t.diagnostic(`${lane} ${field}: shown ${said}, on the wire ${bytes}`);
          assert.ok(Math.abs(said - bytes) <= bytes / 100, `${lane} ${field}: ${said} shown, ${bytes} on the wire`);
        }
      }
      for (const lane of ['stream', 'sse', 'ws']) assert.equal(await shown(page, lane, 'requests'), 1, lane);
      assert.ok(await shown(page, 'wait', 'requests') >= 5);
      assert.match(await page.textContent('#verdict'), /^\S.* cost [\d,]+ bytes a price, [\d.]+ times the \d+ of .*\. .* behind the server, /);
      assert.deepEqual(page.complaints, []);
    });

    test('the settings: more prices, rarer polls, a longer way', async (t) => {
      const page = await open(t, '/race', WIDE, { browser });
      await set(page, 'rate', 5);
      await set(page, 'interval', 1);
      assert.equal(await page.getAttribute('#interval', 'aria-valuetext'), '500 ms');
      await has(page, 12);
      assert.ok(await delay(page, 'ws') < await delay(page, 'poll'), 'one is pushed, the other waits to be asked for');
      await page.focus('#latency');
      await page.keyboard.press('Space');
      await page.waitForFunction(() => [...document.querySelectorAll('[data-field=updates]')].some((node) => node.textContent === '0'));
      await has(page, 12);
      for (const lane of LANES) assert.ok(await delay(page, lane) >= 80, `${lane}, as far as the clocks agree`);
      assert.ok(await delay(page, 'wait') > await delay(page, 'ws'), 'a way back for each');
      assert.deepEqual(page.complaints, []);
    });

    test('what is not in view lets go', async (t) => {
      const page = await open(t, '/race', PHONE, { browser });
      await page.waitForSelector('[data-lane=poll][data-state]');
      await page.locator('[data-lane=ws]').scrollIntoViewIfNeeded();
      await page.waitForSelector('[data-lane=ws][data-state=open]');
      await page.waitForSelector('[data-lane=poll][data-state=away]');
      const wide = () => [...document.querySelectorAll('.lane, .lane div')].filter((node) => node.scrollWidth > node.clientWidth).map((node) => node.textContent);
      await page.evaluate(() => document.querySelectorAll('[data-field]').forEach((node) => (node.textContent = { each: '1,234', delay: '1,234 ms', sent: '123,456', received: '123,456' }[node.dataset.field] ?? '1,234')));
      assert.deepEqual(await page.evaluate(wide), [], 'numbers have room');
      await page.locator('h1').scrollIntoViewIfNeeded();
      await page.waitForSelector('[data-lane=ws][data-state=away]');
      assert.deepEqual(page.complaints, []);
    });
  });
}
