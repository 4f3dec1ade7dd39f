// SPDX-License-Identifier: MIT
//
// chart.js: prices against time, the last minute of it, on a canvas.
//
//   drawChart(canvas, { now, start, dotted, labelled, colours: { grid, text }, lines: [{ points, colour, width, fill, dots }] })
//
// Points are { at, price }, ms by the server's clock. A price holds until the next one, so a line has steps; price null:
// from here on nothing is known, and there is a gap.

export const SPAN = 60_000; // ms: what a chart shows
const MARK = 15_000; // ms between two lines of the axis
const EDGE = 5; // pixels

// A canvas has as many pixels as it is told. For a sharp picture that must be the number that the screen really has
// there: CSS pixels times devicePixelRatio.
function fit(canvas) {
  const scale = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** On the half pixel a thin line is one pixel wide. */
const sharp = (n) => Math.round(n) + 0.5;

function straight(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

/** Runs of points without a gap, each with its end. */
function runsOf(points, now) {
  const runs = [];
  let run;
  for (const point of points) {
    if (run) run.end = point.at;
    if (point.price === null) run = undefined;
    else if (run) run.points.push(point);
    else runs.push((run = { points: [point], end: now }));
  }
  if (run) run.end = now;
  return runs;
}

function drawRun(context, { points, end }, { x, y, base }, { colour, width, fill, dots }) {
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  let held = y(points[0].price);
  for (const { at, price } of points) {
    context.lineTo(x(at), held); // it held until then
    held = y(price);
    context.lineTo(x(at), held);
  }
  context.lineTo(x(end), held);
  context.stroke();
  if (fill) {
    context.globalAlpha = 0.12;
    context.lineTo(x(end), base);
    context.lineTo(x(points[0].at), base);
    context.fill();
    context.globalAlpha = 1;
  }
  for (const { at, price } of dots ? points : []) dot(context, x(at), y(price), 2.4);
}

function dot(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function drawMarks(context, x, now, height) {
  for (let back = 0; back <= SPAN; back += MARK) straight(context, sharp(x(now - back)), 0, sharp(x(now - back)), height);
}

function drawLabels(context, y, low, high) {
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  for (const price of [low, (low + high) / 2, high]) context.fillText(price.toFixed(2), 0, Math.min(Math.max(y(price), 6), y(low) - 1));
}

export function drawChart(canvas, { now, dotted, labelled, colours, lines }) {
  const { context, width, height } = fit(canvas);
  const prices = lines.flatMap(({ points }) => points.map(({ price }) => price)).filter((price) => price !== null);
  if (!prices.length) return;
  const low = Math.min(dotted, ...prices);
  const high = Math.max(dotted, ...prices);
  const left = labelled ? 50 : EDGE;
  const x = (at) => Math.max(0, 1 - (now - at) / SPAN) * (width - left - EDGE) + left;
  const y = (price) => height - EDGE - ((price - low) / (high - low || 1)) * (height - 2 * EDGE);

  context.lineWidth = 1;
  context.strokeStyle = colours.grid;
  context.fillStyle = colours.text;
  drawMarks(context, x, now, height);
  if (labelled) drawLabels(context, y, low, high);
  context.strokeStyle = colours.text;
  context.setLineDash([2, 4]);
  straight(context, left, sharp(y(dotted)), width, sharp(y(dotted)));
  context.setLineDash([]);
  context.lineJoin = context.lineCap = "round";
  for (const line of lines) {
    for (const run of runsOf(line.points, now)) if (run.end > now - SPAN) drawRun(context, run, { x, y, base: y(dotted) }, line);
    const last = line.points.at(-1);
    if (last?.price) dot(context, x(now), y(last.price), 2.75);
  }
}

/** Forgets what is older than the chart; a price holds until the next one: that in force when it begins stays. */
export function forgetOld(points, now) {
  let old = 0;
  while (points.length > old + 1 && points[old + 1].at <= now - SPAN) old += 1;
  if (old) points.splice(0, old);
}
