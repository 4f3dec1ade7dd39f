// SPDX-License-Identifier: MIT
//
// lib/look_at.mjs: every page of the program in one browser: light and dark, wide and as narrow as a phone, in both
// languages. Nothing may stand in anybody's way (axe-core), stick out, move by itself, or come to the console. Pictures are left in
// artifacts/ of the build: BROWSER-PAGE-LOOK.png.
//
//   lookAt('firefox');
//
// Of scheme, width and language each pair is looked at; Chromium, which can, judges the colours of both schemes each time.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, open, shifts } from './browsers.mjs';
import { barriers, cutOff, sideways } from './looks.mjs';
import { BUILD, Program } from './program.mjs';
import { READY, pages, pathOf } from './site.mjs';

const PICTURES = join(BUILD, 'artifacts');
const PHONE = { viewport: { width: 320, height: 640 } };

const LOOKS = {
  'light-en': { colorScheme: 'light', locale: 'en' },
  'dark-zh': { colorScheme: 'dark', locale: 'zh' },
  'phone-dark-en': { ...PHONE, colorScheme: 'dark', locale: 'en' },
  'phone-light-zh': { ...PHONE, colorScheme: 'light', locale: 'zh' },
};

const servers = {};

/** [server, name of the picture, path, what is to be waited for]; those of weft serve are in English. */
const SHOWN = [
  ...pages.map((name) => ['demo', name, pathOf(name), READY[name]]),
  ['demo', 'room', '/chat/tea', READY.chat],
  ['channels', 'welcome', '/'],
  ['channels', 'channel', '/said', '#log li:nth-child(5)'],
  ['channels', 'channel-empty', '/nobody/is/here', '#state[data-state=open]'],
  ['channels', 'channel-refused', '/bad/', '#state:text-is("refused")'],
  ['files', 'files', '/'],
  ['files', 'missing', '/nothing.png'],
];

async function startServers() {
  servers.site = await mkdtemp(join(tmpdir(), 'weft-looks-'));
  await writeFile(join(servers.site, 'a & <b> ü.txt'), 'x'.repeat(1500));
  servers.demo = await Program.listening('demo', '-p', '0');
  servers.channels = await Program.serve();
  servers.files = await Program.serve(servers.site);
  for (const body of ['short', 'x'.repeat(400), 'long words '.repeat(30), 'שלום', '{"a":[1,2,3]}'])
    await fetch(servers.channels.page('/said'), { method: 'POST', body });
}

async function stopServers() {
  for (const name of ['demo', 'channels', 'files']) await servers[name].stop();
  await rm(servers.site, { recursive: true });
}

/** But for what browsers say themselves of that which is to be seen: that it is refused, or not there. */
const complaints = (page, name) => page.complaints.filter((text) => !{ 'channel-refused': /400|WebSocket|ws:/, missing: /404/ }[name]?.test(text));

async function examine(page, name, picture) {
  assert.deepEqual(complaints(page, name), [], name);
  assert.deepEqual(await shifts(page), [], `${name} moves`);
  assert.equal(await page.evaluate(sideways), 0, `${name} sticks out sideways`);
  assert.deepEqual(await page.evaluate(cutOff), [], name);
  assert.deepEqual(await barriers(page), [], name);
  await page.screenshot({ path: join(PICTURES, `${picture}.png`), fullPage: true });
}

async function examineOtherScheme(page, name, colorScheme) {
  await page.emulateMedia({ colorScheme });
  assert.deepEqual(await barriers(page, ['color-contrast']), [], `${name}, ${colorScheme}`);
}

export function lookAt(kind) {
  if (!launch[kind]) return void test(kind, { skip: 'it is not installed' });
  const chromium = kind === 'chromium';
  const browsers = {};

  before(async () => {
    await mkdir(PICTURES, { recursive: true });
    await startServers();
    browsers.light = await launch[kind]();
    browsers.dark = chromium ? browsers.light : await launch[kind]({ dark: true });
  });
  after(async () => {
    await Promise.all([...new Set(Object.values(browsers))].map((browser) => browser.close()));
    await stopServers();
  });

  describe(kind, { concurrency: 2 }, () => {
    for (const [look, profile] of Object.entries(LOOKS)) {
      test(look, async (t) => {
        const page = await open(t, browsers[profile.colorScheme], servers.demo.page('/favicon.svg', 'localhost'), profile);
        for (const [server, name, path, ready] of SHOWN) {
          if (server !== 'demo' && profile.locale !== 'en') continue;
          page.complaints.length = 0;
          await page.emulateMedia({ colorScheme: profile.colorScheme });
          await page.goto(servers[server].page(path, 'localhost'));
          if (ready) await page.waitForSelector(ready);
          await examine(page, name, `${kind}-${name}-${look}`);
          if (chromium) await examineOtherScheme(page, name, profile.colorScheme === 'dark' ? 'light' : 'dark');
        }
      });
    }
  });
}
