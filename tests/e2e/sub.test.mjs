// SPDX-License-Identifier: MIT
//
// weft sub, by every transport, through a network that cuts (lib/between.mjs), of weft serve: what comes on stdout, where
// it goes on after a cut, and what is said of losses.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { ask } from './lib/ask.mjs';
import { Between } from './lib/between.mjs';
import { Certs } from './lib/certs.mjs';
import { Odd } from './lib/odd.mjs';
import { BUILD, Program, soon, weft } from './lib/program.mjs';

const VIAS = ['ws', 'sse', 'stream', 'longpoll', 'poll'];
const NDJSON = { 'Content-Type': 'application/x-ndjson' };
const serve = () => Program.serve('--deflate', 'off', '--channel', '/few/**: history=3', '--channel', '/**: history=100000/1h/64M');

let server;
before(async () => (server = await serve()));
after(() => server.stop());

// ---- what a test has ---------------------------------------------------------------------------

let places = 0;

/** A channel of its own, and a network on the way to it. */
async function place(t, { above = '/sub' } = {}) {
  const net = await Between.start(t, server.port);
  const name = `${above}/${++places}`;
  return { net, name, url: net.ws(name) };
}

/** A server of a test's own. */
async function own(t) {
  const server = await serve();
  t.after(() => server.kill());
  return server;
}

function subscribed(t, ...args) {
  const sub = new Program(['sub', '--every', '20ms', ...args]);
  t.after(() => sub.kill());
  return sub;
}

/** It has been told where it begins, for the nth time. */
const begun = ({ net }, n = 1) => net.saying(/"position":"[a-z0-9]+\.\d+"/g, n);

const lines = (texts) => texts.map((text) => `${text}\n`).join('');
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

async function post({ net }, name, body, fields = {}) {
  const answer = await ask(net.to, 'POST', name, { body, fields });
  assert.equal(answer.status, 200, answer.body);
  return JSON.parse(answer.body).position;
}

/** Texts, and Buffers; the position of the last one. */
async function publish(at, messages, name = at.name) {
  const line = (message) => JSON.stringify(typeof message === 'string' ? { data: message } : { base64: message.toString('base64') });
  let position;
  for (let i = 0; i < messages.length; i += 1000) position = await post(at, name, lines(messages.slice(i, i + 1000).map(line)), NDJSON);
  return position;
}

const back = (position, n) => position.replace(/\d+$/, (offset) => offset - n);

// ---- by every transport ------------------------------------------------------------------------

