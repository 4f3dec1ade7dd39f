// SPDX-License-Identifier: MIT
//
// weft sub, by every transport, against a server of channels that is not ours (lib/channels.mjs): what comes on stdout,
// where it goes on after a cut, and what is said of losses.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Certs } from './lib/certs.mjs';
import { Channels } from './lib/channels.mjs';
import { BUILD, Program, soon, weft } from './lib/program.mjs';

const VIAS = ['ws', 'sse', 'stream', 'longpoll', 'poll'];

async function started(t) {
  const server = await Channels.start();
  server.retry = 20;
  t.after(() => server.stop());
  return server;
}

function subscribed(t, ...args) {
  const sub = new Program(['sub', '--every', '20ms', ...args]);
  t.after(() => sub.kill());
  return sub;
}

const lines = (texts) => texts.map((text) => `${text}\n`).join('');
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const publish = (server, texts) => texts.forEach((text) => server.publish('/s', text));

for (const via of VIAS) {
  test(`${via}: what is kept`, async (t) => {
    const server = await started(t);
    publish(server, ['a', 'two words', '', 'ü "\\']);
    const { code, out, err } = await weft(['sub', '--via', via, '--last', 'all', '-n', '4', server.ws('/s')]);
    assert.deepEqual({ code, out, err }, { code: 0, out: 'a\ntwo words\n\nü "\\\n', err: '' });
  });

  test(`${via}: the newest, by an http URL`, async (t) => {
    const server = await started(t);
    publish(server, numbers(1, 10));
    const { code, out } = await weft(['sub', '--via', via, '--last', '7', '-n', '7', server.http('/s')]);
    assert.deepEqual({ code, out }, { code: 0, out: lines(numbers(4, 10)) });
  });

  test(`${via}: from now on`, async (t) => {
    const server = await started(t);
    publish(server, ['before']);
    const sub = subscribed(t, '--via', via, '-n', '2', server.ws('/s'));
    await server.log('/s').sought(1);
    publish(server, ['one', 'two']);
    const { code, out, err } = await sub.end();
    assert.deepEqual({ code, out, err }, { code: 0, out: 'one\ntwo\n', err: '' });
  });

  test(`${via}: after a position`, async (t) => {
    const server = await started(t);
    publish(server, numbers(1, 5));
    const { code, out } = await weft(['sub', '--via', via, '--since', server.log('/s').position(2), '-n', '3', server.ws('/s')]);
    assert.deepEqual({ code, out }, { code: 0, out: '3\n4\n5\n' });
  });

  test(`${via}: cut again and again: each once, in order`, async (t) => {
    const server = await started(t);
    const sub = subscribed(t, '--via', via, '-n', '60', server.ws('/s'));
    await server.log('/s').sought(1);
    for (let i = 1; i <= 60; i += 10) {
      publish(server, numbers(i, i + 4));
      await sub.said(new RegExp(`^${i + 2}$`, 'm')); // so some are on the way
      server.cut();
      publish(server, numbers(i + 5, i + 9));
    }
    const { code, out } = await sub.end();
    assert.deepEqual({ code, out }, { code: 0, out: lines(numbers(1, 60)) });
  });

  test(`${via}: who comes and goes, besides messages`, async (t) => {
    const server = await started(t);
    const polls = via.endsWith('poll'); // then what has changed is not known, but who is there
    const ann = { client: 'ann', verified: false };
    server.present('/s', { count: 2, members: [ann] });
    const sub = subscribed(t, '--via', via, '--presence', '-n', '3', server.ws('/s'));
    await sub.heard(/weft: \/s: 2 here: ann\?\n/);
    server.publish('/s', 'one');
    await sub.said(/one\n/);
    await setTimeout(50); // --every
    server.present('/s', polls ? { count: 1, members: [] } : { count: 1, join: [], leave: [ann] });
    server.publish('/s', 'two');
    await sub.heard(polls ? /weft: \/s: 1 here\n/ : /weft: \/s: 1 here; gone: ann\?\n/);
    server.publish('/s', 'three');
    const { code, out, err } = await sub.end();
    assert.deepEqual({ code, out }, { code: 0, out: 'one\ntwo\nthree\n' });
    assert.equal(err.match(/here/g).length, 2);
  });

  test(`${via}: who is there, as envelopes`, async (t) => {
    const server = await started(t);
    const presence = { count: 1, members: [{ client: 'ann', verified: false }] };
    server.present('/s', presence);
    const sub = subscribed(t, '--via', via, '--presence', '--json', '-n', '1', server.ws('/s'));
    await sub.said(/"presence"/);
    server.publish('/s', 'one');
    const { code, out, err } = await sub.end();
    assert.deepEqual({ code, err }, { code: 0, err: '' });
    const [first, second] = out.trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(first, { channel: '/s', presence });
    assert.equal(second.data, 'one');
  });

  for (const [strict, ends] of [[[], 0], [['--strict'], 82]]) {
    test(`${via} ${strict}: a loss behind --since`, async (t) => {
      const server = await started(t);
      publish(server, numbers(1, 9));
      const since = server.log('/s').position(2);
      server.log('/s').keep(3);
      const { code, out, err } = await weft(['sub', '--via', via, ...strict, '--since', since, '-n', '3', server.ws('/s')]);
      assert.deepEqual({ code, out }, { code: ends, out: ends ? '' : '7\n8\n9\n' });
      assert.equal(err, `weft: /s: 4 messages are lost, up to ${server.log('/s').position(6)}\n`);
    });
  }

  test(`${via}: another epoch: nobody knows, and all that is kept comes`, async (t) => {
    const server = await started(t);
    publish(server, ['1', '2']);
    const { code, out, err } = await weft(['sub', '--via', via, '--since', 'k3f9a2c1.1', '-n', '2', server.ws('/s')]);
    assert.deepEqual({ code, out }, { code: 0, out: '1\n2\n' });
    assert.equal(err, `weft: /s: nobody knows how many messages are lost, up to ${server.log('/s').position(0)}\n`);
  });

  test(`${via}: a restart in the middle`, async (t) => {
    const server = await started(t);
    const sub = subscribed(t, '--via', via, '-n', '2', server.ws('/s'));
    await server.log('/s').sought(1);
    publish(server, ['1']);
    await sub.said(/1\n/);
    server.restart();
    publish(server, ['2']);
    const { code, out, err } = await sub.end();
    assert.deepEqual({ code, out }, { code: 0, out: '1\n2\n' });
    assert.match(err, /nobody knows how many messages are lost/);
  });

  test(`${via}: what lines cannot show: --json, -b`, async (t) => {
    const server = await started(t);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const texts = ['a\nb', 'a\r\nb\r', '\u2028\0', '', 'ü'];
    publish(server, [...texts, bytes]);
    const json = await weft(['sub', '--via', via, '--json', '--last', 'all', '-n', '6', server.ws('/s')]);
    assert.equal(json.code, 0, json.err);
    const envelopes = json.out.trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(envelopes.map(({ channel, position, data, base64 }) => ({ channel, position, data, base64 })),
      [...texts, bytes].map((text, i) => ({
        channel: '/s',
        position: server.log('/s').position(i + 1),
        data: i < 5 ? text : undefined,
        base64: i < 5 ? undefined : bytes.toString('base64'),
      })));
    const raw = new Program(['sub', '--via', via, '-b', '--last', '1', '-n', '1', server.ws('/s')], { encoding: 'latin1' });
    assert.deepEqual(Buffer.from((await raw.end()).out, 'latin1'), bytes);
  });

  test(`${via}: -w: none for so long is the end; with -n it is 28`, async (t) => {
    const server = await started(t);
    publish(server, ['1']);
    const args = ['sub', '--via', via, '--last', 'all', '-w', '400ms', server.ws('/s')];
    const [done, late] = await Promise.all([weft(args), weft([...args, '-n', '2'])]);
    assert.deepEqual({ code: done.code, out: done.out }, { code: 0, out: '1\n' });
    assert.deepEqual({ code: late.code, out: late.out }, { code: 28, out: '1\n' });
    assert.match(late.err, /messages that came in time: 1 of 2/);
  });

  test(`${via}: Ctrl-C is a good end`, async (t) => {
    const server = await started(t);
    const sub = subscribed(t, '--via', via, server.ws('/s'));
    await server.log('/s').sought(1);
    publish(server, ['1']);
    await sub.said(/1\n/);
    sub.kill('SIGINT');
    const { code, signal, out } = await sub.end();
    assert.deepEqual({ code, signal, out }, { code: 0, signal: null, out: '1\n' });
  });

  test(`${via}: refused is 22, nobody there 7, and no second try`, async (t) => {
    const server = await started(t);
    let asked = 0;
    server.refuse = () => (asked++, 403);
    const refused = await weft(['sub', '--via', via, server.ws('/s')]);
    assert.equal(refused.code, 22, refused.err);
    assert.match(refused.err, /^weft: refused status=403$/m);
    assert.equal(asked, 1);
    await server.stop();
    assert.equal((await weft(['sub', '--via', via, server.ws('/s')])).code, 7);
  });

  test(`${via}: what passes is waited for, once it was there`, async (t) => {
    const server = await started(t);
    const sub = subscribed(t, '--via', via, '-n', '2', server.ws('/s'));
    await server.log('/s').sought(1);
    publish(server, ['1']);
    await sub.said(/1\n/);
    let refusals = 0;
    server.refuse = () => (refusals++ < 2 ? 503 : 0);
    server.cut();
    publish(server, ['2']);
    const { code, out } = await sub.end();
    assert.deepEqual({ code, out, refusals: refusals > 2 }, { code: 0, out: '1\n2\n', refusals: true });
  });

  test(`${via}: many messages, all of them`, async (t) => {
    const server = await started(t);
    publish(server, numbers(1, via === 'poll' ? 60 : 3000));
    const n = server.log('/s').head;
    const { code, out } = await weft(['sub', '--via', via, '--last', 'all', '-n', String(n), server.ws('/s')]);
    assert.deepEqual({ code, right: out === lines(numbers(1, n)) }, { code: 0, right: true });
  });

  test(`${via}: nobody reads stdout: a quiet end`, async (t) => {
    const server = await started(t);
    publish(server, numbers(1, 3));
    const url = server.ws('/s');
    const pipe = `"$0" sub --via ${via} --last all "$1" | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const piped = soon(new Promise((resolve) => {
      execFile('bash', ['-c', pipe, `${BUILD}/weft`, url], (error, out, err) => resolve({ out, err }));
    }), () => pipe);
    await server.log('/s').sought(1);
    const more = setInterval(() => publish(server, ['more']), 50); // until somebody notices
    t.after(() => clearInterval(more));
    assert.deepEqual(await piped, { out: '1\n0\n', err: '' });
  });
}

for (const via of ['ws', 'sse', 'stream']) {
  test(`${via}: a server that leaves says when to come again, and it is quiet about that`, async (t) => {
    const server = await started(t);
    const sub = subscribed(t, '--via', via, '-n', '2', server.ws('/s'));
    await server.log('/s').sought(1);
    publish(server, ['1']);
    await sub.said(/1\n/);
    if (via === 'ws') server.leave(30);
    else server.endStreams(30);
    publish(server, ['2']);
    const { code, out, err } = await sub.end();
    assert.deepEqual({ code, out, err }, { code: 0, out: '1\n2\n', err: '' });
  });
}

test('a pattern: channels that are there, and those that come to be, each resumed where it was', async (t) => {
  const server = await started(t);
  server.publish('/q/a', 'old');
  server.publish('/q/quiet', 'old');
  const sub = subscribed(t, '--json', '-n', '8', server.ws('/q/*'));
  await server.log('/q/a').sought(1);
  server.publish('/q/a', 'a1');
  server.publish('/q/b', 'b1');
  server.publish('/q/b/c', 'no');
  await sub.said(/b1/);
  server.cut();
  server.publish('/q/a', 'a2');
  server.publish('/q/b', 'b2');
  server.publish('/q/quiet', 'q1'); // nothing had come of it before
  server.publish('/q/new', 'n1'); // made while nobody was there
  await sub.said(/a2[^]*b2[^]*q1[^]*n1|a2[^]*q1[^]*b2[^]*n1|q1[^]*a2[^]*b2[^]*n1/);
  server.publish('/q/c', 'c1');
  server.publish('/q/a', 'a3');
  const { code, out } = await sub.end();
  assert.equal(code, 0);
  const got = out.trimEnd().split('\n').map((line) => JSON.parse(line)).map(({ channel, data }) => `${channel} ${data}`);
  assert.deepEqual(got.toSorted(), ['/q/a a1', '/q/a a2', '/q/a a3', '/q/b b1', '/q/b b2', '/q/c c1', '/q/new n1', '/q/quiet q1']);
});

test('all transports at once, and a publisher, cut at random: each has every line once, in order', async (t) => {
  const server = await started(t);
  const texts = numbers(1, 1000);
  const subs = VIAS.map((via) => subscribed(t, '--via', via, '-n', '1000', server.ws('/s')));
  await server.log('/s').sought(VIAS.length);
  let left = 12;
  server.onPublish = (log) => {
    if (left && log.head > (13 - left) * 70) setImmediate(() => left-- > 0 && server.cut());
  };
  const pub = await weft(['pub', server.ws('/s')], lines(texts));
  assert.equal(pub.code, 0, pub.err);
  for (const sub of subs) {
    const { code, out } = await sub.end();
    assert.deepEqual({ via: sub.args[4], code, right: out === lines(texts) }, { via: sub.args[4], code: 0, right: true });
  }
});

test('by TLS: whom --cacert trusts, and nobody else', async (t) => {
  const certs = new Certs();
  t.after(() => certs.remove());
  const { cert, key } = certs.issue('server');
  const server = await Channels.start(0, { cert: readFileSync(cert), key: readFileSync(key) });
  t.after(() => server.stop());
  const trust = ['--cacert', certs.ca];
  for (const url of [server.ws('/s'), server.http('/s')]) {
    assert.equal((await weft(['pub', ...trust, url, 'hi'])).code, 0);
    assert.equal((await weft(['pub', url, 'no'])).code, 60);
  }
  for (const via of VIAS) {
    const { code, out, err } = await weft(['sub', '--via', via, ...trust, '--last', 'all', '-n', '2', server.ws('/s')]);
    assert.deepEqual({ via, code, out, err }, { via, code: 0, out: 'hi\nhi\n', err: '' });
    assert.equal((await weft(['sub', '--via', via, server.http('/s')])).code, 60);
  }
});

test('user and password, header fields', async (t) => {
  const server = await started(t);
  const seen = [];
  server.refuse = ({ headers }) => void seen.push([headers.authorization, headers['x-a']]);
  const way = ['-u', 'me:sécret', '-H', 'X-A: b'];
  const url = server.ws('/s').replace('127', 'url:p%40w@127');
  for (const via of VIAS) await weft(['sub', '--via', via, ...way, '-w', '100ms', server.ws('/s')]);
  for (const by of [server.ws('/s'), server.http('/s')]) await weft(['pub', ...way, by, 'a']);
  const basic = `Basic ${Buffer.from('me:sécret').toString('base64')}`;
  for (const fields of seen) assert.deepEqual(fields, [basic, 'b']);
  assert.ok(seen.length >= 8);
  seen.length = 0;
  for (const via of ['ws', 'stream']) await weft(['sub', '--via', via, '-w', '100ms', url]);
  assert.deepEqual(seen, Array(2).fill([`Basic ${Buffer.from('url:p@w').toString('base64')}`, undefined]));
});

test('several channels at once', async (t) => {
  const server = await started(t);
  const sub = subscribed(t, '-n', '2', server.ws('/s'), server.http('/t'));
  await Promise.all([server.log('/s').sought(1), server.log('/t').sought(1)]);
  publish(server, ['s']);
  await sub.said(/s\n/);
  server.publish('/t', 't');
  assert.deepEqual((await sub.end()).out, 's\nt\n');
});

test('who may not read is told so by weft.v1', async (t) => {
  const server = await started(t);
  server.unreadable = true;
  const { code, err } = await weft(['sub', server.ws('/s')]);
  assert.deepEqual({ code, err }, { code: 22, err: 'weft: refused status=403\n> reading is not allowed here\n' });
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
