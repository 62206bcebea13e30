// A map of values over two numbers: the stronger the colour, the higher the value. Pure; it also says where a point lies.

import { label } from "../renderers/pen.js";
import { short } from "./curve.js";
import { scale } from "./scale.js";

export const MARGIN = { left: 52, right: 12, top: 8, bottom: 40 };

/** The scales of a map of this size, with the pixels turned back into numbers: {x, y, xOf, yOf}. */
export function scalesOf({ ranges: [across, up] }, size) {
  const [left, right, top, bottom] = [MARGIN.left, size.width - MARGIN.right, MARGIN.top, size.height - MARGIN.bottom];
  return {
    x: scale([-across, across], [left, right]),
    y: scale([-up, up], [bottom, top]),
    xOf: scale([left, right], [-across, across]),
    yOf: scale([top, bottom], [up, -up]),
  };
}

/**
 * Draws `map`:
 *   size     cells along a side
 *   means    row by row from the lowest, each from left to right
 *   ranges   half the width and half the height, in the numbers' own units
 *   at       [across, up], where the policy stands
 *   names    of the two numbers
 *   extent   [least, greatest] value of the colours
 */
export function drawHeat(context, size, colors, map) {
  const { x, y } = scalesOf(map, size);
  const [across, up] = map.ranges;
  const [cellWidth, cellHeight] = [(x(across) - x(-across)) / (map.size - 1), (y(-up) - y(up)) / (map.size - 1)];
  context.save();
  context.beginPath();
  context.rect(MARGIN.left, MARGIN.top, size.width - MARGIN.left - MARGIN.right, size.height - MARGIN.top - MARGIN.bottom);
  context.clip();
  context.imageSmoothingEnabled = false; // one cell, one value
  const picture = cellsOf(map, colors);
  context.drawImage(picture, x(-across) - cellWidth / 2, y(up) - cellHeight / 2, cellWidth * map.size, cellHeight * map.size);
  drawPlace(context, { x: x(map.at[0]), y: y(map.at[1]) }, colors);
  context.restore();
  drawEdges(context, size, colors, map, x, y);
}

/** The map with one pixel a cell, the highest row on top. */
function cellsOf({ size, means, extent }, colors) {
  const picture = new OffscreenCanvas(size, size);
  const context = picture.getContext("2d");
  const shade = scale(extent, [0.04, 1]);
  context.fillStyle = colors.agent;
  means.forEach((mean, index) => {
    context.globalAlpha = shade(mean);
    context.fillRect(index % size, size - 1 - Math.floor(index / size), 1, 1);
  });
  return picture;
}

function drawPlace(context, at, colors) {
  for (const [color, width] of [[colors.stage, 5], [colors.ink, 2]]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.arc(at.x, at.y, 7, 0, 2 * Math.PI);
    context.stroke();
  }
}

function drawEdges(context, size, colors, { ranges: [across, up], names }, x, y) {
  const floor = size.height - MARGIN.bottom;
  for (const value of [-across, 0, across]) label(context, short(value), { x: x(value), y: floor + 12 }, colors.muted, "center", 11);
  for (const value of [-up, 0, up]) {
    const at = Math.min(floor - 5, Math.max(MARGIN.top + 5, y(value)));
    label(context, short(value), { x: MARGIN.left - 8, y: at }, colors.muted, "right", 11);
  }
  label(context, names[0], { x: (MARGIN.left + size.width - MARGIN.right) / 2, y: size.height - 8 }, colors.ink, "center", 12);
  context.save();
  context.translate(10, (MARGIN.top + floor) / 2);
  context.rotate(-Math.PI / 2);
  label(context, names[1], { x: 0, y: 0 }, colors.ink, "center", 12);
  context.restore();
}
