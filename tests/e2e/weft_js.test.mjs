// SPDX-License-Identifier: MIT
//
// js/weft.js in node, against weft serve: every transport, bad networks, a server that is started anew, the outbox. What
// browsers add (their events, their WebSocket, pages that freeze) is in page.test.mjs; what connections leave behind in them,
// in reconnects.test.mjs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { Network } from './lib/network.mjs';
import { Program, SOURCE, soon } from './lib/program.mjs';

const { Weft } = createRequire(import.meta.url)(resolve(SOURCE, 'js/weft.js'));
const TRANSPORTS = ['websocket', 'sse', 'longpoll'];

let server; // on which each test has channels of its own
before(async () => (server = await Program.serve()));
after(() => server.stop());

/** A channel, with what it heard: events by type, and until(what) is true of it. */
function open(t, url, options = {}) {
  return listen(t, new Weft(url, { WebSocket, ...options }));
}

function listen(t, channel) {
  t.after(() => channel.close());
  const heard = { message: [], loss: [], state: [], presence: [], error: [] };
  const looks = new Set();
  for (const type of Object.keys(heard))
    channel.addEventListener(type, (event) => {
      heard[type].push(event);
      for (const look of looks) look();
    });
  const until = (is) =>
    soon(new Promise((resolve) => {
      const look = () => is(heard) && resolve(looks.delete(look));
      looks.add(look);
      look();
    }), () => `${is}; ${JSON.stringify(heard)}`);
  const texts = () => heard.message.map(({ data }) => data);
  return Object.assign(channel, { heard, until, texts, live: () => until(() => channel.state === 'live') });
}

const url = (path) => server.page(path);

/** To whom the server says that it pings each second: so the client's own pings begin soon. The server's are as ever. */
class Watchful extends WebSocket {
  set onmessage(heard) {
    super.onmessage = heard && (({ data }) => heard({ data: data.replace(/("ping":)25000/, '$11000') }));
  }
}

async function publish(path, body, fields = {}) {
  const response = await fetch(url(path), { method: 'POST', body, headers: fields });
  assert.equal(response.status, 200);
  return (await response.json()).position;
}

// ---- each transport ----------------------------------------------------------------------------

describe('each transport', { concurrency: true }, () => {
  for (const transport of TRANSPORTS) {
    test(`${transport}: what is said, and to say something`, async (t) => {
      const path = `/said/${transport}/caf%C3%A9`;
      await publish(path, 'before');
      const channel = open(t, url(path), { transports: [transport], last: 'all' });
      assert.equal(channel.name, `/said/${transport}/café`);
      await channel.live();
      assert.equal(channel.transport, transport);
      const said = await channel.publish('a\nb\r\nc ∆');
      const bytes = await channel.publish(new Uint8Array([0, 1, 255]).subarray(1), { key: 'K' });
      await channel.until(({ message }) => message.length === 3);
      const [first, second, third] = channel.heard.message;
      assert.equal(first.data, 'before');
      assert.equal(second.data, 'a\nb\r\nc ∆');
      assert.equal(second.position, said.position);
      assert.deepEqual([...third.data], [1, 255]);
      assert.equal(third.key, 'K');
      assert.equal(channel.position, bytes.position);
      assert.equal(channel.buffered, 0);
    });

    test(`${transport}: from a position; what is lost is told`, async (t) => {
      const path = `/lost/${transport}`;
      const positions = [await publish(path, '1'), await publish(path, '2')];
      await fetch(url(path), { method: 'DELETE' });
      await publish(path, '3');
      const channel = open(t, url(path), { transports: [transport], since: positions[0] });
      await channel.until(({ message }) => message.length === 1);
      assert.deepEqual(channel.heard.loss.map(({ lost, position }) => [lost, position]), [[1, positions[1]]]);
      assert.deepEqual(channel.texts(), ['3']);
    });

    test(`${transport}: who is there`, async (t) => {
      const channel = open(t, url(`/here/${transport}`), { transports: [transport], presence: true, client: 'ann' });
      await channel.until(({ presence }) => presence.some(({ members }) => members?.some(({ client }) => client === 'ann')));
    });

    test(`${transport}: a loop over what comes`, async (t) => {
      const channel = open(t, url(`/loop/${transport}`), { transports: [transport] });
      await channel.live();
      const heard = (async () => {
        const texts = [];
        for await (const { data } of channel) if (texts.push(data) === 3) break;
        return texts;
      })();
      await Promise.all(['x', 'y', 'z'].map((text) => channel.publish(text)));
      assert.deepEqual(await soon(heard, () => 'three messages'), ['x', 'y', 'z']);
    });

    test(`${transport}: cut again and again, it has everything once, and publishes everything once`, async (t) => {
      const network = await Network.start(t, server.port);
      const path = `/cut/${transport}`;
      const channel = open(t, network.url(path), { transports: [transport], last: 'all', outbox: 1000 });
      await channel.live();
      const cutting = setInterval(() => network.cut(), 40);
      const own = [];
      for (let i = 0; i < 60; i++) {
        own.push(channel.publish(`own ${i}`));
        await publish(path, `other ${i}`);
      }
      clearInterval(cutting);
      await soon(Promise.all(own), () => `all to be published; ${channel.buffered} are not`);
      await channel.publish('the last one');
      await channel.until(() => channel.texts().includes('the last one'));
      const all = (await (await fetch(`${url(path)}?last=all`)).json()).messages;
      const texts = channel.texts();
      assert.equal(texts.length, 121);
      assert.equal(new Set(texts).size, 121);
      assert.deepEqual(texts.slice(-all.length), all.map(({ data }) => data));
      assert.equal(channel.heard.loss.length, 0);
    });
  }
});

