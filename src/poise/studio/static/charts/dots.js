// Numbers as dots along a line, stacked where they are equal: a small picture of how they are spread. SVG, made once.

import { makeSvg } from "../dom.js";

export const WIDTH = 600;

/**
 * An SVG of values from `low` to `high`; the dot of index `marked` stands out, and `mean` is a line across.
 * `press(index)`, if given, makes each dot a button.
 */
export function dotsOf(values, { low, high, marked = -1, mean = null, words, press = null }) {
  const radius = values.length > 40 ? 5 : 8;
  const bins = new Map();
  const places = values.map((value) => {
    const x = radius + 4 + ((value - low) / (high - low)) * (WIDTH - 2 * radius - 8);
    const bin = Math.round(x / (2 * radius));
    const level = bins.get(bin) ?? 0;
    bins.set(bin, level + 1);
    return { x: bin * 2 * radius, level };
  });
  const levels = Math.min(28, Math.max(...bins.values(), 1));
  const spacing = 2 * radius * Math.min(1, 14 / levels);
  const height = levels * spacing + 2 * radius + 22;
  const floor = height - 22;
  const svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${Math.ceil(height)}`, class: "dots", role: press ? "group" : "img", "aria-label": words });
  svg.append(makeSvg("path", { d: `M0 ${floor}H${WIDTH}`, class: "dots-line" }));
  for (const value of [low, (low + high) / 2, high]) {
    const x = radius + 4 + ((value - low) / (high - low)) * (WIDTH - 2 * radius - 8);
    const text = makeSvg("text", { x, y: height - 4, "text-anchor": "middle" });
    text.textContent = String(value);
    svg.append(text);
  }
  const button = (index) => (press ? { role: "button", tabindex: 0, "aria-label": `${index + 1}: ${values[index]}` } : {});
  const dots = places.map(({ x, level }, index) => makeSvg("circle", {
    cx: x, cy: floor - radius - Math.min(level, 27) * spacing, r: radius - 1, class: index === marked ? "dot marked" : "dot", ...button(index),
  }));
  svg.append(...dots, ...(marked < 0 ? [] : [dots[marked]])); // the one that stands out on top
  dots.forEach((dot, index) => {
    if (!press) return;
    dot.addEventListener("click", () => press(index));
    dot.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      press(index);
    });
  });
  if (mean !== null) {
    const x = radius + 4 + ((mean - low) / (high - low)) * (WIDTH - 2 * radius - 8);
    svg.append(makeSvg("path", { d: `M${x} 0V${floor}`, class: "dots-mean" }));
  }
  return svg;
}
