// Small pictures on buttons: strokes on a 24 × 24 grid in the colour of the text. A path with "fill:" in front is filled.

import { make, makeSvg } from "./dom.js";

const PATHS = {
  start: ["M6 5v14", "fill:M19 5v14l-10-7z"],
  back: ["m14 6-6 6 6 6"],
  play: ["fill:M8 5v14l11-7z"],
  pause: ["fill:M7 5h3.5v14H7zM13.5 5H17v14h-3.5z"],
  forward: ["m10 6 6 6-6 6"],
  end: ["M18 5v14", "fill:M5 5v14l10-7z"],
  loop: ["M5 12V9a3 3 0 0 1 3-3h10m-3-3 3 3-3 3M19 12v3a3 3 0 0 1-3 3H6m3 3-3-3 3-3"],
  up: ["m6 14 6-6 6 6"],
  down: ["m6 10 6 6 6-6"],
};

/** An SVG that a screen reader does not hear; the button around it has the name. */
export function icon(name, className = "") {
  const paths = PATHS[name].map((path) => makeSvg("path", { d: path.replace("fill:", ""), class: path.startsWith("fill:") ? "fill" : null }));
  return makeSvg("svg", { viewBox: "0 0 24 24", class: `icon ${className}`, "aria-hidden": "true" }, ...paths);
}

/** A button that shows icons alone: `label` is its name, `title` what the pointer is told. */
export function iconButton(id, label, title, ...icons) {
  return make("button", { type: "button", id, class: "icon-button", "aria-label": label, title }, ...icons);
}
