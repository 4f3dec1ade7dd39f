// SPDX-License-Identifier: MIT
//
// chat-marks.js: who has read up to where, as small marks beside the lines.
//
// It is a channel of its own beside that of the room, on the same connection: /read/chat/tea for /chat/tea. A message in
// it is {"name":"Ada","position":"k3f9a2c1.42"}, and its key is the tab that says so. What counts is the newest of each
// key, which is what the demo's policy for these channels keeps, latest=key: who comes later gets one of each, and who is
// slow is spared what is old. That a key has another name than before means that somebody has changed his.
//
//   the page is seen, at the end of its log  ->  after a while, once for many lines  ->  publish
//   a message -> latest.set(key, ...) -> draw(): of each name that is in the room, the furthest
//
// With more people than the server lists nobody marks anything: n readers who tell n others of each line are n² messages.

import { armLog, isRead, log } from "./chat-lines.js";
import { initialOf, paint } from "./chat-names.js";
import { isHere, onPeople, renamed, tooMany } from "./chat-people.js";
import { t } from "./language.js";
import { element } from "./parts.js";

const PACE = 1000; // ms between two marks of ours
const MOST_AT_LINE = 3; // the last of them is a number if there are more
const REMEMBERED = 200; // tabs

const calm = matchMedia("(prefers-reduced-motion: reduce)");

let room; // the channel whose lines are read
let marks; // that of the marks
let key;
let own; // our name

// --- ours ----------------------------------------------------------------------------------------------

let told = ""; // what was published last
let toldAt = -Infinity;
let timer;

async function tell(position) {
  const mark = JSON.stringify({ name: own, position });
  if (mark === told) return;
  told = mark;
  toldAt = performance.now();
  await marks.publish(mark, { key }).catch(() => (told = "")); // the next one says it as well
}

/** Something may have been read by now. While nobody answers nothing is said: that would only fill the outbox. */
function look() {
  timer ??= setTimeout(() => {
    timer = undefined;
    if (marks.state === "live" && isRead() && !tooMany()) tell(room.position);
  }, Math.max(0, PACE - (performance.now() - toldAt)));
}

/** Is told at once, read or not. */
export function markAs(name) {
  const was = own;
  own = name;
  renamed(was, name);
  tell(told ? JSON.parse(told).position : undefined);
}

// --- everybody's ---------------------------------------------------------------------------------------

const latest = new Map(); // key -> { name, position }
const nodes = new Map(); // name -> its mark
let frame;

function parse(data) {
  try {
    const { name, position } = JSON.parse(data);
    return typeof name === "string" && name && /^\w+\.\d+$/.test(position ?? "x.0") ? { name, position } : undefined;
  } catch {
    return undefined; // anybody may publish anything there
  }
}

function take({ data, key: whose }) {
  const mark = parse(data);
  if (!mark || !whose || whose === key) return;
  const was = latest.get(whose)?.name;
  latest.delete(whose); // so that those who said nothing for the longest time are the first
  latest.set(whose, mark);
  if (latest.size > REMEMBERED) latest.delete(latest.keys().next().value);
  if (was && was !== mark.name && ![...latest.values()].some(({ name }) => name === was)) renamed(was, mark.name);
  draw();
}

const apart = (position) => [position.slice(0, position.indexOf(".")), Number(position.slice(position.indexOf(".") + 1))];

/** Whether all up to a is within what b says. */
function within(a, b) {
  const [[epoch, offset], [other, limit]] = [apart(a), apart(b)];
  return epoch === other && offset <= limit;
}

function furthest() {
  const by = new Map();
  for (const { name, position } of latest.values()) {
    if (!position || name === own || !isHere(name)) continue;
    if (!by.has(name) || !within(position, by.get(name))) by.set(name, position);
  }
  return by;
}

/** line -> the names that have read up to it. */
function places() {
  const lines = [...log.children].filter((line) => line.dataset.position);
  const at = new Map();
  for (const [name, position] of furthest()) {
    const line = lines.findLast((one) => within(one.dataset.position, position));
    if (line) at.set(line, [...(at.get(line) ?? []), name].sort());
  }
  return at;
}

// --- drawing -------------------------------------------------------------------------------------------

function markOf(name) {
  if (nodes.has(name)) return nodes.get(name);
  const node = element("span", "face", initialOf(name));
  node.role = "img";
  node.title = node.ariaLabel = t("chat.has-read", { name });
  paint(node, name);
  nodes.set(name, node);
  return node;
}

function moreOf(names) {
  const node = element("span", "face more", `+${names.length}`);
  node.role = "img";
  node.title = node.ariaLabel = t("chat.has-read", { name: names.join(", ") });
  return node;
}

function marksOf(names) {
  if (names.length <= MOST_AT_LINE) return names.map(markOf);
  return [...names.slice(0, MOST_AT_LINE - 1).map(markOf), moreOf(names.slice(MOST_AT_LINE - 1))];
}

function glide(node, from) {
  const to = node.getBoundingClientRect();
  if (!node.isConnected || (from.x === to.x && from.y === to.y)) return;
  node.animate({ transform: [`translate(${from.x - to.x}px, ${from.y - to.y}px)`, "none"] }, { duration: 250, easing: "ease-out" });
}

function drawNow() {
  frame = undefined;
  const before = calm.matches ? [] : [...nodes.values()].filter((node) => node.isConnected).map((node) => [node, node.getBoundingClientRect()]);
  const at = places();
  for (const line of log.children) {
    const wanted = marksOf(at.get(line) ?? []);
    const there = line.lastElementChild;
    const same = wanted.length === there.children.length && wanted.every((node, i) => there.children[i].isEqualNode(node));
    if (!same || wanted.some((node) => !node.isConnected)) there.replaceChildren(...wanted);
  }
  for (const [name, node] of nodes) if (!node.isConnected) nodes.delete(name);
  for (const [node, from] of before) glide(node, from);
}

function draw() {
  frame ??= requestAnimationFrame(drawNow);
}

/** tab: which this is, the same after it was loaded anew. */
export function armMarks(channel, { tab, name }) {
  [room, key, own] = [channel, tab, name];
  marks = channel.channel(`/read${channel.name}`, { last: REMEMBERED });
  marks.addEventListener("message", take);
  for (const target of [room, marks]) target.addEventListener("state", look);
  armLog(() => {
    look();
    draw();
  });
  onPeople(() => {
    look();
    draw();
  });
}
