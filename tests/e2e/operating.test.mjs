// SPDX-License-Identifier: MIT
//
// A server that runs is asked, and told what to do: by `weft admin`, and by HTTP.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ask } from './lib/metrics.mjs';
import { Peer } from './lib/peer.mjs';
import { Program, weft } from './lib/program.mjs';

const SECRET = 'a secret of more than thirty-two bytes';

async function folder(t) {
  const dir = await mkdtemp(join(tmpdir(), 'weft-operating-'));
  t.after(() => rm(dir, { recursive: true }));
  return dir;
}

/** A server with --admin; admin('who', '/chat') runs weft admin, and gives what it says. */
async function started(t, ...args) {
  const server = await Program.serve('--admin', '127.0.0.1:0', ...args);
  t.after(() => server.kill());
  const [, address] = await server.said(/^admin: http:\/\/(.*)$/m);
  const run = (...words) => weft(['admin', '--admin', address, ...words]);
  const admin = async (...words) => {
    const { code, out, err } = await run(...words);
    assert.equal(code, 0, err);
    return JSON.parse(out);
  };
  return Object.assign(server, { run, admin, administration: address });
}

const publish = (server, path, body) => fetch(server.page(path), { method: 'POST', body });

describe('asked', { concurrency: 4 }, () => {
  test('which channels there are, and what they keep', async (t) => {
    const server = await started(t);
    await publish(server, '/a', '12345678');
    await publish(server, '/a', '12345678');
    await publish(server, '/b/c', 'x');
    const peer = await Peer.connect(server.url('/a'));
    const { channels, more } = await server.admin('channels');
    assert.equal(more, false);
    assert.deepEqual(channels.map(({ channel }) => channel).sort(), ['/a', '/b/c']);
    const { position, ...a } = channels.find(({ channel }) => channel === '/a');
    assert.match(position, /^[a-z0-9]+\.2$/);
    assert.deepEqual(a, { channel: '/a', readers: 1, messages: 2, bytes: 2 * (8 + 64) });
    assert.deepEqual((await server.admin('channels', '/b')).channels.length, 1);
    await peer.leave(1000);
    await server.stop();
  });

  test('who is on one, over all threads', async (t) => {
    const server = await started(t, '--threads', '3');
    const peers = await Promise.all([1, 2, 3, 4].map((n) => Peer.connect(server.url(`/chat?client=c${n}`))));
    const elsewhere = await Peer.connect(server.url('/other'));
    const who = await server.admin('who', '/chat');
    assert.equal(who.channel, '/chat');
    assert.equal(who.count, 4);
    assert.deepEqual(who.members.map(({ client, verified }) => [client, verified]), [1, 2, 3, 4].map((n) => [`c${n}`, false]));
    assert.equal(new Set(who.connections.map(({ connection }) => connection)).size, 4);
    for (const { address, user } of who.connections) {
      assert.match(address, /^127\.0\.0\.1:\d+$/);
      assert.equal(user, null);
    }
    await Promise.all([...peers, elsewhere].map((peer) => peer.leave(1000)));
    await server.stop();
  });

  test('for what is not there', async (t) => {
    const server = await started(t);
    const { code, err } = await server.run('who', '/nowhere');
    assert.equal(code, 22);
    assert.match(err, /there is no such channel/);
    assert.equal((await server.run('kick', '--connection', '99')).code, 22);
    assert.equal((await server.run('purge', '/nowhere')).code, 22);
    await server.stop();
  });
});

