// Intervals as dots with whiskers, one below the other on one scale. SVG, stretched to its place.

import { makeSvg } from "../dom.js";
import { padded } from "./scale.js";

const WIDTH = 1000;
const DOT = 50; // about the width of a dot, where a line has 200 pixels

/** The common scale of several intervals [{mean, low, high}]. */
export function rangeOfAll(intervals) {
  return padded([Math.min(...intervals.map(({ low }) => low)), Math.max(...intervals.map(({ high }) => high))], 0.08);
}

/** One dot with its whisker; `index` chooses colour and shape, as for the lines of the same run. */
export function whiskerOf({ mean, low, high }, [from, to], index) {
  const x = (value) => ((value - from) / (to - from)) * WIDTH;
  const svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} 20`, preserveAspectRatio: "none", class: `whisker series-${index}`, "aria-hidden": "true" });
  // Whiskers within the dot would only blur it.
  if (x(high) - x(low) > DOT) svg.append(makeSvg("path", { d: `M${x(low)} 10H${x(high)}M${x(low)} 4V16M${x(high)} 4V16` }));
  svg.append(makeSvg("path", { d: `M${x(mean)} 10h0`, class: "whisker-dot" }));
  return svg;
}
