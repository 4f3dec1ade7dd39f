// SPDX-License-Identifier: MIT
//
// How the program begins and ends: signals, ports in use, and what it says to mistakes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Peer } from './lib/peer.mjs';
import { Program, SOURCE, soon, weft } from './lib/program.mjs';

const AT_ONCE = 3000; // ms; far below every deadline of a shutdown, far above what it takes

const HANDSHAKE =
  'GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** A bare socket that said this much, and got an answer if one was due. */
async function socketTo(t, server, bytes, answered) {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await soon(once(socket, 'connect'), () => 'a connection');
  const answer = answered && once(socket, 'data');
  if (bytes) socket.write(bytes);
  await soon(Promise.resolve(answer), () => `an answer to ${bytes}`);
  return socket;
}

async function started(t, ...args) {
  const server = await Program.serve('--echo', '/echo', '-v', ...args);
  t.after(() => server.kill());
  return server;
}

async function endTime(server, signal = 'SIGTERM') {
  const start = Date.now();
  server.kill(signal);
  const { code } = await server.end();
  assert.equal(code, 0);
  return Date.now() - start;
}

// ---- signals -----------------------------------------------------------------------------------

describe('SIGTERM and SIGINT', { concurrency: 4 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${signal}: clients get 1001, what is under way still arrives, and the program ends with 0`, async (t) => {
      const server = await started(t);
      const peers = await Promise.all(['/echo', '/echo', '/room'].map((path) => Peer.connect(server.url(path))));
      for (const peer of peers) peer.say('before');
      for (const peer of peers) assert.equal(await peer.next(), 'before');
      const took = await endTime(server, signal);
      for (const peer of peers) assert.equal((await peer.end()).code, 1001);
      assert.ok(took < AT_ONCE, `${took} ms`);
    });
  }

  test('nobody there: it ends at once', async (t) => {
    assert.ok((await endTime(await started(t))) < AT_ONCE);
  });

  const LEFT = {
    'a connection that never said a word': ['', false],
    'half a request': ['GET / HTTP/1.1\r\nHost:', false],
    'an idle connection that may be used again': ['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', true],
    'a refusal that its client has not closed': ['GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n', true],
    'a bad request that its client has not closed': ['nonsense\r\n\r\n', true],
  };
  for (const [what, [bytes, answered]] of Object.entries(LEFT)) {
    test(`${what}: it leaves at once`, async (t) => {
      const server = await started(t);
      await socketTo(t, server, bytes, answered);
      const took = await endTime(server);
      assert.ok(took < AT_ONCE, `${took} ms`);
    });
  }

  test('a client that closed politely but keeps TCP: it leaves at once', async (t) => {
    const server = await started(t);
    const socket = await socketTo(t, server, HANDSHAKE, true);
    socket.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]));
    await server.heard(/closed code=1000/);
    const took = await endTime(server);
    assert.ok(took < AT_ONCE, `${took} ms`);
  });

  test('a client that does not answer the Close is waited for, but not for ever', async (t) => {
    const server = await started(t);
    await socketTo(t, server, HANDSHAKE, true);
    await server.heard(/open/);
    const took = await endTime(server);
    assert.ok(took > 1000 && took < 12_000, `${took} ms`);
  });

  test('a second signal does not wait', async (t) => {
    const server = await started(t);
    await socketTo(t, server, HANDSHAKE, true);
    await server.heard(/open/);
    const start = Date.now();
    server.kill('SIGTERM');
    await server.heard(/leaving/);
    server.kill('SIGTERM');
    assert.equal((await server.end()).code, 0);
    assert.ok(Date.now() - start < AT_ONCE);
  });

  test('while it leaves nobody new is let in', async (t) => {
    const server = await started(t);
    const stays = await socketTo(t, server, HANDSHAKE, true);
    await server.heard(/open/);
    server.kill('SIGTERM');
    await server.heard(/leaving/);
    const late = connect(server.port, '127.0.0.1');
    t.after(() => late.destroy());
    const outcome = await soon(Promise.race([
      once(late, 'error').then(([error]) => error.code),
      once(late, 'close').then(() => 'closed'),
      once(late, 'connect').then(() => (late.write(HANDSHAKE), once(late, 'data'))).then(([data]) => `${data}`),
    ]), () => 'the fate of a late client');
    assert.doesNotMatch(outcome, / 101 /);
    stays.destroy();
    assert.equal((await server.end()).code, 0);
  });

  test('the demo with its quotes running', async (t) => {
    const demo = await Program.listening('demo', '-p', '0');
    t.after(() => demo.kill());
    const peer = await Peer.connect(demo.url('/quotes'));
    await peer.take(3);
    assert.ok((await endTime(demo)) < AT_ONCE);
    assert.equal((await peer.end()).code, 1001);
  });

  test('a terminal that listens hears of it, and ends with 0', async (t) => {
    const server = await started(t);
    const terminal = new Program([server.url('/room')]);
    await server.heard(/open/);
    assert.ok((await endTime(server)) < AT_ONCE);
    const { code, err } = await terminal.end();
    assert.equal(code, 0);
    assert.match(err, /^weft: closed code=1001 reason="" by=peer clean=yes\n$/);
  });
});

// ---- beginnings --------------------------------------------------------------------------------

test('the first line on stdout is the address, and the demo says what to do with it', async (t) => {
  const server = await started(t);
  assert.match(server.out, /^http:\/\/127\.0\.0\.1:\d+\n$/);
  await server.stop();
  const demo = await Program.listening('demo', '-p', '0');
  t.after(() => demo.kill());
  await demo.said(new RegExp(`http://localhost:${demo.port}[^]*weft ws://localhost:${demo.port}/chat`));
  await demo.stop();
});

