// One run: how did it go, what did it find, and how was it found.

import { pathOf, queryOf } from "../address.js";
import { Unanswered, ask } from "../api.js";
import { make } from "../dom.js";
import { count, withInterval } from "../format.js";
import { createHeading } from "../panels/heading.js";

/** Shows the run of the place. */
export function show(root, place, app) {
  const heading = createHeading("\u200b", place);
  const body = make("div", { class: "run" });
  root.append(heading.element, body);
  look();

  async function look() {
    try {
      const run = await ask(`/api/run${queryOf(place.run)}`, { signal: app.signal });
      app.title(run.env || run.id);
      heading.set({ title: run.env || run.id, chip: run.how });
      body.replaceChildren(...wordsOf(run));
    } catch (error) {
      if (app.signal.aborted) return;
      if (!(error instanceof Unanswered)) throw error;
      heading.set({ title: place.run });
      body.replaceChildren(make("p", { role: "alert", text: error.message }), make("p", {}, make("a", { href: "/runs", text: "All runs" })));
    }
  }
}

function wordsOf(run) {
  const found = run.result
    ? `Mean return ${withInterval(run.result)} on ${count(run.result.episodes)} fresh episodes.`
    : run.problem || `${run.state}; ${count(run.generations)} generations so far.`;
  return [
    make("p", { class: "run-result", text: found }),
    make("p", { class: "hint", text: run.path }),
    ...(run.hasPolicy ? [make("p", {}, make("a", { class: "text-button primary", href: pathOf("replay", run.id), text: "Watch it" }))] : []),
  ];
}
