// SPDX-License-Identifier: MIT
//
// The chat of the demo in Chromium and in Firefox, with the program at a terminal beside them: rooms, names, who is there,
// up to where they have read, and a server that goes and comes back. Without Firefox its part is skipped. Pictures are
// left in artifacts/ of the build. What all pages have in common is in site.test.mjs.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, open } from './lib/browsers.mjs';
import { barriers, sideways } from './lib/looks.mjs';
import { Network } from './lib/network.mjs';
import { Peer } from './lib/peer.mjs';
import { BUILD, Program } from './lib/program.mjs';

const PICTURES = join(BUILD, 'artifacts');
const PHONE = { viewport: { width: 320, height: 640 } };

const running = {};
let demo; // on which each test has rooms of its own

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  demo = await Program.listening('demo', '-p', '0', '-v');
  await Promise.all(Object.entries(launch).map(async ([name, begin]) => (running[name] = await begin())));
});
after(async () => {
  await Promise.all(Object.values(running).map((browser) => browser.close()));
  await demo.stop();
});

// ---- people ------------------------------------------------------------------------------------

/** Somebody with a browser profile of his own; in page.complaints what should not have come to his console. */
async function enter(t, url, { browser = 'chromium', name, ...profile } = {}) {
  const page = await open(t, running[browser], 'about:blank', { locale: 'en', ...profile });
  if (name) await page.addInitScript((own) => /^http/.test(location) && localStorage.setItem('weft.name', own), name);
  // What a test decides, not the machine: whether the page can be seen.
  await page.addInitScript(() => {
    let hidden = false;
    Object.defineProperty(document, 'hidden', { get: () => hidden });
    window.hide = (now) => ((hidden = now), document.dispatchEvent(new Event('visibilitychange')));
  });
  await page.goto(url);
  await page.waitForSelector('#state[data-state=open]');
  return page;
}

async function say(page, text) {
  await page.fill('#message', text);
  await page.press('#message', 'Enter');
}

async function rename(page, name) {
  await page.fill('#name', name);
  await page.press('#name', 'Enter');
  await page.dispatchEvent('#name', 'change');
}

const seen = (page, text) => page.waitForSelector(`#log li .text:text-is(${JSON.stringify(text)})`);
const lines = (page) => page.locator('#log .text').allTextContents();

/** Exactly these are listed, oneself first. */
const areHere = (page, names) => page.waitForFunction(
  (wanted) => [...document.querySelectorAll('#members .name')].map((node) => node.textContent).join() === wanted, names.join());

/** Exactly these have their marks at this line. */
const haveRead = (page, text, names) => page.waitForFunction(([said, wanted]) => {
  const line = [...document.querySelectorAll('#log li')].find((one) => one.querySelector('.text').textContent === said);
  return line && [...line.querySelectorAll('.read .face')].map((face) => face.ariaLabel).join() === wanted;
}, [text, names.map((name) => `${name} (unverified) has read up to here`).join()]);

const room = (path) => demo.page(`/chat/${path}`, 'localhost');
const picture = (page, name) => page.screenshot({ path: join(PICTURES, `chat-${name}.png`) });

/** What is published on a channel from now on. */
const listen = (path) => Peer.connect(demo.url(path));

// ---- what is said ------------------------------------------------------------------------------

