// SPDX-License-Identifier: MIT
//
// weft bench against weft serve, npm's ws, and servers that do it wrong. What is checked is what the report
// says about itself: that the numbers fit together, and that what went wrong is called by its name. No test
// expects a speed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTCP } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { Certs } from './lib/certs.mjs';
import { Program, SOURCE, weft, withServer } from './lib/program.mjs';

/** `weft bench --json ARGS`: what it printed, and its exit status. */
async function bench(...args) {
  const { code, out, err } = await weft(['bench', '--json', ...args]);
  assert.match(out, /^\{.*\}\n$/, `${err}${out}`);
  return { code, err, ...JSON.parse(out) };
}

/** A server of ws: serve(socket, request) is called for every connection. */
async function onWebSocket(t, serve, options = {}) {
  const server = createServer((_, response) => response.writeHead(404).end('no such thing\n'));
  const wss = new WebSocketServer({ server, ...options });
  wss.on('connection', serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    wss.clients.forEach((client) => client.terminate());
    server.close();
    server.closeAllConnections();
  });
  return `ws://127.0.0.1:${server.address().port}/`;
}

const onEcho = (t, change = (data) => data, options = {}) =>
  onWebSocket(t, (socket) => socket.on('message', (data, binary) => socket.send(change(data), { binary })), options);

const QUICK = ['-c', '4', '-d', '200ms', '--warmup', '50ms'];

function assertClean(result) {
  assert.deepEqual(result.errors, [], JSON.stringify(result.errors));
  assert.equal(result.code, 0, result.err);
  assert.equal(result.interrupted, false);
}

/** Percentiles in order, and every message in them. */
function assertTimes(times, count) {
  assert.equal(times.count, count);
  const values = ['min', 'p50', 'p90', 'p99', 'p99.9', 'max'].map((name) => times[name]);
  assert.ok(values[0] > 0, `${values}`);
  assert.deepEqual(values, values.toSorted?.((a, b) => a - b) ?? [...values].sort((a, b) => a - b));
  assert.ok(times.mean >= times.min && times.mean <= times.max);
}

function assertRate(result, name, seconds) {
  assert.ok(Math.abs(result.seconds - seconds) < 1e-6, `${result.seconds} s`);
  assert.ok(Math.abs(result[`${name}_per_s`] - result[name] / result.seconds) < 1);
}

// ---- echo --------------------------------------------------------------------------------------

