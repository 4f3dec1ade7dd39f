// SPDX-License-Identifier: MIT
//
// The live page of a channel, in Chromium and in Firefox: what is said, by whatever gets through; what is lost, refused,
// or not answered; and how it is to look at and to use. Without Firefox its part is skipped. Pictures are left in
// artifacts/ of the build.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch } from './lib/browsers.mjs';
import { barriers, sideways } from './lib/looks.mjs';
import { Network } from './lib/network.mjs';
import { BUILD, Program, SOURCE, weft, withServer } from './lib/program.mjs';

const PICTURES = join(BUILD, 'artifacts');
const PATIENCE = 60_000; // ms
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 };

const running = {};
let server; // a server, on which each test has channels of its own

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  server = await Program.serve();
  await Promise.all(Object.entries(launch).map(async ([name, start]) => (running[name] = await start())));
});
after(async () => {
  await Promise.all(Object.values(running).map((browser) => browser.close()));
  await server.stop();
});

// ---- pages -------------------------------------------------------------------------------------

/** A page, and in page.complaints what should not have come to its console. */
async function open(t, browser, url, profile = {}) {
  const context = await running[browser].newContext(profile);
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  await page.goto(url);
  return page;
}

/** But for those that a browser makes of every connection that does not come to be. */
const complaints = (page) => page.complaints.filter((text) => !/Failed to load resource|WebSocket connection|connection to the server at ws|Cross-Origin Request Blocked|was interrupted/.test(text));

const isLive = (page, by) => page.waitForSelector(by ? `#state:text-is("live by ${by}")` : '#state[data-state=open]');

/** A machine that has too much to do may not answer in time: then it goes down the ladder, and is asked again. */
async function isLiveByWebSocket(page) {
  await isLive(page);
  while ((await page.textContent('#fact-by')) !== 'WebSocket') {
    await retry(page);
    await isLive(page);
  }
}
const seen = (page, text) => page.waitForSelector(`#log li .said:text-is(${JSON.stringify(text)})`);
const said = (page) => page.locator('#log li').evaluateAll((lines) => lines.map((line) =>
  (line.matches('.lost') ? 'LOST' : `${line.querySelector('.at').textContent} ${line.querySelector('.said').textContent}`)));

/** Whatever it is doing at this moment. */
const retry = (page) => page.evaluate(() => document.querySelector('#retry').click());

async function say(page, text) {
  await page.fill('#message', text);
  await page.press('#message', 'Enter');
}

async function publish(url, body, fields = {}) {
  const response = await fetch(url, { method: 'POST', body, headers: fields });
  assert.equal(response.status, 200);
  return (await response.json()).position;
}

/** Who comes and goes is shown, by whatever transport. */
async function isNotAlone(page, path) {
  await page.waitForSelector('#present:text-is("you alone")');
  const other = await fetch(server.page(`${path}?stream`));
  await page.waitForSelector('#present:text-is("2 here")');
  await other.body.cancel();
  await page.waitForSelector('#present:text-is("you alone")');
}

// ---- who is between ----------------------------------------------------------------------------

/** No WebSocket gets through. */
async function between(t, port) {
  return Object.assign(await Network.start(t, port), { websockets: false });
}

// ---- what is said ------------------------------------------------------------------------------

