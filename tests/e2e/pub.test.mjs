// SPDX-License-Identifier: MIT
//
// weft pub, against a server of channels that is not ours (lib/channels.mjs): what is published, once, and what is said
// when that cannot be known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Channels } from './lib/channels.mjs';
import { Program, weft, withServer } from './lib/program.mjs';

async function started(t) {
  const server = await Channels.start();
  t.after(() => server.stop());
  return server;
}

const numbers = (n) => Array.from({ length: n }, (_, i) => String(i + 1));
const lines = (texts) => texts.map((text) => `${text}\n`).join('');

/** What was published of these texts comes once each, in order. */
function published(server, texts, name = '/s') {
  assert.deepEqual(server.log(name).texts(), texts);
}

const clean = { code: 0, err: '' };
const endOf = async (running) => {
  const { code, err } = await running;
  return { code, err };
};

for (const [by, url, often] of [['ws', (server) => server.ws('/s'), 400], ['POST', (server) => server.http('/s'), 1]]) {
  test(`${by}: a message`, async (t) => {
    const server = await started(t);
    assert.deepEqual(await endOf(weft(['pub', url(server), 'hällo "you"'])), clean);
    published(server, ['hällo "you"']);
  });

  test(`${by}: an empty message is one`, async (t) => {
    const server = await started(t);
    assert.deepEqual(await endOf(weft(['pub', url(server), ''])), clean);
    published(server, ['']);
  });

  test(`${by}: each line of stdin, and the last one without its end`, async (t) => {
    const server = await started(t);
    assert.deepEqual(await endOf(weft(['pub', url(server)], 'one\n\nthree\r\nfour')), clean);
    published(server, ['one', '', 'three\r', 'four']);
  });

  test(`${by}: many lines, in order`, async (t) => {
    const server = await started(t);
    const texts = numbers(5000);
    assert.deepEqual(await endOf(weft(['pub', url(server)], lines(texts))), clean);
    published(server, texts);
  });

  test(`${by}: -n stops after so many`, async (t) => {
    const server = await started(t);
    assert.deepEqual(await endOf(weft(['pub', '-n', '2', url(server)], 'a\nb\nc\n')), clean);
    published(server, ['a', 'b']);
  });

  test(`${by}: a line is published when it is there, not when there are more`, async (t) => {
    const server = await started(t);
    const pub = new Program(['pub', url(server)]);
    t.after(() => pub.kill());
    for (const text of ['a', 'b']) {
      const there = new Promise((resolve) => (server.onPublish = () => void resolve()));
      pub.type(text);
      await there;
    }
    pub.child.stdin.end();
    assert.equal((await pub.end()).code, 0);
    published(server, ['a', 'b']);
  });

  test(`${by}: -b is all of stdin, binary`, async (t) => {
    const server = await started(t);
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));
    assert.deepEqual(await endOf(weft(['pub', '-b', url(server)], bytes)), clean);
    assert.deepEqual(server.log('/s').entries.map(({ base64 }) => base64), [bytes.toString('base64')]);
  });

  test(`${by}: --json reads envelopes, --key is a key`, async (t) => {
    const server = await started(t);
    const envelopes = [
      { channel: '/other', position: 'k3f9a2c1.42', time: 1, key: 'ACME', data: 'a\nb\u2028\0' },
      { base64: 'AAE=' },
    ];
    assert.deepEqual(await endOf(weft(['pub', '--json', url(server)], lines(envelopes.map((e) => JSON.stringify(e))))), clean);
    assert.equal((await weft(['pub', '--key', 'K', url(server), 'x'])).code, 0);
    assert.deepEqual(
      server.log('/s').entries.map(({ data, base64, key }) => ({ data, base64, key })),
      [{ data: 'a\nb\u2028\0', base64: undefined, key: 'ACME' }, { data: undefined, base64: 'AAE=', key: undefined }, { data: 'x', base64: undefined, key: 'K' }],
    );
  });

  test(`${by}: cut in the middle, again and again: each line once, in order`, async (t) => {
    const server = await started(t);
    const texts = numbers(3000);
    let calls = 0;
    let cuts = 0;
    server.onPublish = () => {
      if (++calls % often) return undefined;
      cuts++;
      setImmediate(() => server.cut());
      return false; // published, and nobody is told
    };
    const { code, err } = await weft(['pub', url(server)], lines(texts));
    assert.equal(code, 0, err);
    assert.ok(cuts >= 2, `${cuts} cuts`);
    assert.match(err, /connecting again/);
    published(server, texts);
  });

  test(`${by}: what the server asks to repeat later is repeated`, async (t) => {
    const server = await started(t);
    let busy = 2;
    server.onPublish = () => (busy-- > 0 ? { error: { code: 503, message: 'busy', retry: 10 } } : undefined);
    const { code, err } = await weft(['pub', url(server)], 'a\nb\n');
    assert.equal(code, 0, err);
    published(server, ['a', 'b']);
  });

  test(`${by}: another epoch: what is not confirmed is named, and the end is not 0`, async (t) => {
    const server = await started(t);
    server.onPublish = (log) => {
      if (log.head) setImmediate(() => server.restart());
      else server.onFirst();
      return log.head ? false : undefined;
    };
    const pub = new Program(['pub', url(server)]);
    t.after(() => pub.kill());
    const first = new Promise((resolve) => (server.onFirst = resolve));
    pub.type('a');
    await first;
    pub.type('b');
    const { code, err } = await pub.end();
    assert.equal(code, 56, err);
    assert.match(err, /has begun anew/);
    assert.match(err, /2 of the input (is|are) not confirmed/);
    published(server, []);
  });

  test(`${by}: another epoch while nothing is unconfirmed is no matter`, async (t) => {
    const server = await started(t);
    const pub = new Program(['pub', '-v', url(server)]);
    t.after(() => pub.kill());
    const first = new Promise((resolve) => (server.onPublish = () => void resolve()));
    pub.type('a');
    await first;
    await pub.heard(/(<- text[^]*){4}|(Weft-Position[^]*){2}/); // it is confirmed
    server.onPublish = undefined;
    server.restart();
    await pub.heard(/connecting again|the connection has ended/);
    pub.type('c');
    pub.child.stdin.end();
    const { code, err } = await pub.end();
    assert.equal(code, 0, err);
    published(server, ['c']);
  });

  test(`${by}: a message that is refused ends it with 22, in the server's words`, async (t) => {
    const server = await started(t);
    server.onPublish = (log, messages) =>
      messages.some(({ data }) => data === 'bad') ? { error: { code: 403, message: 'no bad words' } } : undefined;
    const { code, err } = await weft(['pub', url(server)], 'bad\n');
    assert.equal(code, 22);
    assert.match(err, /^weft: lines? 1.* refused/m);
    assert.match(err, /^weft: refused status=403$/m);
    assert.match(err, /^> .*no bad words/m);
  });

  test(`${by}: nothing is confirmed: -w ends it with 28`, async (t) => {
    const server = await started(t);
    server.onPublish = () => false;
    server.refuse = ({ method }) => (method === 'POST' ? 503 : 0);
    const pub = new Program(['pub', '-w', '300ms', url(server), 'a']);
    t.after(() => pub.kill());
    const { code, err } = await pub.end();
    assert.equal(code, 28, err);
    assert.match(err, /the message is not confirmed/);
  });

  test(`${by}: nobody is there: 7, and at once`, async (t) => {
    const server = await started(t);
    await server.stop();
    const { code, err } = await weft(['pub', url(server), 'a']);
    assert.equal(code, 7, err);
  });
}

