// Tinker: what if the policy's numbers were others? Sliders, the episode of one seed, the mean, and a map of two numbers.

import { queryOf, pathOf } from "../address.js";
import { Unanswered, ask } from "../api.js";
import { MARGIN, drawHeat, scalesOf } from "../charts/heat.js";
import { createCsv } from "../csv.js";
import { make, setText } from "../dom.js";
import { complete } from "../episode.js";
import { figure, fixed, withInterval } from "../format.js";
import { createLatest } from "../latest.js";
import { createHeading } from "../panels/heading.js";
import { createPlayer } from "../panels/player.js";
import { createSliders } from "../panels/sliders.js";
import { createStore } from "../store.js";
import { createSurface } from "../surface.js";

const REST = 350; // milliseconds after which a hand is at rest: the address is written then, and slow means are asked for

/** The query has `w`, the numbers with commas between, and `seed`. */
export function show(root, place, app) {
  const { signal } = app;
  const heading = createHeading("\u200b", place);
  const body = make("div", { class: "tinker" });
  const problem = make("p", { class: "problem", role: "alert" });
  root.append(heading.element, problem, body);
  begin(place.query.get("w"));

  async function begin(text) {
    try {
      const about = await ask(`/api/tinker${queryOf(place.run, { w: text })}`, { signal });
      heading.set({ title: about.title, chip: `${about.architecture} policy` });
      app.title(`${about.title}, tinker`);
      const numbers = text === null ? about.kept : text.split(",").map(Number);
      fill(about, numbers);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Unanswered)) throw error;
      heading.set({ title: place.run ?? "Tinker" });
      setText(problem, error.message);
      const ways = [make("a", { class: "text-button", href: "/runs", text: "All runs" })];
      if (text !== null) ways.unshift(make("a", { class: "text-button primary", href: pathOf("tinker", place.run), text: "Show the policy as it is" }));
      body.replaceChildren(make("p", { class: "message-buttons" }, ...ways));
    }
  }

  function fill(about, numbers) {
    const store = createStore({ numbers, seed: place.query.get("seed") ?? "0", mean: null, map: null, across: 0, up: Math.min(1, numbers.length - 1) });
    if (numbers.length > 2) store.set(about.architecture.startsWith("linear") && about.title.startsWith("CartPole") ? { across: 2, up: 3 } : {});
    const player = createPlayer(signal, { name: "The episode with these numbers" });
    const fail = (error) => {
      if (signal.aborted) return;
      if (!(error instanceof Unanswered)) throw error;
      setText(problem, error.message);
    };
    const asked = (what) => ({ w: what.numbers.join(","), seed: what.seed });
    const episode = createLatest((what) => ask(`/api/tinker/episode${queryOf(place.run, asked(what))}`, { signal }), (answer) => {
      setText(problem, "");
      swap(player, complete(answer));
    }, fail);
    const mean = createLatest((what) => ask(`/api/tinker/mean${queryOf(place.run, { w: what.numbers.join(",") })}`, { signal }), (answer) => store.set({ mean: answer }), fail);
    const map = createLatest(({ numbers: w, across, up }) => ask(`/api/tinker/map${queryOf(place.run, { w: w.join(","), across, up })}`, { signal }), (answer) => store.set({ map: answer }), fail);
    let resting = 0;
    signal.addEventListener("abort", () => clearTimeout(resting));

    function refresh({ first = false } = {}) {
      const { state } = store;
      const now = { ...state };
      episode(now);
      if (about.compiled) {
        mean(now);
        if (state.numbers.length > 1) map(now);
      }
      clearTimeout(resting);
      resting = setTimeout(() => {
        if (!about.compiled) mean({ ...store.state });
        if (!first) history.replaceState(null, "", queryOf(null, asked(store.state)));
      }, REST);
    }

    store.subscribe((state, changed) => {
      if (changed.has("numbers") || changed.has("seed")) refresh();
      else if (changed.has("across") || changed.has("up")) map({ ...state });
    });
    body.replaceChildren(
      make("div", { class: "tinker-stage" }, player.element, createMean(store, about)),
      make("section", { class: "tinker-hand", "aria-label": "The policy's numbers" },
        createSliders(store, about), createTools(store, about, place, app, fail),
        ...(about.compiled && numbers.length > 1 ? [createMap(store, about, signal)] : [make("p", { class: "hint", text: about.compiled ? "" : "There is no map here: it takes thousands of episodes, and this environment is not compiled." })])));
    refresh({ first: true });
  }
}

/** Another episode in place of the one that plays: the cursor stays where it is if the new one lasts so long. */
function swap(player, episode) {
  const { t, playing, episode: before } = player.store.state;
  if (!before) return player.show(episode);
  const at = t < episode.length ? t : 0;
  player.store.set({ episode, t: at, shown: Math.floor(at) });
  if (!playing && before) player.store.set({ t: Math.floor(at) });
}

function createMean(store, about) {
  const figure = make("strong", { class: "figure", text: "…" });
  const words = make("span", { class: "hint" });
  store.subscribe(({ mean }, changed) => {
    if (!changed.has("mean") || !mean) return;
    setText(figure, withInterval(mean));
    setText(words, ` mean return over ${mean.episodes} episodes, always the same ones`);
  });
  return make("p", { class: "tinker-mean", role: "status" }, figure, words);
}