for (const browser of Object.keys(launch)) {
  describe(browser, { concurrency: true }, () => {
    test('a terminal and the page hear each other', async (t) => {
      const page = await open(t, browser, server.page(`/cpu/${browser}`, 'localhost'));
      await isLiveByWebSocket(page);
      await page.waitForSelector('#present:text-is("you alone")');
      await page.waitForSelector(`#empty-title:text-is("Nothing has been said on /cpu/${browser} yet")`);
      const { code } = await weft(['pub', server.page(`/cpu/${browser}`), 'from a terminal']);
      assert.equal(code, 0);
      await seen(page, 'from a terminal');
      await publish(server.page(`/cpu/${browser}`), '<img src=x onerror=alert(1)> <b>no markup</b>');
      const terminal = new Program(['sub', '--last', 'all', '-n', '3', server.page(`/cpu/${browser}`)]);
      await terminal.said(/no markup/);
      await say(page, 'from the page, größer 🧵');
      await page.waitForSelector('#log li.own:has-text("größer 🧵")');
      const { out } = await terminal.end();
      assert.match(out, /from the page, größer 🧵\n$/);
      await publish(server.page(`/cpu/${browser}`), new Uint8Array([0, 1, 255]), { 'Content-Type': 'application/octet-stream' });
      await page.waitForSelector('#log li.binary');
      const all = ['1 from a terminal', '2 <img src=x onerror=alert(1)> <b>no markup</b>', '3 from the page, größer 🧵', '4 3 bytes00 01 ff'];
      assert.deepEqual(await said(page), all);
      assert.equal(await page.locator('#log b, #log img').count(), 0, 'strangers cannot write markup');
      assert.match(await page.textContent('#fact-position'), /^[a-z0-9]{8,16}\.4$/);
      await page.reload();
      await page.waitForSelector('#log li.binary');
      assert.deepEqual(await said(page), all, 'history is there again');
      assert.deepEqual(page.complaints, []);
    });

    test('only Server-Sent Events get through', async (t) => {
      const network = await between(t, server.port);
      await publish(server.page(`/sse/${browser}`), 'kept');
      const page = await open(t, browser, network.url(`/sse/${browser}`));
      await isLive(page, 'Server-Sent Events');
      await isNotAlone(page, `/sse/${browser}`);
      await say(page, 'said');
      await page.waitForSelector('#log li.own');
      network.cut();
      await publish(server.page(`/sse/${browser}`), 'two\nlines, meanwhile');
      await publish(server.page(`/sse/${browser}`), 'with\ra return');
      await page.waitForFunction(() => document.querySelectorAll('#log li').length === 4);
      assert.deepEqual(await said(page), ['1 kept', '2 said', '3 two\nlines, meanwhile', '4 with\ra return']);
      assert.deepEqual(complaints(page), []);
    });

    test('only long polls get through', async (t) => {
      const network = await between(t, server.port);
      network.buffers = true;
      await publish(server.page(`/poll/${browser}`), 'kept');
      const page = await open(t, browser, network.url(`/poll/${browser}`));
      await isLive(page, 'long polling');
      await isNotAlone(page, `/poll/${browser}`);
      await say(page, 'said');
      await page.waitForSelector('#log li.own');
      await publish(server.page(`/poll/${browser}`), 'heard');
      await seen(page, 'heard');
      assert.deepEqual(await said(page), ['1 kept', '2 said', '3 heard']);
      assert.deepEqual(complaints(page), []);
    });

    test('Back shows what has come meanwhile', async (t) => {
      const url = server.page(`/back/${browser}`, 'localhost');
      const page = await open(t, browser, url);
      await isLive(page);
      await publish(server.page(`/back/${browser}`), 'before');
      await seen(page, 'before');
      await page.goto(server.page('/', 'localhost'));
      await publish(server.page(`/back/${browser}`), 'meanwhile');
      await page.goBack();
      await seen(page, 'meanwhile');
      assert.deepEqual(await said(page), ['1 before', '2 meanwhile']);
      await isLive(page);
      await say(page, 'still here');
      await page.waitForSelector('#log li.own:has-text("still here")');
      assert.deepEqual(complaints(page), []);
    });

    // What it shows it says on a channel, too: a page that comes out of a cache does not load, and drivers wait for that.
    test('a page of one\'s own: fetch as it is hears of what is new; after Back it takes cache: "no-cache"', async (t) => {
      const site = await mkdtemp(join(tmpdir(), 'weft-page-'));
      t.after(() => rm(site, { recursive: true }));
      await writeFile(join(site, 'index.html'), `<!doctype html><title>news</title><script>
        const look = async (options) => (await (await fetch('/news?last=all', options)).json()).messages.map(({ data }) => data).join();
        const show = async () => fetch('/shown', { method: 'POST', body: [await look({ cache: 'no-cache' }), await look()].join(' ') });
        addEventListener('pageshow', show);
      </script>`);
      await writeFile(join(site, 'other.html'), '<!doctype html><title>other</title>');
      await withServer([site], async (server) => {
        let at = (await (await fetch(server.page('/shown?wait=0'))).json()).position;
        const shown = async () => {
          const answer = await (await fetch(server.page(`/shown?wait=30&since=${at}`))).json();
          at = answer.position;
          return answer.messages[0]?.data;
        };
        await publish(server.page('/news'), '1');
        const page = await open(t, browser, server.page('/', 'localhost'));
        assert.equal(await shown(), '1 1');
        await publish(server.page('/news'), '2');
        await page.evaluate(() => void show());
        assert.equal(await shown(), '1,2 1,2');
        await page.goto(server.page('/other.html', 'localhost'));
        await publish(server.page('/news'), '3');
        await page.evaluate(() => void setTimeout(() => history.back()));
        assert.equal(await shown(), '1,2,3 1,2,3');
      });
    });
  });
}