describe('echo', { concurrency: 2 }, () => {
  test('the numbers fit together', async () => {
    await withServer(['--echo', '/echo'], async (server) => {
      const result = await bench(...QUICK, '-s', '300', server.url('/echo'));
      assertClean(result);
      assert.equal(result.load, 'echo');
      assert.deepEqual([result.open, result.opened, result.failed], [4, 4, 0]);
      assert.ok(result.messages > 0);
      assert.equal(result.bytes, result.messages * 300);
      assertRate(result, 'messages', 0.2);
      assertTimes(result.latency_us, result.messages);
      assertTimes(result.opening_us, 4);
    });
  });

  test('-n sends so many and no more, whatever the threads and the depth', async (t) => {
    let heard = 0;
    const url = await onEcho(t, (data) => (heard++, data));
    const result = await bench('-c', '3', '-t', '2', '--depth', '4', '-n', '101', url);
    assertClean(result);
    assert.equal(heard, 101);
    assert.equal(result.messages, 101);
    assert.equal(result.latency_us.count, 101);
    assert.equal(result.unanswered, 0);
  });

  test('several sizes take turns', async (t) => {
    const sizes = [];
    const url = await onEcho(t, (data) => (sizes.push(data.length), data));
    const result = await bench('-c', '1', '-n', '6', '-s', '0', '-s', '10', '-s', '70K', url);
    assertClean(result);
    assert.deepEqual(sizes, [0, 10, 71680, 0, 10, 71680]);
    assert.equal(result.bytes, 2 * (0 + 10 + 71680));
  });

  test('--text and --utf8 are text, of the length that was asked for', async (t) => {
    const heard = [];
    const url = await onWebSocket(t, (socket) =>
      socket.on('message', (data, binary) => {
        heard.push([data.length, binary]);
        socket.send(data, { binary });
      }));
    assertClean(await bench('-c', '1', '-n', '20', '-s', '100', '--utf8', url));
    assertClean(await bench('-c', '1', '-n', '20', '-s', '100', '--text', url));
    assert.equal(heard.length, 40);
    assert.ok(heard.every(([length, binary]) => length === 100 && !binary));
  });

  test('--deflate is agreed on, and messages survive it', async (t) => {
    const url = await onEcho(t, undefined, { perMessageDeflate: { threshold: 0 } });
    for (const mode of ['shared', 'takeover']) {
      const result = await bench('-c', '2', '-n', '50', '-s', '2K', '--deflate', mode, url);
      assertClean(result);
      assert.equal(result.deflate, true);
      assert.equal(result.bytes, 50 * 2048);
    }
  });

  test('the report says whether messages were compressed', async (t) => {
    for (const [perMessageDeflate, words] of [[true, 'compressed'], [false, 'not compressed: the server does without']]) {
      const url = await onEcho(t, undefined, { perMessageDeflate });
      const { out } = await weft(['bench', '-c', '1', '-n', '1', '--deflate', 'shared', url]);
      assert.match(out, new RegExp(`binary of 125B, ${words}$`, 'm'));
    }
  });

  test('the generator has no more CPU time than its threads have, however short it is', async (t) => {
    const url = await onEcho(t);
    const result = await bench('-c', '8', '-n', '8', url);
    assertClean(result);
    assert.ok(result.generator.cpu_share > 0 && result.generator.cpu_share < 2.5, `${result.generator.cpu_share}`);
  });

  test('nothing comes back', async (t) => {
    const url = await onWebSocket(t, () => {});
    const result = await bench('-c', '2', '--depth', '3', '-d', '100ms', '--warmup', '50ms', url);
    assert.deepEqual([result.messages, result.unanswered, result.code], [0, 6, 28]);
    assert.deepEqual(result.errors.map(({ cause }) => cause), ['no reply']);
  });

  test('connections that fall silent are seen beside others that go on', async (t) => {
    let n = 0;
    const url = await onWebSocket(t, (socket) => {
      const last = n++ ? Infinity : 1; // the first one answers once
      let heard = 0;
      socket.on('message', (data) => heard++ < last && socket.send(data));
    });
    const result = await bench('-c', '3', '-d', '1500ms', '--warmup', '200ms', url);
    assertClean(result);
    assert.equal(result.unanswered, 1);
    assert.ok(result.messages > 0);
  });

  test('over TLS, with the authority and without', async () => {
    const certs = new Certs();
    const { cert, key } = certs.issue('server');
    try {
      await withServer(['--echo', '/echo', '--tls-cert', cert, '--tls-key', key], async (server) => {
        assertClean(await bench('-c', '2', '-n', '20', '--cacert', certs.ca, server.url('/echo')));
        const result = await bench('-c', '2', '-n', '20', server.url('/echo'));
        assert.deepEqual([result.opened, result.failed, result.messages], [0, 2, 0]);
        assert.deepEqual(result.errors.map(({ cause, count }) => [cause, count]), [['WEFT_ERR_CERTIFICATE', 2]]);
        assert.equal(result.code, 60);
      });
    } finally {
      certs.remove();
    }
  });

  test('several URLs share the connections', async (t) => {
    let first = 0, second = 0;
    const urls = [await onWebSocket(t, () => first++), await onWebSocket(t, () => second++)];
    assertClean(await bench('--idle', '-c', '7', '-d', '1ms', ...urls));
    assert.deepEqual([first, second], [4, 3]);
  });
});

// ---- a rate ------------------------------------------------------------------------------------

