// A number over time as one SVG path. The path is stretched to its place, so a wider window needs no new one, and its
// colour comes from the style sheet, so a new theme needs none either.

import { makeSvg } from "../dom.js";

export const WIDTH = 1000;
export const HEIGHT = 100;

const MOST_POINTS = 1500; // beyond that, each column keeps its least and its greatest value

/** Least and greatest finite value, [0, 0] if there is none. */
export function rangeOf(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}

/** An SVG that fills its place: a zero line where zero is in range, and the trace; `last` is the last step. */
export function traceOf(values, last, className) {
  const [low, high] = rangeOf(values);
  const y = (value) => (high > low ? HEIGHT * (0.94 - 0.88 * ((value - low) / (high - low))) : HEIGHT / 2);
  const svg = emptyTrace();
  if (low < 0 && high > 0) svg.append(makeSvg("path", { d: `M0 ${round(y(0))}H${WIDTH}`, class: "zero" }));
  svg.append(makeSvg("path", { d: pathOf(values, last, y), class: className }));
  return svg;
}

/** Discrete actions as lanes, the highest number on top: a bar for as long as an action is repeated. */
export function lanesOf(actions, lanes, first, last, className) {
  const lane = HEIGHT / lanes;
  const gap = lane * 0.1;
  let path = "";
  for (let start = 0; start < actions.length; ) {
    let end = start + 1;
    while (end < actions.length && actions[end] === actions[start]) end += 1;
    const top = HEIGHT - (actions[start] - first + 1) * lane + gap;
    const [x, wide] = [(start / last) * WIDTH, ((end - start) / last) * WIDTH];
    path += `M${round(x)} ${round(top)}h${round(wide)}v${round(lane - 2 * gap)}h${round(-wide)}z`;
    start = end;
  }
  const svg = emptyTrace();
  svg.append(makeSvg("path", { d: path, class: className }));
  return svg;
}

function emptyTrace() {
  return makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "trace", "aria-hidden": "true" });
}

function pathOf(values, last, y) {
  const bucket = Math.max(1, Math.ceil((2 * values.length) / MOST_POINTS));
  let path = "";
  let pen = "M";
  for (let start = 0; start < values.length; start += bucket) {
    const some = bucket === 1 ? [values[start]] : extremes(values.slice(start, start + bucket));
    for (const value of some) {
      if (value === null) {
        pen = "M"; // a hole where there is no number
        continue;
      }
      path += `${pen}${round((start / Math.max(1, last)) * WIDTH)} ${round(y(value))}`;
      pen = "L";
    }
  }
  return path;
}

function extremes(values) {
  const [low, high] = rangeOf(values);
  return values.indexOf(low) <= values.indexOf(high) ? [low, high] : [high, low];
}

function round(number) {
  return Math.round(number * 10) / 10;
}