// ---- what goes wrong ---------------------------------------------------------------------------

describe('what goes wrong', { concurrency: true }, () => {
  test('the server is started anew: what is lost is said, and what was said meanwhile arrives', async (t) => {
    const first = await Program.serve();
    const page = await open(t, 'chromium', first.page('/cpu', 'localhost'));
    await isLive(page);
    await publish(first.page('/cpu'), 'before');
    await seen(page, 'before');
    await first.stop();
    await page.waitForSelector('#state:text-is("no answer")');
    await page.waitForSelector('#notice-words:text-is("The server does not answer.")');
    await say(page, 'said to nobody');
    await page.waitForSelector('#outbox li.waits:has-text("said to nobody")');
    await page.screenshot({ path: join(PICTURES, 'page-gone.png') });
    const second = await Program.listening('serve', '-p', `${first.port}`);
    try {
      await publish(second.page('/cpu'), 'after');
      await retry(page);
      await page.waitForSelector('#log li.own');
      assert.deepEqual(await said(page), ['1 before', 'LOST', '1 after', '2 said to nobody']);
      assert.match(await page.textContent('#log .lost'), /the server has begun anew/);
      assert.equal(await page.locator('#outbox li').count(), 0);
      assert.ok(await page.locator('#notice').isHidden());
      await second.stop();
    } finally {
      second.kill();
    }
  });

  test('a position that is not kept any more: so many are lost', async (t) => {
    const network = await between(t, server.port);
    const page = await open(t, 'chromium', network.url('/lost'));
    await isLive(page, 'Server-Sent Events');
    await publish(server.page('/lost'), '1');
    await seen(page, '1');
    network.closed = true;
    network.cut();
    await page.waitForSelector('#state:text-is("no answer")');
    const batch = Array.from({ length: 103 }, (_, i) => JSON.stringify({ data: `${i + 2}` })).join('\n');
    await publish(server.page('/lost'), batch, { 'Content-Type': 'application/x-ndjson' });
    network.closed = false;
    await retry(page);
    await seen(page, '104');
    assert.deepEqual((await said(page)).slice(0, 3), ['1 1', 'LOST', '5 5']);
    assert.match(await page.textContent('#log .lost'), /^3 messages lost/);
  });

  test('publishing is refused: told at the line, with the text kept', async (t) => {
    const network = await between(t, server.port);
    const page = await open(t, 'chromium', network.url('/mute'));
    await isLive(page, 'Server-Sent Events');
    const refusal = (code, message, fields) => ({ status: code, body: JSON.stringify({ error: { code, message } }), fields });
    network.post = () => refusal(403, 'you may not publish on /mute');
    await say(page, 'may I?');
    await page.waitForSelector('#outbox li.stuck:has-text("may I?"):has-text("you may not publish on /mute (403)")');
    await page.click('#outbox button:text-is("Edit")');
    assert.equal(await page.inputValue('#message'), 'may I?');
    let times = 0;
    network.post = () => ((times += 1) === 1 ? refusal(503, 'too much at once', { 'Retry-After': '1' }) : undefined);
    await page.press('#message', 'Enter');
    await page.waitForSelector('#outbox li.waits:has-text("too much at once (503)")');
    await page.waitForSelector('#log li.own:has-text("may I?")');
    assert.equal(await page.locator('#outbox li').count(), 0);
    assert.deepEqual(complaints(page), []);
  });

  test('the limit is known while typing, in bytes', async (t) => {
    await withServer(['--max-message', '20'], async (server) => {
      const page = await open(t, 'chromium', server.page('/small', 'localhost'));
      await isLive(page);
      await page.fill('#message', '🧵🧵🧵🧵🧵');
      assert.equal(await page.textContent('#limit'), '20 of 20 bytes');
      assert.ok(await page.isEnabled('#say-it'));
      await page.fill('#message', '🧵🧵🧵🧵🧵ab');
      assert.equal(await page.textContent('#limit'), '2 bytes too many');
      assert.ok(await page.isDisabled('#say-it'));
      await page.press('#message', 'Enter');
      assert.equal(await page.inputValue('#message'), '🧵🧵🧵🧵🧵ab');
      await page.reload();
      assert.equal(await page.inputValue('#message'), '🧵🧵🧵🧵🧵ab', 'a draft survives');
    });
  });

  test('what is no channel is refused, in words', async (t) => {
    const page = await open(t, 'chromium', server.page('/chat/', 'localhost'));
    await page.waitForSelector('#state:text-is("refused")');
    assert.match(await page.textContent('#notice-words'), /\/chat.* \(400\)/);
  });

  test('a busy channel: at most 500 in the page, the newest at its end', async (t) => {
    const page = await open(t, 'chromium', server.page('/busy', 'localhost'));
    await isLive(page);
    for (let n = 0; n < 3; n++) {
      const lines = Array.from({ length: 400 }, (_, i) => JSON.stringify({ data: `m${n * 400 + i + 1}` })).join('\n');
      await publish(server.page('/busy'), lines, { 'Content-Type': 'application/x-ndjson' });
      await seen(page, `m${(n + 1) * 400}`);
    }
    const all = await said(page);
    assert.equal(all.length, 500);
    assert.deepEqual([all[0], all.at(-1)], ['701 m701', '1200 m1200']);
    assert.ok(await page.locator('#older').isVisible());
    assert.ok(await page.locator('#log li:last-child').isVisible());
    await page.screenshot({ path: join(PICTURES, 'page-busy.png') });
  });
});

