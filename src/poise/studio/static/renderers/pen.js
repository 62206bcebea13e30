// Strokes that several renderers share: rods, arrows, boxes, all in CSS pixels on a canvas.

/** A line with round ends. */
export function rod(context, from, to, width, color) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.stroke();
}

/** A thin line, dashed if `dash` is given. */
export function line(context, from, to, color, dash = []) {
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.lineCap = "butt";
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.stroke();
  context.setLineDash([]);
}

/** A filled circle, with a rim if one is given. */
export function disc(context, at, radius, color, rim) {
  context.fillStyle = color;
  context.beginPath();
  context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  context.fill();
  if (rim) {
    context.strokeStyle = rim;
    context.lineWidth = Math.max(1, radius * 0.35);
    context.stroke();
  }
}

/** A box around a centre, its corners rounded. */
export function box(context, centre, width, height, corner, color) {
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(centre.x - width / 2, centre.y - height / 2, width, height, corner);
  context.fill();
}

/** A horizontal arrow from `from`, `length` to the right (negative: to the left). Nothing if it is too short to see. */
export function arrow(context, from, length, thickness, color) {
  const size = Math.abs(length);
  if (size < 2) return;
  const way = Math.sign(length);
  const head = Math.min(size, thickness * 2.2);
  context.fillStyle = color;
  context.beginPath();
  context.moveTo(from.x, from.y - thickness / 2);
  context.lineTo(from.x + way * (size - head), from.y - thickness / 2);
  context.lineTo(from.x + way * (size - head), from.y - head * 0.75);
  context.lineTo(from.x + way * size, from.y);
  context.lineTo(from.x + way * (size - head), from.y + head * 0.75);
  context.lineTo(from.x + way * (size - head), from.y + thickness / 2);
  context.lineTo(from.x, from.y + thickness / 2);
  context.closePath();
  context.fill();
}

/** Small text for scales; `align` as on the context. */
export function label(context, text, at, color, align = "center", pixels = 12) {
  context.fillStyle = color;
  context.font = `${pixels}px ${context.canvas.dataset.font ?? "sans-serif"}`;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.fillText(text, at.x, at.y);
}
