// SPDX-License-Identifier: MIT
//
// What docs/production.md has somebody write into files is accepted as it stands; only the files that it names are others.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SOURCE, weft } from './lib/program.mjs';

// Nobody has said who may, but for the blocks.
process.env.WEFT_OPEN = '';
process.env.WEFT_ACCESS = '';

const top = mkdtempSync(join(tmpdir(), 'weft-production-'));
after(() => rmSync(top, { recursive: true }));

const FILES = {
  'keys.json': JSON.stringify({ keys: [{ kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') }] }),
  'api-keys': `backend ${'k'.repeat(32)}\n`,
};
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(top, name), text, { mode: 0o600 });

const blocks = [...readFileSync(join(SOURCE, 'docs/production.md'), 'utf8').matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text]) => text);

test('it has some', () => assert.ok(blocks.length >= 2));

for (const [i, block] of blocks.entries())
  test(`block ${i + 1}`, async () => {
    const config = join(top, `${i}.yaml`);
    const text = block.replaceAll('/etc/weft/', `${top}/`).replaceAll('unix:/run/weft/', `unix:${top}/`);
    writeFileSync(config, text);
    const { code, out, err } = await weft(['serve', '--config', config, '--check']);
    assert.deepEqual([code, err], [0, ''], out);
  });
