// Take along: the episode on the stage as a file, in whatever form somebody can open.

import { queryOf } from "../address.js";
import { make } from "../dom.js";

const KINDS = [
  ["html", "Page", "One HTML file that replays it, without a server or a network"],
  ["gif", "GIF", "A picture that moves"],
  ["mp4", "MP4", "A film; needs poise[video] on the server"],
  ["webm", "WebM", "A film; needs poise[video] on the server"],
  ["csv", "CSV", "Observations, actions and rewards, a row a step"],
];

/** A panel with links to files of the store's episode: of a run, or `played`, the name of a person's game. */
export function createTakeAlong(store, { run, played = null }) {
  const links = KINDS.map(([kind, text, title]) => [kind, make("a", { class: "text-button", text, title, download: "" })]);
  const policy = make("a", { class: "text-button", text: "Policy", title: "The policy itself, as JSON", download: "", href: `/take/policy.json${queryOf(run)}` });
  policy.hidden = run === null;
  store.subscribe(({ episode }, changed) => {
    if (!changed.has("episode") || !episode) return;
    const query = played === null ? queryOf(run, { seed: episode.seed }) : queryOf(null, { played });
    for (const [kind, link] of links) link.href = `/take/replay.${kind}${query}`;
  });
  return make("section", { class: "panel", "aria-labelledby": "take-title" },
    make("h2", { id: "take-title", text: "Take along" }), make("div", { class: "message-buttons take-links" }, ...links.map(([, link]) => link), policy));
}
