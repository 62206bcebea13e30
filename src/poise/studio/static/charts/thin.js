// Fewer points for the same picture: what a line costs grows with its points, and many of them change no pixel.

const TOLERANCE = 0.25; // pixels by which a point that is left out may lie above or below the line

/**
 * The places of the points that a line needs, the first and the last among them: every other one lies within a quarter
 * of a pixel of the line. `xs` and `ys` are pixels, `xs` grows. One look at each point.
 */
export function neededOf(xs, ys) {
  const kept = [];
  let anchor = 0; // the last point that was kept
  let [low, high] = [-Infinity, Infinity]; // slopes from it that pass close enough to all points since
  for (let index = 0; index < xs.length; index += 1) {
    if (index === 0) {
      kept.push(0);
      continue;
    }
    const slope = (ys[index] - ys[anchor]) / (xs[index] - xs[anchor]);
    if (!(slope >= low && slope <= high)) {
      if (anchor !== index - 1) kept.push(index - 1);
      anchor = index - 1;
      [low, high] = [-Infinity, Infinity];
    }
    const width = xs[index] - xs[anchor];
    low = Math.max(low, (ys[index] - TOLERANCE - ys[anchor]) / width);
    high = Math.min(high, (ys[index] + TOLERANCE - ys[anchor]) / width);
  }
  if (xs.length > 1) kept.push(xs.length - 1);
  return kept;
}
