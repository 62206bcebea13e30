// Any observation that has no picture of its own: a gauge for each number, its dot between the least and the greatest
// value of the episode, with the last steps behind it.

import { disc, label, line } from "./pen.js";

export const environments = [];
export const width = 0;
export const stepsPerSecond = 30;
export const sentence = "Each line is one number that the policy sees, from its least to its greatest in this episode; the dot is its value now.";
export const units = [];
export const arrows = [];

const MOST = 24; // gauges; what is beyond them is in the traces below

export function draw(context, observation, size, { colors, names, ranges, trail }) {
  const shown = Math.min(observation.length, MOST);
  const columns = shown > 8 && size.width > 560 ? 2 : 1;
  const rows = Math.ceil(shown / columns);
  const rowHeight = Math.min(44, (size.height - 32) / rows);
  const top = (size.height - rowHeight * rows) / 2 + rowHeight / 2;
  const columnWidth = Math.min(720, (size.width - 48) / columns);
  const left = (size.width - columnWidth * columns) / 2;
  const nameWidth = Math.min(200, columnWidth * 0.36);
  for (let index = 0; index < shown; index += 1) {
    const column = Math.floor(index / rows);
    const y = Math.round(top + (index % rows) * rowHeight) + 0.5;
    const start = left + column * columnWidth + nameWidth;
    const length = columnWidth - nameWidth - 24;
    const place = (value) => start + length * share(value, ranges[index]);
    label(context, shorten(names[index], nameWidth), { x: start - 12, y }, colors.muted, "right");
    line(context, { x: start, y }, { x: start + length, y }, colors.line);
    trail.forEach((past, age) => {
      context.globalAlpha = (0.35 * (age + 1)) / trail.length;
      disc(context, { x: place(past[index]), y }, 2.5, colors.agent);
    });
    context.globalAlpha = 1;
    disc(context, { x: place(observation[index]), y }, 5, colors.agent);
  }
}

function share(value, [low, high]) {
  return high > low ? (value - low) / (high - low) : 0.5;
}

function shorten(text, pixels) {
  const most = Math.max(6, Math.floor(pixels / 7.5));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
