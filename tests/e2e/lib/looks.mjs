// SPDX-License-Identifier: MIT
//
// lib/looks.mjs: what is wrong with a page for those who look at it, or cannot. Each runs in the page:
//
//   assert.deepEqual(await page.evaluate(paleTexts), []);

/** Of all text that can be seen, where its contrast is below what WCAG asks for (AA). */
export function paleTexts() {
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  const paint = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) (canvas.fillStyle = colour), canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const behind = (node) => (node ? [...behind(node.parentElement), getComputedStyle(node).backgroundColor] : ['white']);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const pale = [];
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility?.() || node.closest('.visually-hidden, .skip, script, noscript')) continue;
    const style = getComputedStyle(node);
    const [a, b] = [luminance(paint([...behind(node), style.color])), luminance(paint(behind(node)))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    if ((a + 0.05) / (b + 0.05) < least) pale.push(`${walker.currentNode.data.trim().slice(0, 40)}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return pale;
}

/** What cannot be told by a screen reader: controls without a name, ids that are there twice, pictures without words. */
export function nameless() {
  const name = (node) => node.getAttribute('aria-label') || node.labels?.[0]?.textContent || node.textContent.trim() || node.title;
  const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
  return [
    ...[...document.querySelectorAll('a, button, input, textarea, [tabindex="0"]')].filter((node) => !name(node)).map((node) => node.outerHTML.slice(0, 80)),
    ...ids.filter((id, i) => ids.indexOf(id) !== i),
    ...[...document.querySelectorAll('img:not([alt]), svg:not([aria-hidden]):not([aria-label])')].map((node) => node.outerHTML.slice(0, 80)),
    ...(document.documentElement.lang && document.title && document.querySelectorAll('h1, main').length === 2 ? [] : ['no language, title, one heading and one main']),
  ];
}

/** By how many pixels it is wider than its window. */
export const sideways = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