test('a used port is named', async (t) => {
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address();
  for (const command of ['serve', 'demo']) {
    for (const where of [['-p', `${port}`], ['-l', `127.0.0.1:${port}`]]) {
      const { code, out, err } = await weft([command, ...where]);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, new RegExp(`^weft: .*\\b${port}\\b.*in use`));
    }
  }
});

test('a Unix socket in use is left alone, one that was left behind is taken over', async (t) => {
  const path = join(process.env.TMPDIR ?? '/tmp', `weft-e2e-${process.pid}.sock`);
  const first = new Program(['serve', '-l', `unix:${path}`]);
  t.after(() => first.kill());
  await first.said(/unix:/);
  const { code, err } = await weft(['serve', '-l', `unix:${path}`]);
  assert.equal(code, 1);
  assert.ok(err.includes(path), err);
  first.kill('SIGKILL');
  await first.ended;
  const second = new Program(['serve', '-l', `unix:${path}`]);
  t.after(() => second.kill());
  await second.said(/unix:/);
  await second.stop();
});

test('mistakes are told, with what may have been meant', async () => {
  const told = {
    'serve --prot 1': /--prot.*--port/s,
    'serve --max-mesage 1K': /--max-mesage.*--max-message/s,
    'demo --orgin any': /--orgin.*--origin/s,
    'sevre': /sevre.*serve/s,
    'dmeo -p 0': /dmeo.*demo/s,
    '--subprotcol x ws://localhost:1/': /--subprotcol.*--subprotocol/s,
    'serve -p 70000': /70000/,
    'serve -p x': /x/,
    'serve -p': /-p|--port/,
    'serve --max-message lots': /lots/,
    'serve --origin example.org': /example\.org.*https:\/\//s,
    'serve -l nonsense': /nonsense/,
    'serve --batch rings': /--batch.*auto, each or ring/,
    'serve a b': /one directory/,
    'demo somewhere': /somewhere/,
  };
  for (const [line, pattern] of Object.entries(told)) {
    const { code, out, err } = await weft(line.split(' '));
    assert.deepEqual([line, code, out], [line, 1, '']);
    assert.match(err, /^weft: /);
    assert.match(err, pattern);
  }
});

test('--version says what base.h says', async () => {
  const header = await readFile(join(SOURCE, 'include/weft/base.h'), 'utf8');
  const [, version] = /^#define WEFT_VERSION +"(.*)"$/m.exec(header);
  const { code, out, err } = await weft(['--version']);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, new RegExp(`^weft ${version.replaceAll('.', '\\.')}\\n`));
});

test('help is on stdout and names every flag of the issue', async () => {
  const flags = {
    'help': ['serve', 'demo', 'URL'],
    'help serve': ['-p, --port', '-l, --listen', '--origin', '--max-message', '--handshake-timeout', '--ping',
      '--max-connections', '-v', '--echo', 'unix:PATH'],
    'help demo': ['-p, --port', '-l, --listen'],
    'serve --help': ['--echo'],
    'help connect': ['-H', '-u', '-k', '-x', '-L', '--subprotocol', '--origin', '-n', '-w', '-b'],
  };
  for (const [line, words] of Object.entries(flags)) {
    const { code, out, err } = await weft(line.split(' '));
    assert.deepEqual([line, code, err], [line, 0, '']);
    for (const word of words) assert.ok(out.includes(word), `weft ${line}: ${word}`);
  }
});
