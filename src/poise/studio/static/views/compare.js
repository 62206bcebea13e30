// Compare: which is better? Courses over each other, results beside each other, the same episode, and a paired test.

import { pathOf } from "../address.js";
import { Unanswered, ask, fetchEpisode } from "../api.js";
import { drawCurve } from "../charts/curve.js";
import { padded } from "../charts/scale.js";
import { rangeOf } from "../charts/trace.js";
import { rangeOfAll, whiskerOf } from "../charts/whiskers.js";
import { createCsv } from "../csv.js";
import { make, setText } from "../dom.js";
import { complete } from "../episode.js";
import { count, figure, fixed, withInterval } from "../format.js";
import { createHeading } from "../panels/heading.js";
import { createPlayer } from "../panels/player.js";
import { createSurface } from "../surface.js";

const MOST = 6;
const COLORS = ["agent", "person", "good", "bad", "body", "strong"]; // and a pattern each: never colour alone
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 5]];

/** The query has `runs`, names with commas between, `x` (steps or time) and `seed`. */
export function show(root, place, app) {
  app.title("Compare");
  const heading = createHeading("Compare");
  const chosen = make("ul", { class: "chosen-runs" });
  const add = make("select", { id: "compare-add", "aria-label": "Add a run" });
  const problem = make("p", { class: "problem", role: "alert" });
  const body = make("div", { class: "compare" });
  root.append(heading.element, make("div", { class: "compare-choice" }, chosen, add), problem, body);
  let { query } = place;
  let living = new AbortController(); // of what is shown for one choice of runs
  app.signal.addEventListener("abort", () => living.abort());
  add.addEventListener("change", () => add.value && choose([...names(), add.value]));
  fill();

  function names() {
    return (query.get("runs") ?? "").split(",").filter(Boolean);
  }

  function choose(runs) {
    const next = new URLSearchParams(query);
    if (runs.length) next.set("runs", runs.join(","));
    else next.delete("runs");
    app.go(`/compare?${tidy(next)}`);
  }

  async function fill() {
    living.abort();
    living = new AbortController();
    const signal = AbortSignal.any([living.signal, app.signal]);
    setText(problem, "");
    try {
      const asked = new URLSearchParams(names().map((name) => ["run", name]));
      const together = names().length ? await ask(`/api/compare?${asked}`, { signal }) : { env: null, runs: [], problems: [] };
      setText(problem, together.problems.map(({ words }) => words).join(" "));
      heading.set({ chip: together.env ?? "" });
      for (const run of together.runs) run.short = run.id.startsWith(`${together.env}/`) ? run.id.slice(together.env.length + 1) : run.id;
      showChosen(together);
      await offer(together, signal);
      body.replaceChildren(...partsOf(together, signal));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Unanswered)) throw error;
      setText(problem, error.message);
      showChosen({ runs: names().map((id) => ({ id, env: "" })), problems: [] });
      body.replaceChildren();
    }
  }

  function showChosen({ runs, problems }) {
    const gone = problems.map(({ run }) => ({ id: run, how: "not there" }));
    chosen.replaceChildren(...[...runs, ...gone].map((run, index) => {
      const remove = make("button", { type: "button", class: "icon-button remove", "aria-label": `Leave ${run.id} out`, text: "✕" });
      remove.addEventListener("click", () => choose(names().filter((name) => name !== run.id)));
      return make("li", { class: `series-${index}` }, keyOf(index), make("a", { href: pathOf("run", run.id), text: run.short ?? run.id, title: run.id }), make("span", { class: "hint", text: run.how ?? "" }), remove);
    }));
  }

  /** The newest runs of the same environment, or of any if none is chosen yet. */
  async function offer({ env }, signal) {
    const { rows } = await ask(`/api/runs?${new URLSearchParams({ env: env ?? "" })}`, { signal });
    const left = rows.filter(({ id, state }) => !names().includes(id) && state !== "broken" && state !== "empty");
    add.replaceChildren(make("option", { value: "", text: left.length ? "Add a run …" : "No other run to add" }),
      ...left.map(({ id, result }) => make("option", { value: id, text: result ? `${id}  ${withInterval(result)}` : id })));
    add.disabled = !left.length || names().length >= MOST;
    add.hidden = !left.length && !names().length;
  }

  function partsOf(together, signal) {
    const { runs } = together;
    if (!runs.length) return [nothing(!add.hidden)];
    const seed = query.get("seed") ?? "0";
    return [courses(runs, query.get("x") === "time" ? "time" : "steps", signal, remember), results(runs),
      ...(runs.filter(({ hasPolicy }) => hasPolicy).length > 1 ? [tests(runs, signal, problem)] : []), sideBySide(runs, seed, signal, remember)];
  }

  /** Keeps a choice in the address, without another look at everything. */
  function remember(name, value) {
    query = new URLSearchParams(query);
    query.set(name, value);
    history.replaceState(null, "", `?${tidy(query)}`);
  }

  return {
    update(another) {
      query = another.query;
      fill();
    },
  };
}

