// Scales and their ticks: round numbers, few enough to be read.

/** Round numbers from low to high, about `wanted` of them: 0, 100, 200, …. */
export function ticks(low, high, wanted = 5) {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const found = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + 1e-9 * step; index += 1) found.push(index * step);
  return found;
}

/** Maps [low, high], in this order, to [from, to]; everything to the middle if there is no width. */
export function scale([low, high], [from, to]) {
  return (value) => (high > low ? from + ((value - low) / (high - low)) * (to - from) : (from + to) / 2);
}

/** A range a little wider, so that no line lies on its edge. */
export function padded([low, high], share = 0.05) {
  const more = (high - low) * share || Math.abs(high) * share || 1;
  return [low - more, high + more];
}
