// Numbers and words as a person reads them: tabular, signed where the sign means something, a true minus.

const MINUS = "−";

/** Most decimals that a score is read with. */
export const SMALLEST = 8;

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

/** Decimals that show three figures of the largest number of a series, and no more than `most`. */
export function decimalsFor(values, most = 5) {
  const largest = values.reduce((found, value) => Math.max(found, Math.abs(value ?? 0)), 0);
  if (largest === 0) return 1;
  return Math.min(most, Math.max(0, 2 - Math.floor(Math.log10(largest))));
}

/** Three figures of a score and one decimal at least, whatever the unit of the rewards. */
export function figure(value) {
  return fixed(value, Math.max(1, decimalsFor([value], SMALLEST)));
}

/** A return: one decimal, unless the rewards are finer; in an episode that earns little, three figures of that. */
export function returnText(value, rewards) {
  const whole = rewards.every((reward) => Number.isInteger(reward));
  return fixed(value, whole ? 1 : Math.max(2, decimalsFor([rewards.reduce((sum, reward) => sum + reward, 0)], SMALLEST)));
}

/** A sentence that the server has written, with a true minus before its numbers. */
export function withMinus(words) {
  return words.replace(/(^|[\s[(])-(?=\d)/g, `$1${MINUS}`);
}

/** A count with thousands apart. */
export function count(value) {
  return value.toLocaleString("en-US");
}

/** A word in one or many. */
export function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

/** A result with its interval, rounded to what the interval supports: "−92.1 [−94.0, −90.3]". */
export function withInterval({ mean, low, high }) {
  const [wide, figures] = [high - low, decimalsFor([mean], SMALLEST)];
  const least = Math.abs(mean) >= 10 ? 1 : 3;
  const decimals = wide > 0 ? Math.min(Math.max(4, figures + 1), Math.max(least, 1 - Math.floor(Math.log10(wide)))) : Math.max(least, figures);
  return `${fixed(mean, decimals)} [${fixed(low, decimals)}, ${fixed(high, decimals)}]`;
}

/** A large count in words: "1.2 M", "53 k", "900". */
export function large(value) {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} G`;
  if (value >= 999_500) return `${(value / 1e6).toFixed(1)} M`;
  return value >= 1e4 ? `${Math.round(value / 1e3)} k` : count(value);
}

/** How long ago, in words, both in seconds. */
export function ago(then, now) {
  const seconds = Math.max(0, now - then);
  if (seconds < 10) return "just now";
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}
