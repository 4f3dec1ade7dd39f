// SPDX-License-Identifier: MIT
//
// The five minutes of README.md, as they are printed there: each line behind "$ " is typed in a terminal of its own, and what
// it prints is what is below it. Only the port is another one; epochs and times are others each time.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { BUILD, Program, SOURCE, soon } from './lib/program.mjs';

const PAGE = readFileSync(join(SOURCE, 'README.md'), 'utf8');
const WALK = PAGE.slice(PAGE.indexOf('## Five minutes'), PAGE.indexOf('## And more'));
const [SERVE, ...COMMANDS] = [...WALK.matchAll(/^```console\n([^]*?)^```/gm)].flatMap(([, block]) =>
  block.split(/^\$ /m).slice(1).map((text) => ({ line: text.slice(0, text.indexOf('\n')), prints: text.slice(text.indexOf('\n') + 1) })));
const [URL_OF_PAGE] = /(?<=<)http:\/\/localhost:8080.*?(?=>)/.exec(WALK);
const SNIPPET = /^```js\n([^]*?)^```/m.exec(WALK)[1];

const weft = resolve(process.env.WEFT || join(BUILD, 'weft'));
const env = { ...process.env, PATH: dirname(weft) + delimiter + process.env.PATH };

const plain = (text) => text.replace(/"[a-z0-9]{8,16}(?=\.\d+")/g, '"EPOCH').replace(/"time":\d{13}/g, '"time":T');

/** A line that goes on: a process group of its own, and a promise of what it prints, as soon as that matches. */
function terminal(t, line, pattern) {
  const child = spawn('bash', ['-c', line], { env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.exitCode === null && process.kill(-child.pid));
  const printed = new Promise((done) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (data) => {
      text += data;
      if (pattern.test(text)) done(text);
    });
  });
  return soon(printed, () => line);
}

test('five minutes', async (t) => {
  assert.equal(SERVE.line, 'weft serve');
  const server = await Program.serve();
  t.after(() => server.kill());
  const here = (text) => text.replaceAll('8080', server.port);
  assert.equal(server.out, here(SERVE.prints));

  const once = COMMANDS.filter(({ prints }) => prints);
  assert.ok(once.length >= 2);
  for (const { line, prints } of once) {
    const out = await new Promise((done) => execFile('bash', ['-c', here(line)], { env }, (error, stdout) => done(stdout)));
    assert.equal(plain(out), plain(prints), line);
  }

  const [publisher, ...readers] = COMMANDS.filter(({ prints }) => !prints).map(({ line }) => here(line));
  assert.match(publisher, /weft pub/);
  assert.ok(readers.length >= 2);
  terminal(t, publisher, /^never/).catch(() => {});
  const heard = readers.map((line) => terminal(t, line, /^( *\d+){17}\n/m)); // a line of vmstat
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--headless=new', '--disable-gpu', '--no-first-run'] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(here(URL_OF_PAGE));
  await page.waitForFunction(() => /(\d+ +){16}\d+/.test(document.querySelector('#log')?.innerText)); // the live page's
  const said = page.waitForEvent('console', (message) => /^( *\d+){17}$/.test(message.text()));
  await page.evaluate(here(SNIPPET));
  await said;
  await Promise.all(heard);
  await browser.close();
  await server.stop();
});
