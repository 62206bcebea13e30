// A canvas that is sharp on every screen, follows its size and the colours, and is painted only where it can be seen.

import { make } from "./dom.js";
import { PALETTE_CHANGED, palette } from "./theme_switch.js";

/**
 * {canvas, paint()}: `draw(context, size, colors)` paints on a cleared context whose unit is the CSS pixel. It is called
 * after `paint()`, and when size, screen or colours change; until the signal. With `grows` the unit grows with the page's
 * text, so that the words of a chart are read on a very large screen too.
 */
export function createSurface(draw, signal, attributes = {}, { grows = false } = {}) {
  const canvas = make("canvas", { role: "img", ...attributes });
  const context = canvas.getContext("2d");
  const size = { width: 0, height: 0 };
  let colors = palette();
  let visible = true;

  function paint() {
    if (!visible || !size.width) return;
    const ratio = canvas.width / size.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    draw(context, size, colors);
  }

  const unwatch = watchSize(canvas, (box, device) => {
    const unit = grows ? parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 : 1;
    size.width = box.width / unit;
    size.height = box.height / unit;
    canvas.width = devicePixels(box.width, device?.inlineSize);
    canvas.height = devicePixels(box.height, device?.blockSize);
    paint();
  });
  const inSight = new IntersectionObserver(([entry]) => {
    visible = entry.isIntersecting;
    paint();
  });
  inSight.observe(canvas);
  canvas.dataset.font = getComputedStyle(document.body).fontFamily;
  addEventListener(PALETTE_CHANGED, () => {
    colors = palette();
    paint();
  }, { signal });
  signal.addEventListener("abort", () => {
    unwatch();
    inSight.disconnect();
  });
  return { canvas, paint };
}

/** Calls back with the size in CSS pixels and, where the browser knows it, in those of the screen; returns what ends it. */
function watchSize(canvas, resized) {
  const observer = new ResizeObserver(([entry]) => resized(entry.contentRect, entry.devicePixelContentBoxSize?.[0]));
  try {
    observer.observe(canvas, { box: "device-pixel-content-box" }); // also tells of another screen
  } catch {
    observer.observe(canvas); // Safari
  }
  return () => observer.disconnect();
}

/** The exact count if the browser has one; an emulated screen reports CSS pixels for it, which would be blurred. */
function devicePixels(length, exact) {
  const about = length * devicePixelRatio;
  return exact !== undefined && Math.abs(exact - about) < 2 ? exact : Math.round(about);
}
