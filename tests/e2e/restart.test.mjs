// SPDX-License-Identifier: MIT
//
// A restart loses no position: the next process goes on with what the one before has left, over a file and over what
// systemd keeps; what is broken is said.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Peer } from './lib/peer.mjs';
import { Program } from './lib/program.mjs';

async function place(t) {
  const dir = await mkdtemp(join(tmpdir(), 'weft-restart-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return join(dir, 'snapshot');
}

async function started(t, ...args) {
  const server = await Program.serve('-v', ...args);
  t.after(() => server.kill());
  return server;
}

const publish = async (server, channel, body, headers = {}) => {
  const answer = await fetch(server.page(channel), { method: 'POST', body, headers });
  assert.equal(answer.status, 200);
  return (await answer.json()).position;
};

const read = async (server, query) => {
  const answer = await fetch(server.page(query), { headers: { Accept: 'application/json' } });
  assert.equal(answer.status, 200, query);
  return answer.json();
};

test('positions, messages, keys of latest=key, and idempotency keys', async (t) => {
  const file = await place(t);
  const args = ['--snapshot', file, '--channel', '/prices: latest=key, history=2'];
  const before = await started(t, ...args);
  const first = await publish(before, '/chat', 'one');
  const second = await publish(before, '/chat', 'two', { 'Idempotency-Key': '"k1"' });
  for (const [key, price] of [['a', '1'], ['b', '2'], ['c', '3'], ['a', '4']])
    await publish(before, '/prices', price, { 'Weft-Key': key });
  await before.stop();

  const after = await started(t, ...args);
  await after.heard(/2 channels go on where they were/);
  assert.equal((await stat(file)).size, 0);
  const { messages, ...rest } = await read(after, `/chat?since=${first}`);
  assert.deepEqual(messages.map(({ data, position }) => [data, position]), [['two', second]]);
  assert.equal(rest.lost, undefined);
  assert.equal(await publish(after, '/chat', 'two', { 'Idempotency-Key': '"k1"' }), second, 'the first answer again');
  const third = await publish(after, '/chat', 'three');
  assert.equal(third, second.replace(/\.2$/, '.3'));
  assert.deepEqual((await read(after, '/prices?last=10')).messages.map(({ data }) => data), ['2', '3', '4']);
  await after.stop();
});

test('a process that ends without a word leaves nothing, and so does one that is broken', async (t) => {
  const file = await place(t);
  const at = async (server) => publish(server, '/chat', 'x');
  const killed = await started(t, '--snapshot', file);
  const first = await at(killed);
  killed.kill('SIGKILL');
  await killed.ended;
  const silent = await started(t, '--snapshot', file);
  const second = await at(silent);
  assert.notEqual(first.split('.')[0], second.split('.')[0]);
  assert.doesNotMatch(silent.err, /snapshot/);
  await silent.stop();
  const bytes = await readFile(file);
  for (const [what, change] of [
    ['it is broken', (b) => (b[b.length - 3] ^= 1, b)],
    ['it is broken', (b) => b.subarray(0, b.length - 1)],
    ['it is of another version of weft', (b) => (b[8] = 99, b)],
  ]) {
    await writeFile(file, change(Buffer.from(bytes)));
    const server = await started(t, '--snapshot', file);
    await server.heard(new RegExp(`snapshot: ${what}, so channels begin anew, with new epochs`));
    assert.notEqual((await at(server)).split('.')[0], second.split('.')[0]);
    await server.stop();
  }
});

test('two processes never own a channel at once: the next one waits', async (t) => {
  const file = await place(t);
  const before = await started(t, '--snapshot', file);
  const first = await publish(before, '/chat', 'one');
  const waits = new Program(['serve', '-p', '0', '--snapshot', file]);
  t.after(() => waits.kill());
  await waits.heard(/waiting for the process that serves from/);
  assert.equal(waits.out, '');
  const impatient = new Program(['serve', '-p', '0', '--snapshot', file]);
  t.after(() => impatient.kill());
  await impatient.heard(/waiting for/);
  impatient.kill('SIGTERM');
  assert.equal((await impatient.end()).code, 0);
  await before.stop();
  const [, address, port] = await waits.said(/^http:\/\/(.+):(\d+)\n/);
  Object.assign(waits, { s: '', address, port: Number(port) });
  assert.equal(await publish(waits, '/chat', 'two'), first.replace(/\.1$/, '.2'));
  await waits.stop();
});

test('--check leaves it alone', async (t) => {
  const file = await place(t);
  const before = await started(t, '--snapshot', file);
  await publish(before, '/chat', 'one');
  await before.stop();
  const { size } = await stat(file);
  const check = new Program(['serve', '--check', '--snapshot', file]);
  assert.equal((await check.end()).code, 0);
  assert.equal((await stat(file)).size, size);
});

test('who reads by weft.v1 goes on where he was', async (t) => {
  const file = await place(t);
  const before = await started(t, '--snapshot', file);
  const reader = await Peer.connect(before.url('/chat'), 'weft.v1');
  await publish(before, '/chat', 'one');
  const heard = [];
  while (!heard.at(-1)?.data) heard.push(JSON.parse(await reader.next()));
  const { position } = heard.at(-1);
  await publish(before, '/chat', 'two');
  await before.stop();
  const after = await started(t, '--snapshot', file);
  const again = await Peer.connect(after.url(`/chat?since=${position}`), 'weft.v1');
  const hello = JSON.parse(await again.next());
  assert.equal(hello.hello?.lost ?? hello.lost, undefined, JSON.stringify(hello));
  assert.equal(JSON.parse(await again.next()).data, 'two');
  again.socket.terminate();
  await after.stop();
});
