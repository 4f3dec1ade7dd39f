// SPDX-License-Identifier: MIT
//
// docs/channels.md: what its lines for a terminal print is what they say. Epochs, times and the random part of retry
// are others each time.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Program, SOURCE, withServer } from './lib/program.mjs';

const PAGE = readFileSync(join(SOURCE, 'docs/channels.md'), 'utf8');
const EPOCH = /\b([a-z0-9]{8,16})(?=\.\d+\b)/;

/** Each line behind "$ ", with what is below it. */
const commands = [...PAGE.matchAll(/^```console\n([^]*?)^```/gm)].flatMap(([, block]) =>
  block.split(/^\$ /m).slice(1).map((text) => {
    const end = text.indexOf('\n');
    return { line: text.slice(0, end), prints: text.slice(end + 1) };
  }));

const plain = (text) => text.replace(/\r/g, '').replace(new RegExp(EPOCH, 'g'), 'EPOCH').replace(/"time":\d{13}/g, '"time":T').replace(/^retry: \d+/m, 'retry: R');

const shell = (line) => new Promise((resolve) => execFile('bash', ['-c', line], (error, out) => resolve(out)));

test('the page', async (t) => {
  const server = await Program.serve();
  t.after(() => server.kill());
  assert.ok(commands.length > 10);
  let epoch = 'k3f9a2c1';
  for (const { line, prints } of commands) {
    const out = await shell(line.replaceAll('8080', server.port).replaceAll('k3f9a2c1', epoch));
    assert.equal(plain(out), plain(prints), line);
    if (line.includes('/chat')) epoch = EPOCH.exec(out)?.[1] ?? epoch;
  }
  await server.stop();
});

test('a channel whose presence is off', () =>
  withServer(['--channel', '/quiet: presence=off'], async (server) => {
    const status = async (path) => (await fetch(`http://127.0.0.1:${server.port}${path}`)).status;
    assert.equal(await status('/quiet?presence'), 403);
    assert.equal(await status('/quiet?client=ann'), 200);
    assert.equal(await status('/chat?presence'), 200);
  }));
