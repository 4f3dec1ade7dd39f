// SPDX-License-Identifier: MIT
//
// Pages of which a script fails, when they can be read already: what is written stays there to be read, links lead on, and
// the page says that something is wrong.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, open } from './lib/browsers.mjs';
import { barriers, sideways } from './lib/looks.mjs';
import { Program } from './lib/program.mjs';
import { READY, en, pages, pathOf, zh } from './lib/site.mjs';

const PHONE = { viewport: { width: 320, height: 640 } };

let browser;
let demo;
let channels;

before(async () => {
  [demo, channels, browser] = await Promise.all([Program.listening('demo', '-p', '0'), Program.serve(), launch.chromium()]);
});
after(async () => {
  await browser.close();
  await Promise.all([demo.stop(), channels.stop()]);
});

const words = (text) => text.replace(/<\/?\d>/g, '');
const trouble = (page) => page.locator('#trouble');

/** A page with these answers in place of a script's. */
async function withAnswers(t, answers, path, profile) {
  const page = await open(t, browser, demo.page('/favicon.svg', 'localhost'), profile);
  for (const [file, answer] of Object.entries(answers)) await page.route(`**/${file}`, (route) => (answer ? route.fulfill(answer) : route.abort()));
  await page.goto(demo.page(path, 'localhost'));
  return page;
}

/** It says so, can be read, and lets go. */
async function isUsable(page, texts) {
  await trouble(page).waitFor();
  assert.equal(await trouble(page).textContent(), words(texts['site.trouble']));
  assert.ok(await page.locator('h1').isVisible());
  assert.equal(await page.textContent('nav [href="/race"]'), texts['site.race']);
  assert.deepEqual(await barriers(page), []);
  assert.equal(await page.evaluate(sideways), 0);
  await page.unrouteAll();
  await page.click('nav a:not([aria-current]) >> nth=-1');
  await page.waitForSelector('nav [aria-current]');
  assert.equal(await trouble(page).isVisible(), false);
}

describe('a script fails', { concurrency: 2 }, () => {
  for (const name of pages) {
    test(`${name}: its own, which comes with an error`, async (t) => {
      const page = await withAnswers(t, { [`${name}.js`]: { status: 500, body: 'no' } }, pathOf(name), { ...PHONE, locale: 'zh' });
      await isUsable(page, zh);
    });

    test(`${name}: one that others import, which does not come at all`, async (t) => {
      const page = await withAnswers(t, { 'language.js': null }, pathOf(name));
      await isUsable(page, en);
    });

    test(`${name}: one that throws when all have begun`, async (t) => {
      const page = await open(t, browser, demo.page(pathOf(name), 'localhost'));
      if (READY[name]) await page.waitForSelector(READY[name]);
      assert.equal(await trouble(page).isVisible(), false);
      await page.evaluate(() => void setTimeout(() => void missing.function()));
      await isUsable(page, en);
    });
  }

  test('the page of a channel', async (t) => {
    const page = await open(t, browser, channels.page('/', 'localhost'));
    await page.route('**/outbox.js', (route) => route.abort());
    await page.goto(channels.page('/chat', 'localhost'));
    await trouble(page).waitFor();
    assert.deepEqual(await barriers(page), []);
  });

  test('what stops nothing is no trouble', async (t) => {
    const page = await withAnswers(t, { 'favicon.svg': null }, '/');
    await page.waitForSelector(READY.index);
    await page.evaluate(() => dispatchEvent(new ErrorEvent('error', { message: 'ResizeObserver loop completed with undelivered notifications.' })));
    assert.equal(await trouble(page).isVisible(), false);
  });
});
