// SPDX-License-Identifier: MIT
//
// chaos/random.mjs: numbers that are the same for the same seed; CHAOS_SEED in the environment sets it.
//
//   const random = randomOf(seed());       random(): 0 to 1, without 1

export const seed = () => Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** mulberry32 */
export function randomOf(number) {
  let a = number >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
