// SPDX-License-Identifier: MIT
//
// js/weft.js in a page that is open for a long time: what connections leave behind when they are over. In Chromium that is
// the heap, as its debugger counts it. Firefox does not tell how much a page holds, so there, and in both, it is how many of
// the sockets are still there behind a collection: whatever holds anything of a connection that is over holds its socket.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, open } from './lib/browsers.mjs';
import { Program, soon } from './lib/program.mjs';

const WARM_UP = 100;
const MANY = 500;

let server;
before(async () => (server = await Program.serve()));
after(() => server.stop());

/** A channel, whose sockets may be counted, and reconnect(n). Runs in the page. */
function begin(counted) {
  const sockets = [];
  class Counted extends WebSocket {
    constructor(...how) {
      super(...how);
      sockets.push(new WeakRef(this));
    }
  }
  const channel = new Weft('/again', { WebSocket: counted ? Counted : WebSocket, transports: ['websocket'], last: 'all', presence: true });
  channel.channel('/again/too');
  const live = () => new Promise((resolve) => {
    const look = () => channel.state === 'live' && resolve(channel.removeEventListener('state', look));
    channel.addEventListener('state', look);
    look();
  });
  window.reconnect = async (n) => {
    for (let i = 0; i < n; i++) {
      await live();
      channel.retry();
    }
    await live();
  };
  window.made = () => sockets.length;
  window.left = () => sockets.filter((socket) => socket.deref()).length;
}

async function start(t, browser, { counted }) {
  const page = await open(t, browser, server.page('/.weft/parts.js', 'localhost'));
  await page.addScriptTag({ url: server.page('/weft.js', 'localhost') });
  await page.evaluate(begin, counted);
  await page.evaluate((n) => window.reconnect(n), WARM_UP);
  return page;
}

for (const [name, begins] of Object.entries(launch)) {
  describe(name, () => {
    let browser;
    before(async () => (browser = await begins()));
    after(() => browser.close());

    test(`${MANY} reconnects: of the sockets the one in use is left`, async (t) => {
      const page = await start(t, browser, { counted: true });
      await page.evaluate((n) => window.reconnect(n), MANY);
      assert.ok(await page.evaluate(() => window.made()) > MANY);
      let left; // the last one may be about to close
      const collected = async () => {
        do {
          await page.requestGC();
          left = await page.evaluate(() => window.left());
        } while (left > 2);
      };
      await soon(collected(), () => `them to be gone; ${left} are left`);
    });

    test(`${MANY} reconnects: the heap does not grow`, { skip: name !== 'chromium' }, async (t) => {
      const page = await start(t, browser, { counted: false });
      const session = await page.context().newCDPSession(page);
      const used = async () => {
        await session.send('HeapProfiler.collectGarbage');
        return (await session.send('Runtime.getHeapUsage')).usedSize;
      };
      const before = await used();
      await page.evaluate((n) => window.reconnect(n), MANY);
      const grown = (await used()) - before; // it settles at some 90 KB, however many there are; a socket that is kept is 2 KB
      t.diagnostic(`${grown} bytes more`);
      assert.ok(grown < 200_000, `${grown} bytes more`);
    });
  });
}
