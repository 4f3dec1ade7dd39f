// SPDX-License-Identifier: MIT
//
// Logs: of accesses, as web servers have them and as JSON, without tokens; of the program as JSON; of one user or channel.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ask } from './lib/metrics.mjs';
import { Peer } from './lib/peer.mjs';
import { Program, weft } from './lib/program.mjs';

async function folder(t) {
  const dir = await mkdtemp(join(tmpdir(), 'weft-logs-'));
  t.after(() => rm(dir, { recursive: true }));
  return dir;
}

async function started(t, ...args) {
  const server = await Program.serve(...args);
  t.after(() => server.kill());
  return server;
}

const COMBINED = /^(\S+) - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "([^"]*)" (\d+) (\d+) "([^"]*)" "([^"]*)" "([^"]+)"$/;

/** All of a log of a server that has ended. */
async function lines(path) {
  return (await readFile(path, 'utf8')).split('\n').slice(0, -1);
}

describe('the access log', { concurrency: 4 }, () => {
  test('combined: requests, refusals, WebSockets; ids are all different', async (t) => {
    const path = join(await folder(t), 'access.log');
    await writeFile(path, 'what was there\n');
    const server = await started(t, '--access-log', path, '--threads', '2');
    const at = { host: '127.0.0.1', port: server.port };
    await ask({ ...at, path: '/chat?last=1', headers: { 'User-Agent': 'a "quoted\\ one', Referer: 'http://x/' } });
    await ask({ ...at, path: '/healthz' }, 'BREW');
    const peer = await Peer.connect(server.url('/chat'));
    await peer.leave(1000);
    await server.stop();
    const [before, ...all] = await lines(path);
    assert.equal(before, 'what was there');
    const parsed = all.map((line) => COMBINED.exec(line)?.slice(1) ?? assert.fail(line));
    const seen = parsed.map(([, request, status]) => `${request} ${status}`).sort();
    assert.deepEqual(seen, ['BREW /healthz HTTP/1.1 405', 'GET /chat HTTP/1.1 101', 'GET /chat?last=1 HTTP/1.1 200']);
    const [, , , , referer, agent] = parsed.find(([, request]) => request.includes('last=1'));
    assert.deepEqual([referer, agent], ['http://x/', 'a \\x22quoted\\x5c one']);
    assert.equal(new Set(parsed.map((parts) => parts[6])).size, 3);
    for (const [host] of parsed) assert.equal(host, '127.0.0.1');
  });

  test('json: what there is to be known, an object a line, on stdout', async (t) => {
    const server = await started(t, '--access-log', '-', '--access-format', 'json');
    await ask({ host: '127.0.0.1', port: server.port, path: '/chat', headers: { 'User-Agent': 'x\u009b2J' } });
    const peer = await Peer.connect(server.url('/room'));
    await peer.leave(4000);
    await server.said(/"kind":"websocket".*\n/);
    await server.stop();
    const [request, websocket] = server.out.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    assert.deepEqual([request.kind, request.method, request.target, request.status], ['request', 'GET', '/chat', 200]);
    assert.match(request.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(request.time) - Date.now()) < 60_000);
    assert.deepEqual([websocket.target, websocket.status, websocket.code], ['/room', 101, 4000]);
    assert.ok(websocket.ms >= 0 && websocket.id !== request.id);
    assert.doesNotMatch(server.out, /\u009b/);
  });

  test('no token, wherever it is said', async (t) => {
    const path = join(await folder(t), 'access.log');
    for (const format of ['combined', 'json']) {
      const server = await started(t, '-v', '--access-log', path, '--access-format', format);
      const at = { host: '127.0.0.1', port: server.port };
      await ask({ ...at, path: '/chat?last=1&token=sesame&x=1', headers: { Referer: 'http://x/?token=sesame' } });
      await ask({ ...at, path: '/chat?token=sesame', headers: { Authorization: 'Bearer sesame' } }, 'POST', 'x');
      await server.stop();
      assert.doesNotMatch(server.err, /sesame/);
    }
    const all = await readFile(path, 'utf8');
    assert.doesNotMatch(all, /sesame/);
    assert.match(all, /last=1&token=\.\.\.&x=1/);
  });

  test('a request’s id is taken from a proxy that is trusted, and from nobody else', async (t) => {
    const dir = await folder(t);
    const idOf = async (name, ...args) => {
      const path = join(dir, name);
      const server = await started(t, '--access-log', path, '--access-format', 'json', ...args);
      await ask({ host: '127.0.0.1', port: server.port, path: '/healthz', headers: { 'X-Request-Id': 'from-afar' } });
      await server.stop();
      return JSON.parse((await lines(path))[0]).id;
    };
    assert.equal(await idOf('trusted', '--trust-proxy', '127.0.0.1'), 'from-afar');
    assert.match(await idOf('made'), /^[0-9a-f]{8}-0$/);
  });

  test('the longest of all is one line, and JSON', async (t) => {
    const path = join(await folder(t), 'access.log');
    const server = await started(t, '--access-log', path, '--access-format', 'json');
    const long = '\u00ff'.repeat(2000);
    const headers = { 'User-Agent': long, Referer: `http://x/${long}` };
    await ask({ host: '127.0.0.1', port: server.port, path: `/${'%00'.repeat(1000)}`, headers });
    await server.stop();
    const all = await lines(path);
    assert.equal(all.length, 1);
    assert.equal(JSON.parse(all[0]).kind, 'request');
  });

  test('a file that cannot be had is said at the start', async () => {
    const { code, err } = await weft(['serve', '-p', '0', '--access-log', '/nonsense/access.log']);
    assert.equal(code, 1);
    assert.match(err, /--access-log \/nonsense\/access\.log: No such file/);
  });

  test('it is not for everybody to read', async (t) => {
    const path = join(await folder(t), 'access.log');
    const server = await started(t, '--access-log', path);
    assert.equal((await stat(path)).mode & 0o007, 0);
    await server.stop();
  });
});

describe('the program’s log', { concurrency: 4 }, () => {
  test('as JSON', async (t) => {
    const server = await started(t, '-v', '--log', 'json');
    await ask(server.page('/chat'));
    await server.heard(/GET \/chat/);
    await server.stop();
    const all = server.err.trim().split('\n').filter((line) => !line.startsWith('weft: ')).map((line) => JSON.parse(line));
    assert.ok(all.some(({ message }) => /GET \/chat {2}200/.test(message)));
    for (const { time } of all) assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  });

  test('of one channel', async (t) => {
    const server = await started(t, '--trace', 'channel=/seen');
    const peers = await Promise.all(['/seen', '/unseen'].map((path) => Peer.connect(server.url(path))));
    for (const peer of peers) {
      peer.say('hello');
      assert.equal(await peer.next(), 'hello');
    }
    await Promise.all(peers.map((peer) => peer.leave(1000)));
    await server.heard(/\/seen {2}closed/);
    await server.stop();
    assert.match(server.err, /\/seen {2}<- text, 5 bytes/);
    assert.doesNotMatch(server.err, /unseen/);
  });

  test('of one user', async (t) => {
    const secret = join(await folder(t), 'secret');
    await writeFile(secret, 'a secret of more than thirty-two bytes');
    const server = await started(t, '--token-keys', secret, '--trace', 'user=ann');
    const token = async (user) =>
      (await weft(['token', '--key', secret, '--user', user, '--read', '/**', '--write', '/**'])).out.trim();
    for (const user of ['bob', 'ann']) {
      const peer = await Peer.connect(server.url(`/of-${user}?token=${await token(user)}`));
      await peer.leave(1000);
    }
    await server.heard(/\/of-ann {2}closed/);
    await server.stop();
    assert.match(server.err, /\/of-ann {2}open/);
    assert.doesNotMatch(server.err, /of-bob/);
  });

  test('of what cannot be named is an error', async () => {
    for (const what of ['user=', 'channel=chat', 'nonsense']) {
      const { code, err } = await weft(['serve', '-p', '0', '--trace', what]);
      assert.equal(code, 1);
      assert.match(err, /--trace.*neither user=NAME nor channel=\/NAME/);
    }
  });
});