/** What stands there before anything is chosen. */
function nothing(someRuns) {
  const title = make("span", { class: "nothing-title", text: someRuns ? "Which is better?" : "No runs yet" });
  const way = someRuns ? make("a", { class: "text-button", href: "/runs", text: "Choose in the list of runs" }) : make("a", { class: "text-button primary", href: "/train?env=CartPole-v1", text: "Train CartPole" });
  const words = someRuns ? "Choose two runs of one environment, or more: their courses, their results, and a test on the same episodes." : "Two runs of one environment can be compared: with two seeds, or two ways to search.";
  return make("div", { class: "nothing" }, title, make("span", { text: words }), way);
}

function tidy(query) {
  return query.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
}

function part(id, title, ...children) {
  return make("section", { class: `compare-part ${id}`, "aria-labelledby": `${id}-title` }, make("h2", { id: `${id}-title`, text: title }), ...children);
}

/** A short piece of a run's line, in its colour and pattern: drawn by the style sheet. */
function keyOf(index) {
  return make("span", { class: `series-key series-${index}`, "aria-hidden": "true" });
}

function courses(runs, first, signal, remember) {
  let along = first;
  const surface = createSurface((context, size, colors) => {
    const at = along === "time" ? 1 : 0;
    const lines = runs.map((run, index) => ({
      xs: run.course.map((point) => point[at] ?? 0), ys: run.course.map((point) => point[2]), color: colors[COLORS[index]], dash: DASHES[index], width: 2,
    })).filter(({ xs }) => xs.length);
    if (!lines.length) return;
    const xRange = [0, Math.max(...lines.map(({ xs }) => xs.at(-1)))];
    drawCurve(context, size, colors, { xRange, yRange: padded(rangeOf(lines.flatMap(({ ys }) => ys))), lines });
  }, signal, { "aria-label": `Mean scores of the generations. ${runs.map(({ short: id, course }) => (course.length ? `${id}: from ${figure(course[0][2])} to ${figure(course.at(-1)[2])}` : `${id}: none`)).join("; ")}.` }, { grows: true });
  const axis = make("p", { class: "chart-axis" });
  const choice = make("select", { id: "compare-x", "aria-label": "Against" }, make("option", { value: "steps", text: "against environment steps" }), make("option", { value: "time", text: "against time" }));
  const write = () => setText(axis, along === "time" ? "seconds of search" : "environment steps");
  choice.value = along;
  choice.addEventListener("change", () => {
    along = choice.value;
    remember("x", along);
    write();
    surface.paint();
  });
  write();
  const save = createCsv("courses.csv", () => [["run", "steps", "seconds", "mean"], ...runs.flatMap(({ id, course }) => course.map((point) => [id, ...point]))]);
  return part("courses", "Mean score of a generation", make("p", { class: "chart-key" }, choice, save), make("div", { class: "chart" }, surface.canvas), axis);
}

