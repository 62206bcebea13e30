// Runs: what have I got? A row for each run below the folder, those under way live; filtered, sorted and turned by the page.

import { pathOf } from "../address.js";
import { Unanswered, ask } from "../api.js";
import { traceOf } from "../charts/trace.js";
import { make, setText } from "../dom.js";
import { ago, count, decimalsFor, figure, fixed, large, plural, withInterval } from "../format.js";
import { icon } from "../icons.js";
import { createHeading } from "../panels/heading.js";
import { createSelection } from "../panels/selection.js";

const LIVE = 2000; // milliseconds between two looks while something runs
const READING = 50; // and while the server still reads runs that it has not seen before
const QUIET = 8000; // and while nothing does
const COLUMNS = [["check", "Compare"], ["env", "Environment"], ["how", "How"], [null, "Course"], ["result", "Result"], ["steps", "Steps"], ["changed", "When"]];
const STATES = { running: "● running", finished: "", stopped: "❚❚ stopped", empty: "nothing yet", kept: "kept", broken: "✕ broken" };

/** Shows the list; the query has sort, order, env, state, text and page. */
export function show(root, place, app) {
  app.title("Runs");
  const heading = createHeading("Runs");
  const filters = createFilters(change);
  const table = createTable((run) => selection.has(run), (sort) => change({ sort, order: query.get("sort") === sort && query.get("order") !== "asc" ? "asc" : "desc" }));
  const selection = createSelection(app);
  table.element.addEventListener("change", ({ target }) => target.matches(".run-check") && selection.toggle(target.value, target.checked));
  const note = make("p", { class: "runs-note", role: "status" });
  const pager = make("nav", { class: "pager", "aria-label": "Pages of the list" });
  let { query } = place;
  let timer = 0;
  root.append(heading.element, filters.element, table.element, note, pager, selection.element);

  /** Changes the address, and with it the list; what is typed makes no entry in the history, a new page does. */
  function change(changes) {
    const next = new URLSearchParams(query);
    if (!("page" in changes)) next.delete("page");
    for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
    history["page" in changes ? "pushState" : "replaceState"](null, "", next.size ? `?${next}` : location.pathname);
    query = next;
    look();
  }

  async function look() {
    clearTimeout(timer);
    let wait = QUIET;
    const asked = query;
    try {
      const list = await ask(`/api/runs?${asked}`, { signal: app.signal });
      if (asked !== query) return; // another list was asked for in the meantime
      showList(list);
      if (list.running) wait = LIVE;
      if (list.unread) wait = READING;
    } catch (error) {
      if (app.signal.aborted) return;
      if (!(error instanceof Unanswered)) throw error;
      setText(note, error.message);
    }
    timer = setTimeout(look, wait);
  }

  function showList(list) {
    heading.set({ chip: list.total ? `${plural(list.total, "run")}${list.running ? `, ${count(list.running)} running` : ""}${list.unread ? `, ${count(list.unread)} more to read` : ""}` : "" });
    filters.set(list, query);
    table.set(list, query);
    filters.element.hidden = table.element.hidden = !list.total;
    note.classList.toggle("nothing", !list.total);
    if (!list.total) note.replaceChildren(...nothing(list.folder));
    else setText(note, list.matching ? "" : "No run is like that.");
    pager.replaceChildren(...pagesOf(list, change));
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()), { signal: app.signal });
  app.signal.addEventListener("abort", () => clearTimeout(timer));
  look();
  return {
    update(another) {
      query = another.query;
      look();
    },
  };
}

function createFilters(change) {
  const text = make("input", { type: "search", id: "filter-text", placeholder: "Find", "aria-label": "Find runs by a part of their name", autocomplete: "off" });
  const env = make("select", { id: "filter-env", "aria-label": "Environment" });
  const state = make("select", { id: "filter-state", "aria-label": "State" }, ...[["", "Any state"], ...Object.keys(STATES).map((name) => [name, name])]
    .map(([value, words]) => make("option", { value, text: words })));
  let typing = 0;
  text.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => change({ text: text.value.trim() }), 150);
  });
  env.addEventListener("change", () => change({ env: env.value }));
  state.addEventListener("change", () => change({ state: state.value }));
  let known = null;
  return {
    element: make("form", { class: "filters", role: "search", "aria-label": "Runs", hidden: true }, text, env, state),
    set({ envs }, query) {
      if (known !== envs.join()) {
        known = envs.join();
        env.replaceChildren(make("option", { value: "", text: "Any environment" }), ...envs.map((name) => make("option", { value: name, text: name })));
      }
      env.value = query.get("env") ?? "";
      state.value = query.get("state") ?? "";
      if (document.activeElement !== text) text.value = query.get("text") ?? "";
    },
  };
}

