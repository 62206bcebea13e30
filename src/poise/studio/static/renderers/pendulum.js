// Pendulum: a rod that turns about its end. A torque too weak to lift it at once must swing it up and hold it there.

import { disc, line, rod } from "./pen.js";

export const environments = ["Pendulum"];
export const width = 3;
export const stepsPerSecond = 20;
export const sentence = "The motor is too weak to lift the rod at once: the policy has to swing it up, and to hold it there.";
export const units = ["", "", "rad/s"];
export const arrows = [];

const STRONGEST = 2; // newton metres

export function push(action) {
  return action[0] / STRONGEST;
}

/** Pixels a metre, the axle and the rod's end. */
export function layout([cos, sin], size) {
  const scale = Math.min(size.width, size.height) / 2.8;
  const axle = { x: size.width / 2, y: size.height / 2 };
  const angle = Math.atan2(sin, cos);
  return { scale, axle, tip: { x: axle.x - Math.sin(angle) * scale, y: axle.y - Math.cos(angle) * scale } };
}

export function draw(context, observation, size, { colors, push: torque }) {
  const { scale, axle, tip } = layout(observation, size);
  line(context, axle, { x: axle.x, y: axle.y - 1.25 * scale }, colors.line, [3, 4]);
  rod(context, axle, tip, 0.16 * scale, colors.body);
  disc(context, axle, 0.05 * scale, colors.stage);
  if (torque) drawTorque(context, axle, scale, torque, colors.agent);
}

/** An arc about the axle: its way and its length are the torque's. Positive turns against the clock. */
function drawTorque(context, axle, scale, torque, color) {
  const radius = 0.32 * scale;
  const end = -Math.PI / 2 - torque * 0.75 * Math.PI;
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = Math.max(2, 0.035 * scale);
  context.lineCap = "butt";
  context.beginPath();
  context.arc(axle.x, axle.y, radius, -Math.PI / 2, end, torque > 0);
  context.stroke();
  const head = 0.09 * scale * Math.min(1, Math.abs(torque) * 6);
  context.save();
  context.translate(axle.x + radius * Math.cos(end), axle.y + radius * Math.sin(end));
  context.rotate(end + (torque > 0 ? Math.PI : 0));
  context.beginPath();
  context.moveTo(-head * 0.7, 0);
  context.lineTo(0, head);
  context.lineTo(head * 0.7, 0);
  context.closePath();
  context.fill();
  context.restore();
}
