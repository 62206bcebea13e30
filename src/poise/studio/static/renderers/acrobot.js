// Acrobot: two links hang from a point; only the joint between them has a motor. The tip must rise above the line.

import { disc, label, line, rod } from "./pen.js";

export const environments = ["Acrobot"];
export const width = 6;
export const stepsPerSecond = 15;
export const sentence = "Only the joint between the two links has a motor: the policy has to swing the tip above the line.";
export const units = ["", "", "", "", "rad/s", "rad/s"];
export const arrows = ["↻", "·", "↺"];
export const ending = { words: "the tip rose above the line", good: true };

/** Pixels a metre, and the three points of the chain. */
export function layout(observation, size) {
  const [cos1, sin1, cos2, sin2] = observation;
  const scale = Math.min(size.width, size.height) / 4.4;
  const first = Math.atan2(sin1, cos1);
  const second = first + Math.atan2(sin2, cos2);
  const top = { x: size.width / 2, y: size.height / 2 };
  const joint = { x: top.x + Math.sin(first) * scale, y: top.y + Math.cos(first) * scale };
  const tip = { x: joint.x + Math.sin(second) * scale, y: joint.y + Math.cos(second) * scale };
  return { scale, top, joint, tip };
}

export function draw(context, observation, size, { colors }) {
  const { scale, top, joint, tip } = layout(observation, size);
  const goal = Math.round(top.y - scale) + 0.5;
  line(context, { x: top.x - 2.2 * scale, y: goal }, { x: top.x + 2.2 * scale, y: goal }, colors.good, [6, 4]);
  label(context, "goal", { x: top.x - 2.15 * scale, y: goal - 11 }, colors.muted, "left");
  rod(context, top, joint, 0.16 * scale, colors.body);
  rod(context, joint, tip, 0.16 * scale, colors.agent);
  disc(context, top, 0.05 * scale, colors.stage);
  disc(context, joint, 0.05 * scale, colors.stage);
}