describe('told', { concurrency: 4 }, () => {
  test('to close one connection', async (t) => {
    const server = await started(t, '--threads', '2');
    const peers = await Promise.all(['ann', 'bob'].map((name) => Peer.connect(server.url(`/chat?client=${name}`))));
    const { connections } = await server.admin('who', '/chat');
    const mine = connections.find(({ address }) => address.endsWith(`:${peers[0].socket._socket.localPort}`));
    assert.deepEqual(await server.admin('kick', '--connection', mine.connection), { kicked: 1 });
    assert.deepEqual(await peers[0].closed, { code: 3003, reason: 'kicked' });
    assert.equal((await server.admin('who', '/chat')).connections.length, 1);
    await peers[1].leave(1000);
    await server.stop();
  });

  test('to close all that a user has: WebSockets and streams, in all threads', async (t) => {
    const secret = join(await folder(t), 'secret');
    await writeFile(secret, SECRET);
    const server = await started(t, '--threads', '3', '--token-keys', secret);
    const token = async (user) =>
      (await weft(['token', '--key', secret, '--user', user, '--read', '/**'])).out.trim();
    const [ann, bob] = [await token('ann'), await token('bob')];
    const hers = await Promise.all([1, 2, 3].map((n) => Peer.connect(server.url(`/c${n}?token=${ann}`))));
    const his = await Peer.connect(server.url(`/c1?token=${bob}`));
    const stream = await fetch(server.page('/c1?stream=sse'), { headers: { Authorization: `Bearer ${ann}` } });
    assert.equal(stream.status, 200);
    assert.deepEqual(
      (await server.admin('who', '/c1')).connections.map(({ user }) => user).sort(),
      ['ann', 'bob'],
    );
    assert.deepEqual(await server.admin('kick', 'nobody'), { kicked: 0 });
    assert.deepEqual(await server.admin('kick', 'ann'), { kicked: 4 });
    for (const peer of hers) assert.deepEqual(await peer.closed, { code: 3003, reason: 'kicked' });
    await stream.text(); // it ends
    assert.equal((await server.admin('who', '/c1')).connections.length, 1);
    await his.leave(1000);
    await server.stop();
  });

  test('to drop what a channel keeps', async (t) => {
    const server = await started(t);
    await publish(server, '/chat?x', 'one');
    await publish(server, '/chat', 'two');
    assert.deepEqual(await server.admin('purge', '/chat'), { purged: 2 });
    assert.equal((await server.admin('channels')).channels[0].messages, 0);
    await server.stop();
  });

  test('to read its settings again, and says whether that was possible', async (t) => {
    const file = join(await folder(t), 'weft.yaml');
    await writeFile(file, 'max-message: 1K\n');
    const server = await started(t, '--config', file);
    assert.deepEqual(await server.admin('reload'), { reloaded: true });
    await writeFile(file, 'max-massage: 1K\n');
    const { code, err } = await server.run('reload');
    assert.equal(code, 22);
    assert.match(err, /stay as they are/);
    await server.heard(/max-massage/);
    await server.stop();
  });
});

describe('who may', { concurrency: 4 }, () => {
  test('no page, wherever it is from', async (t) => {
    const server = await started(t);
    await publish(server, '/chat', 'one');
    for (const path of ['/purge?channel=/chat', '/kick?user=a', '/reload'])
      for (const [name, value] of [['Origin', 'http://localhost:8080'], ['Sec-Fetch-Site', 'cross-site']]) {
        const { status } = await ask(
          { host: '127.0.0.1', port: server.administration.split(':')[1], path, headers: { [name]: value } },
          'POST',
        );
        assert.equal(status, 403, path);
      }
    assert.equal((await server.admin('channels')).channels[0].messages, 1);
    await server.stop();
  });

  test('by GET nothing is done, and what is not there is said', async (t) => {
    const server = await started(t);
    const at = (path, method) => ask(`http://${server.administration}${path}`, method);
    assert.equal((await at('/reload', 'GET')).status, 405);
    const { status, body } = await at('/nonsense', 'GET');
    assert.equal(status, 404);
    assert.match(JSON.parse(body).error.message, /\/channels/);
    assert.equal((await at('/kick', 'POST')).status, 400);
    assert.equal((await at('/who', 'GET')).status, 400);
    await server.stop();
  });

  test('by a Unix socket; and where nobody listens it is said', async (t) => {
    const path = join(await folder(t), 'admin');
    const server = await Program.serve('--admin', `unix:${path}`);
    t.after(() => server.kill());
    await publish(server, '/chat', 'one');
    const { code, out } = await weft(['admin', '--admin', `unix:${path}`, 'channels']);
    assert.equal(code, 0);
    assert.equal(JSON.parse(out).channels.length, 1);
    const metrics = await weft(['admin', '--admin', `unix:${path}`, 'metrics']);
    assert.match(metrics.out, /^weft_channels 1$/m);
    await server.stop();
    assert.equal((await weft(['admin', '--admin', `unix:${path}`, 'channels'])).code, 7);
  });

  test('what is mistyped is not sent', async () => {
    for (const [words, said] of [
      [['who'], /which channel/],
      [['whoo', '/chat'], /did you mean who/],
      [['reload', 'x'], /too much/],
      [['purge', '--connection', '1'], /goes with kick/],
      [[], /what\?/],
    ]) {
      const { code, err } = await weft(['admin', '--admin', '127.0.0.1:1', ...words]);
      assert.equal(code, 1, words.join(' '));
      assert.match(err, said);
    }
    assert.match((await weft(['admin', 'reload'])).err, /of which server/);
  });
});
