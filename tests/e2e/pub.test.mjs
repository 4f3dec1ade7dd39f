// SPDX-License-Identifier: MIT
//
// weft pub, through a network that cuts (lib/between.mjs), to weft serve: what is published, once, and what is said when
// that cannot be known.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask } from './lib/ask.mjs';
import { Between } from './lib/between.mjs';
import { crowd } from './lib/crowd.mjs';
import { Odd } from './lib/odd.mjs';
import { Program, weft, withServer } from './lib/program.mjs';

const serve = () => Program.serve('--deflate', 'off', '--channel', '/**: history=100000/1h/64M');

let server;
before(async () => (server = await serve()));
after(() => server.stop());

let places = 0;

/** A channel of its own, and a network on the way to it. */
async function place(t, to = server) {
  const net = await Between.start(t, to.port);
  const name = `/pub/${++places}`;
  return { net, name, ws: net.ws(name), POST: net.http(name) };
}

/** A server of a test's own. */
async function own(t) {
  const server = await serve();
  t.after(() => server.kill());
  return server;
}

/** All envelopes of a channel, in order. */
async function envelopes({ net, name }) {
  const all = [];
  let answer = { more: true };
  while (answer.more) {
    const query = answer.position ? `since=${answer.position}` : 'last=all';
    answer = JSON.parse((await ask(net.to, 'GET', `${name}?${query}`)).body);
    all.push(...answer.messages);
  }
  return all;
}

/** What was published of these texts comes once each, in order. */
async function published(at, texts) {
  assert.deepEqual((await envelopes(at)).map(({ data }) => data), texts);
}

const numbers = (n) => Array.from({ length: n }, (_, i) => String(i + 1));
const lines = (texts) => texts.map((text) => `${text}\n`).join('');

const clean = { code: 0, err: '' };
const endOf = async (running) => {
  const { code, err } = await running;
  return { code, err };
};

