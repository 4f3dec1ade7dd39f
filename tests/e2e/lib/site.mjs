// SPDX-License-Identifier: MIT
//
// lib/site.mjs: the pages of the demo: what they are made of, where they are, and when they have begun.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SOURCE } from './program.mjs';

const WEB = join(SOURCE, 'web');

/** File -> its text. */
export const sources = {};
for (const name of await readdir(WEB)) if (/\.(html|js)$/.test(name)) sources[name] = await readFile(join(WEB, name), 'utf8');

/** "index", "race", ... */
export const pages = Object.keys(sources).filter((name) => sources[name].includes('class="language"')).map((name) => name.replace('.html', ''));

export const pathOf = (name) => (name === 'index' ? '/' : `/${name}`);

/** Of each page when it has begun: what is to be waited for. */
export const READY = {
  index: '#wire li.received',
  handshake: '#verdict[data-verdict=agreed]',
  chat: '#state[data-state=open]',
  frames: '#down li >> nth=0',
  heartbeat: '[data-end=browser][data-now=open] ~ [data-end=server][data-now=open]',
  race: '.lanes:not(:has([data-lane]:not([data-state=open], [data-state=away])))',
  quotes: '#grid.settled .card:nth-child(12) .price:not(:empty)',
};

const textsOf = async (name) => (await import(`data:text/javascript,${encodeURIComponent(sources[name])}`)).default;

/** Key -> text */
export const [en, zh] = await Promise.all(['texts-en.js', 'texts-zh.js'].map(textsOf));
