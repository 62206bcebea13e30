// Lines over time with a band behind them, on a canvas: pure, it paints what it is given and keeps nothing.

import { label, line as stroke } from "../renderers/pen.js";
import { large } from "../format.js";
import { scale, ticks } from "./scale.js";
import { neededOf } from "./thin.js";

export const MARGIN = { left: 52, right: 12, top: 12, bottom: 26 };

/** The scales of a chart of this size: {x, y}, functions from data to CSS pixels. */
export function scalesOf({ xRange, yRange }, size) {
  return {
    x: scale(xRange, [MARGIN.left, size.width - MARGIN.right]),
    y: scale(yRange, [size.height - MARGIN.bottom, MARGIN.top]),
  };
}

/**
 * Draws `chart`:
 *   xRange, yRange   least and greatest value of each axis
 *   bands            [{xs, lows, highs, color}]
 *   lines            [{xs, ys, color, width, dash}], a hole where a value is null
 *   marks            [{y, color, text}], a dashed line across, for instance a threshold
 */
export function drawCurve(context, size, colors, chart) {
  const { x, y } = scalesOf(chart, size);
  drawAxes(context, size, colors, chart, x, y);
  context.save();
  context.beginPath();
  context.rect(MARGIN.left, 0, size.width - MARGIN.left - MARGIN.right + 4, size.height - MARGIN.bottom + 1); // a dot at the edge is whole
  context.clip();
  for (const band of chart.bands ?? []) drawBand(context, band, x, y);
  for (const mark of chart.marks ?? []) drawMark(context, size, mark, y);
  for (const one of chart.lines) drawLine(context, one, x, y);
  context.restore();
}

/** Ticks and their numbers; `chart.bare` leaves the numbers of the x axis to a chart below. */
export function drawAxes(context, size, colors, chart, x, y) {
  for (const value of ticks(...chart.yRange, Math.max(2, Math.min(6, size.height / 48)))) {
    const at = Math.round(y(value)) + 0.5;
    if (at < MARGIN.top - 6 || at > size.height - MARGIN.bottom + 1) continue;
    stroke(context, { x: MARGIN.left, y: at }, { x: size.width - MARGIN.right, y: at }, colors.line);
    label(context, short(value), { x: MARGIN.left - 8, y: at }, colors.muted, "right", 11);
  }
  if (chart.bare) return;
  for (const value of ticks(...chart.xRange, Math.max(2, Math.min(8, size.width / 110)))) {
    label(context, short(value), { x: x(value), y: size.height - MARGIN.bottom + 14 }, colors.muted, "center", 11);
  }
}

function drawBand(context, { xs, lows, highs, color }, x, y) {
  if (xs.length < 2) return;
  context.beginPath();
  const across = xs.map(x);
  const [above, below] = [highs.map(y), lows.map(y)];
  for (const index of neededOf(across, above)) context.lineTo(across[index], above[index]);
  for (const index of neededOf(across, below).reverse()) context.lineTo(across[index], below[index]);
  context.closePath();
  context.globalAlpha = 0.16;
  context.fillStyle = color;
  context.fill();
  context.globalAlpha = 1;
}

function drawLine(context, { xs, ys, color, width = 1.75, dash = [] }, x, y) {
  context.beginPath();
  for (const [start, end] of piecesOf(ys)) {
    const [across, up] = [xs.slice(start, end).map(x), ys.slice(start, end).map(y)];
    for (const index of neededOf(across, up)) index ? context.lineTo(across[index], up[index]) : context.moveTo(across[0], up[0]);
  }
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.lineCap = "round";
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
  if (xs.length === 1 && Number.isFinite(ys[0])) {
    context.beginPath();
    context.arc(x(xs[0]), y(ys[0]), 2.5, 0, 2 * Math.PI);
    context.fillStyle = color;
    context.fill();
  }
}

/** Where a line with holes begins and ends, [from, to) for each piece. */
function piecesOf(ys) {
  const pieces = [];
  for (let index = 0; index < ys.length; index += 1) {
    if (ys[index] === null || ys[index] === undefined) continue;
    if (pieces.at(-1)?.[1] === index) pieces.at(-1)[1] = index + 1;
    else pieces.push([index, index + 1]);
  }
  return pieces;
}

function drawMark(context, size, { y: value, color, text }, y) {
  const at = Math.round(y(value)) + 0.5;
  stroke(context, { x: MARGIN.left, y: at }, { x: size.width - MARGIN.right, y: at }, color, [4, 4]);
  // At the left, where whoever learns is not there yet: at the right the curves would run through it.
  if (text) label(context, text, { x: MARGIN.left + 4, y: at - 9 }, color, "left", 11);
}

/** A number on an axis: "1.2 M", "−200". */
export function short(value) {
  const rounded = Math.abs(value) < 1e-9 ? 0 : Number(value.toPrecision(6));
  const text = Math.abs(rounded) >= 1e4 ? large(Math.abs(rounded)).replace(".0 ", " ") : String(Math.abs(rounded));
  return rounded < 0 ? `−${text}` : text;
}