/** What a publication is answered: by weft.v1, and a body. */
const ANSWER = /"id":\d+,"ok":\{"position"|^\{"position"|\r\n\r\n\{"position"/;

// often: answers, one of which is lost now and then.
for (const [by, often] of [['ws', 10], ['POST', 2]])
  describe(by, { concurrency: 4 }, () => {
    test('a message', async (t) => {
      const at = await place(t);
      assert.deepEqual(await endOf(weft(['pub', at[by], 'hällo "you"'])), clean);
      await published(at, ['hällo "you"']);
    });

    test('an empty message is one', async (t) => {
      const at = await place(t);
      assert.deepEqual(await endOf(weft(['pub', at[by], ''])), clean);
      await published(at, ['']);
    });

    test('each line of stdin, and the last one without its end', async (t) => {
      const at = await place(t);
      assert.deepEqual(await endOf(weft(['pub', at[by]], 'one\n\nthree\r\nfour')), clean);
      await published(at, ['one', '', 'three\r', 'four']);
    });

    test('many lines, in order', async (t) => {
      const at = await place(t);
      const texts = numbers(5000);
      assert.deepEqual(await endOf(weft(['pub', at[by]], lines(texts))), clean);
      await published(at, texts);
    });

    test('-n stops after so many', async (t) => {
      const at = await place(t);
      assert.deepEqual(await endOf(weft(['pub', '-n', '2', at[by]], 'a\nb\nc\n')), clean);
      await published(at, ['a', 'b']);
    });

    test('a line is published when it is there, not when there are more', async (t) => {
      const at = await place(t);
      const pub = new Program(['pub', at[by]]);
      t.after(() => pub.kill());
      for (const [i, text] of ['a', 'b'].entries()) {
        pub.type(text);
        await at.net.saying(new RegExp(ANSWER, 'g'), i + 1);
        await published(at, ['a', 'b'].slice(0, i + 1));
      }
      pub.child.stdin.end();
      assert.equal((await pub.end()).code, 0);
      await published(at, ['a', 'b']);
    });

    test('-b is all of stdin, binary', async (t) => {
      const at = await place(t);
      const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));
      assert.deepEqual(await endOf(weft(['pub', '-b', at[by]], bytes)), clean);
      assert.deepEqual((await envelopes(at)).map(({ base64 }) => base64), [bytes.toString('base64')]);
    });

    test('--json reads envelopes, --key is a key', async (t) => {
      const at = await place(t);
      const said = [
        { channel: '/other', position: 'k3f9a2c1.42', time: 1, key: 'ACME', data: 'a\nb\u2028\0' },
        { base64: 'AAE=' },
      ];
      assert.deepEqual(await endOf(weft(['pub', '--json', at[by]], lines(said.map((e) => JSON.stringify(e))))), clean);
      assert.equal((await weft(['pub', '--key', 'K', at[by], 'x'])).code, 0);
      assert.deepEqual(
        (await envelopes(at)).map(({ data, base64, key }) => ({ data, base64, key })),
        [{ data: 'a\nb\u2028\0', base64: undefined, key: 'ACME' }, { data: undefined, base64: 'AAE=', key: undefined }, { data: 'x', base64: undefined, key: 'K' }],
      );
    });

    test('cut in the middle, again and again: each line once, in order', async (t) => {
      const at = await place(t);
      const texts = numbers(3000);
      let answers = 0;
      let cuts = 0;
      at.net.onAnswer = (text) => {
        if (cuts === 4 || !ANSWER.test(text) || ++answers % often) return undefined;
        cuts++;
        return 'cut'; // published, and nobody is told
      };
      const { code, err } = await weft(['pub', at[by]], lines(texts));
      assert.equal(code, 0, err);
      assert.ok(cuts >= 2, `${cuts} cuts`);
      assert.match(err, /connecting again/);
      await published(at, texts);
    });

    test('another epoch: what is not confirmed is named, and the end is not 0', async (t) => {
      const at = await place(t);
      const anew = await own(t);
      const pub = new Program(['pub', at[by]]);
      t.after(() => pub.kill());
      pub.type('a');
      await at.net.saying(new RegExp(ANSWER, 'g'));
      at.net.onAnswer = (text) => {
        if (at.net.to === anew.port || !ANSWER.test(text)) return undefined;
        at.net.to = anew.port;
        return 'cut';
      };
      pub.type('b');
      const { code, err } = await pub.end();
      assert.equal(code, 56, err);
      assert.match(err, /has begun anew/);
      assert.match(err, /line 2 of the input is not confirmed/);
      await published(at, []);
      await anew.stop();
    });

    test('another epoch while nothing is unconfirmed is no matter', async (t) => {
      const at = await place(t);
      const anew = await own(t);
      const pub = new Program(['pub', '-v', at[by]]);
      t.after(() => pub.kill());
      pub.type('a');
      await pub.heard(/(<- text[^]*){4}|(Weft-Position[^]*){2}/i); // it is confirmed
      at.net.to = anew.port;
      at.net.cut();
      await pub.heard(/connecting again|the connection has ended/);
      pub.type('c');
      pub.child.stdin.end();
      const { code, err } = await pub.end();
      assert.equal(code, 0, err);
      await published(at, ['c']);
      await anew.stop();
    });

    test('a message that is refused ends it with 22, in the server\'s words', async (t) => {
      const at = await place(t);
      const { code, err } = await weft(['pub', '--json', at[by]], lines([JSON.stringify({ data: 'bad', key: 'k'.repeat(65) })]));
      assert.equal(code, 22);
      assert.match(err, /^weft: lines? 1.* refused/m);
      assert.match(err, /^weft: refused status=400$/m);
      assert.match(err, /^> .*a key has 1 to 64 bytes/m);
      await published(at, []);
    });

    test('a name that is reserved: 22', async (t) => {
      const { net } = await place(t);
      const { code, err } = await weft(['pub', by === 'ws' ? net.ws('/.reserved') : net.http('/.reserved'), 'a']);
      assert.equal(code, 22, err);
      assert.match(err, /^weft: refused status=404$/m);
    });

    test('nothing is confirmed: -w ends it with 28', async (t) => {
      const at = await place(t);
      at.net.onAnswer = (text) => (ANSWER.test(text) ? 'hold' : undefined);
      const { code, err } = await weft(['pub', '-w', '500ms', at[by], 'a']);
      assert.equal(code, 28, err);
      assert.match(err, /the message is not confirmed/);
    });

    test('nobody is there: 7, and at once', async (t) => {
      const at = await place(t);
      at.net.server.close();
      const { code, err } = await weft(['pub', at[by], 'a']);
      assert.equal(code, 7, err);
    });
  });

test('POST: lines that come while one is under way go together', async (t) => {
  const at = await place(t);
  await weft(['pub', at.POST], lines(numbers(5000)));
  const posts = at.net.asked.filter((piece) => piece.startsWith('POST '));
  assert.ok(posts.length < 40, `${posts.length} requests`);
  await published(at, numbers(5000));
});

test('POST: what the server asks to repeat later is repeated', async (t) => {
  const busy = await own(t);
  const disperse = await crowd(busy.port);
  let at;
  let pub;
  let told = false;
  while (!told) {
    at = await place(t, busy);
    const met = new Promise((resolve) => (at.net.onAnswer = (text) => void (/"code":429/.test(text) && resolve(true))));
    pub = weft(['pub', at.POST], 'a\nb\n');
    told = await Promise.race([met, pub.then(() => false)]);
  }
  await disperse();
  const { code, err } = await pub;
  assert.equal(code, 0, err);
  await published(at, ['a', 'b']);
  await busy.stop();
});

test('Ctrl-C ends the input: what was read is published; a message that is not whole is not, and that is said', async (t) => {
  const at = await place(t);
  const pub = new Program(['pub', at.ws]);
  t.after(() => pub.kill());
  pub.type('a');
  await at.net.saying(new RegExp(ANSWER, 'g'));
  pub.kill('SIGINT');
  assert.equal((await pub.end()).code, 0);
  const whole = new Program(['pub', '-v', '-b', at.ws]);
  t.after(() => whole.kill());
  whole.type('half');
  await whole.heard(/(<- text[^]*){3}/);
  whole.kill('SIGINT');
  const { code, err } = await whole.end();
  assert.equal(code, 56);
  assert.match(err, /interrupted: nothing was published/);
  await published(at, ['a']);
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
  const at = await place(t);
  const { code, err } = await weft(['pub', at.ws], Buffer.from('a\n\xff\n', 'latin1'));
  assert.deepEqual({ code, err }, { code: 1, err: 'weft: line 2 of the input is not UTF-8; -b sends all of the input as one binary message\n' });
  await published(at, ['a']);
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

describe('a server that is not ours', () => {
  const AT = 'k3f9a2c1.1';
  const ok = ({ id }) => ({ id, ok: { position: AT } });

  /** Which answers what is published so, and all else as ever. */
  const answering = (answer) => (command) => [command.publish ? answer(command) : ok(command)];

  test('who may not read publishes all the same', async (t) => {
    const odd = await Odd.start(t, { command: (command) => [command.subscribe ? { id: command.id, error: { code: 403, message: 'no' } } : ok(command)] });
    assert.deepEqual(await endOf(weft(['pub', odd.ws('/s'), 'a'])), clean);
  });

  test('a refusal that is the program\'s own', async (t) => {
    const odd = await Odd.start(t, { command: answering(({ id }) => ({ id, error: { code: 403, message: 'no bad words' } })) });
    const { code, err } = await weft(['pub', odd.ws('/s')], 'bad\n');
    assert.deepEqual({ code, err }, { code: 22, err: 'weft: line 1 of the input was refused\nweft: refused status=403\n> no bad words\n' });
  });

  test('what it asks to repeat later is repeated, with all that is behind it, in order', async (t) => {
    const said = [];
    let busy = 2;
    const odd = await Odd.start(t, {
      command: answering(({ id, data }) => {
        if (busy-- > 0) return { id, error: { code: 503, message: 'busy', retry: 10 } };
        said.push(data);
        return { id, ok: { position: `k3f9a2c1.${said.length}` } };
      }),
    });
    const { code, err } = await weft(['pub', odd.ws('/s')], 'a\nb\n');
    assert.equal(code, 0, err);
    assert.deepEqual(said.slice(-2), ['a', 'b']);
  });

  for (const [what, answer] of Object.entries({
    'another id': () => ({ id: 77, ok: { position: AT } }),
    'an id of another kind': ({ id }) => ({ id: `${id}`, ok: { position: AT } }),
    'no id': () => ({ ok: { position: AT } }),
    'what nobody knows yet': ({ id }) => ({ id, fine: {} }),
  }))
    test(`${what} confirms nothing`, async (t) => {
      const odd = await Odd.start(t, { command: answering(answer) });
      const { code, err } = await weft(['pub', '-w', '300ms', odd.ws('/s'), 'a']);
      assert.equal(code, 28, err);
    });

  for (const [what, options] of Object.entries({ 'no JSON': { hello: 'hi' }, 'no object': { hello: '[]' } }))
    test(`${what} is no weft.v1: 80`, async (t) => {
      const odd = await Odd.start(t, options);
      const { code, err } = await weft(['pub', odd.ws('/s'), 'a']);
      assert.equal(code, 80, err);
      assert.match(err, /what it sends is not weft.v1/);
    });

  for (const body of ['', 'fine', '[]', '{}', '{"position":7}'])
    test(`POST: "${body}" is no answer of channels: 80`, async (t) => {
      const odd = await Odd.start(t, { http: ({ method }) => ({ fields: method === 'HEAD' ? { 'Weft-Position': AT } : {}, body }) });
      const { code, err } = await weft(['pub', odd.http('/s'), 'a']);
      assert.equal(code, 80, err);
      assert.match(err, /that is no server of channels/);
    });
});
