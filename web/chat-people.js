// SPDX-License-Identifier: MIT
//
// chat-people.js: who is in the room, as the server tells it (docs/channels.md, 12).
//
//   channel.onpresence  ->  members, all of them  |  join, leave  |  nothing but a count, when they are too many to list
//
// A name is a member once, however many tabs have it; who reads without a name, at a terminal, is only counted. Who is
// gone stays a member for ten seconds, in case he comes back. So would a name that somebody has just given up for another
// (chat-marks.js tells of that): it is left out until the server, too, says that it is gone.

import { initialOf, isolated, paint, unverified } from "./chat-names.js";
import { locale, t } from "./language.js";
import { element } from "./parts.js";

const LINGERS = 12_000; // ms: what the server waits, and some
const MOST_SPOKEN = 3;

const panel = document.querySelector("#people");
const list = document.querySelector("#members");
const others = document.querySelector("#nameless");
const toggle = document.querySelector("#people-toggle");
const here = document.querySelector("#here");
const news = document.querySelector("#people-news");

let members; // name -> is it verified? undefined: not known, or too many
let count; // with those who have no name
let own = "";
const given = new Map(); // name -> { now, timer }: given up for another
const looks = []; // who wants to know of changes

/** Whether somebody of that name is here, and not because the list is too long to know. */
export const isHere = (name) => Boolean(members?.has(name)) && !given.has(name);

/** More than are listed. */
export const tooMany = () => count !== undefined && !members;

export const onPeople = (look) => looks.push(look);

// --- showing -------------------------------------------------------------------------------------------

function memberOf(name) {
  const face = element("span", "face", initialOf(name));
  face.ariaHidden = "true";
  const line = element("li", "", face, isolated(name));
  if (!members.get(name)) line.append(unverified());
  if (name === own) line.append(element("span", "you", t("chat.you")));
  paint(line, name);
  return line;
}

function show() {
  const names = members ? [...members.keys()].filter(isHere).sort((a, b) => (b === own) - (a === own)) : [];
  const without = members ? count - members.size : 0;
  const all = members ? names.length + without : count;
  list.replaceChildren(...names.map(memberOf));
  toggle.textContent = here.textContent = panel.matches(".stale") ? t("chat.were-here", { n: all }) : t("chat.here", { n: all });
  others.textContent = members ? (without > 0 ? t("chat.nameless", { n: without }) : "") : t("chat.too-many");
  for (const look of looks) look();
}

const joined = { few: (names) => t("chat.joined", { names }), many: (n) => t("chat.joined-many", { n }) };
const left = { few: (names) => t("chat.left", { names }), many: (n) => t("chat.left-many", { n }) };

/** For who hears the page. */
function tell({ few, many }, names) {
  if (names.length > MOST_SPOKEN) news.textContent = many(names.length);
  else if (names.length) news.textContent = few(new Intl.ListFormat(locale).format(names));
}

// --- what is told --------------------------------------------------------------------------------------

function take({ count: all, members: them, join, leave }) {
  count = all;
  if (them) members = new Map(them.map(({ client, verified }) => [client, verified]));
  else if (!join) members = undefined;
  else if (members) {
    for (const { client } of leave) members.delete(client);
    for (const { client, verified } of join) members.set(client, verified);
    tell(left, leave.map(({ client }) => client).filter((name) => !given.has(name)));
    const taken = [...given.values()].map(({ now }) => now);
    tell(joined, join.map(({ client }) => client).filter((name) => !taken.includes(name)));
  }
  for (const name of given.keys()) if (!members?.has(name)) back(name);
  show();
}

function back(name) {
  clearTimeout(given.get(name)?.timer);
  given.delete(name);
}

/** Somebody has another name from now on. */
export function renamed(was, now) {
  back(now);
  back(was);
  if (was === own || !members?.has(was)) return;
  given.set(was, { now, timer: setTimeout(() => (back(was), show()), LINGERS) });
  if (now !== own) news.textContent = t("chat.renamed", { was, now });
  show();
}

export function callOurselves(name) {
  own = name;
  if (count !== undefined) show();
}

// --- the panel, where there is no room for it ------------------------------------------------------------

function unfold(open) {
  panel.classList.toggle("open", open);
  toggle.ariaExpanded = `${open}`;
}

export function armPeople(channel) {
  channel.addEventListener("presence", take);
  channel.addEventListener("state", ({ state }) => {
    if (state === "connecting") return; // of what comes of it is heard soon
    panel.classList.toggle("stale", state !== "live");
    if (count !== undefined) show();
  });
  toggle.addEventListener("click", () => unfold(toggle.ariaExpanded !== "true"));
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || toggle.ariaExpanded !== "true") return;
    unfold(false);
    toggle.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => panel.contains(target) || toggle.contains(target) || unfold(false));
}