// ---- the ladder --------------------------------------------------------------------------------

describe('the ladder', { concurrency: true }, () => {
  test('without WebSockets by Server-Sent Events; where streams are held up by long polling', async (t) => {
    const network = await Network.start(t, server.port);
    network.websockets = false;
    const channel = open(t, network.url('/ladder'));
    await channel.live();
    assert.equal(channel.transport, 'sse');
    await channel.publish('by POST');
    await channel.until(({ message }) => message.length === 1);
    network.buffers = true;
    network.cut();
    await channel.until(() => channel.transport === 'longpoll');
    await channel.publish('again');
    await channel.until(({ message }) => message.length === 2);
    assert.deepEqual(channel.texts(), ['by POST', 'again']);
  });

  test('a connection that is half open is noticed', async (t) => {
    const network = await Network.start(t, server.port);
    const channel = open(t, network.url('/half'), { transports: ['websocket'], WebSocket: Watchful });
    await channel.live();
    network.stalls = true;
    await channel.until(({ state }) => state.some(({ reason }) => reason === 'it has fallen silent'));
    network.stalls = false;
    await channel.live();
  });

  test('another address: the old way is dead without a word, and it goes on where it was by the new one', async (t) => {
    const own = await Program.serve('-v');
    t.after(() => own.kill());
    const network = await Network.start(t, own.port);
    const channel = open(t, network.url('/moved'), { transports: ['websocket'], last: 'all', WebSocket: Watchful });
    await channel.publish('before');
    await channel.until(({ message }) => message.length === 1);
    network.move('127.0.0.2');
    const meanwhile = Array.from({ length: 50 }, (_, i) => `meanwhile ${i}`);
    const said = channel.publish('on the way that is dead');
    for (const body of meanwhile) await fetch(own.page('/moved'), { method: 'POST', body });
    assert.equal(channel.state, 'live', 'nothing has told it');
    await channel.until(({ state }) => state.some(({ reason }) => reason === 'it has fallen silent'));
    await soon(said, () => 'it to be published');
    await channel.publish('after');
    await channel.until(() => channel.texts().includes('after'));
    assert.deepEqual(channel.texts(), ['before', ...meanwhile, 'on the way that is dead', 'after']);
    assert.equal(channel.heard.loss.length, 0);
    assert.match(own.err, /127\.0\.0\.2:\d+ +\/moved +open/);
  });

  test('what the server says of coming back is done', async (t) => {
    const own = await Program.serve();
    t.after(() => own.kill());
    const channel = open(t, own.page('/leaves'), { transports: ['websocket'] });
    await channel.live();
    await own.stop();
    await channel.until(({ state }) => state.some(({ state: name, wait }) => name === 'waiting' && wait > 0));
  });

  test('a server that is started anew: that is a loss of nobody knows how much', async (t) => {
    const first = await Program.serve();
    const network = await Network.start(t, first.port);
    const channel = open(t, network.url('/anew'), { last: 'all' });
    await channel.publish('before');
    await channel.until(({ message }) => message.length === 1);
    first.kill();
    await channel.until(() => channel.state === 'waiting');
    const second = await Program.serve();
    t.after(() => second.kill());
    network.to = second.port;
    const said = channel.publish('meanwhile'); // never sent to the first one
    await soon(said, () => 'it to be published');
    await channel.until(({ message }) => message.length === 2);
    assert.deepEqual(channel.heard.loss.map(({ lost }) => lost), [null]);
    assert.deepEqual(channel.texts(), ['before', 'meanwhile']);
  });

  test('one who is refused is told so, the others of the connection go on', async (t) => {
    for (const transport of TRANSPORTS) {
      const channel = open(t, url('/open'), { transports: [transport] });
      const reserved = listen(t, channel.channel('/.reserved'));
      const loop = assert.rejects(async () => { for await (const event of reserved) assert.fail(event); }, { code: 404 });
      await reserved.until(() => reserved.state === 'refused');
      assert.equal(reserved.heard.state.at(-1).error.code, 404);
      await loop;
      await channel.live();
      await channel.publish('hi');
      await channel.until(({ message }) => message.length === 1);
    }
  });
});