for (const browser of Object.keys(launch)) {
  describe(browser, { concurrency: true }, () => {
    test('two people and a terminal see what everyone says, and who is there', async (t) => {
      const path = `talk-${browser}`;
      const one = await enter(t, room(path), { browser, name: 'Ada' });
      const two = await enter(t, room(path), { browser, name: 'Grace' });
      await areHere(one, ['Ada', 'Grace']);
      await areHere(two, ['Grace', 'Ada']);
      const terminal = new Program([`ws://localhost:${demo.port}/chat/${path}`]);
      t.after(() => terminal.kill());
      await one.waitForSelector('#nameless:text-is("and 1 who gives no name, at a terminal perhaps")');
      assert.equal(await one.textContent('#here'), '3 here');
      await say(one, 'hello');
      await seen(two, 'hello');
      await say(two, '<b>no markup</b> & "quotes"');
      await terminal.said(/Ada: hello\nGrace: <b>no markup<\/b> & "quotes"\n/);
      terminal.type('without a name, größer 🧵');
      terminal.type('Bob: as the page does it');
      for (const page of [one, two]) await seen(page, 'as the page does it');
      for (const page of [one, two]) {
        assert.deepEqual(await lines(page), ['hello', '<b>no markup</b> & "quotes"', 'without a name, größer 🧵', 'as the page does it']);
        assert.equal(await page.locator('#log b').count(), 0, 'strangers cannot write markup');
        assert.equal(await page.textContent('#log .plain .who'), '>_from a terminal');
        assert.deepEqual(page.complaints, []);
      }
      assert.equal(await two.textContent('#log li:first-child .who'), 'Ada? (unverified)');
      terminal.child.stdin.end();
      const { code, err } = await terminal.end();
      assert.equal(code, 0, err);
      await areHere(one, ['Ada', 'Grace']);
      await one.waitForSelector('#here:text-is("2 here")');
    });

    test('marks move with who reads, and not with who does not look', async (t) => {
      const path = `marks-${browser}`;
      const one = await enter(t, room(path), { browser, name: 'Ada' });
      const two = await enter(t, room(path), { browser, name: 'Grace' });
      await say(one, 'first');
      await haveRead(one, 'first', ['Grace']);
      await haveRead(two, 'first', ['Ada']);
      await two.evaluate(() => window.hide(true));
      await say(one, 'second');
      await seen(two, 'second');
      await haveRead(two, 'second', ['Ada']);
      await haveRead(one, 'first', ['Grace']);
      await two.evaluate(() => window.hide(false));
      await haveRead(one, 'second', ['Grace']);
      await haveRead(one, 'first', []);
      const late = await enter(t, room(path), { browser, name: 'Late' });
      await haveRead(late, 'second', ['Ada', 'Grace']);
      await haveRead(one, 'second', ['Grace', 'Late']);
      for (const page of [one, two, late]) assert.deepEqual(page.complaints, []);
    });
  });
}

describe('names', { concurrency: true }, () => {
  test('a new one is told: the list has it, not the old one, and its mark is at the same line', async (t) => {
    const one = await enter(t, room('rename'), { name: 'Ada' });
    const two = await enter(t, room('rename'), { name: 'Grace' });
    await say(one, 'from Ada');
    await haveRead(one, 'from Ada', ['Grace']);
    await rename(two, 'Hopper: the <b>second</b>');
    const now = 'Hopper the <b>second</b>';
    await areHere(one, ['Ada', now]);
    await areHere(two, [now, 'Ada']);
    await one.waitForSelector(`#people-news:text-is("Grace is now ${now}.")`, { state: 'attached' });
    await haveRead(one, 'from Ada', [now]);
    assert.equal(await one.locator('#members b, #log b').count(), 0);
    await say(two, 'with the new one');
    await seen(one, 'with the new one');
    assert.equal(await one.textContent('#log li:last-child .name'), now);
    const there = await (await fetch(demo.page('/chat/rename?presence'))).json();
    assert.ok(there.presence.members.some(({ client }) => client === now), 'the server says the same');
    await rename(two, 'Grace');
    await areHere(one, ['Ada', 'Grace']);
    assert.deepEqual([...one.complaints, ...two.complaints], []);
  });

  test('who comes and goes is told to who hears the page', async (t) => {
    const one = await enter(t, room('come-and-go'), { name: 'Ada' });
    await areHere(one, ['Ada']);
    const two = await enter(t, room('come-and-go'), { name: 'Grace' });
    await one.waitForSelector('#people-news:text-is("Grace joined.")', { state: 'attached' });
    await two.close();
    await one.waitForSelector('#people-news:text-is("Grace left.")', { state: 'attached' });
    await areHere(one, ['Ada']);
  });

  test('a drawn name is Chinese in Chinese, and every name is marked as unverified', async (t) => {
    const page = await enter(t, room('zh'), { locale: 'zh-CN', ...PHONE });
    await page.waitForSelector('#people-toggle:text-is("1 人在场")');
    await page.click('#people-toggle');
    const name = await page.textContent('#members .name');
    assert.match(name, /^\p{Script=Han}+$/u);
    assert.equal(await page.getAttribute('#members .unverified', 'title'), '未经验证：名字是自己报的');
    assert.equal(await page.textContent('#members .unverified .visually-hidden'), '（未经验证）');
    await picture(page, 'people-phone-zh');
  });
});

// ---- marks -------------------------------------------------------------------------------------