// ---- pages of others, by weft.js -----------------------------------------------------------------

describe('pages of others', { concurrency: true }, () => {
  test('the same chat by weft.js, by WebSocket and by EventSource, as the examples have it', async (t) => {
    const own = await Program.serve(join(SOURCE, 'examples/web'));
    t.after(() => own.kill());
    const pages = [];
    for (const browser of Object.keys(launch))
      for (const name of ['weft', 'websocket', 'eventsource']) pages.push(await open(t, browser, own.page(`/${name}.html`, 'localhost')));
    for (const page of pages) await page.waitForSelector('#state:has-text("live")');
    for (const [i, page] of pages.entries()) {
      await page.fill('[name=line]', `${i}`);
      await page.press('[name=line]', 'Enter');
      for (const other of pages) await other.waitForSelector(`#log li:text-is("${i}")`);
    }
    for (const page of pages) assert.deepEqual(complaints(page), []);
  });

  test('as a script, as a module, and as one that is imported by name', async (t) => {
    const site = await mkdtemp(join(tmpdir(), 'weft-script-'));
    t.after(() => rm(site, { recursive: true }));
    const kinds = {
      script: '<script src="/weft.js"></script><script>document.title = typeof Weft</script>',
      module: '<script type="module">import "/weft.js"; document.title = typeof Weft</script>',
      named: '<script type="module">import { Weft } from "/.weft/weft.mjs"; document.title = typeof Weft</script>',
    };
    const own = await Program.serve(site);
    t.after(() => own.kill());
    for (const [kind, text] of Object.entries(kinds)) {
      await writeFile(join(site, `${kind}.html`), `<!doctype html>${text}`);
      const page = await open(t, 'chromium', own.page(`/${kind}.html`, 'localhost'));
      await page.waitForFunction(() => document.title === 'function');
    }
  });

  test('what a browser tells: the network is back, a page comes out of its cache', async (t) => {
    const network = await between(t, server.port);
    const page = await open(t, 'chromium', network.url('/.weft/parts.js'));
    await page.addScriptTag({ url: network.url('/weft.js') });
    await page.evaluate(() => {
      window.heard = [];
      window.channel = new Weft('/told', { last: 'all' });
      channel.onmessage = ({ data }) => heard.push(data);
    });
    const isIn = (state, transport) => page.waitForFunction(([a, b]) => channel.state === a && (!b || channel.transport === b), [state, transport]);
    await isIn('live', 'sse');
    network.closed = true;
    network.cut();
    await isIn('waiting');
    network.closed = false;
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await isIn('live');
    await publish(server.page('/told'), 'one');
    await page.waitForFunction(() => heard.length === 1);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
    await publish(server.page('/told'), 'two');
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await page.waitForFunction(() => heard.length === 2);
    network.websockets = true;
    await page.evaluate(() => dispatchEvent(new Event('online'))); // a reason to look whether the top gets through by now
    await isIn('live', 'websocket');
    await publish(server.page('/told'), 'three');
    await page.waitForFunction(() => heard.length === 3);
    assert.deepEqual(await page.evaluate(() => heard), ['one', 'two', 'three']);
  });
});

