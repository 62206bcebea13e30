// The table of the best games of an environment, and the field for a name in it.

import { queryOf } from "../address.js";
import { Unanswered, ask } from "../api.js";
import { make, setText } from "../dom.js";
import { figure, fixed, plural } from "../format.js";

const NAME = "poise-name"; // what was typed last, kept by the browser

/** {element, set(table), enter(kept)}: `enter` asks for a name if the game that was just played has a place in the table. */
export function createScores(signal) {
  const list = make("ol", { class: "scores" });
  const empty = make("p", { class: "hint", text: "Nobody has played here yet." });
  const input = make("input", { id: "player", name: "player", maxlength: 40, autocomplete: "off", placeholder: "Your name, if you like", "aria-label": "Your name" });
  const save = make("button", { type: "submit", class: "text-button", text: "Write" });
  const problem = make("p", { class: "problem", role: "alert" });
  const form = make("form", { class: "name-form", hidden: true }, input, save);
  let mine = null;

  function set(table) {
    empty.hidden = table.length > 0;
    list.replaceChildren(...table.map((row) => rowOf(row, row.id === mine)));
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    setText(problem, "");
    try {
      const body = JSON.stringify({ id: mine, name: input.value });
      set((await ask("/api/played/name", { method: "POST", body, signal })).table);
      form.hidden = true;
      remember(input.value.trim());
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Unanswered)) throw error;
      setText(problem, error.message);
    }
  });

  return {
    element: make("section", { class: "panel", "aria-labelledby": "scores-title" },
      make("h2", { id: "scores-title", text: "Best" }), list, empty, form, problem),
    set,
    enter(kept) {
      mine = kept?.id ?? null;
      setText(problem, kept?.problem ? `The game could not be kept: ${kept.problem}` : "");
      if (kept?.table) set(kept.table);
      form.hidden = !kept?.rank;
      input.value = recall();
    },
  };
}

function rowOf(row, isMine) {
  const speed = row.fps ? ` · ${fixed(row.fps, Number.isInteger(row.fps) ? 0 : 1)} steps/s` : "";
  return make("li", { class: isMine ? "mine" : null },
    make("a", { href: `/played/${row.id}`, title: "Watch this game" },
      make("span", { class: "score-return", text: figure(row.return) }), make("span", { text: row.name || "somebody" })),
    make("span", { class: "hint", text: `seed ${row.seed} · ${plural(row.length, "step")}${speed}` }));
}

function recall() {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}

function remember(name) {
  try {
    localStorage.setItem(NAME, name);
  } catch {
    // Storage can be turned off; the name is typed again then.
  }
}

/** The address of a game that was kept, as data. */
export function playedAddress(id) {
  return `/api/played${queryOf(null, { id })}`;
}
