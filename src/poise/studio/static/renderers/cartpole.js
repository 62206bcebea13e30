// CartPole: a cart on a track, a pole on the cart. At 600 × 400 the places are those of Gymnasium's own picture.

import { arrow, box, disc, label, line, rod } from "./pen.js";

export const environments = ["CartPole"];
export const width = 4;
export const stepsPerSecond = 50;
export const sentence = "Fifty times a second the policy pushes the cart left or right, to keep the pole standing.";
export const units = ["m", "m/s", "rad", "rad/s"];
export const arrows = ["←", "→"];
export const ending = { words: "the pole fell, or the cart left the track", good: false };

const TRACK = 4.8; // metres across the stage: the episode ends 2.4 m from the middle
const POLE = 1.0; // metres
const LEAN = (12 * Math.PI) / 180; // the episode ends beyond it

export function push(action) {
  return action[0] === 1 ? 1 : -1;
}

/** Where things are: `scale` pixels a metre, the cart's middle and the axle. */
export function layout([position], size) {
  const scale = Math.min(size.width / TRACK, size.height * 0.65);
  const ground = size.height * 0.75;
  const cart = { x: size.width / 2 + position * scale, y: ground };
  return { scale, ground, cart, axle: { x: cart.x, y: ground - 0.06 * scale } };
}

export function draw(context, observation, size, { colors, push: force, failed }) {
  const { scale, ground, cart, axle } = layout(observation, size);
  const angle = observation[2];
  drawTrack(context, size, scale, ground, colors);
  drawLimits(context, axle, scale, colors);
  if (force) {
    const edge = { x: cart.x + Math.sign(force) * 0.26 * scale, y: cart.y };
    arrow(context, edge, force * 0.42 * scale, 0.07 * scale, colors.agent);
  }
  box(context, cart, 0.4 * scale, 0.24 * scale, 0.045 * scale, colors.body);
  const length = (POLE - 0.04) * scale;
  const tip = { x: axle.x + Math.sin(angle) * length, y: axle.y - Math.cos(angle) * length };
  rod(context, axle, tip, 0.08 * scale, failed ? colors.bad : colors.agent);
  disc(context, axle, 0.03 * scale, colors.stage);
}

function drawTrack(context, size, scale, ground, colors) {
  const y = Math.round(ground + 0.12 * scale) + 0.5;
  const ends = Math.min(size.width / 2, (TRACK / 2) * scale);
  line(context, { x: size.width / 2 - ends, y }, { x: size.width / 2 + ends, y }, colors.strong);
  const pixels = Math.max(12, Math.min(28, scale * 0.055));
  for (let metre = -2; metre <= 2; metre += 1) {
    const x = Math.round(size.width / 2 + metre * scale) + 0.5;
    line(context, { x, y }, { x, y: y + 6 }, colors.strong);
    const text = metre === 2 ? "2 m" : String(metre).replace("-", "−");
    label(context, text, { x, y: y + 10 + pixels * 0.8 }, colors.muted, "center", pixels);
  }
  for (const side of [-1, 1]) {
    const x = Math.round(size.width / 2 + side * (ends - 1)) + 0.5;
    line(context, { x, y: y - 0.24 * scale }, { x, y: y + 6 }, colors.strong, [3, 3]);
  }
}

/** A fan behind the pole: while it leans less than this, the episode goes on. */
function drawLimits(context, axle, scale, colors) {
  const radius = POLE * 1.06 * scale;
  context.fillStyle = colors.faint;
  context.beginPath();
  context.moveTo(axle.x, axle.y);
  context.arc(axle.x, axle.y, radius, -Math.PI / 2 - LEAN, -Math.PI / 2 + LEAN);
  context.closePath();
  context.fill();
  line(context, axle, { x: axle.x, y: axle.y - radius }, colors.line, [3, 4]);
}