// ---- many channels -----------------------------------------------------------------------------

describe('many channels', { concurrency: true }, () => {
  test('on one connection, each with its position; each goes for itself', async (t) => {
    const network = await Network.start(t, server.port);
    const a = open(t, network.url('/many/a'));
    const b = listen(t, a.channel('/many/b'));
    assert.equal(a.channel('/many/b'), b);
    await Promise.all([a.live(), b.live()]);
    assert.equal(network.requests.filter((line) => line.startsWith('WS')).length, 1);
    await Promise.all([a.publish('to a'), b.publish('to b')]);
    await Promise.all([a, b].map((one) => one.until(({ message }) => message.length === 1)));
    assert.deepEqual([a.texts(), b.texts()], [['to a'], ['to b']]);
    a.close();
    await b.publish('still there');
    await b.until(({ message }) => message.length === 2);
    assert.equal(a.texts().length, 1);
    await assert.rejects(a.publish('no'), { code: 'closed' });
  });

  test('a pattern joins what is there and what comes, and goes on after a cut without a loss', async (t) => {
    const network = await Network.start(t, server.port);
    await publish('/quotes/ACME', 'there');
    const first = open(t, network.url('/elsewhere'));
    const all = listen(t, first.channel('/quotes/*', { last: 'all' }));
    await all.until(({ message }) => message.length === 1);
    await publish('/quotes/NEW', 'made later');
    await all.until(({ message }) => message.length === 2);
    network.cut();
    await publish('/quotes/ACME', 'meanwhile');
    await publish('/quotes/NEWER', 'made meanwhile');
    await all.until(({ message }) => message.length === 4);
    assert.deepEqual(all.heard.message.map(({ channel, data }) => `${channel} ${data}`).sort(),
      ['/quotes/ACME meanwhile', '/quotes/ACME there', '/quotes/NEW made later', '/quotes/NEWER made meanwhile']);
    assert.equal(all.heard.loss.length, 0);
    await assert.rejects(all.publish('no'), { code: 400 });
  });
});

// ---- the outbox --------------------------------------------------------------------------------

