// SPDX-License-Identifier: MIT
//
// Chaos, for a few seconds: nothing is lost in silence, and nothing comes twice. `make chaos` goes on for longer;
// CHAOS_TIME (seconds), CHAOS_THREADS (of the server: 4) and CHAOS_SEED in the environment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chaos } from '../chaos/chaos.mjs';
import { seed } from '../chaos/random.mjs';

test('0 unannounced losses, 0 doubles', async (t) => {
  const number = seed();
  const ms = 1000 * Number(process.env.CHAOS_TIME ?? 6);
  t.diagnostic(`CHAOS_SEED=${number}`);
  const { faults, counts } = await chaos({ ms, seed: number });
  t.diagnostic(JSON.stringify(counts));
  assert.deepEqual(faults.slice(0, 20), [], `CHAOS_SEED=${number}: ${faults.length} faults`);
  assert.equal(counts.late, 0, 'who has not come to the end');
  assert.ok(counts.heard > 0, 'there was nothing to be seen');
});
