// SPDX-License-Identifier: MIT
//
// lib/crowd.mjs: an address that makes as many new channels as it may, and more: there is room for no other, but for
// who comes in the very moment.
//
//   const disperse = await crowd(server.port);    a new channel is 429 from now on
//   await disperse();                             and is not any more
import { ask } from './ask.mjs';

export async function crowd(port) {
  let over = false;
  let n = 0;
  const one = async () => (await ask(port, 'HEAD', `/crowd/${n++}`)).status;
  while ((await one()) === 200);
  const going = (async () => {
    while (!over) await one();
  })();
  return () => ((over = true), going);
}
