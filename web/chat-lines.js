// SPDX-License-Identifier: MIT
//
// chat-lines.js: the log of a room. Each child of #log is one line: li > span.who + span.text + time + span.read
//
//   "Ada: hi"     a line with a name in front: that of the page, or of whoever writes as it does
//   "hi"          a line without: somebody types at a terminal, or a program speaks
//   bytes         how many
//
// A line knows its position in the channel (data-position), to which marks of who has read how far refer. These are
// put into .read, which is none of what a screen reader should tell as it changes.

import { locale, t } from "./language.js";
import { isolated, paint, unverified } from "./chat-names.js";
import { element } from "./parts.js";
import { bytes } from "./site.js";

const MOST_LINES = 500;

export const log = document.querySelector("#log");
const scroller = document.querySelector("#scroller");
const jump = document.querySelector("#jump");

// --- where the reader is -------------------------------------------------------------------------------

let following = true; // does the reader stand at the end of the log?
let lastSpeaker = null;
const own = new Set(); // positions of lines of ours that have yet to come

/** Everything that there is has been seen: it is at its end, in a page that is seen. */
export const isRead = () => following && !document.hidden;

function nearEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 48;
}

function scrollToEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}

/** moved: called whenever isRead may have become true, or a line has come. */
export function armLog(moved) {
  scroller.addEventListener("scroll", () => {
    following = nearEnd();
    if (following) jump.hidden = true;
    moved();
  });
  document.addEventListener("visibilitychange", moved);
  new MutationObserver(moved).observe(log, { childList: true });
}

jump.addEventListener("click", () => {
  following = true;
  jump.hidden = true;
  scrollToEnd();
  scroller.focus(); // the button is gone
});
// A phone's keyboard makes the log smaller: its end should stay in view.
new ResizeObserver(() => following && scrollToEnd()).observe(scroller);

// --- lines ---------------------------------------------------------------------------------------------

/** Name and text; a line without a name has none. */
export function split(line) {
  const [, who = "", text = line] = /^([^:\n]{1,40}): ([^]*)$/.exec(line) ?? [];
  return { who, text };
}

function speakerOf({ kind, who }) {
  const node = element("span", "who");
  if (who) node.append(isolated(who), unverified());
  if (kind === "plain") {
    const prompt = element("span", "prompt", ">_");
    prompt.ariaHidden = "true";
    node.append(prompt, t("chat.from-terminal"));
  }
  return node;
}

function lineOf(said, at) {
  const text = element("span", "text", said.text);
  text.dir = "auto";
  const time = element("time", "when", new Date(at).toLocaleTimeString(locale, { timeStyle: "short" }));
  const read = element("span", "read");
  read.ariaLive = "off";
  const line = element("li", said.kind, speakerOf(said), text, time, read);
  paint(line, said.who);
  return line;
}

/** Ours may be known by now, or only later. */
function append(said, { time = Date.now(), position = "" } = {}) {
  const line = lineOf(said, time);
  line.dataset.position = position;
  if (own.delete(position)) line.className = "own";
  const speaker = `${said.kind}\n${said.who}`;
  line.classList.toggle("same", speaker === lastSpeaker && /other|plain/.test(said.kind));
  lastSpeaker = speaker;

  log.append(line);
  while (log.children.length > MOST_LINES) log.firstElementChild.remove();
  if (following) scrollToEnd();
  else jump.hidden = false;
}

export function showMessage(message) {
  const { data } = message;
  if (typeof data !== "string") return append({ kind: "binary", who: "", text: `(${bytes(data.length)})` }, message);
  const said = split(data);
  append({ kind: said.who ? "other" : "plain", ...said }, message);
}

export function showLoss({ lost }) {
  append({ kind: "lost", who: "", text: lost === null ? t("chat.lost-all") : t("chat.lost", { n: lost }) });
}

/** The line at this position is one of ours. */
export function isOurs(position) {
  const line = log.querySelector(`[data-position="${position}"]`);
  if (line) line.className = line.classList.contains("same") ? "own same" : "own";
  else own.add(position);
}
