// A bar from a middle line to the left (negative) or to the right (positive); one that is longer than its place is
// cut with a slanted end.

import { make } from "../dom.js";

/** {element, set(share)}: the share of half the width; from -1 to 1 it fits. */
export function createBar(className) {
  const fill = make("div", { class: "bar-fill" });
  const element = make("div", { class: `diverging ${className}`, "aria-hidden": "true" }, fill);
  return {
    element,
    set(share) {
      const size = Math.min(1, Math.abs(share));
      fill.style.transform = `scaleX(${share < 0 ? -size : size})`;
      fill.classList.toggle("cut", Math.abs(share) > 1.001);
    },
  };
}
