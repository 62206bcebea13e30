// A cart with a pole that one can take by hand: dragging moves the cart, or leans the pole if that was taken.

import { between } from "../renderers/index.js";
import { draw, layout, push as pushOf } from "../renderers/cartpole.js";
import { createSurface } from "../surface.js";

const WIDE = 2.3; // metres from the middle, and
const LEAN = 0.4; // radians: as far as a hand can move them

/** A canvas that shows the store's `state` (four numbers) and `action` (0, 1 or null), and changes the state by drags. */
export function createCart(store, signal, words) {
  let area = { width: 1, height: 1 };
  const surface = createSurface((context, size, colors) => {
    area = { ...size };
    const { state, action } = store.state;
    draw(context, state, size, { colors, push: action === null ? 0 : pushOf([action]), failed: Math.abs(state[2]) > 0.2094 });
  }, signal, { "aria-label": words(store.state), class: "cart" });
  store.subscribe((state, changed) => {
    if (!changed.has("state") && !changed.has("action")) return;
    surface.paint();
    surface.canvas.setAttribute("aria-label", words(state));
  });
  listenToDrag(surface.canvas, store, () => area);
  return surface.canvas;
}

function listenToDrag(canvas, store, areaOf) {
  let pole = false;
  const move = (event) => {
    const { scale, axle } = layout(store.state.state, areaOf());
    const next = [...store.state.state];
    if (pole) next[2] = clamp(Math.atan2(event.offsetX - axle.x, Math.max(1, axle.y - event.offsetY)), LEAN);
    else next[0] = clamp((event.offsetX - areaOf().width / 2) / scale, WIDE);
    store.set({ state: next });
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pole = event.offsetY < layout(store.state.state, areaOf()).axle.y - 8;
    canvas.setPointerCapture(event.pointerId);
    move(event);
  });
  canvas.addEventListener("pointermove", (event) => canvas.hasPointerCapture(event.pointerId) && move(event));
}

function clamp(value, most) {
  return Math.min(most, Math.max(-most, value));
}

/** Moves the store's state to another one in some frames, so that the eye can follow; at once if motion is unwanted. */
export function glide(store, target, signal, milliseconds = 250) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return store.set({ state: target });
  const [from, begun] = [store.state.state, performance.now()];
  const step = (now) => {
    if (signal.aborted) return;
    const share = Math.min(1, Math.max(0, (now - begun) / milliseconds));
    store.set({ state: share < 1 ? between(from, target, share) : target });
    if (share < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}