for (const via of VIAS)
  describe(via, { concurrency: 4 }, () => {
    test('what is kept', async (t) => {
      const at = await place(t);
      await publish(at, ['a', 'two words', '', 'ü "\\']);
      const { code, out, err } = await weft(['sub', '--via', via, '--last', 'all', '-n', '4', at.url]);
      assert.deepEqual({ code, out, err }, { code: 0, out: 'a\ntwo words\n\nü "\\\n', err: '' });
    });

    test('the newest, by an http URL', async (t) => {
      const at = await place(t);
      await publish(at, numbers(1, 10));
      const { code, out } = await weft(['sub', '--via', via, '--last', '7', '-n', '7', at.net.http(at.name)]);
      assert.deepEqual({ code, out }, { code: 0, out: lines(numbers(4, 10)) });
    });

    test('from now on', async (t) => {
      const at = await place(t);
      await publish(at, ['before']);
      const sub = subscribed(t, '--via', via, '-n', '2', at.url);
      await begun(at);
      await publish(at, ['one', 'two']);
      const { code, out, err } = await sub.end();
      assert.deepEqual({ code, out, err }, { code: 0, out: 'one\ntwo\n', err: '' });
    });

    test('after a position', async (t) => {
      const at = await place(t);
      const head = await publish(at, numbers(1, 5));
      const { code, out } = await weft(['sub', '--via', via, '--since', back(head, 3), '-n', '3', at.url]);
      assert.deepEqual({ code, out }, { code: 0, out: '3\n4\n5\n' });
    });

    test('cut again and again: each once, in order', async (t) => {
      const at = await place(t);
      const sub = subscribed(t, '--via', via, '-n', '60', at.url);
      await begun(at);
      for (let i = 1; i <= 60; i += 10) {
        const some = publish(at, numbers(i, i + 4));
        await sub.said(new RegExp(`^${i + 2}$`, 'm')); // so some are on the way
        at.net.cut();
        await some;
        await publish(at, numbers(i + 5, i + 9));
      }
      const { code, out } = await sub.end();
      assert.deepEqual({ code, out }, { code: 0, out: lines(numbers(1, 60)) });
    });

    test('who comes and goes, besides messages', async (t) => {
      const at = await place(t);
      const sub = subscribed(t, '--via', via, '--presence', '-n', '2', `${at.url}?client=ann`);
      await sub.heard(/1 here: ann\?\n/);
      const bob = subscribed(t, '--presence', `${at.url}?client=bob`);
      await bob.heard(/bob\?/);
      await publish(at, ['one']); // a long poll is answered, and then one looks around
      await sub.heard(/bob\?/);
      await publish(at, ['two']);
      const { code, out, err } = await sub.end();
      assert.deepEqual({ code, out }, { code: 0, out: 'one\ntwo\n' });
      const told = err.replaceAll(`weft: ${at.name}: `, '').trimEnd().split('\n');
      assert.equal(told[0], '1 here: ann?');
      assert.equal(told.at(-1), via.endsWith('poll') ? '2 here: ann?, bob?' : '2 here; come: bob?');
    });

    test('who is there, as envelopes', async (t) => {
      const at = await place(t);
      const sub = subscribed(t, '--via', via, '--presence', '--json', '-n', '1', `${at.url}?client=ann`);
      await sub.said(/"presence"/);
      await publish(at, ['one']);
      const { code, out, err } = await sub.end();
      assert.deepEqual({ code, err }, { code: 0, err: '' });
      const [first, second] = out.trimEnd().split('\n').map((line) => JSON.parse(line));
      assert.deepEqual(first, { channel: at.name, presence: { count: 1, members: [{ client: 'ann', verified: false }] } });
      assert.equal(second.data, 'one');
    });

    for (const [strict, ends] of [[[], 0], [['--strict'], 82]])
      test(`${strict} a loss behind --since`, async (t) => {
        const at = await place(t, { above: '/few' });
        const head = await publish(at, numbers(1, 9));
        const { code, out, err } = await weft(['sub', '--via', via, ...strict, '--since', back(head, 7), '-n', '3', at.url]);
        assert.deepEqual({ code, out }, { code: ends, out: ends ? '' : '7\n8\n9\n' });
        assert.equal(err, `weft: ${at.name}: 4 messages are lost, up to ${back(head, 3)}\n`);
      });

    // For a second after an answer more is kept, so of polls it cannot be said when something is lost.
    test('a loss while it was away', { skip: via.endsWith('poll') }, async (t) => {
      const at = await place(t, { above: '/few' });
      const sub = subscribed(t, '--via', via, '-n', '4', at.url);
      await begun(at);
      await publish(at, ['1']);
      await sub.said(/1\n/);
      at.net.refuse = 503;
      at.net.cut();
      await sub.heard(/connecting again/);
      const head = await publish(at, numbers(2, 9));
      at.net.refuse = 0;
      const { code, out, err } = await sub.end();
      assert.deepEqual({ code, out }, { code: 0, out: '1\n7\n8\n9\n' });
      assert.ok(err.endsWith(`weft: ${at.name}: 5 messages are lost, up to ${back(head, 3)}\n`), err);
    });

    test('another epoch: nobody knows, and all that is kept comes', async (t) => {
      const at = await place(t);
      const head = await publish(at, ['1', '2']);
      const { code, out, err } = await weft(['sub', '--via', via, '--since', 'k3f9a2c1.1', '-n', '2', at.url]);
      assert.deepEqual({ code, out }, { code: 0, out: '1\n2\n' });
      assert.equal(err, `weft: ${at.name}: nobody knows how many messages are lost, up to ${back(head, 2)}\n`);
    });

    test('a server that is killed, and another in its place', async (t) => {
      const at = await place(t);
      const first = await own(t);
      const second = await own(t);
      at.net.to = first.port;
      const sub = subscribed(t, '--via', via, '-n', '2', at.url);
      await begun(at);
      await publish(at, ['1']);
      await sub.said(/1\n/);
      at.net.to = second.port;
      first.kill();
      await publish(at, ['2']);
      const { code, out, err } = await sub.end();
      assert.deepEqual({ code, out }, { code: 0, out: '1\n2\n' });
      assert.match(err, /nobody knows how many messages are lost/);
    });

    test('what lines cannot show: --json, -b', async (t) => {
      const at = await place(t);
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const texts = ['a\nb', 'a\r\nb\r', '\u2028\0', '', 'ü'];
      const head = await publish(at, [...texts, bytes]);
      const json = await weft(['sub', '--via', via, '--json', '--last', 'all', '-n', '6', at.url]);
      assert.equal(json.code, 0, json.err);
      const envelopes = json.out.trimEnd().split('\n').map((line) => JSON.parse(line));
      assert.deepEqual(envelopes.map(({ channel, position, data, base64 }) => ({ channel, position, data, base64 })),
        [...texts, bytes].map((text, i) => ({
          channel: at.name,
          position: back(head, 5 - i),
          data: i < 5 ? text : undefined,
          base64: i < 5 ? undefined : bytes.toString('base64'),
        })));
      const raw = new Program(['sub', '--via', via, '-b', '--last', '1', '-n', '1', at.url], { encoding: 'latin1' });
      assert.deepEqual(Buffer.from((await raw.end()).out, 'latin1'), bytes);
    });

    test('-w: none for so long is the end; with -n it is 28', async (t) => {
      const at = await place(t);
      await publish(at, ['1']);
      const args = ['sub', '--via', via, '--last', 'all', '-w', '500ms', at.url];
      const [done, late] = await Promise.all([weft(args), weft([...args, '-n', '2'])]);
      assert.deepEqual({ code: done.code, out: done.out }, { code: 0, out: '1\n' });
      assert.deepEqual({ code: late.code, out: late.out }, { code: 28, out: '1\n' });
      assert.match(late.err, /messages that came in time: 1 of 2/);
    });

    test('Ctrl-C is a good end', async (t) => {
      const at = await place(t);
      const sub = subscribed(t, '--via', via, at.url);
      await begun(at);
      await publish(at, ['1']);
      await sub.said(/1\n/);
      sub.kill('SIGINT');
      const { code, signal, out } = await sub.end();
      assert.deepEqual({ code, signal, out }, { code: 0, signal: null, out: '1\n' });
    });

    test('refused is 22, nobody there 7, and no second try', async (t) => {
      const { net } = await place(t);
      for (const [args, status] of [[[net.ws('/.reserved')], 404], [['-H', 'Origin: https://evil.example', net.ws('/s')], 403]]) {
        const before = net.connections;
        const refused = await weft(['sub', '--via', via, ...args]);
        assert.equal(refused.code, 22, refused.err);
        assert.match(refused.err, new RegExp(`^weft: refused status=${status}$`, 'm'));
        assert.equal(net.connections, before + 1);
      }
      net.server.close();
      assert.equal((await weft(['sub', '--via', via, net.ws('/s')])).code, 7);
    });

    test('what passes is waited for, once it was there', async (t) => {
      const at = await place(t);
      const sub = subscribed(t, '--via', via, '-n', '2', at.url);
      await begun(at);
      await publish(at, ['1']);
      await sub.said(/1\n/);
      at.net.refuse = 503;
      at.net.cut();
      await sub.heard(/(refused|503)[^\n]*; connecting again/);
      await publish(at, ['2']);
      at.net.refuse = 0;
      const { code, out } = await sub.end();
      assert.deepEqual({ code, out, refused: at.net.refused > 0 }, { code: 0, out: '1\n2\n', refused: true });
    });

    test('many messages, all of them', async (t) => {
      const at = await place(t);
      await publish(at, numbers(1, 3000));
      const { code, out } = await weft(['sub', '--via', via, '--every', '20ms', '--last', 'all', '-n', '3000', at.url]);
      assert.deepEqual({ code, right: out === lines(numbers(1, 3000)) }, { code: 0, right: true });
    });

    test('nobody reads stdout: a quiet end', async (t) => {
      const at = await place(t);
      await publish(at, numbers(1, 3));
      const pipe = `"$0" sub --via ${via} --every 20ms --last all "$1" | head -n 1; echo "\${PIPESTATUS[0]}"`;
      const piped = soon(new Promise((resolve) => {
        execFile('bash', ['-c', pipe, `${BUILD}/weft`, at.url], (error, out, err) => resolve({ out, err }));
      }), () => pipe);
      await begun(at);
      const more = setInterval(() => publish(at, ['more']), 50); // until somebody notices
      t.after(() => clearInterval(more));
      assert.deepEqual(await piped, { out: '1\n0\n', err: '' });
      clearInterval(more);
    });
  });

