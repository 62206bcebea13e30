// The course of a search: best and mean score against steps, and under it the scores of each generation.

import { drawCurve } from "../charts/curve.js";
import { padded } from "../charts/scale.js";
import { drawStrip } from "../charts/strip.js";
import { rangeOf } from "../charts/trace.js";
import { createCsv } from "../csv.js";
import { make } from "../dom.js";
import { count, figure, large } from "../format.js";
import { createSurface } from "../surface.js";

const MOST_POINTS = 1500; // generations kept; older ones are thinned
const MOST_COLUMNS = 400;
const HEAD = ["generation", "steps", "best", "mean", "best_so_far", "percentile_10", "percentile_90"];

/** {element, add(rows, columns), reset(), set({threshold})}: rows and columns as the server sends them. */
export function createProgress(signal) {
  const kept = { rows: createThinned(MOST_POINTS, (row) => row[1]), columns: createThinned(MOST_COLUMNS, ([steps]) => steps) };
  let rows = []; // [generation, steps, best, mean, best so far, low, high]
  let columns = []; // [steps, [scores]]
  let threshold = null;
  let pending = 0;
  const curve = createSurface((context, size, colors) => rows.length && drawCurve(context, size, colors, chartOf(colors)), signal,
    { "aria-label": "No generation yet" }, { grows: true });
  const strip = createSurface((context, size, colors) => columns.length && drawStrip(context, size, colors, { ...rangesOf(), columns }), signal,
    { "aria-label": "No generation yet" }, { grows: true });
  const save = createCsv("course.csv", () => [HEAD, ...rows]);
  const saveScores = createCsv("scores.csv", () => [["steps", "score"], ...columns.flatMap(([at, scores]) => scores.map((score) => [at, score]))]);
  signal.addEventListener("abort", () => cancelAnimationFrame(pending));

  function rangesOf() {
    const x = [0, rows.at(-1)[1]];
    const values = rows.flatMap((row) => [row[3], row[4], row[5], row[6]].filter((value) => Number.isFinite(value)));
    const scores = columns.length ? rangeOf(columns.flatMap(([, some]) => [some[0], some.at(-1)])) : [Infinity, -Infinity];
    const [low, high] = rangeOf(values);
    return { xRange: x, yRange: padded([Math.min(low, scores[0]), Math.max(high, scores[1], threshold ?? -Infinity)]) };
  }

  function chartOf(colors) {
    const xs = rows.map((row) => row[1]);
    const at = (index) => rows.map((row) => row[index]);
    return {
      ...rangesOf(), bare: true,
      bands: [{ xs, lows: at(5), highs: at(6), color: colors.agent }],
      lines: [{ xs, ys: at(4), color: colors.good, dash: [5, 4] }, { xs, ys: at(3), color: colors.agent }],
      marks: threshold === null ? [] : [{ y: threshold, color: colors.strong, text: `solved at ${threshold}` }],
    };
  }

  /** Painted once a frame, however many messages come. */
  function changed() {
    if (pending) return;
    pending = requestAnimationFrame(() => {
      pending = 0;
      curve.paint();
      strip.paint();
      describe();
    });
  }

  function describe() {
    save.hidden = !rows.length;
    saveScores.hidden = !columns.length;
    if (!rows.length) return;
    const [generation, steps, , mean, best] = rows.at(-1);
    const words = `After ${count(generation)} generations and ${large(steps)} steps: mean score ${figure(mean)}, best so far ${figure(best)}; the first generation's mean was ${figure(rows[0][3])}.`;
    curve.canvas.setAttribute("aria-label", `Score against environment steps. ${words}`);
    strip.canvas.setAttribute("aria-label", `Scores of the candidates of each generation. In the last one from ${range(rows.at(-1))}.`);
  }

  const key = make("p", { class: "chart-key" },
    make("span", { class: "key-mean", text: "mean of a generation" }), make("span", { class: "key-band", text: "eight candidates in ten" }),
    make("span", { class: "key-best", text: "best so far" }), save);
  save.hidden = saveScores.hidden = true;
  return {
    element: make("section", { class: "progress", "aria-labelledby": "progress-title" },
      make("h2", { id: "progress-title", text: "Score" }), key,
      make("div", { class: "chart curve" }, curve.canvas),
      make("div", { class: "chart-head" }, make("h2", { text: "Every candidate" }), saveScores),
      make("div", { class: "chart strip" }, strip.canvas),
      make("p", { class: "chart-axis", text: "environment steps" })),
    add(newRows, newColumns) {
      rows = kept.rows.add(newRows);
      columns = kept.columns.add(newColumns);
      changed();
    },
    reset() {
      rows = kept.rows.clear();
      columns = kept.columns.clear();
      changed();
    },
    set(next) {
      if (next.threshold === threshold) return;
      threshold = next.threshold;
      changed();
    },
  };
}

function range([, , , , , low, high]) {
  return `${figure(low)} to ${figure(high)}`;
}

/** Keeps at most about `most` items, evenly spread over `at(item)`, which grows; the newest is always among them. */
function createThinned(most, at) {
  let items = [];
  let width = 0; // of the intervals of which each keeps one item
  const spread = (some) => some.filter((item, index) => index === some.length - 1 || Math.floor(at(item) / width) !== Math.floor(at(some[index + 1]) / width));
  return {
    add(more) {
      items = [...items, ...more];
      if (items.length > most) {
        if (width) items = spread(items);
        while (items.length > most) {
          width = width ? 2 * width : at(items.at(-1)) / most;
          items = spread(items);
        }
      }
      return items;
    },
    clear() {
      items = [];
      width = 0;
      return items;
    },
  };
}
