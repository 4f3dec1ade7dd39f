// SPDX-License-Identifier: MIT
//
// chat-names.js: a name as the chat shows it, with a colour and an initial of its own, and that nobody has verified it.
//
// Anybody may call himself anything: a name is what somebody says in front of a line, or in ?client= when he connects.
// So wherever one is shown there is the same small question mark behind it, in words for who hears the page.

import { t } from "./language.js";
import { element } from "./parts.js";

const LONGEST = 32;

/** A colon ends the name on the wire, so a name cannot have one; nor what nobody sees or UTF-8 does not have. */
export function cleanName(text) {
  const name = text.replace(/[:\s\p{Cc}\p{Cs}]+/gu, " ").trim();
  return [...name].slice(0, LONGEST).join("");
}

/** Every name has its own hue, the same on every screen. */
export function paint(node, name) {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  node.style.setProperty("--hue", (hash * 137) % 360);
}

const letters = Intl.Segmenter && new Intl.Segmenter(undefined, { granularity: "grapheme" });

export function initialOf(name) {
  const [first] = letters ? [...letters.segment(name)].map(({ segment }) => segment) : name;
  return first.toLocaleUpperCase();
}

export function isolated(name) {
  const node = element("bdi", "name", name); // Arabic and Hebrew from the right, the rest from the left
  node.dir = "auto";
  return node;
}

/** The question mark behind a name. */
export function unverified() {
  const glyph = element("span", "", "?");
  glyph.ariaHidden = "true";
  const mark = element("span", "unverified", glyph, element("span", "visually-hidden", t("chat.unverified-spoken")));
  mark.title = t("chat.unverified");
  return mark;
}