// Each says after how many seconds, 1 to 5, it may come again.
describe('a server that leaves says when to come again, and nothing is said of that', { concurrency: true }, () => {
  for (const via of ['ws', 'sse', 'stream'])
    test(via, async (t) => {
      const at = await place(t);
      const first = await own(t);
      const second = await own(t);
      at.net.to = first.port;
      const sub = subscribed(t, '--via', via, '-n', '2', at.url);
      await begun(at);
      await publish(at, ['1']);
      await sub.said(/1\n/);
      at.net.to = second.port;
      await first.stop();
      const head = await publish(at, ['2']);
      const { code, out, err } = await sub.end();
      assert.deepEqual({ code, out }, { code: 0, out: '1\n2\n' });
      assert.equal(err, `weft: ${at.name}: nobody knows how many messages are lost, up to ${back(head, 1)}\n`);
    });
});

// ---- more than one -----------------------------------------------------------------------------

test('a pattern: channels that are there, and those that come to be, each resumed where it was', async (t) => {
  const at = await place(t);
  const say = (channel, text) => publish(at, [text], `${at.name}/${channel}`);
  await say('a', 'old');
  await say('quiet', 'old');
  const sub = subscribed(t, '--json', '-n', '8', `${at.url}/*`);
  await begun(at, 2);
  await say('a', 'a1');
  await say('b', 'b1');
  await say('b/c', 'no');
  await sub.said(/b1/);
  at.net.refuse = 503;
  at.net.cut();
  await say('a', 'a2');
  await say('b', 'b2');
  await say('quiet', 'q1'); // nothing had come of it before
  await say('new', 'n1'); // made while nobody was there
  at.net.refuse = 0;
  for (const text of ['a2', 'b2', 'q1', 'n1']) await sub.said(new RegExp(text));
  await say('c', 'c1');
  await say('a', 'a3');
  const { code, out } = await sub.end();
  assert.equal(code, 0);
  const got = out.trimEnd().split('\n').map((line) => JSON.parse(line)).map(({ channel, data }) => `${channel.slice(at.name.length)} ${data}`);
  assert.deepEqual(got.toSorted(), ['/a a1', '/a a2', '/a a3', '/b b1', '/b b2', '/c c1', '/new n1', '/quiet q1']);
});