function createTools(store, about, place, app, fail) {
  const button = (words, press, className = "") => {
    const made = make("button", { type: "button", class: `text-button ${className}`, text: words });
    made.addEventListener("click", press);
    return made;
  };
  const seed = make("input", { id: "tinker-seed", inputmode: "numeric", autocomplete: "off", value: store.state.seed });
  seed.addEventListener("change", () => store.set({ seed: seed.value.trim() || "0" }));
  const said = make("p", { class: "hint", role: "status" });
  const copy = async () => {
    const query = queryOf(null, { w: store.state.numbers.join(","), seed: store.state.seed });
    history.replaceState(null, "", query);
    await navigator.clipboard?.writeText(location.href);
    setText(said, "The link is copied: whoever opens it here sees these numbers.");
  };
  const keep = async () => {
    try {
      const { run } = await ask(`/api/tinker/keep${queryOf(place.run, { w: store.state.numbers.join(",") })}`, { method: "POST", signal: app.signal });
      said.replaceChildren("Kept as ", make("a", { href: pathOf("replay", run), text: run }), ".");
    } catch (error) {
      fail(error);
    }
  };
  return make("div", { class: "tinker-tools" },
    button("Reset", () => store.set({ numbers: about.kept })), button("Keep as a new policy", keep), button("Copy link", copy),
    make("span", { class: "tinker-seed" }, make("label", { for: "tinker-seed", text: "Seed" }), seed), said);
}

function createMap(store, about, signal) {
  let box = null;
  const nameOf = (index) => about.names[index];
  const surface = createSurface((context, size, colors) => {
    const { map, numbers } = store.state;
    if (!map) return;
    box = { map, size: { ...size } };
    drawHeat(context, size, colors, { ...map, at: [numbers[map.across], numbers[map.up]], names: [nameOf(map.across), nameOf(map.up)], extent: extentOf(map) });
  }, signal, { "aria-label": "The map is being made", class: "heat" }, { grows: true });
  const note = make("p", { class: "hint" });
  store.subscribe((state, changed) => {
    if (!changed.has("map") && !changed.has("numbers")) return;
    surface.paint();
    if (changed.has("map")) describe(state);
  });

  function describe({ map, numbers }) {
    const [low, high] = extentOf(map);
    const best = map.means.indexOf(high);
    const at = (range, index) => fixed(-range + (2 * range * index) / (map.size - 1), 2);
    const place = `${nameOf(map.across)} ${at(map.ranges[0], best % map.size)}, ${nameOf(map.up)} ${at(map.ranges[1], Math.floor(best / map.size))}`;
    surface.canvas.setAttribute("aria-label", `Mean return over ${nameOf(map.across)} and ${nameOf(map.up)}: from ${figure(low)} to ${figure(high)}, best at ${place}; the policy stands at ${fixed(numbers[map.across], 2)} and ${fixed(numbers[map.up], 2)}.`);
    setText(note, `Mean return of ${map.episodes} episodes, from ${figure(low)} (pale) to ${figure(high)} (strong). Drag the ring.`);
  }

  /** Where a pointer is on the map, in the map's own unit. */
  const pointOf = (event) => {
    const area = surface.canvas.getBoundingClientRect();
    const unit = area.width / box.size.width;
    return { x: (event.clientX - area.left) / unit, y: (event.clientY - area.top) / unit };
  };
  const drag = (event) => {
    const point = pointOf(event);
    const { xOf, yOf } = scalesOf(box.map, box.size);
    const clamp = (value, range) => Math.min(range, Math.max(-range, value));
    const { across, up, ranges } = box.map;
    const next = [...store.state.numbers];
    next[across] = clamp(xOf(point.x), ranges[0]);
    next[up] = clamp(yOf(point.y), ranges[1]);
    store.set({ numbers: next });
  };
  surface.canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !box || pointOf(event).x < MARGIN.left) return;
    surface.canvas.setPointerCapture(event.pointerId);
    drag(event);
  });
  surface.canvas.addEventListener("pointermove", (event) => surface.canvas.hasPointerCapture(event.pointerId) && drag(event));
  const selects = ["across", "up"].map((side) => {
    const select = make("select", { id: `map-${side}`, "aria-label": side === "across" ? "Number that grows to the right" : "Number that grows upwards" },
      ...about.names.map((name, index) => make("option", { value: index, text: name, selected: index === store.state[side] })));
    select.addEventListener("change", () => {
      const other = side === "across" ? "up" : "across";
      const chosen = Number(select.value);
      // Choosing the other side's number swaps the two.
      store.set(chosen === store.state[other] ? { [side]: chosen, [other]: store.state[side] } : { [side]: chosen });
    });
    return select;
  });
  store.subscribe((state, changed) => {
    if (changed.has("across") || changed.has("up")) [selects[0].value, selects[1].value] = [String(state.across), String(state.up)];
  });
  const save = createCsv("map.csv", () => tableOf(store.state.map, nameOf));
  return make("section", { class: "tinker-map", "aria-labelledby": "map-title" },
    make("h2", { id: "map-title", text: "Two numbers at once" }),
    make("p", { class: "map-choice" }, selects[0], make("span", { text: "across," }), selects[1], make("span", { text: "up" })),
    make("div", { class: "chart" }, surface.canvas), note, make("p", { class: "chart-key" }, save));
}

/** The map as a table: a row for each cell, from the lowest row on. */
function tableOf(map, nameOf) {
  if (!map) return [];
  const at = (range, index) => -range + (2 * range * index) / (map.size - 1);
  const rows = map.means.map((mean, index) => [at(map.ranges[0], index % map.size), at(map.ranges[1], Math.floor(index / map.size)), mean]);
  return [[nameOf(map.across), nameOf(map.up), "mean return"], ...rows];
}

function extentOf({ means }) {
  return [Math.min(...means), Math.max(...means)];
}
