// SPDX-License-Identifier: MIT
//
// quotes.js: a stream from the server that nobody has to ask for.
//
// This page says nothing. /quotes/minute is a channel that keeps a minute of messages; so "last=all" begins with the
// minute that is over, and then comes what is new, five times a second:
//
//   {"t": 1732233600123, "prices": {"ACME": 101.25, ...}}
//
// The time is the server's, and charts are drawn against it. Where it leaps nothing was heard (the network was gone for
// longer than is kept, the machine asleep), and the chart has a gap. Who returns sooner is told what it has missed.
//
// Messages come when they like, the screen is drawn when it likes. So a message only changes numbers and asks for a
// picture; once per frame of the screen, in requestAnimationFrame, all is drawn. Ten messages between two frames cost one
// drawing, and a hidden tab costs none.

import "./weft.js";
import { drawChart, forgetOld, SPAN } from "./chart.js";
import { locale, t } from "./language.js";
import { basePath, element } from "./parts.js";
import { showState } from "./site.js";
import { SlowClient } from "./slow.js";

const STEP = 200; // ms from one message to the next
const LEAP = 2500; // ms: that is a gap
const RATE_WINDOW = 3000; // ms over which updates per second are counted
const LATE = 1000; // ms without a message: then time goes on by this page's own clock

// As in market.c. Messages have the symbols only.
const COMPANIES = {
  ACME: "Acme Tools",
  BOLT: "Bolt & Nut",
  CORK: "Cork Harbour",
  DUNE: "Dune Solar",
  ECHO: "Echo Audio",
  FERN: "Fern Gardens",
  GLAZ: "Glaz Ceramics",
  HAZE: "Haze Weather",
  IRIS: "Iris Optics",
  JUTE: "Jute & Linen",
  KILN: "Kiln Bakeries",
  LOOM: "Loom Works",
};

const grid = document.querySelector("#grid");
const rateField = document.querySelector("#rate");
const countField = document.querySelector("#count");
const raw = document.querySelector("#raw");
const rawText = document.querySelector("#raw-text");
const pauseButton = document.querySelector("#pause");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let count = 0;
let ticks = []; // { at, prices, moved }: what has been said; prices null: from here on nothing was
let newest; // the last of them that has prices
let heardAt = 0; // performance.now() then
let frame = 0; // the requestAnimationFrame that is on its way, or 0
let paused = false;
let chosen = "ACME";

/** The server's time, as far as it is known here. */
function clock() {
  if (!newest) return 0;
  const silent = performance.now() - heardAt;
  return newest.at + (silent > LATE ? silent : 0);
}

// --- Cards ---------------------------------------------------------------------------------------------

function makeAxis() {
  const axis = element("div", "axis", element("span", "", t("quotes.axis-60")), element("span", "", t("quotes.axis-30")), element("span", "", t("quotes.axis-0")));
  axis.setAttribute("aria-hidden", "true");
  return axis;
}

function makeCard(symbol) {
  const card = {
    symbol,
    shown: null, // the price on the screen
    button: element("button", "symbol", symbol),
    price: element("span", "price", "–"),
    arrow: element("span", "arrow"),
    words: element("span", "visually-hidden"), // what colour and arrow say
    by: element("span", "by"),
    canvas: element("canvas", "chart"),
    root: null,
  };
  card.canvas.setAttribute("aria-hidden", "true"); // its numbers are told in words
  card.arrow.setAttribute("aria-hidden", "true");
  card.button.type = "button";
  card.button.title = t("quotes.choose");
  card.button.addEventListener("click", () => choose(symbol));
  const top = element("div", "card-top", card.button, element("span", "company", COMPANIES[symbol]));
  const numbers = element("div", "numbers", card.price, element("span", "change", card.arrow, card.words, card.by));
  card.root = element("li", "card", top, numbers, card.canvas, makeAxis());
  card.root.dataset.symbol = symbol;
  return card;
}

const cards = Object.keys(COMPANIES).map(makeCard);
grid.append(...cards.map(({ root }) => root));

function choose(symbol) {
  chosen = symbol;
  for (const card of cards) card.button.setAttribute("aria-pressed", `${card.symbol === symbol}`);
  document.querySelector("#chosen").textContent = symbol;
  askForFrame();
}

// --- Drawing -------------------------------------------------------------------------------------------

/** The change in the last minute, in figures, and in a word for who sees neither arrow nor colour. */
function showChange(card, since, price) {
  const cents = Math.round(100 * price) - Math.round(100 * since);
  const trend = cents > 0 ? "rise" : cents < 0 ? "fall" : "flat";
  const sign = { rise: "+", fall: "−", flat: "" }[trend];
  card.root.dataset.trend = trend;
  card.arrow.textContent = { rise: "▲", fall: "▼", flat: "■" }[trend];
  card.words.textContent = t(`quotes.${trend}`);
  card.by.textContent = `${sign}${Math.abs(cents / 100).toFixed(2)} (${sign}${Math.abs(cents / since).toFixed(2)} %)`;
}

