// SPDX-License-Identifier: MIT
//
// heartbeat-axis.js: what has passed between a browser and a server, drawn in time.
//
//   browser  ────●───────────●──────
//               / \         /         a ping up, its pong down, and how long that took; they lean more than they are
//   server   ──●───●───────●────────  slow, so that one sees where they come from
//
// Marks have their place in time and stay there; only the group that they are in moves. Times are those of
// performance.now().

import { t } from "./language.js";

const PX = 0.08; // a millisecond
const LEAN = 14; // px that one way takes at least
const TOP = 36; // the browser's line
const FOOT = 94; // the server's
const LATE = 200; // ms from which waiting is drawn
const LABEL = 56; // px that a number needs
const AFTER = 1500; // ms that time goes on when all is over

function shape(tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

export class Axis {
  #svg;
  #marks;
  #width = 0;
  #begin = 0; // what is at x = 0
  #ends; // when time stops
  #lines; // of both sides, the time that is read nothing, and the waiting
  #deaf; // the words below the time that is read nothing
  #unread; // a Close of the browser's that lies before the server
  #pings = new Map(); // n -> { at, waits }
  #labelled = 0; // where the last number ends
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(svg) {
    this.#svg = svg;
    new ResizeObserver(() => this.#fit()).observe(svg);
    this.#fit();
    this.reset();
    this.#turn();
  }

  #fit() {
    this.#width = this.#svg.clientWidth;
    this.#svg.setAttribute("viewBox", `0 0 ${this.#width} 136`);
  }

  reset() {
    this.#begin = performance.now();
    this.#ends = Infinity;
    this.#pings.clear();
    this.#deaf = this.#unread = undefined;
    this.#labelled = -Infinity;
    this.#marks?.remove();
    this.#marks = this.#svg.insertBefore(shape("g", {}), this.#svg.firstChild);
    this.#lines = {};
    this.#grow("browser", "axis", TOP, this.#begin);
    this.#grow("server", "axis", FOOT, this.#begin);
  }

  #x(at) {
    return (at - this.#begin) * PX;
  }

  #add(tag, attributes, text) {
    return this.#marks.appendChild(shape(tag, attributes, text));
  }

  #path(className, ...points) {
    return this.#add("path", { class: className, d: `M${points.map(([x, y]) => `${x} ${y}`).join("L")}` });
  }

  // --- what is as long as it lasts -----------------------------------------------------------------------

  #grow(name, className, y, from) {
    this.stop(name, from);
    this.#lines[name] = { node: this.#add("path", { class: className }), y, from, to: undefined };
  }

  stop(name, at) {
    if (this.#lines[name]) this.#lines[name].to ??= at;
  }

  #draw(now) {
    for (const { node, y, from, to } of Object.values(this.#lines)) {
      node.setAttribute("d", `M${this.#x(from)} ${y}H${Math.max(this.#x(from), this.#x(to ?? now))}`);
    }
  }

  // --- marks ---------------------------------------------------------------------------------------------

  /** waits: nobody reads its Pong; answered: there will be one. */
  ping(n, at, waits, answered = true) {
    const x = this.#x(at);
    this.#path("down", [x, FOOT], [x + LEAN, TOP]);
    const pong = waits && answered ? this.#path("idle", [x + LEAN, TOP], [x + 2 * LEAN - 4, FOOT - 18]) : undefined;
    this.#pings.set(n, { at, pong });
    if (waits && !(this.#lines.late && this.#lines.late.to === undefined)) this.#grow("late", "late", FOOT, at);
  }

  /** Until when the oldest ping without a pong has waited. */
  pong(n, at, words) {
    const ping = this.#pings.get(n);
    if (!ping) return;
    this.#pings.delete(n);
    ping.pong?.remove();
    const [from, to] = [this.#x(ping.at), Math.max(this.#x(at), this.#x(ping.at) + 2 * LEAN)];
    this.#path("up", [from + LEAN, TOP], [to, FOOT]);
    if (at - ping.at > LATE) this.#path("late", [from, FOOT], [this.#x(at), FOOT]);
    this.stop("late", at);
    if (to + 4 < this.#labelled) return;
    this.#add("text", { class: "rtt", x: to - 4, y: (TOP + FOOT) / 2 + 4 }, words);
    this.#labelled = to - 4 + LABEL;
  }

  reading(isReading, at) {
    if (isReading) {
      this.stop("deaf", at);
      if (this.#x(at) - this.#x(this.#lines.deaf?.from ?? at) < LABEL) this.#deaf?.remove();
      return;
    }
    this.#grow("deaf", "deaf", FOOT + 7, at);
    this.#deaf = this.#add("text", { x: this.#x(at), y: FOOT + 24 }, t("heartbeat.deaf-mark"));
    for (const [n, ping] of this.#pings) this.#pings.delete(n), this.ping(n, ping.at, true);
  }

  /** A Close from this side; unread: it comes as far as the other's door. */
  close(side, at, words, unread = false) {
    const x = this.#x(at);
    const [from, to] = side === "browser" ? [TOP, unread ? FOOT - 18 : FOOT] : [FOOT, TOP];
    const path = this.#path(`closes ${unread ? "idle" : side === "browser" ? "up" : "down"}`, [x, from], [x + LEAN, to]);
    if (unread) this.#unread = { path, x };
    this.#add("text", { class: "closes", x, y: side === "browser" ? TOP - 9 : FOOT + 24 }, words);
  }

  /** What lay unread has been read. */
  read() {
    if (!this.#unread) return;
    const { path, x } = this.#unread;
    path.setAttribute("class", "closes up");
    path.setAttribute("d", `M${x} ${TOP}L${x + LEAN} ${FOOT}`);
    this.#unread = undefined;
  }

  /** This side has no connection any more. */
  end(side, at, clean) {
    if (this.#lines[side].to !== undefined) return;
    const end = at + (clean ? (2 * LEAN) / PX : 0);
    this.stop(side, end);
    this.#add("circle", { class: clean ? "event" : "lost", cx: this.#x(end), cy: side === "browser" ? TOP : FOOT, r: 5 });
    if (side === "server") this.stop("late", at), this.stop("deaf", at);
    if (this.#lines.browser.to !== undefined && this.#lines.server.to !== undefined) this.#ends = Math.max(performance.now(), end) + AFTER;
  }

  describe(words) {
    this.#svg.setAttribute("aria-label", words);
  }

  // --- time ----------------------------------------------------------------------------------------------

  /** What has left on the left is gone. */
  #forget(left) {
    for (const node of [...this.#marks.children].slice(0, 8)) {
      const box = node.getBBox();
      const grows = Object.values(this.#lines).some((line) => line.node === node);
      if (!grows && box.x + box.width < left - 50) node.remove();
    }
  }

  #turn() {
    const now = Math.min(performance.now(), this.#ends);
    const left = this.#x(now) - this.#width + (this.#still.matches ? 3 * LEAN : 0);
    this.#draw(now);
    this.#marks.setAttribute("transform", `translate(${-left} 0)`);
    this.#forget(left);
    if (this.#still.matches) setTimeout(() => this.#turn(), 1000);
    else requestAnimationFrame(() => this.#turn());
  }
}