function results(runs) {
  const measured = runs.filter(({ result }) => result);
  if (!measured.length) return part("results", "Results", make("p", { class: "hint", text: "None of these runs has been measured yet." }));
  const save = createCsv("results.csv", () => [["run", "mean", "low", "high", "episodes"], ...measured.map(({ id, result: { mean, low, high, episodes } }) => [id, mean, low, high, episodes])]);
  const range = rangeOfAll(measured.map(({ result }) => result));
  const rows = runs.map((run, index) => (run.result
    ? make("li", {}, make("span", { class: "whisker-name", text: run.short, title: run.id }), whiskerOf(run.result, range, index), make("span", { class: "whisker-words", text: withInterval(run.result) }))
    : make("li", {}, make("span", { class: "whisker-name", text: run.short }), make("span", { class: "hint", text: "not measured" }), make("span"))));
  return part("results", "Results, each on fresh episodes of its own", make("ul", { class: "whiskers" }, ...rows), make("p", { class: "chart-key" }, save));
}

/** Every other run against the first, on the same episodes; played when the person asks for it. */
function tests(runs, signal, problem) {
  const [first, ...others] = runs.filter(({ hasPolicy }) => hasPolicy);
  const list = make("ul", { class: "tests" });
  const start = make("button", { type: "button", class: "text-button primary", text: "Test them on the same episodes" });
  start.addEventListener("click", async () => {
    start.disabled = true;
    list.replaceChildren(make("li", { class: "hint", text: "Playing …" }));
    const items = [];
    try {
      for (const other of others) {
        const found = await ask(`/api/compare/test?${new URLSearchParams([["run", other.id], ["run", first.id]])}`, { signal });
        items.push(make("li", { text: sentenceOf(other.short, first.short, found) }));
        list.replaceChildren(...items);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Unanswered)) throw error;
      list.replaceChildren(...items);
      setText(problem, error.message);
    }
    start.disabled = false;
  });
  return part("paired", "Paired difference", make("p", { class: "hint", text: "Both play the same fresh episodes, so that an easy one favours neither." }), start, make("div", { class: "tests-said", role: "status" }, list));
}

function sentenceOf(other, first, { mean, low, high, confidence, effectSize, episodes }) {
  const where = `on the same ${count(episodes)} episodes`;
  if (low <= 0 && high >= 0) {
    const equal = low === 0 && high === 0 ? "exactly as good as" : "not clearly different from";
    return `${other} is ${equal} ${first} ${where}: ${withInterval({ mean, low, high })} at ${fixed(100 * confidence, 0)} %.`;
  }
  const size = effectSize === null ? "" : `; effect size ${fixed(Math.abs(effectSize), 2)} (${effectSize > 0.8 || effectSize < -0.8 ? "large" : Math.abs(effectSize) > 0.5 ? "medium" : "small"})`;
  const amount = mean > 0 ? { mean, low, high } : { mean: -mean, low: -high, high: -low };
  return `${other} is ${mean > 0 ? "better" : "worse"} than ${first} by ${withInterval(amount)} ${where}, at ${fixed(100 * confidence, 0)} %${size}.`;
}

function sideBySide(runs, first, signal, remember) {
  const field = make("input", { id: "compare-seed", inputmode: "numeric", autocomplete: "off", value: first });
  const form = make("form", { class: "row-of-controls" }, make("label", { for: "compare-seed", text: "Seed" }), field,
    make("button", { type: "submit", class: "text-button", text: "Play" }));
  const players = runs.map((run, index) => ({ run, player: createPlayer(signal, { id: `stage-${index}`, name: run.id }) }));
  const play = async () => {
    const found = await Promise.all(players.map(async ({ run, player }) => {
      try {
        return complete(await fetchEpisode(run.id, field.value.trim() || "0", signal));
      } catch (error) {
        if (signal.aborted) return null;
        if (!(error instanceof Unanswered)) throw error;
        player.say(error.message);
        return null;
      }
    }));
    found.forEach((episode, index) => episode && players[index].player.show(episode)); // all begin together
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    remember("seed", field.value.trim() || "0");
    play();
  });
  play();
  return part("side", "The same episode", form, make("div", { class: "side-by-side" },
    ...players.map(({ run, player }, index) => make("figure", {}, make("figcaption", {}, keyOf(index), run.short), player.element))));
}