// That it has just moved; where to is not what this says.
function flash(card, price) {
  if (card.shown === null || price === card.shown || calm.matches) return;
  const colour = getComputedStyle(card.root).getPropertyValue("--flash");
  card.price.animate([{ backgroundColor: colour }, { backgroundColor: "transparent" }], { duration: 350, easing: "ease-out" });
}

const pointsOf = (symbol) => ticks.map(({ at, prices }) => ({ at, price: prices && prices[symbol] }));

/** The price a minute ago; of who does not know that, the oldest that is known. */
const oldest = (points) => points.find(({ price }) => price !== null)?.price;

function coloursOf(node) {
  const style = getComputedStyle(node);
  const colour = (name) => style.getPropertyValue(name);
  return { grid: colour("--line"), text: colour("--muted"), trend: colour("--trend"), ink: colour("--ink"), late: colour("--down") };
}

function drawCard(card, now) {
  const points = pointsOf(card.symbol);
  const since = oldest(points) ?? newest.prices[card.symbol];
  const price = newest.prices[card.symbol];
  card.price.textContent = price.toFixed(2);
  showChange(card, since, price);
  flash(card, price);
  card.shown = price;
  const colours = coloursOf(card.root);
  drawChart(card.canvas, { now, dotted: since, colours, lines: [{ points, colour: colours.trend, width: 1.75, fill: true }] });
}

const big = document.querySelector("#big");

function drawBig(now) {
  const fast = pointsOf(chosen);
  const late = slow.points.map(({ at, prices }) => ({ at, price: prices && prices[chosen] }));
  const colours = coloursOf(big);
  drawChart(big, {
    now,
    dotted: oldest(fast) ?? newest.prices[chosen],
    labelled: true,
    colours,
    lines: [
      { points: fast, colour: colours.ink, width: 1.25 },
      { points: late, colour: colours.late, width: 2.25, dots: true },
    ],
  });
}

/** A gap that reaches back beyond the chart is none: there the chart begins. */
function forget(now) {
  forgetOld(ticks, now);
  forgetOld(slow.points, now);
  if (newest.at <= now - SPAN) ticks = [];
}

function draw() {
  frame = 0;
  if (paused || !newest) return;
  const now = clock();
  forget(now);
  for (const card of cards) drawCard(card, now);
  drawBig(now);
}

function askForFrame() {
  frame ||= requestAnimationFrame(draw);
}

new ResizeObserver(askForFrame).observe(grid);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", askForFrame);

pauseButton.addEventListener("click", () => {
  paused = !paused;
  pauseButton.textContent = paused ? t("quotes.resume") : t("quotes.pause");
  askForFrame(); // what came in the meantime was remembered
});

// --- The channel ---------------------------------------------------------------------------------------

const channel = new Weft(`${basePath}/quotes/minute`, { last: "all" });
const slow = new SlowClient(channel, { clock, newest: () => newest.at, isPaused: () => paused });

/** Anybody may publish there: what is not the market's is nothing to this page. */
function read(data) {
  try {
    const { t: at, prices } = JSON.parse(data);
    return at > (newest?.at ?? 0) && Object.keys(COMPANIES).every((symbol) => prices[symbol] > 0) ? { at, prices } : undefined;
  } catch {
    return undefined;
  }
}

const movedSince = (before, now) => Object.keys(COMPANIES).filter((symbol) => before?.prices[symbol] !== now.prices[symbol]).length;

function take(tick) {
  tick.moved = movedSince(newest, tick);
  if (newest && tick.at - newest.at > LEAP) ticks.push({ at: newest.at + STEP, prices: null, moved: 0 });
  ticks.push(tick);
  newest = tick;
  heardAt = performance.now();
  grid.classList.add("settled");
  askForFrame();
}

channel.onmessage = ({ data }) => {
  const tick = typeof data === "string" ? read(data) : undefined;
  if (!tick) return;
  count += 1;
  if (raw.open && !paused) rawText.textContent = data;
  take(tick);
};
channel.addEventListener("loss", ({ lost }) => slow.fastLost(lost));
showState(channel);
choose(chosen);

/** By the server's clock, so that the minute that comes at once does not count as one second's. */
function showRate() {
  const now = clock();
  const moved = ticks.filter(({ at }) => at > now - RATE_WINDOW).reduce((sum, tick) => sum + tick.moved, 0);
  if (paused) return;
  rateField.textContent = (moved / (RATE_WINDOW / 1000)).toFixed(1);
  countField.textContent = count.toLocaleString(locale);
  slow.fastRead(count);
  if (newest && now > newest.at) showSilence(now);
}

/** From where it is silent on nothing is known, until it speaks again. */
function showSilence(now) {
  const last = ticks.at(-1);
  if (last?.prices && now - last.at > LEAP) ticks.push({ at: last.at + STEP, prices: null, moved: 0 });
  askForFrame();
}

setInterval(showRate, 500);