test('all transports at once, and a publisher, cut at random: each has every line once, in order', async (t) => {
  const at = await place(t);
  const texts = numbers(1, 1000);
  const nets = await Promise.all(VIAS.map(() => Between.start(t, server.port)));
  const subs = VIAS.map((via, i) => subscribed(t, '--via', via, '-n', '1000', nets[i].ws(at.name)));
  await Promise.all(nets.map((net) => begun({ net })));
  let cuts = 0;
  let answers = 0;
  at.net.onAnswer = (text) => {
    if (cuts === 6 || !/"ok":\{"position"/.test(text) || ++answers % 3) return undefined;
    nets[cuts++ % nets.length].cut();
    return 'cut';
  };
  const pub = await weft(['pub', at.url], lines(texts));
  assert.equal(pub.code, 0, pub.err);
  assert.ok(cuts > 2, `${cuts} cuts`);
  for (const [i, sub] of subs.entries()) {
    const { code, out } = await sub.end();
    assert.deepEqual({ via: VIAS[i], code, right: out === lines(texts) }, { via: VIAS[i], code: 0, right: true });
  }
});

test('several channels at once', async (t) => {
  const at = await place(t);
  const other = await place(t);
  const sub = subscribed(t, '-n', '2', at.url, other.net.http(other.name));
  await Promise.all([begun(at), begun(other)]);
  await publish(at, ['s']);
  await sub.said(/s\n/);
  await publish(other, ['t']);
  assert.deepEqual((await sub.end()).out, 's\nt\n');
});

// ---- who one is --------------------------------------------------------------------------------

test('by TLS: whom --cacert trusts, and nobody else', async (t) => {
  const certs = new Certs();
  t.after(() => certs.remove());
  const { cert, key } = certs.issue('server');
  const server = await Program.serve('--tls-cert', cert, '--tls-key', key);
  t.after(() => server.kill());
  const trust = ['--cacert', certs.ca];
  for (const url of [server.url('/s'), server.page('/s')]) {
    assert.equal((await weft(['pub', ...trust, url, 'hi'])).code, 0);
    assert.equal((await weft(['pub', url, 'no'])).code, 60);
  }
  await Promise.all(VIAS.map(async (via) => {
    const { code, out, err } = await weft(['sub', '--via', via, ...trust, '--last', 'all', '-n', '2', server.url('/s')]);
    assert.deepEqual({ via, code, out, err }, { via, code: 0, out: 'hi\nhi\n', err: '' });
    assert.equal((await weft(['sub', '--via', via, server.page('/s')])).code, 60);
  }));
  await server.stop();
});

test('user and password, header fields', async (t) => {
  const { net, name, url } = await place(t);
  /** Authorization and X-A of each request that has come. */
  const seen = () => net.asked.filter((piece) => /^(GET|HEAD|POST) /.test(piece))
    .map((head) => ['authorization', 'x-a'].map((field) => new RegExp(`^${field}: (.*?)\r$`, 'im').exec(head)?.[1]));
  const way = ['-u', 'me:sécret', '-H', 'X-A: b'];
  await Promise.all([
    ...VIAS.map((via) => weft(['sub', '--via', via, ...way, '--last', 'all', '-n', '1', url])),
    ...[url, net.http(name)].map((by) => weft(['pub', ...way, by, 'a'])),
  ]);
  const basic = `Basic ${Buffer.from('me:sécret').toString('base64')}`;
  for (const fields of seen()) assert.deepEqual(fields, [basic, 'b']);
  assert.ok(seen().length >= 8, `${seen().length}`);
  net.asked = [];
  for (const via of ['ws', 'stream']) await weft(['sub', '--via', via, '--last', '1', '-n', '1', url.replace('127', 'url:p%40w@127')]);
  assert.deepEqual(seen(), Array(2).fill([`Basic ${Buffer.from('url:p@w').toString('base64')}`, undefined]));
});

// ---- answers that are none ---------------------------------------------------------------------

describe('a server that is not ours', () => {
  test('who may not read is told so by weft.v1', async (t) => {
    const odd = await Odd.start(t, { command: ({ id }) => [{ id, error: { code: 403, message: 'reading is not allowed here' } }] });
    const { code, err } = await weft(['sub', odd.ws('/s')]);
    assert.deepEqual({ code, err }, { code: 22, err: 'weft: refused status=403\n> reading is not allowed here\n' });
  });

  test('what weft.v1 may have some day is not looked at', async (t) => {
    const at = (n) => `k3f9a2c1.${n}`;
    const odd = await Odd.start(t, {
      command: ({ id, subscribe }) => (subscribe ? [
        { news: 1 },
        { id, ok: { channel: subscribe, position: at(0), head: at(1), policy: 'queue', more: {} }, more: 1 },
        { channel: subscribe, position: at(1), time: 1, data: 'hi', more: [] },
        { channel: subscribe, weather: 'fair' },
        { channel: subscribe, position: at(2), time: 1, base64: 'AA==' },
      ] : []),
    });
    const { code, out, err } = await weft(['sub', '-n', '2', odd.ws('/s')]);
    assert.deepEqual({ code, out, err }, { code: 0, out: 'hi\n\0\n', err: '' });
  });

  test('sse: a 204 is the end, as it is for an EventSource', async (t) => {
    let asked = 0;
    const odd = await Odd.start(t, { http: () => (asked++, { status: 204 }) });
    const { code, err } = await weft(['sub', '--via', 'sse', odd.http('/s')]);
    assert.deepEqual({ code, err, asked }, { code: 22, err: 'weft: refused status=204\n', asked: 1 });
  });

  for (const [via, type, bodies] of [
    ['poll', 'application/json', ['', 'hi', '[]', '{}', '{"position":1}']],
    ['longpoll', 'application/json', ['', 'hi', '[]', '{}', '{"position":1}']],
    ['stream', 'application/x-ndjson', ['hi\n', '[]\n', '1\n']],
    ['sse', 'text/event-stream', ['event: begin\ndata: hi\n\n', 'event: lost\ndata: {}\n\n', 'event: envelope\ndata: []\n\n']],
  ])
    for (const body of bodies)
      test(`${via}: ${JSON.stringify(body)} is no channel: 80`, async (t) => {
        const odd = await Odd.start(t, { http: () => ({ type, body }) });
        const { code, err } = await weft(['sub', '--via', via, odd.http('/s')]);
        assert.equal(code, 80, err);
        assert.match(err, /that is no channel, or not by this transport/);
      });
});

test('mistakes are named before anybody is asked', async () => {
  for (const [args, code, said] of [
    [['sub'], 1, /which URL/],
    [['sub', '--via', 'pol', ':1/x'], 1, /did you mean poll/],
    [['sub', '--via', 'carrier', ':1/x'], 1, /is not ws, sse/],
    [['sub', '--since', '42', ':1/x'], 1, /is no position/],
    [['sub', '--since', 'k3f9a2c1.1', ':1/x', ':1/y'], 1, /one URL/],
    [['sub', '--last', '0', ':1/x'], 1, /at least 1/],
    [['sub', '--via', 'sse', ':1/x/*'], 3, /--via ws/],
    [['sub', '-b', '--json', ':1/x'], 1, /choose one/],
    [['sub', '--srict', ':1/x'], 1, /did you mean --strict/],
    [['sub', ':1/x?last=1'], 3, /leave "last" out/],
  ]) {
    const result = await weft(args);
    assert.equal(result.code, code, args.join(' '));
    assert.match(result.err, said);
  }
  assert.match(spawnSync(`${BUILD}/weft`, ['help', 'sub']).stdout.toString(), /--strict/);
});