test('who may not read publishes all the same', async (t) => {
  const server = await started(t);
  server.unreadable = true;
  assert.deepEqual(await endOf(weft(['pub', server.ws('/s'), 'a'])), clean);
  published(server, ['a']);
});

test('POST: lines that come while one is under way go together', async (t) => {
  const server = await started(t);
  await weft(['pub', server.http('/s')], lines(numbers(5000)));
  const posts = server.requests.filter((line) => line.startsWith('POST'));
  assert.ok(posts.length < 40, `${posts.length} requests`);
});

test('Ctrl-C ends the input: what was read is published; a message that is not whole is not, and that is said', async (t) => {
  const server = await started(t);
  const pub = new Program(['pub', server.ws('/s')]);
  const whole = new Program(['pub', '-v', '-b', server.ws('/s')]);
  t.after(() => [pub, whole].forEach((program) => program.kill()));
  const there = new Promise((resolve) => (server.onPublish = () => void resolve()));
  pub.type('a');
  await there;
  pub.kill('SIGINT');
  assert.equal((await pub.end()).code, 0);
  whole.type('half');
  await whole.heard(/(<- text[^]*){3}/);
  whole.kill('SIGINT');
  const { code, err } = await whole.end();
  assert.equal(code, 56);
  assert.match(err, /interrupted: nothing was published/);
  published(server, ['a']);
});

test('a server that does not speak weft.v1 is named: 80', async () => {
  await withServer(['--echo', '/e'], async (server) => {
    for (const args of [['pub', server.url('/e'), 'a'], ['sub', server.url('/e')]]) {
      const { code, err } = await weft(args);
      assert.deepEqual({ code, err }, { code: 80, err: `weft: ${server.url('/e')}: that server does not speak weft.v1\n` });
    }
  });
});

test('a line that is not UTF-8 is named', async (t) => {
  const server = await started(t);
  const { code, err } = await weft(['pub', server.ws('/s')], Buffer.from('a\n\xff\n', 'latin1'));
  assert.deepEqual({ code, err }, { code: 1, err: 'weft: line 2 of the input is not UTF-8; -b sends all of the input as one binary message\n' });
  published(server, ['a']);
});

test('mistakes are named before anybody is asked', async () => {
  for (const [args, code, said] of [
    [['pub'], 1, /which URL/],
    [['pub', ':1/x', 'a', 'b'], 1, /"b" is a second one/],
    [['pub', ':1/x/*', 'a'], 3, /star/],
    [['pub', 'ftp://x/y', 'a'], 3, /begins with ws/],
    [['pub', 'http:///y', 'a'], 3, /names no server/],
    [['pub', ':1/x?since=a.1', 'a'], 3, /leave "since" out/],
    [['pub', '-b', '--json', ':1/x'], 1, /choose one/],
    [['pub', '--jsno', ':1/x'], 1, /did you mean --json/],
    [['pbu', ':1/x'], 1, /did you mean weft pub/],
  ]) {
    const result = await weft(args);
    assert.equal(result.code, code, args.join(' '));
    assert.match(result.err, said);
  }
});