describe('a rate', { concurrency: 2 }, () => {
  test('so many messages are due, and all are counted', async (t) => {
    const url = await onEcho(t);
    const result = await bench('-c', '3', '-r', '500', '-d', '400ms', '--warmup', '100ms', url);
    assertClean(result);
    assertTimes(result.latency_us, 200);
    assert.equal(result.unanswered, 0);
  });

  test('who never answers is not fast', async (t) => {
    const url = await onWebSocket(t, () => {});
    const result = await bench('-c', '2', '-r', '100', '-d', '500ms', '--warmup', '0', url);
    assert.equal(result.messages, 0);
    assert.equal(result.unanswered, 50);
    assertTimes(result.latency_us, 50);
    assert.ok(result.latency_us.min > 500_000, 'each has waited to the end, and a while longer');
  });

  test('messages that became due while the generator itself stood still are all there', async (t) => {
    let program, heard = 0;
    const url = await onWebSocket(t, (socket) => socket.on('message', (data) => {
      socket.send(data);
      if (++heard !== 10) return;
      program.kill('SIGSTOP'); // until it is over
      setTimeout(() => program.kill('SIGCONT'), 500);
    }));
    program = new Program(['bench', '--json', '-c', '2', '-r', '100', '-d', '400ms', '--warmup', '0', url]);
    const result = JSON.parse((await program.end()).out);
    assertTimes(result.latency_us, 40);
    assert.ok(result.latency_us.max > 100_000, `${result.latency_us.max} us`);
  });

  test('a server that stands still is seen in every message that was due meanwhile', async (t) => {
    const url = await onWebSocket(t, (socket) => {
      socket.once('message', () => {
        socket.pause();
        setTimeout(() => socket.resume(), 400);
      });
      socket.on('message', (data) => socket.send(data));
    });
    const result = await bench('-c', '1', '-r', '200', '-d', '600ms', '--warmup', '0', url);
    assertTimes(result.latency_us, 120);
    // 80 of 120 messages were due during those 400 ms; the median one waited half of them, at least.
    assert.ok(result.latency_us.p50 > 50_000, `${result.latency_us.p50} us`);
    assert.ok(result.latency_us.max > 390_000, `${result.latency_us.max} us`);
  });
});

// ---- channels, storms, fleets ------------------------------------------------------------------