// ---- files, and what is not there --------------------------------------------------------------

describe('files', { concurrency: true }, () => {
  let site;
  let files;
  before(async () => {
    site = await mkdtemp(join(tmpdir(), 'weft-page-'));
    await mkdir(join(site, 'sub', 'deep'), { recursive: true });
    await writeFile(join(site, 'z.txt'), 'x'.repeat(1500));
    await writeFile(join(site, 'sub', 'a & <b> ü.html'), 'it');
    await writeFile(join(site, '.hidden'), '');
    await symlink('/etc', join(site, 'link'));
    files = await Program.serve(site);
  });
  after(async () => {
    await files.stop();
    await rm(site, { recursive: true });
  });

  const get = async (path, accept = '*/*') => {
    const response = await fetch(files.page(path), { headers: { Accept: accept } });
    return { status: response.status, type: response.headers.get('Content-Type'), text: await response.text() };
  };

  test('lists of directories, for people', async (t) => {
    for (const browser of Object.keys(launch)) {
      const page = await open(t, browser, files.page('/', 'localhost'));
      assert.deepEqual(await page.locator('tbody td:first-child').allTextContents(), ['sub/', 'z.txt']);
      assert.equal(await page.textContent('tbody tr:last-child td:nth-child(2)'), '1.5 KiB');
      await page.click('a:text-is("sub/")');
      await page.waitForURL('**/sub/');
      assert.deepEqual(await page.locator('tbody td:first-child').allTextContents(), ['../', 'deep/', 'a & <b> ü.html']);
      assert.equal(await page.textContent('h1'), '/sub/');
      await page.click('a:text-is("a & <b> ü.html")');
      await page.waitForSelector('body:text-is("it")');
      await page.goto(files.page('/nothing.png', 'localhost'));
      assert.equal(await page.textContent('.path'), '/nothing.png');
      await page.fill('[name=channel]', 'news');
      await page.press('[name=channel]', 'Enter');
      await page.waitForURL('**/news');
      await isLive(page);
      assert.deepEqual(complaints(page), []);
    }
  });

  test('the same for others, in lines', async () => {
    assert.deepEqual(await get('/'), { status: 200, type: 'text/plain; charset=utf-8', text: 'sub/\nz.txt\n' });
    assert.equal((await get('/sub/')).text, 'deep/\na & <b> ü.html\n');
    assert.equal((await get('/sub/deep/')).text, '');
    for (const path of ['/link/', '/sub/none/', '/.hidden/', '/sub//', '/z.txt/']) assert.equal((await get(path)).status, 404, path);
    const missing = await get('/nothing.png');
    assert.deepEqual(missing, { status: 404, type: 'text/plain; charset=utf-8', text: 'there is no such file, nor a channel of that name\n' });
    assert.deepEqual({ ...(await get('/nothing.png', 'text/html')), text: '' }, { status: 404, type: 'text/html; charset=utf-8', text: '' });
  });

  test('/ is a channel for everyone but browsers', async () => {
    const ask = async (accept) => (await fetch(server.page('/'), { headers: { Accept: accept } })).text();
    assert.match(await ask('text/html'), /^<!doctype html>/);
    assert.match(await ask('*/*'), /^\{"channel":"\/"/);
  });
});

// ---- to use --------------------------------------------------------------------------------------

describe('to use', { concurrency: true }, () => {
  test('on a phone what is known of the channel is behind a button', async (t) => {
    const page = await open(t, 'chromium', server.page('/facts', 'localhost'), PHONE);
    await isLive(page);
    assert.equal(await page.locator('#facts').isVisible(), false);
    await page.click('#facts-toggle');
    assert.ok(await page.locator('#facts').isVisible());
    assert.deepEqual(await barriers(page), []);
    assert.equal(await page.evaluate(sideways), 0);
    await page.screenshot({ path: join(PICTURES, 'page-facts.png') });
  });

  test('by the keyboard alone', async (t) => {
    const page = await open(t, 'chromium', server.page('/', 'localhost'));
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'skip');
    for (let n = 0; n < 5 && (await focused()) !== 'channel'; n++) await page.keyboard.press('Tab');
    assert.equal(await focused(), 'channel');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('tea/green');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/tea/green');
    await isLive(page);
    assert.equal(await focused(), 'message');
    await page.keyboard.type('one');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('two');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#log li.own');
    assert.deepEqual(await said(page), ['1 one\ntwo']);
    assert.equal(await focused(), 'message');
    await page.keyboard.press('Escape');
    assert.equal(await focused(), 'scroller');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'message');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid', 'where one is can be seen');
    assert.equal(await page.getAttribute('#scroller', 'aria-live'), 'polite');
  });

  test('commands are for a shell, whoever chose the address', async (t) => {
    const page = await open(t, 'chromium', server.page("/a;$(reboot)'b", 'localhost'));
    await isLive(page);
    const here = server.page('', 'localhost');
    const word = `'${here}/a;$(reboot)'\\''b`;
    assert.deepEqual(await page.locator('#facts code[data-command]').allTextContents(), [
      `weft sub ${word}'`,
      `weft pub ${word}'`,
      `curl -d hi ${word}'`,
      `curl -N ${word}?stream=raw'`,
    ]);
    const plain = await open(t, 'chromium', server.page('/cpu', 'localhost'));
    assert.equal(await plain.textContent('#facts code[data-command]'), `weft sub ${here}/cpu`);
  });

  test('another site may not have it in a frame, and nothing comes from elsewhere', async () => {
    const response = await fetch(server.page('/cpu'), { headers: { Accept: 'text/html' } });
    const policy = response.headers.get('Content-Security-Policy');
    assert.match(policy, /default-src 'self'/);
    assert.match(policy, /frame-ancestors 'self'/);
    const html = await response.text();
    const refers = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, to]) => to).filter((to) => !/^(#|\/?$)/.test(to));
    for (const to of refers) {
      assert.match(to, /^\/\.weft\//);
      const asset = await fetch(server.page(to));
      assert.equal(asset.status, 200, to);
      const again = await fetch(server.page(to), { headers: { 'If-None-Match': asset.headers.get('ETag') } });
      assert.equal(again.status, 304, to);
    }
    assert.ok(refers.length >= 3);
  });
});
