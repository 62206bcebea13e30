// What every "Why" is made of: rows with bars, their scale, and the action that follows.

import { createBar } from "../charts/bar.js";
import { make } from "../dom.js";
import { actionAt } from "../store.js";

/** What fills half a bar: nine steps in ten stay within it. The first steps, far from balance, would dwarf all others. */
export function scaleOf(episode, measure) {
  const sizes = episode.observations.map((_, step) => measure(step)).sort((one, other) => one - other);
  return sizes[Math.floor(0.9 * (sizes.length - 1))] || sizes.at(-1) || 1;
}

/** A name with its number, its words and its bar; `light` is called while it is pointed at. */
export function whyRow(name, light, store) {
  const amount = make("span", { class: "amount" });
  const formula = make("span", { class: "formula" });
  const bar = createBar("contribution");
  const element = make("div", { class: "why-row" }, make("span", { class: "why-name", text: name }), amount, formula, bar.element);
  if (light) {
    element.addEventListener("pointerenter", light);
    element.addEventListener("pointerleave", () => store.set({ lit: null }));
  }
  return { element, amount, formula, bar };
}

/** The action that follows, in words. */
export function decisionOf(episode, step) {
  const action = actionAt(episode, step);
  if (action === null) return "The episode has ended: no action follows.";
  if (!episode.discrete) return `→ ${action.length > 1 ? "action" : episode.actionNames[0]} ${episode.nameAction(action)}`;
  const arrow = episode.renderer.arrows[action[0] - episode.firstAction] ?? "→";
  return `${arrow} ${episode.nameAction(action)}`;
}