describe('other loads', { concurrency: 2 }, () => {
  test('a channel: what is published comes to everybody', async () => {
    await withServer([], async (server) => {
      const result = await bench('--subscribers', '5', '--publishers', '2', '-n', '40', server.url('/chat'));
      assertClean(result);
      assert.equal(result.published, 40);
      assert.equal(result.unanswered, 0);
      assert.ok(result.deliveries >= 40 * 5 && result.deliveries <= 40 * 7, `${result.deliveries}`);
      assertTimes(result.latency_us, result.deliveries);
    });
  });

  for (const via of ['sse', 'stream', 'raw', 'longpoll'])
    test(`a channel that is read by ${via}`, async () => {
      await withServer([], async (server) => {
        const result = await bench('--subscribers', '5', '--via', via, '-n', '20', server.url('/chat'));
        assertClean(result);
        assert.equal(result.via, via);
        assert.equal(result.published, 20);
        assert.equal(result.unanswered, 0);
        // The publisher hears itself, by WebSocket.
        assert.ok(result.deliveries >= 20 * 5 && result.deliveries <= 20 * 6, `${result.deliveries}`);
        assertTimes(result.latency_us, result.deliveries);
      });
    });

  test('posts, each behind the answer to the one before', async () => {
    await withServer([], async (server) => {
      const result = await bench('--post', '-c', '3', '-n', '30', server.url('/chat'));
      assertClean(result);
      assert.equal(result.load, 'post');
      assert.equal(result.messages, 30);
      assertTimes(result.latency_us, 30);
    });
  });

  test('readers that are refused say with what', async (t) => {
    const server = createServer((_, response) => response.writeHead(403).end('no\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const result = await bench('--idle', '-c', '2', '--via', 'sse', '-d', '100ms', `ws://127.0.0.1:${server.address().port}/chat`);
    assert.equal(result.errors.length, 1, JSON.stringify(result.errors));
    assert.match(JSON.stringify(result.errors), /403/);
    assert.notEqual(result.code, 0);
  });

  test('a channel whose publishers do not hear themselves, at a rate', async (t) => {
    const sockets = new Set();
    const url = await onWebSocket(t, (socket) => {
      sockets.add(socket);
      socket.on('message', (data, binary) => sockets.forEach((to) => to !== socket && to.send(data, { binary })));
      socket.on('close', () => sockets.delete(socket));
    });
    const args = ['--subscribers', '4', '-r', '200', '-d', '250ms', '--warmup', '0'];
    const result = await bench(...args, url);
    assertClean(result);
    assert.equal(result.published, 50);
    assertTimes(result.latency_us, 200);
  });

  test('a channel that loses messages', async (t) => {
    const sockets = [];
    let n = 0;
    const url = await onWebSocket(t, (socket) => {
      sockets.push(socket);
      socket.on('message', (data) => n++ % 2 && sockets.forEach((to) => to.send(data)));
    });
    const result = await bench('--subscribers', '3', '-r', '100', '-d', '200ms', '--warmup', '0', url);
    assert.equal(result.published, 20);
    assert.equal(result.unanswered, 10 * 3);
  });

  test('a stranger on the channel is told apart', async (t) => {
    const url = await onWebSocket(t, (socket) => socket.on('message', () => socket.send('hello, world, how are you?')));
    const result = await bench('--subscribers', '1', '-d', '200ms', '--warmup', '0', url);
    assert.deepEqual(result.errors.map(({ cause }) => cause), ['strange message']);
    assert.equal(result.code, 80);
  });

  for (const how of [[], ['--reset']]) {
    test(`a storm of handshakes ${how}`, async (t) => {
      let opened = 0;
      const url = await onWebSocket(t, () => opened++);
      const result = await bench('--storm', ...how, '-c', '4', '-n', '60', url);
      assertClean(result);
      assert.equal(result.handshakes, 60);
      assert.equal(opened, 60);
      assertTimes(result.latency_us, 60);
      assert.equal(result.open, 0);
    });
  }

  test('a storm for a while', async () => {
    await withServer([], async (server) => {
      const result = await bench('--storm', '-c', '4', '-d', '1s', '--warmup', '0', server.url());
      assertClean(result);
      assert.ok(result.handshakes > 0);
      assertRate(result, 'handshakes', 1);
    });
  });

  test('an idle fleet, and what it costs the server', async () => {
    await withServer([], async (server) => {
      const pid = server.child.pid;
      const result = await bench('--idle', '-c', '50', '-d', '100ms', '--pid', `${pid}`, server.url());
      assertClean(result);
      assert.deepEqual([result.open, result.opened, result.pid], [50, 50, pid]);
      assert.ok(result.server.rss > 0);
      assert.ok('rss_per_connection' in result.server);
    });
  });

  test('--pid: the CPU time of the server, for each message', async () => {
    await withServer(['--echo', '/echo'], async (server) => {
      const result = await bench(...QUICK, '--pid', `${server.child.pid}`, server.url('/echo'));
      assertClean(result);
      assert.ok(result.server.cpu_s > 0 && result.server.cpu_s < 1);
      assert.ok(Math.abs(result.server.cpu_ns_each - (result.server.cpu_s * 1e9) / result.messages) < 1);
    });
  });
});

// ---- what goes wrong ---------------------------------------------------------------------------

const causes = (result) => result.errors.map(({ cause, count }) => [cause, count]);

describe('errors by cause', { concurrency: 2 }, () => {
  test('nobody listens', async () => {
    const closed = createTCP().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address();
    closed.close();
    await once(closed, 'close');
    const result = await bench('-c', '3', `ws://127.0.0.1:${port}/`);
    assert.deepEqual(causes(result), [['ECONNREFUSED', 3]]);
    assert.deepEqual([result.code, result.messages, result.opened, result.failed], [7, 0, 0, 3]);
  });

  test('refused', async (t) => {
    const url = await onWebSocket(t, () => {}, { verifyClient: (_, done) => done(false, 403, 'not you') });
    const result = await bench('-c', '3', url);
    assert.deepEqual(causes(result), [['status 403', 3]]);
    assert.equal(result.errors[0].words, 'not you');
    assert.equal(result.code, 22);
  });

  test('a storm against a server that refuses ends by itself', async (t) => {
    const url = await onWebSocket(t, () => {}, { verifyClient: (_, done) => done(false, 503) });
    const result = await bench('--storm', '-c', '4', url);
    assert.equal(result.handshakes, 0);
    assert.equal(result.errors[0].cause, 'status 503');
    assert.equal(result.code, 22);
  });

  test('closed', async (t) => {
    const url = await onWebSocket(t, (socket) => socket.on('message', () => socket.close(1013, 'too much')));
    const result = await bench('-c', '3', '--warmup', '0', url);
    assert.deepEqual(causes(result), [['close 1013', 3]]);
    assert.equal(result.errors[0].words, 'too much');
    assert.deepEqual([result.code, result.open], [81, 0]);
  });

  test('lost', async (t) => {
    const url = await onWebSocket(t, (socket) => socket.on('message', () => socket.terminate()));
    const result = await bench('-c', '3', '--warmup', '0', url);
    assert.equal(result.errors.reduce((sum, { count }) => sum + count, 0), 3);
    assert.equal(result.code, 56);
  });

  const wrong = {
    'other bytes': [(data) => data.map((byte) => byte ^ 1), /other bytes/],
    'one other byte at the end': [(data) => Buffer.concat([data.subarray(0, -1), Buffer.from([data.at(-1) ^ 1])]), /other bytes/],
    'too short': [(data) => data.subarray(1), /124 bytes came back for 125/],
    'too long': [(data) => Buffer.concat([data, data]), /250 bytes came back for 125/],
  };
  for (const [name, [change, words]] of Object.entries(wrong)) {
    test(`a wrong reply: ${name}`, async (t) => {
      const result = await bench('-c', '2', '--warmup', '0', await onEcho(t, change));
      assert.deepEqual(causes(result), [['wrong reply', 2]]);
      assert.match(result.errors[0].words, words);
      assert.deepEqual([result.code, result.messages], [80, 0]);
    });
  }

  test('a wrong reply: text for binary', async (t) => {
    const url = await onWebSocket(t, (socket) => socket.on('message', (data) => socket.send('x'.repeat(data.length))));
    const result = await bench('-c', '1', '--warmup', '0', url);
    assert.match(result.errors[0].words, /binary came back as text/);
  });

  test('a wrong reply: nobody asked', async (t) => {
    const url = await onWebSocket(t, (socket) => socket.send('welcome'));
    const result = await bench('-c', '1', '--warmup', '0', url);
    assert.deepEqual(causes(result), [['wrong reply', 1]]);
  });

  test('--no-verify takes what comes', async (t) => {
    const url = await onEcho(t, (data) => data.subarray(1));
    const result = await bench('-c', '1', '-n', '10', '--no-verify', url);
    assertClean(result);
    assert.equal(result.bytes, 10 * 124);
  });

  test('the server dies', async () => {
    const server = await Program.serve('--echo', '/echo', '-v');
    const { pid } = server.child;
    const program = new Program(['bench', '--json', '-c', '2', '-d', '1h', '--pid', `${pid}`, server.url('/echo')]);
    await server.heard(/-> binary/);
    server.kill();
    const { code, out } = await program.end();
    const result = JSON.parse(out);
    assert.equal(code, 56);
    assert.ok(result.seconds < 60);
    assert.ok(result.server.cpu_s >= 0 && result.server.cpu_s < 60, `${result.server.cpu_s} s`);
  });

  test('some of many: the others go on', async (t) => {
    let n = 0;
    const url = await onWebSocket(t, (socket) => {
      const bad = n++ === 0;
      socket.on('message', (data, binary) => (bad ? socket.close(1011, 'oh') : socket.send(data, { binary })));
    });
    const result = await bench(...QUICK, url);
    assert.deepEqual(causes(result), [['close 1011', 1]]);
    assert.equal(result.open, 3);
    assert.ok(result.messages > 0);
    assertRate(result, 'messages', 0.2);
  });
});

// ---- its user ----------------------------------------------------------------------------------

describe('its user', { concurrency: 2 }, () => {
  test('Ctrl-C ends it with the results so far', async () => {
    await withServer(['--echo', '/echo', '-v'], async (server) => {
      const program = new Program(['bench', '--json', '-c', '2', '-d', '1h', '--warmup', '0', server.url('/echo')]);
      await server.heard(/-> binary/);
      program.kill('SIGINT');
      const { code, out } = await program.end();
      const result = JSON.parse(out);
      assert.equal(code, 0);
      assert.equal(result.interrupted, true);
      assert.ok(result.seconds > 0 && result.seconds < 60);
      assert.equal(result.latency_us.count, result.messages);
    });
  });

  test('Ctrl-C while connections are being opened', async () => {
    const silent = createTCP((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const program = new Program(['bench', '--json', '-c', '2', `ws://127.0.0.1:${silent.address().port}/`]);
    await once(silent, 'connection');
    program.kill('SIGINT');
    const { out } = await program.end();
    assert.equal(JSON.parse(out).interrupted, true);
    silent.close();
  });

  test('connections are closed with 1000', async (t) => {
    const codes = [];
    const url = await onWebSocket(t, (socket) => socket.on('close', (code) => codes.push(code)));
    assertClean(await bench('--idle', '-c', '3', '-d', '10ms', url));
    assert.deepEqual(codes, [1000, 1000, 1000]);
  });

  test('the report for people', async () => {
    await withServer(['--echo', '/echo'], async (server) => {
      const { code, out, err } = await weft(['bench', ...QUICK, '--pid', `${server.child.pid}`, server.url('/echo')]);
      assert.equal(code, 0);
      assert.equal(err, '');
      for (const line of [
        /^ws:\/\/127\.0\.0\.1:\d+\/echo: 4 connections, 1 in flight, binary of 125B$/m,
        /^ {2}messages {5}[\d,]+ in 200 ms, [\d,]+\/s, [\d.]+ .B\/s each way$/m,
        /^ {2}latency {6}p50 .*, p99 .*, p99\.9 .*, max .*$/m,
        /^ {2}server {7}CPU [\d.]+ %, [\d,]+ ns per message; memory [\d.]+ MB$/m,
        /^ {2}errors {7}none$/m,
      ]) assert.match(out, line);
    });
  });

  test('what a server says cannot harm the terminal', async (t) => {
    const url = await onWebSocket(t, (socket) => socket.on('message', () => socket.close(4000, 'red \x1b[31m')));
    const { out } = await weft(['bench', '-c', '1', '--warmup', '0', url]);
    assert.match(out, /close 4000: red \\x1b\[31m/);
  });

  test('a page that comes with a refusal does not fill the report', async (t) => {
    const server = createServer().on('upgrade', (_, socket) =>
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n<!DOCTYPE>\n<p>no</p>'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { code, out } = await weft(['bench', '-c', '2', `ws://127.0.0.1:${server.address().port}/`]);
    assert.equal(code, 22);
    assert.match(out, /^ {2}errors {7}2 x status 404: <!DOCTYPE> \.\.\.\n$/m);
  });

  test('a proxy may be written without its scheme, as for weft URL', async () => {
    const result = await bench('-c', '1', '-n', '1', '-x', '127.0.0.1:1', 'ws://127.0.0.1:2/');
    assert.deepEqual([result.code, causes(result)], [7, [['ECONNREFUSED', 1]]]);
  });

  test('a request that cannot be made says what may be wrong with it', async () => {
    const result = await bench('-c', '1', '-H', 'Upgrade: x', 'ws://127.0.0.1:1/');
    assert.deepEqual([result.code, causes(result)], [1, [['EINVAL', 1]]]);
    assert.match(result.errors[0].words, /names a field of the handshake itself/);
  });

  test('help has every flag, and the manual too', async () => {
    const { code, out } = await weft(['help', 'bench']);
    const manual = readFileSync(`${SOURCE}/docs/man/weft-bench.1`, 'utf8');
    assert.equal(code, 0);
    const flags = [...out.matchAll(/^ {2}(?:-\w, | {4})--([\w-]+)/gm)].map(([, name]) => name);
    assert.ok(flags.includes('depth') && flags.includes('header'), `${flags}`);
    for (const name of flags.slice(0, flags.indexOf('header'))) {
      assert.match(manual, new RegExp(`^\\.It Fl (\\w , )?-${name}\\b`, 'm'));
    }
  });

  const mistakes = [
    [[], 1, /which URL\?/],
    [['nonsense'], 3, /is not a URL/],
    [['-c', '0', ':1'], 1, /--connections: "0" is not a number \(1 to 1048576\)/],
    [['--storm', '--idle', ':1'], 1, /four different loads/],
    [['--subscribers', '2', '-c', '3', ':1'], 1, /--subscribers and --publishers, not -c/],
    [['--publishers', '2', ':1'], 1, /for which --subscribers/],
    [['--subscribers', '2', '-s', '8', ':1'], 1, /at least 16 bytes/],
    [['--rate', '10', '--depth', '2', ':1'], 1, /choose one/],
    [['--storm', '--rate', '10', ':1'], 1, /--storm sends no messages/],
    [['-n', '10', '--warmup', '1s', ':1'], 1, /no --warmup/],
    [['-t', '8', '-c', '2', ':1'], 1, /more than there are connections \(2\)/],
    [['-s', 'big', ':1'], 1, /"big" is not a size/],
    [['--deflate', 'much', ':1'], 1, /not off, shared or takeover/],
    [['-H', 'no colon', ':1'], 1, /not of the form "Name: value"/],
    [['--subprotocol', 'a, b', ':1'], 1, /not one name/],
    [['--pid', '2147483647', ':1'], 1, /there is no process 2147483647/],
    [['--conections', '2', ':1'], 1, /did you mean --connections\?/],
  ];
  for (const [args, status, words] of mistakes) {
    test(`a mistake: bench ${args.join(' ')}`, async () => {
      const { code, out, err } = await weft(['bench', ...args]);
      assert.equal(code, status, err);
      assert.equal(out, '');
      assert.match(err, words);
      assert.equal(err.trimEnd().split('\n').length, 1, err);
    });
  }
});
