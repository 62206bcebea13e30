// Each generation's scores as a column of points over time: how far the candidates lie apart, and where most of them are.

import { drawAxes, scalesOf } from "./curve.js";

/**
 * Draws `chart`: xRange and yRange as for a curve, and columns [[x, [scores]]]. A point for each score; where many lie
 * on each other it grows darker.
 */
export function drawStrip(context, size, colors, chart) {
  const { x, y } = scalesOf(chart, size);
  drawAxes(context, size, colors, chart, x, y);
  const radius = chart.columns.length > 120 ? 1.1 : chart.columns.length > 40 ? 1.6 : 2.2;
  context.fillStyle = colors.agent;
  context.globalAlpha = chart.columns.length > 120 ? 0.35 : 0.5;
  for (const [at, scores] of chart.columns) {
    const left = x(at) - radius;
    for (const score of scores) context.fillRect(left, y(score) - radius, 2 * radius, 2 * radius);
  }
  context.globalAlpha = 1;
}
