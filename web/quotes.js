// SPDX-License-Identifier: MIT
//
// quotes.js: a stream from the server that nobody has to ask for.
//
// This page says nothing. /quotes is a channel that keeps the newest message of each
// key, and its keys are symbols; so "last=all" begins with what everything costs, and then comes what changes:
//
//   {"symbol": "ACME", "name": "Acme Tools", "price": 101.25, "t": 1732233600123}
//
// Messages come when they like, the screen is drawn when it likes. So a message only changes numbers and
// marks cards as stale, all of them, because time has passed for all; once per frame of the screen, in
// requestAnimationFrame, stale cards are drawn.
// Ten messages between two frames cost one drawing, and a hidden tab costs none.

import "/weft.js";
import { element, seconds } from "./parts.js";
import { showState } from "./site.js";

const SPAN = 60000; // milliseconds that a chart shows; time runs evenly, however often a price moves
const RATE_WINDOW = 3000; // milliseconds over which updates per second are counted

const grid = document.querySelector("#grid");
const rateField = document.querySelector("#rate");
const countField = document.querySelector("#count");
const raw = document.querySelector("#raw");
const rawText = document.querySelector("#raw-text");
const pauseButton = document.querySelector("#pause");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const cards = new Map(); // symbol -> card
const stale = new Set(); // cards whose numbers are newer than their picture
let frame = 0; // the requestAnimationFrame that is on its way, or 0
let paused = false;
let now = 0; // the server's time, of the newest message

// --- A card --------------------------------------------------------------------------------------------

function makeCard(symbol) {
  const card = {
    first: null, // the first price that this page saw: changes are told against it
    shown: null, // the price on the screen
    points: [], // { at, price }: when each price was said, by the server's clock
    name: element("span", "company"),
    price: element("span", "price"),
    change: element("span", "change"),
    canvas: element("canvas", "chart"),
    root: null,
  };
  card.canvas.setAttribute("aria-hidden", "true"); // its numbers are told in words
  const top = element("div", "card-top", element("span", "symbol", symbol), card.name);
  const numbers = element("div", "numbers", card.price, card.change);
  card.root = element("li", "card", top, numbers, card.canvas);
  card.root.dataset.symbol = symbol;
  const after = [...grid.children].find((other) => other.dataset.symbol > symbol);
  grid.insertBefore(card.root, after ?? null); // in the order of the alphabet, whatever moved first
  return card;
}

function cardOf(symbol) {
  if (!cards.has(symbol)) cards.set(symbol, makeCard(symbol));
  return cards.get(symbol);
}

function addPrice(card, price, at) {
  card.first ??= price;
  card.points.push({ at, price });
  stale.add(card);
}

// A price holds until the next one: the one in force when the chart begins stays.
function forgetOld(card) {
  while (card.points.length > 1 && card.points[1].at <= now - SPAN) card.points.shift();
}

// --- Drawing -------------------------------------------------------------------------------------------

// Arrow and sign say what the colour says, for those who do not see the colour.
function changeWords(first, price) {
  const by = price - first;
  const percent = (100 * by) / first;
  const arrow = by > 0 ? "▲" : by < 0 ? "▼" : "■";
  const sign = by > 0 ? "+" : by < 0 ? "−" : "";
  return `${arrow} ${sign}${Math.abs(by).toFixed(2)} (${sign}${Math.abs(percent).toFixed(1)} %)`;
}

// That it has just moved; where to, since this page saw it first, is what red and green say.
function flash(card, price) {
  if (card.shown === null || price === card.shown || calm.matches) return;
  const colour = getComputedStyle(card.root).getPropertyValue("--flash");
  card.price.animate([{ backgroundColor: colour }, { backgroundColor: "transparent" }], {
    duration: 350,
    easing: "ease-out",
  });
}

// A canvas has as many pixels as it is told. For a sharp picture that must be the number that the screen
// really has there: CSS pixels times devicePixelRatio.
function fitCanvas(canvas) {
  const scale = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

function drawChart(card) {
  const { context, width, height } = fitCanvas(card.canvas);
  const style = getComputedStyle(card.root); // a card knows its own colour, light or dark
  const colour = style.getPropertyValue("--trend");

  // The first price has its place in the picture, so that above and below can be seen.
  const prices = card.points.map((point) => point.price);
  const low = Math.min(card.first, ...prices);
  const high = Math.max(card.first, ...prices);
  const span = high - low || 1;
  const edge = 5;
  const x = (at) => Math.max(0, 1 - (now - at) / SPAN) * (width - 2 * edge) + edge;
  const y = (price) => height - edge - ((price - low) / span) * (height - 2 * edge);

  context.strokeStyle = style.getPropertyValue("--line");
  context.lineWidth = 1;
  context.setLineDash([2, 4]);
  const level = Math.round(y(card.first)) + 0.5; // on the half pixel a thin line is one pixel wide
  context.beginPath();
  context.moveTo(0, level);
  context.lineTo(width, level);
  context.stroke();

  context.setLineDash([]);
  context.lineWidth = 1.75;
  context.lineJoin = context.lineCap = "round";
  context.strokeStyle = context.fillStyle = colour;
  context.beginPath();
  let held = y(prices[0]);
  for (const { at, price } of card.points) {
    context.lineTo(x(at), held); // it held until then
    held = y(price);
    context.lineTo(x(at), held);
  }
  context.lineTo(x(now), held);
  context.stroke();

  context.globalAlpha = 0.12;
  context.lineTo(x(now), y(card.first));
  context.lineTo(x(card.points[0].at), y(card.first));
  context.fill();
  context.globalAlpha = 1;
  context.beginPath();
  context.arc(x(now), held, 2.75, 0, 2 * Math.PI);
  context.fill();
}

function drawCard(card) {
  forgetOld(card);
  const { price } = card.points.at(-1);
  card.price.textContent = price.toFixed(2);
  card.change.textContent = changeWords(card.first, price);
  card.root.dataset.trend = price > card.first ? "rise" : price < card.first ? "fall" : "flat";
  flash(card, price);
  card.shown = price;
  drawChart(card);
}

function drawStale() {
  frame = 0;
  stale.forEach(drawCard);
  stale.clear();
}

function askForFrame() {
  if (!paused && stale.size > 0) frame ||= requestAnimationFrame(drawStale);
}

function redrawAll() {
  for (const card of cards.values()) stale.add(card);
  askForFrame();
}

new ResizeObserver(redrawAll).observe(grid);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);

pauseButton.addEventListener("click", () => {
  paused = !paused;
  pauseButton.textContent = paused ? "Resume" : "Pause";
  askForFrame(); // what came in the meantime was remembered
});

// --- How fast does it come? ----------------------------------------------------------------------------

let count = 0;
let arrivals = []; // performance.now() of recent messages

function showRate() {
  const now = performance.now();
  arrivals = arrivals.filter((at) => now - at < RATE_WINDOW);
  rateField.textContent = (arrivals.length / (RATE_WINDOW / 1000)).toFixed(1);
  countField.textContent = count.toLocaleString("en");
}

setInterval(showRate, 500);

// --- The channel ---------------------------------------------------------------------------------------

function take(text) {
  const { symbol, name, price, t } = JSON.parse(text);
  const card = cardOf(symbol);
  now = Math.max(now, t);
  card.name.textContent = name;
  addPrice(card, price, t);
  redrawAll(); // time has passed for all of them
}

const channel = new Weft("/quotes", { last: "all" });

channel.onmessage = ({ data }) => {
  count += 1;
  arrivals.push(performance.now());
  if (raw.open && !paused) rawText.textContent = data;
  take(data);
};
showState(channel, seconds);