/** A table whose rows are kept while their run is the same: focus and selection outlive a look. */
function createTable(isChosen, sortBy) {
  const heads = COLUMNS.map(([key, words]) => head(key, words, sortBy));
  const body = make("tbody", { role: "rowgroup" });
  const element = make("table", { class: "runs", role: "table", "aria-label": "Runs", hidden: true },
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads.map(({ element }) => element))), body);
  const rows = new Map();
  return {
    element,
    set(list, query) {
      const [sort, order] = [query.get("sort") ?? "changed", query.get("order") ?? "desc"];
      for (const { key, mark } of heads) mark(key === sort ? order : null);
      const shown = list.rows.map((run) => {
        const written = JSON.stringify(run);
        const row = rows.get(run.id) ?? { element: make("tr", { role: "row" }), written: null };
        if (row.written !== written) fillRow(row, run, written, isChosen(run.id));
        setText(row.when, ago(run.changed, list.now));
        rows.set(run.id, row);
        return row.element;
      });
      if (shown.length !== body.children.length || shown.some((row, index) => body.children[index] !== row)) body.replaceChildren(...shown);
      for (const id of rows.keys()) if (!list.rows.some((run) => run.id === id)) rows.delete(id);
    },
  };
}

function head(key, words, sortBy) {
  if (key === "check") return { key, element: make("th", { role: "columnheader", scope: "col", class: "column-check" }, make("span", { class: "unseen", text: words })), mark() {} };
  const arrow = make("span", { class: "sort-arrow", "aria-hidden": "true" });
  const inside = key ? make("button", { type: "button", text: words, title: `Sort by ${words.toLowerCase()}` }) : make("span", { text: words });
  if (key) inside.append(arrow);
  inside.addEventListener("click", () => key && sortBy(key));
  const element = make("th", { role: "columnheader", scope: "col", class: `column-${key ?? "course"}` }, inside);
  const mark = (order) => {
    if (order) element.setAttribute("aria-sort", order === "asc" ? "ascending" : "descending");
    else element.removeAttribute("aria-sort");
    arrow.replaceChildren(...(order ? [icon(order === "asc" ? "up" : "down")] : []));
  };
  return { key, element, mark };
}

function fillRow(row, run, written, chosen) {
  const focused = row.element.contains(document.activeElement) ? (document.activeElement.matches(".run-check") ? ".run-check" : ".run-link") : null;
  const link = make("a", { class: "run-link", href: pathOf("run", run.id), text: run.env || run.id });
  row.when = make("span");
  row.written = written;
  row.element.className = `run-row ${run.state}`;
  const cell = (name, ...inside) => make("td", { role: "cell", class: `column-${name}` }, ...inside);
  const check = make("input", { type: "checkbox", class: "run-check", value: run.id, "aria-label": `Choose ${run.id} to compare`, checked: chosen, disabled: run.state === "broken" || run.state === "empty" });
  check.checked = chosen;
  row.element.replaceChildren(
    cell("check", check),
    cell("env", link, make("span", { class: "run-name", text: run.env ? run.id : "", title: run.id })),
    cell("how", run.how),
    cell("course", curveOf(run)),
    cell("result", ...resultOf(run)),
    cell("steps", run.steps ? large(run.steps) : "–"),
    cell("changed", row.when),
  );
  if (focused) row.element.querySelector(focused).focus();
}

function curveOf({ curve }) {
  if (curve.length < 2) return "";
  const decimals = decimalsFor(curve);
  const words = `Mean score of the generations, from ${fixed(curve[0], decimals)} to ${fixed(curve.at(-1), decimals)}`;
  return make("span", { class: "spark", role: "img", "aria-label": words, title: words }, traceOf(curve, curve.length - 1, "line mean"));
}

function resultOf({ state, result, best, problem }) {
  const word = STATES[state] && make("span", { class: `state ${state}`, text: STATES[state] });
  if (state === "finished") {
    return [make("span", { class: "result", text: withInterval(result) }), make("span", { class: "run-name", text: `${count(result.episodes)} fresh episodes` })];
  }
  const more = state === "broken" ? problem : state === "kept" ? "not measured yet" : best === null ? "" : `best score so far ${figure(best)}`;
  return [word, make("span", { class: "run-name", text: more, title: more })];
}

function pagesOf({ page, pages, matching }, change) {
  if (pages < 2) return [];
  const turn = (to, words) => {
    const button = make("button", { type: "button", class: "text-button", text: words, disabled: to < 1 || to > pages });
    button.addEventListener("click", () => change({ page: String(to) }));
    return button;
  };
  return [turn(page - 1, "Before"), make("span", { text: `page ${count(page)} of ${count(pages)}, ${plural(matching, "run")}` }), turn(page + 1, "After")];
}

function nothing(folder) {
  if (!folder) return [make("span", { class: "nothing-title", text: "No folder of runs" }), make("span", { text: "The studio was opened without one: poise studio RUNS" })];
  return [
    make("span", { class: "nothing-title", text: "No runs yet" }),
    make("span", { text: `Every training leaves a run in the folder ${folder}. The first one takes some seconds.` }),
    make("a", { class: "text-button primary", href: "/train?env=CartPole-v1", text: "Train CartPole" }),
  ];
}
