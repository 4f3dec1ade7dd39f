// SPDX-License-Identifier: MIT
//
// lib/looks.mjs: what is wrong with a page for those who look at it, or cannot.
//
//   assert.deepEqual(await barriers(page), []);                 axe-core: WCAG 2.2 AA, and what it calls best practice
//   assert.equal(await page.evaluate(sideways), 0);
//
// axe-core comes by the driver, as no script of the page, so the page's Content-Security-Policy does not concern it.
import axe from 'axe-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function judged(runOnly) {
  const { violations } = await window.axe.run(document, { runOnly, resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) => `${id}: ${target.join(' ')}: ${[...any, ...all, ...none].map(({ message }) => message).join('; ')}`));
}

/** What axe-core does not let pass, or these of its rules: the rule, the element, why. */
export async function barriers(page, rules) {
  await page.evaluate(axe.source);
  return page.evaluate(judged, rules ?? TAGS);
}

/** By how many pixels a page is wider than its window. Runs in the page. */
export const sideways = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
