// What can be played: the environments that are installed, by their family.

import { ask } from "../api.js";
import { make } from "../dom.js";
import { createHeading } from "./heading.js";

/** Fills the view with links to games. */
export async function showChoice(root, app) {
  app.title("Play");
  root.append(createHeading("Play").element, make("p", { class: "lead", text: "Be the policy: take the controls yourself, alone or against one that was found." }));
  const list = make("div", { class: "choice" });
  root.append(list);
  const { groups, notByHand } = await ask("/api/environments", { signal: app.signal });
  const played = groups.map(({ title, envs }) => ({ title, envs: envs.filter((env) => !notByHand.includes(env)) }));
  list.append(...played.filter(({ envs }) => envs.length).map(({ title, envs }) => make("section", { class: "panel" },
    make("h2", { text: title }), make("ul", {}, ...envs.map((env) => make("li", {}, make("a", { href: `/play/${env}`, text: env })))))));
}
