// Runs that were chosen in the list, and the way to compare them.

import { make, setText } from "../dom.js";
import { plural } from "../format.js";

const MOST = 6; // runs that Compare shows beside each other

/** {element, has(run), toggle(run, chosen)}: a bar at the foot of the list, there once a run is chosen. */
export function createSelection(app) {
  const chosen = new Set(); // outlives another page of the list, or another filter
  const words = make("span", { class: "hint", role: "status" });
  const compare = make("button", { type: "button", class: "text-button primary", text: "Compare" });
  const clear = make("button", { type: "button", class: "text-button", text: "Choose none" });
  const element = make("div", { class: "selection", hidden: true }, words, clear, compare);

  function show() {
    element.hidden = !chosen.size;
    const more = chosen.size < 2 ? " chosen; choose another" : chosen.size > MOST ? ` chosen; at most ${MOST} can be compared` : " chosen";
    setText(words, plural(chosen.size, "run") + more);
    compare.disabled = chosen.size < 2 || chosen.size > MOST;
  }

  compare.addEventListener("click", () => app.go(`/compare?runs=${[...chosen].map((run) => encodeURIComponent(run).replaceAll("%2F", "/")).join(",")}`));
  clear.addEventListener("click", () => {
    chosen.clear();
    for (const check of document.querySelectorAll(".run-check")) check.checked = false;
    show();
  });
  return {
    element,
    has: (run) => chosen.has(run),
    toggle(run, wanted) {
      wanted ? chosen.add(run) : chosen.delete(run);
      show();
    },
  };
}
