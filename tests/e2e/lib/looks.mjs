// SPDX-License-Identifier: MIT
//
// lib/looks.mjs: what is wrong with a page for those who look at it, or cannot.
//
//   assert.deepEqual(await barriers(page), []);                 axe-core: WCAG 2.2 AA, and what it calls best practice
//   assert.equal(await page.evaluate(sideways), 0);
//   assert.deepEqual(await page.evaluate(cutOff), []);
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

/** What can be used and is not all to be seen, because something that it lies in cuts it off. Runs in the page. */
export function cutOff() {
  const isCut = (node) => {
    const { left, right } = node.getBoundingClientRect();
    for (let around = node.parentElement; around; around = around.parentElement) {
      const box = around.getBoundingClientRect();
      const { overflowX } = getComputedStyle(around);
      if (/auto|scroll/.test(overflowX)) return false; // it can be moved to
      if (/hidden|clip/.test(overflowX) && (left < box.left - 1 || right > box.right + 1)) return true;
    }
    return left < -1 || right > innerWidth + 1;
  };
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea')];
  return all.filter((node) => node.checkVisibility() && !node.closest('.skip, .visually-hidden') && isCut(node)).map((node) => node.outerHTML.slice(0, 80));
}