describe('the outbox', { concurrency: true }, () => {
  test('keeps what is said while nobody answers, in order, and says when it is full', async (t) => {
    const network = await Network.start(t, server.port);
    network.closed = true;
    const channel = open(t, network.url('/outbox'), { outbox: 3, last: 'all' });
    const said = ['1', '2', '3'].map((text) => channel.publish(text));
    assert.equal(channel.buffered, 3);
    await assert.rejects(channel.publish('4'), { code: 'full' });
    network.closed = false;
    await soon(Promise.all(said), () => 'them to be published');
    await channel.until(({ message }) => message.length === 3);
    assert.deepEqual(channel.texts(), ['1', '2', '3']);
    assert.deepEqual(channel.heard.error.map(({ error }) => error.code), ['full']);
  });

  for (const transport of TRANSPORTS) {
    test(`${transport}: what the server refuses is refused`, async (t) => {
      const channel = open(t, url(`/refused/${transport}`), { transports: [transport] });
      await channel.live();
      await assert.rejects(channel.publish('x'.repeat(70_000)), { code: 413 });
      await assert.rejects(channel.publish(7), TypeError);
      await channel.publish('and goes on');
    });
  }

  test('what may have been published by a server that is gone is not said again', async (t) => {
    const first = await Program.serve();
    const network = await Network.start(t, first.port);
    const channel = open(t, network.url('/unknown'), { transports: ['websocket'] });
    await channel.live();
    network.stalls = true;
    const said = channel.publish('did it arrive?');
    const refused = assert.rejects(said, { code: 'unknown' });
    first.kill();
    network.cut();
    network.stalls = false;
    const second = await Program.serve();
    t.after(() => second.kill());
    network.to = second.port;
    await soon(refused, () => 'it to be refused');
  });

  test('who closes is told what was not published', async (t) => {
    const network = await Network.start(t, server.port);
    network.closed = true;
    const channel = open(t, network.url('/closed'));
    const said = channel.publish('never');
    channel.close();
    await assert.rejects(said, { code: 'closed' });
  });
});

// ---- what is served ----------------------------------------------------------------------------

test('the server has it, without comments, in at most 6 KB', async () => {
  const response = await fetch(server.page('/weft.js'));
  assert.equal(response.headers.get('Content-Type'), 'text/javascript; charset=utf-8');
  const text = await response.text();
  assert.match(text, /class Weft extends EventTarget/);
  assert.doesNotMatch(text, /^ /m);
  const size = gzipSync(text, { level: 9 }).length;
  assert.ok(size <= 6144, `${size} bytes`);
  // Made smaller without being read: whatever stands in quotes has to come through.
  const source = (await readFile(resolve(SOURCE, 'js/weft.js'), 'utf8')).replace(/^ *\/\*\*.*\*\/$|^ *\/\/.*$| \/\/ .*$/gm, '');
  const quoted = source.match(/"[^"\n]*"|`[^`]*`/g);
  assert.ok(quoted.length > 100);
  for (const literal of quoted) assert.ok(text.includes(literal), literal);
  const again = await fetch(server.page('/weft.js'), { headers: { 'If-None-Match': response.headers.get('ETag') } });
  assert.equal(again.status, 304);
});

// ---- what a page adds --------------------------------------------------------------------------

test('a hook adds to each request what it likes, whichever way that goes', async (t) => {
  for (const transport of TRANSPORTS) {
    const network = await Network.start(t, server.port);
    const asked = [];
    const channel = open(t, network.url(`/hook/${transport}`), {
      transports: [transport],
      request: async ({ url: to, transport: by }) => {
        asked.push(by);
        to.searchParams.set('token', 'T');
      },
    });
    await channel.publish('hi');
    assert.ok(network.requests.every((line) => line.includes('token=T')), network.requests.join('\n'));
    assert.ok(asked.includes(transport));
  }
});

test('10,000 connections that end at once leave nothing behind', async (t) => {
  let opened = 0;
  let goal = 0;
  let reached;
  class Ends {
    readyState = 0;
    constructor() {
      opened += 1;
      if (opened === goal) reached();
      setImmediate(() => {
        this.readyState = 1;
        const say = (object) => this.onmessage?.({ data: JSON.stringify(object) });
        say({ hello: { ping: 25_000, max_message: 65_536 } });
        say({ close: { retry: 0.001 } });
        this.onclose?.({ code: 1001, reason: '' });
      });
    }
    send() {}
    close() {}
  }
  const channel = new Weft(url('/ends'), { WebSocket: Ends, transports: ['websocket'] });
  t.after(() => channel.close());
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const used = async (many) => {
    await soon(new Promise((resolve) => ((goal = many), (reached = resolve))), () => `${many} connections; there were ${opened}`, 90_000);
    collect();
    return process.memoryUsage().heapUsed;
  };
  const grown = -(await used(1000)) + (await used(11_000));
  assert.ok(grown < 500_000, `${grown} bytes more`);
});