describe('marks', { concurrency: true }, () => {
  test('a burst of lines is one mark or two', async (t) => {
    const page = await enter(t, room('burst'), { name: 'Ada' });
    const marks = await listen('/read/chat/burst?last=all');
    const first = JSON.parse(await marks.next());
    assert.equal(first.name, 'Ada');
    const burst = Array.from({ length: 200 }, (_, i) => JSON.stringify({ data: `Bob: ${i}` })).join('\n');
    const answer = await fetch(demo.page('/chat/burst'), { method: 'POST', body: burst, headers: { 'Content-Type': 'application/x-ndjson' } });
    const { position } = await answer.json();
    let many = 0;
    for (let mark = ''; mark !== position; many += 1) mark = JSON.parse(await marks.next()).position;
    assert.ok(many <= 2, `${many} marks`);
    await marks.leave(1000);
    assert.deepEqual(page.complaints, []);
  });

  test('who reads what is old has not read what is new', async (t) => {
    const one = await enter(t, room('above'), { name: 'Ada' });
    const two = await enter(t, room('above'), { name: 'Grace', ...PHONE });
    for (let i = 0; i < 12; i++) await say(one, `line ${i}`);
    await haveRead(one, 'line 11', ['Grace']);
    await two.evaluate(() => (document.querySelector('#scroller').scrollTop = 0));
    await say(one, 'news');
    await two.waitForSelector('#jump:visible');
    await haveRead(two, 'news', ['Ada']);
    await haveRead(one, 'line 11', ['Grace']);
    await two.click('#jump');
    await haveRead(one, 'news', ['Grace']);
  });

  test('of many at a line a few are shown, of strangers none, and nonsense is no mark', async (t) => {
    const page = await enter(t, room('many'), { name: 'Ada' });
    await say(page, 'a line');
    await seen(page, 'a line');
    const position = await page.getAttribute('#log li', 'data-position');
    const mark = (key, body) => fetch(demo.page('/read/chat/many'), { method: 'POST', body, headers: { 'Weft-Key': key } });
    for (const text of ['{', 'null', '7', '{"name":7}', `{"name":"Bea","position":{}}`, `{"name":"","position":"${position}"}`]) await mark('bad', text);
    const here = [];
    for (const name of ['Bea', 'Cid', 'Dan', 'Eve', 'Fay']) {
      here.push(await listen(`/chat/many?client=${name}`));
      await mark(name, JSON.stringify({ name, position }));
    }
    await mark('stranger', JSON.stringify({ name: 'Nobody', position }));
    await page.waitForSelector('#log .read .more:text-is("+3")');
    const labels = await page.locator('#log .read .face').evaluateAll((faces) => faces.map((face) => face.ariaLabel));
    assert.deepEqual(labels, ['Bea', 'Cid', 'Dan, Eve, Fay'].map((names) => `${names} (unverified) has read up to here`));
    for (const peer of here) await peer.leave(1000);
    await page.waitForSelector('#log .read:not(:has(.face))', { state: 'attached' });
    assert.deepEqual(page.complaints, []);
  });

  test('too many to be listed: only counted, and nobody marks', async (t) => {
    const page = await enter(t, room('crowd'), { name: 'Ada' });
    const crowd = await Promise.all(Array.from({ length: 101 }, (_, i) => listen(`/chat/crowd?client=c${i}`)));
    await page.waitForSelector('#here:text-is("102 here")');
    assert.equal(await page.locator('#members li').count(), 0);
    assert.match(await page.textContent('#nameless'), /^Too many to be listed/);
    await picture(page, 'crowd');
    await Promise.all(crowd.map((peer) => peer.leave(1000)));
    await areHere(page, ['Ada']);
  });
});

// ---- rooms -------------------------------------------------------------------------------------

