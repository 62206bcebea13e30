// Why it did that: a linear policy's sum opened up. With one output each observation × its weight is a bar, and the bars
// add up to the decision; with several outputs each has its sum, and the largest one wins.

import { make, setText } from "../dom.js";
import { decimalsFor, fixed, signed } from "../format.js";
import { actionAt, stepOf } from "../store.js";
import { partsWhy } from "./why_output.js";
import { decisionOf, scaleOf, whyRow } from "./why_parts.js";

const MOST = 16; // rows

/** A panel, filled for each episode, that follows the cursor: bars at every frame, texts when they can be read. */
export function createWhy(store) {
  const panel = make("section", { class: "panel why", id: "why", "aria-labelledby": "why-title", hidden: true });
  let view = null;
  store.subscribe((state, changed) => {
    const { episode } = state;
    if (!episode) return;
    if (changed.has("episode")) {
      view = viewOf(store, episode);
      panel.hidden = view === null;
      panel.replaceChildren(...(view?.elements ?? []));
      view?.show(state.shown);
    }
    if (!view) return;
    if (changed.has("t")) view.move(stepOf(state));
    if (changed.has("shown")) view.show(state.shown);
    if (changed.has("lit")) view.light?.(state.lit);
  });
  return panel;
}

function viewOf(store, episode) {
  const { weights, attribution, featureNames } = episode;
  if (weights?.length === 1 && featureNames.length <= MOST) return oneSum(store, episode);
  const sums = weights && weights.length > 1 && weights.length <= MOST ? severalSums(episode) : null;
  const parts = attribution && (attribution.names ?? featureNames).length <= MOST ? partsWhy(store, episode) : null;
  return sums && parts ? together(sums, parts) : (sums ?? parts);
}

/** All sums, and under them what one of them is made of; they share a title. */
function together(sums, parts) {
  return {
    elements: [...sums.elements, ...parts.elements.slice(1)],
    move(step) {
      sums.move(step);
      parts.move(step);
    },
    show(step) {
      sums.show(step);
      parts.show(step);
    },
    light: parts.light,
  };
}

/** Contribution of each observation to an output at a step; the bias, if there is one, comes last. */
export function contributions(episode, step, output) {
  const parts = episode.weights[output].map((weight, index) => weight * episode.observations[step][index]);
  return episode.biases.length ? [...parts, episode.biases[output]] : parts;
}

function total(parts) {
  let sum = 0; // in the order of the index, as the policy adds
  for (const part of parts) sum += part;
  return sum;
}

function oneSum(store, episode) {
  const scale = scaleOf(episode, (step) => {
    const parts = contributions(episode, step, 0);
    return Math.max(Math.abs(total(parts)), ...parts.map(Math.abs));
  });
  const decimals = Math.min(4, decimalsFor([scale]) + 1);
  const names = episode.biases.length ? [...episode.featureNames, "bias"] : episode.featureNames;
  const rows = names.map((name, index) => whyRow(name, index < episode.featureNames.length ? () => store.set({ lit: index }) : null, store));
  const sum = whyRow("sum", null, store);
  sum.element.classList.add("sum");
  const decision = make("p", { class: "decision" });
  const title = make("h2", { id: "why-title", text: "Why" });
  const lead = make("p", { class: "hint", text: ruleOf(episode) });
  return {
    elements: [title, lead, make("div", { class: "why-rows" }, ...rows.map((row) => row.element), sum.element), decision],
    move(step) {
      const parts = contributions(episode, step, 0);
      parts.forEach((part, index) => rows[index].bar.set(part / scale));
      sum.bar.set(total(parts) / scale);
    },
    show(step) {
      const parts = contributions(episode, step, 0);
      parts.forEach((part, index) => {
        setText(rows[index].amount, signed(part, decimals));
        setText(rows[index].formula, formulaOf(episode, step, index));
      });
      setText(sum.amount, signed(total(parts), decimals));
      setText(decision, decisionOf(episode, step));
      this.move(step);
    },
    light(lit) {
      rows.forEach((row, index) => row.element.classList.toggle("lit", index === lit));
    },
  };
}

function severalSums(episode) {
  const sumsAt = (step) => episode.weights.map((_, output) => total(contributions(episode, step, output)));
  const scale = scaleOf(episode, (step) => Math.max(...sumsAt(step).map(Math.abs)));
  const decimals = decimalsFor([scale]);
  const names = episode.weights.map((_, output) => episode.actionNames[output] ?? `output ${output}`);
  const rows = names.map((name) => whyRow(name, null, null));
  return {
    elements: [
      make("h2", { id: "why-title", text: "Why" }),
      make("p", { class: "hint", text: episode.discrete ? "Each action has its own sum of numbers × weights. The largest sum wins." : "Each part of the action has its own sum of numbers × weights." }),
      make("div", { class: "why-rows" }, ...rows.map((row) => row.element)),
    ],
    move(step) {
      sumsAt(step).forEach((sum, output) => rows[output].bar.set(sum / scale));
    },
    show(step) {
      const chosen = actionAt(episode, step);
      sumsAt(step).forEach((sum, output) => {
        setText(rows[output].amount, signed(sum, decimals));
        const wins = episode.discrete && chosen !== null && chosen[0] - episode.firstAction === output;
        rows[output].element.classList.toggle("chosen", wins);
        setText(rows[output].formula, wins ? "chosen" : "");
      });
      this.move(step);
    },
  };
}

function ruleOf({ discrete, actionNames }) {
  if (discrete) return `Each number × its weight. If the sum is above 0: ${actionNames[1]}; if not: ${actionNames[0]}.`;
  return `Each number × its weight. The sum, kept within bounds, is the ${actionNames[0]}.`;
}

function formulaOf(episode, step, index) {
  if (index >= episode.featureNames.length) return "";
  const weight = episode.weights[0][index];
  const value = fixed(episode.observations[step][index], episode.decimals[index]);
  return `${value} × ${fixed(weight, Math.max(2, Math.min(3, decimalsFor([weight]))))}`;
}
