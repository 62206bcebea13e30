// The episode from its start to its end: one slider, and under it a trace for each observation, the actions and the
// reward. One cursor goes through all of them.

import { make, setText } from "../dom.js";
import { SMALLEST, count, decimalsFor, fixed, plural, signed } from "../format.js";
import { lanesOf, traceOf } from "../charts/trace.js";
import { actionAt } from "../store.js";

const FOLDED = 8; // observations shown before one asks for all
const MOST = 64; // traces at all

/** The ruler: builds its rows anew for each episode, and moves the cursor and the values. */
export function createRuler(store, clock) {
  const ruler = make("section", { class: "ruler", id: "ruler", "aria-label": "The episode over time" });
  let rows = [];
  let parts = null;
  let all = false;

  function build(state) {
    const { episode } = state;
    rows = rowsOf(episode, all);
    parts = frame(episode, rows);
    const hidden = Math.min(MOST, episode.featureNames.length) - FOLDED;
    if (hidden > 0) parts.after.push(foldButton(hidden));
    ruler.replaceChildren(parts.slider, parts.rows, parts.axis, ...parts.after);
    parts.slider.addEventListener("input", () => clock.seek(Number(parts.slider.value)));
    for (const row of rows) listenToHover(row);
    show(state);
    moveCursor(state);
  }

  function foldButton(hidden) {
    const words = all ? `Show the first ${FOLDED}` : `Show ${hidden} more`;
    const button = make("button", { type: "button", class: "text-button fold", text: words });
    button.addEventListener("click", () => {
      all = !all;
      build(store.state);
      ruler.querySelector(".fold").focus();
    });
    return button;
  }

  function listenToHover(row) {
    if (row.feature === undefined) return;
    row.element.addEventListener("pointerenter", () => store.set({ lit: row.feature }));
    row.element.addEventListener("pointerleave", () => store.set({ lit: null }));
  }

  function moveCursor({ episode, t }) {
    const share = episode.length ? t / episode.length : 0;
    parts.cursor.style.transform = `translateX(${share * 100}%)`;
    parts.slider.value = String(Math.floor(t));
    parts.slider.style.setProperty("--share", String(share));
  }

  function show({ episode, shown }) {
    for (const row of rows) setText(row.value, row.read(shown));
    const moment = fixed(shown / episode.renderer.stepsPerSecond, 2);
    parts.slider.setAttribute("aria-valuetext", `step ${shown} of ${episode.length}, ${moment} seconds`);
  }

  listenToDrag(ruler, store, clock, () => parts?.overlay);
  store.subscribe((state, changed) => {
    if (!state.episode) return;
    if (changed.has("episode")) build(state);
    else {
      if (changed.has("t")) moveCursor(state);
      if (changed.has("shown")) show(state);
    }
    if (changed.has("lit")) for (const row of rows) mark(row, state.lit);
  });
  return ruler;
}

function rowsOf(episode, all) {
  const { observations, rewards, length, featureNames, renderer } = episode;
  const rows = featureNames.slice(0, all ? MOST : FOLDED).map((name, feature) => {
    const values = observations.map((observation) => observation[feature]);
    const read = (step) => withUnit(fixed(values[step], episode.decimals[feature]), renderer.units[feature]);
    return row(name, traceOf(values, length, "line observation"), read, { feature });
  });
  rows.push(...actionRows(episode));
  const decimals = rewards.every((reward) => Number.isInteger(reward)) ? 1 : Math.max(3, decimalsFor(rewards, SMALLEST));
  const read = (step) => (step < length ? signed(rewards[step], decimals) : "–");
  rows.push(row("reward", traceOf(rewards, length, "line reward"), read));
  return rows;
}

function actionRows(episode) {
  const { actions, actionNames, discrete, firstAction, length } = episode;
  const read = (step) => (step < length ? episode.nameAction(actionAt(episode, step)) : "–");
  if (discrete) {
    const chosen = actions.map(([action]) => action);
    return [row("action", lanesOf(chosen, actionNames.length, firstAction, Math.max(1, length), "bars action"), read)];
  }
  const components = actions[0]?.length ?? 0;
  return Array.from({ length: Math.min(components, FOLDED) }, (_, index) => {
    const values = actions.map((action) => action[index]);
    const now = (step) => (step < length ? fixed(values[step], 2) : "–");
    return row(actionNames[index] ?? `a[${index}]`, traceOf(values, length, "line action"), now);
  });
}

function row(name, trace, read, extra = {}) {
  const label = make("span", { class: "row-name", text: name, title: name });
  const value = make("span", { class: "row-value" });
  const element = make("div", { class: "row" }, label, make("div", { class: "row-plot" }, trace), value);
  return { ...extra, read, value, element };
}

/** Slider, rows and axis; the overlay with the cursor lies over the traces of all rows. */
function frame(episode, content) {
  const slider = make("input", { type: "range", id: "scrub", min: 0, max: episode.length, step: 1, value: 0, "aria-label": "Step" });
  const cursor = make("div", { class: "cursor" });
  const overlay = make("div", { class: "overlay", "aria-hidden": "true" }, cursor);
  const rows = make("div", { class: "rows" }, ...content.map((row) => row.element), overlay);
  return { slider, rows, cursor, overlay, axis: axisOf(episode), after: [] };
}

function axisOf({ length, renderer }) {
  const axis = make("div", { class: "axis", "aria-hidden": "true" });
  const stride = niceStride(length);
  for (let step = 0; step <= length; step += stride) {
    const tick = make("span", { text: step === 0 ? "0" : count(step) });
    tick.style.left = `${(step / Math.max(1, length)) * 100}%`;
    axis.append(tick);
  }
  axis.title = `${plural(length, "step")}; ${renderer.stepsPerSecond} steps are one second`;
  return axis;
}

function niceStride(length) {
  const rough = Math.max(1, length / 5);
  const power = 10 ** Math.floor(Math.log10(rough));
  const found = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  return Math.max(1, found);
}

function listenToDrag(ruler, store, clock, overlayOf) {
  const seek = (event) => {
    const box = overlayOf().getBoundingClientRect();
    clock.seek(((event.clientX - box.left) / box.width) * store.state.episode.length);
  };
  ruler.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.target.closest(".row-plot")) return;
    ruler.setPointerCapture(event.pointerId);
    seek(event);
  });
  ruler.addEventListener("pointermove", (event) => {
    if (ruler.hasPointerCapture(event.pointerId)) seek(event);
  });
}

function mark(row, lit) {
  row.element.classList.toggle("lit", lit !== null && row.feature === lit);
}

function withUnit(text, unit) {
  return unit ? `${text} ${unit}` : text;
}
