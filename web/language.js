// SPDX-License-Identifier: MIT
//
// language.js: the pages of the demo in English and in Chinese.
//
//   ?lang=zh in the address says the language, and is remembered; else the first of the browser's that there is.
//
//   HTML     <p data-text="chat.empty">Nothing said yet.</p>          English stands in place, the other comes there;
//            <ol data-text-aria-label="chat.log" aria-label="Lines">  of attributes, too
//   scripts  t("chat.lost", { n: 3 })
//
// A text in texts-en.js and texts-zh.js:
//
//   "{n} lines of {who}"           with values
//   "1 line | {n} lines"           the first of them if n is 1
//   "a <1>short</1> word, <2/>"    what the first element in there says, and the second as it stands
//
// Elements stay those of the page, with all that they are; no text is ever taken for markup.

import en from "./texts-en.js";
import zh from "./texts-zh.js";

const TEXTS = { en, zh };
const LOCALES = { en: "en", zh: "zh-CN" };
const ATTRIBUTES = ["aria-label", "content", "placeholder"];
const KEY = "weft.language";

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // the browser is told to store nothing
  }
}

function remember(name) {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // then the address has it
  }
}

const asked = new URLSearchParams(location.search).get("lang");
const wanted = [asked, remembered(), ...navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase())];

/** "en" or "zh" */
export const language = wanted.find((name) => Object.hasOwn(TEXTS, name)) ?? "en";

/** For numbers and times: as the browser's own user writes that language, if it is one of his. */
export const locale = navigator.languages.find((tag) => tag.startsWith(language)) ?? LOCALES[language];

const texts = TEXTS[language];

const shown = (value) => (typeof value === "number" ? value.toLocaleString(locale) : value);

/** Whether there is a text of this key. */
export const has = (key) => Object.hasOwn(texts, key);

/** The text of this key in the language of the page. */
export function t(key, values = {}) {
  const [one, many = one] = texts[key].split(" | ");
  return (values.n === 1 ? one : many).replace(/\{(\w+)\}/g, (_, name) => shown(values[name]));
}

/** Puts a text in place of that of an element, whose own elements go to where it has their numbers. */
export function put(node, text) {
  const own = [...node.children];
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(/<(\d)>(.*?)<\/\1>|<(\d)\/>/g)) {
    const child = own[(match[1] ?? match[3]) - 1];
    if (match[1]) child.textContent = match[2];
    parts.push(text.slice(at, match.index), child);
    at = match.index + match[0].length;
  }
  node.replaceChildren(...parts, text.slice(at));
}

function translate() {
  for (const node of document.querySelectorAll("[data-text]")) put(node, t(node.dataset.text));
  for (const name of ATTRIBUTES) {
    for (const node of document.querySelectorAll(`[data-text-${name}]`)) node.setAttribute(name, t(node.getAttribute(`data-text-${name}`)));
  }
}

/** The link to the same page in the other language. */
function armSwitch(link) {
  const other = language === "en" ? "zh" : "en";
  const url = new URL(location.href);
  url.searchParams.set("lang", other);
  link.href = url.href;
  link.hreflang = link.lang = LOCALES[other];
}

if (asked === language) remember(language);
document.documentElement.lang = LOCALES[language];
if (language !== "en") translate();
document.querySelectorAll("a.language").forEach(armSwitch);
