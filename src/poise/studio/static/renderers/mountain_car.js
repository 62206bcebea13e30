// MountainCar, with three actions or a continuous force: a car in a valley that must swing itself up to the flag.

import { arrow, box, disc, line } from "./pen.js";

export const environments = ["MountainCar", "MountainCarContinuous"];
export const width = 2;
export const stepsPerSecond = 30;
export const sentence = "The engine is too weak for the hill: the policy has to swing the car back and forth to reach the flag.";
export const units = ["", "a step"];
export const arrows = ["←", "·", "→"];
export const ending = { words: "the car reached the flag", good: true };

const LEFT = -1.2;
const RIGHT = 0.6;

export function push(action, discrete) {
  return discrete ? action[0] - 1 : Math.max(-1, Math.min(1, action[0]));
}

function height(x) {
  return Math.sin(3 * x) * 0.45 + 0.55;
}

/** Pixels a unit, and the way from the world's numbers to the stage. */
export function layout(size) {
  const scale = Math.min(size.width / (RIGHT - LEFT), size.height / 1.2);
  const left = (size.width - scale * (RIGHT - LEFT)) / 2;
  const bottom = (size.height + scale * 1.2) / 2;
  return { scale, at: (x, y) => ({ x: left + (x - LEFT) * scale, y: bottom - y * scale }) };
}

export function draw(context, [position], size, { colors, push: force }) {
  const { scale, at } = layout(size);
  drawHill(context, size, at, scale, colors);
  drawFlag(context, at, scale, colors);
  const foot = at(position, height(position));
  context.save();
  context.translate(foot.x, foot.y - 0.03 * scale);
  context.rotate(-Math.cos(3 * position));
  if (force) {
    arrow(context, { x: Math.sign(force) * 0.075 * scale, y: -0.03 * scale }, force * 0.13 * scale, 0.02 * scale, colors.agent);
  }
  box(context, { x: 0, y: -0.03 * scale }, 0.12 * scale, 0.06 * scale, 0.016 * scale, colors.agent);
  for (const side of [-1, 1]) disc(context, { x: side * 0.03 * scale, y: 0 }, 0.024 * scale, colors.body, colors.stage);
  context.restore();
}

/** The hill as far as the stage goes, and a line where the car can go: it stops at both ends. */
function drawHill(context, size, at, scale, colors) {
  const beyond = (size.width / scale - (RIGHT - LEFT)) / 2;
  trace(context, at, LEFT - beyond, RIGHT + beyond);
  context.lineTo(size.width, size.height);
  context.lineTo(0, size.height);
  context.fillStyle = colors.faint;
  context.fill();
  trace(context, at, LEFT, RIGHT);
  context.strokeStyle = colors.strong;
  context.lineWidth = 1;
  context.stroke();
  for (const x of [LEFT, RIGHT]) {
    const foot = at(x, height(x));
    line(context, foot, { x: foot.x, y: foot.y - 0.1 * scale }, colors.strong, [3, 3]);
  }
}

function trace(context, at, from, to) {
  context.beginPath();
  for (let i = 0; i <= 160; i += 1) {
    const x = from + ((to - from) * i) / 160;
    const point = at(x, height(x));
    context.lineTo(point.x, point.y);
  }
}

function drawFlag(context, at, scale, colors) {
  const foot = at(0.5, height(0.5));
  const top = { x: foot.x, y: foot.y - 0.15 * scale };
  line(context, foot, top, colors.strong);
  context.fillStyle = colors.good;
  context.beginPath();
  context.moveTo(top.x, top.y);
  context.lineTo(top.x + 0.075 * scale, top.y + 0.018 * scale);
  context.lineTo(top.x, top.y + 0.036 * scale);
  context.closePath();
  context.fill();
}
