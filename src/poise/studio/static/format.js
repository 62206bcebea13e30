// Numbers and words as a person reads them: tabular, signed where the sign means something, a true minus.

const MINUS = "−";

/** A number with a fixed count of decimals; what is no number is said so. */
export function fixed(value, decimals) {
  if (value === null || !Number.isFinite(value)) return "not a number";
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** The same with its sign in front, also for what is positive. */
export function signed(value, decimals) {
  const text = fixed(value, decimals);
  return text.startsWith(MINUS) || !Number.isFinite(value) ? text : `+${text}`;
}

/** Decimals that show three figures of the largest number of a series, and no more than five. */
export function decimalsFor(values) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
  if (largest === 0) return 1;
  return Math.min(5, Math.max(0, 2 - Math.floor(Math.log10(largest))));
}

/** A return: one decimal, unless the rewards are finer. */
export function returnText(value, rewards) {
  const whole = rewards.every((reward) => Number.isInteger(reward));
  return fixed(value, whole ? 1 : 2);
}

/** A count with thousands apart. */
export function count(value) {
  return value.toLocaleString("en-US");
}

/** A word in one or many. */
export function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}