describe('rooms', { concurrency: true }, () => {
  test('are paths, each with what was said in it; by the name of its file the page is the room called chat', async (t) => {
    const page = await enter(t, demo.page('/chat.html', 'localhost'));
    assert.equal(await page.textContent('#title'), 'chat');
    const peer = await listen('/chat');
    peer.say(Buffer.from('x'));
    await seen(page, '(1 byte)');
    await peer.leave(1000);
    await page.fill('#room', 'tea/green leaves');
    await page.press('#room', 'Enter');
    await page.waitForURL('**/chat/tea/green%20leaves');
    await page.waitForSelector('[data-channel=live] .quiet.empty:visible');
    assert.equal(await page.textContent('#title'), 'tea/green leaves');
    await say(page, 'only here');
    await seen(page, 'only here');
    await page.reload();
    await seen(page, 'only here');
    assert.deepEqual(await lines(page), ['only here'], 'it is kept');
    await page.fill('#room', '../quotes');
    await page.press('#room', 'Enter');
    assert.match(await page.evaluate(() => document.querySelector('#room').validationMessage), /begins with a dot/);
    assert.deepEqual(page.complaints, []);
  });

  test('one that cannot be: in words, and a way out', async (t) => {
    const page = await open(t, running.chromium, room('a%2Fb'), { locale: 'en' });
    await page.waitForSelector('.refused.empty:visible');
    assert.match(await page.textContent('#notice'), /^Refused: %2F has no place in a channel's name/);
    await picture(page, 'refused');
    await page.click('.refused a');
    await page.waitForSelector('[data-channel=live]');
  });
});

// ---- the server goes ---------------------------------------------------------------------------

test('a server that is lost, and comes back: what is said meanwhile is said then, marks go on', async (t) => {
  const first = await Program.listening('demo', '-p', '0');
  const network = await Network.start(t, first.port);
  const one = await enter(t, network.url('/chat/lost'), { name: 'Ada' });
  const two = await enter(t, network.url('/chat/lost'), { name: 'Grace', ...PHONE });
  const empty = await enter(t, network.url('/chat/lost/empty'), { colorScheme: 'dark' });
  await say(one, 'before');
  await haveRead(one, 'before', ['Grace']);
  await first.stop();
  await one.waitForSelector('.notice #retry:visible');
  assert.match(await one.textContent('#notice'), /^Cut off: the server is going away \(1001\)\./);
  await one.waitForSelector('#here:text-is("2 were here")');
  await empty.waitForSelector('.lost.empty:visible');
  for (const [name, page] of Object.entries({ 'lost': one, 'lost-phone': two, 'lost-empty-dark': empty })) await picture(page, name);
  await say(one, 'meanwhile');
  const second = await Program.listening('demo', '-p', '0');
  t.after(() => second.kill());
  network.to = second.port;
  await one.evaluate(() => document.querySelector('#retry').click());
  await two.evaluate(() => document.querySelector('#retry').click());
  for (const page of [one, two]) await seen(page, 'meanwhile');
  assert.deepEqual(await lines(two), ['before', 'What was said in between is lost.', 'meanwhile']);
  await areHere(one, ['Ada', 'Grace']);
  await haveRead(one, 'meanwhile', ['Grace']);
  await second.stop();
});

// ---- to look at, and to use --------------------------------------------------------------------

describe('to look at', { concurrency: true }, () => {
  const looks = {
    'light-en': { colorScheme: 'light' },
    'dark-zh': { colorScheme: 'dark', locale: 'zh-CN' },
    'phone-dark-en': { colorScheme: 'dark', ...PHONE },
    'phone-light-zh': { colorScheme: 'light', locale: 'zh-CN', ...PHONE },
  };
  for (const [look, profile] of Object.entries(looks)) {
    test(`${look}: no barriers, nothing sticks out`, async (t) => {
      const path = `look-${look}`;
      const page = await enter(t, room(path), profile);
      const check = async (state) => {
        await picture(page, `${state}-${look}`);
        assert.deepEqual(await barriers(page), [], state);
        assert.equal(await page.evaluate(sideways), 0, `${state} sticks out sideways`);
      };
      await page.waitForSelector('.quiet.empty:visible');
      await check('empty');
      const other = await enter(t, room(path), { name: 'A name as long as names may be 32' });
      const terminal = await listen(`/chat/${path}`);
      terminal.say('from a terminal');
      terminal.say('x'.repeat(300));
      await say(other, `${'long words '.repeat(30)}`);
      await say(other, 'שלום');
      await say(page, 'mine');
      await seen(other, 'mine');
      await page.waitForSelector('#log li:last-child .read .face');
      await check('full');
      if (await page.isVisible('#people-toggle')) {
        await page.focus('#people-toggle');
        await page.keyboard.press('Enter');
        await check('people');
        await page.keyboard.press('Escape');
        assert.equal(await page.isVisible('#people'), false);
        assert.equal(await page.evaluate(() => document.activeElement.id), 'people-toggle');
      }
      await terminal.leave(1000);
      assert.deepEqual(page.complaints, []);
    });
  }

  test('a line stays where it is when marks come and move, and who wants no motion sees none', async (t) => {
    const one = await enter(t, room('still'), { name: 'Ada', reducedMotion: 'reduce' });
    await say(one, 'a line');
    await seen(one, 'a line');
    const place = () => one.locator('#log .text').first().evaluate((node) => JSON.stringify(node.getBoundingClientRect()));
    const before = await place();
    const two = await enter(t, room('still'), { name: 'Grace' });
    await haveRead(one, 'a line', ['Grace']);
    assert.equal(await place(), before);
    await one.evaluate(() => (Element.prototype.animate = () => document.body.append('moved')));
    await say(two, 'another');
    await haveRead(one, 'another', ['Grace']);
    assert.equal(await place(), before);
    assert.equal(await one.locator('body:has-text("moved")').count(), 0);
    assert.equal(await one.getAttribute('#log .read', 'aria-live'), 'off', 'marks are not read out as they move');
  });
});
