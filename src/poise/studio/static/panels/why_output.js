// Why a policy did that, for one output at a time, as the server finds it: a network's gradient × input, or the terms of a
// sum that is too long, or too manifold, to be shown whole.

import { make, setText } from "../dom.js";
import { decimalsFor, fixed, signed } from "../format.js";
import { actionAt } from "../store.js";
import { decisionOf, scaleOf, whyRow } from "./why_parts.js";

const GRADIENT = "Gradient × input: how steeply the output rises with each number that the network sees, times that number. It says what a small change would do; unlike a linear policy's terms, the bars do not add up to the output.";
const TERMS = "Each number, or product of two, × its weight. The bars add up to the output.";
const TABLE = "The row of the table for what is seen; those of this episode are shown.";
const ONE_OF_SUMS = "Each number × its weight, for one of them. The bars add up to the output.";

/** The view of an episode's `attribution`: {elements, move(step), show(step), light(lit)}. */
export function partsWhy(store, episode) {
  const { products, outputs, weights } = episode.attribution;
  const terms = episode.attribution.names ?? episode.featureNames;
  const names = namesOf(episode, outputs[0].length);
  const choice = make("select", { id: "why-output", "aria-label": "Output that is explained" },
    ...(episode.discrete && names.length > 1 ? [make("option", { value: "", text: "the action taken" })] : []),
    ...names.map((text, value) => make("option", { value, text })));
  const scale = scaleOf(episode, (step) => Math.max(...products[step].flat().map(Math.abs)));
  const decimals = Math.min(4, decimalsFor([scale]) + 1);
  const seen = terms.map((name) => episode.featureNames.indexOf(name)); // the observation that a row is about, if it is one
  const rows = terms.map((name, index) => whyRow(name, seen[index] < 0 ? null : () => store.set({ lit: seen[index] }), store));
  const sum = weights ? whyRow("sum", null, store) : null;
  sum?.element.classList.add("sum");
  const result = make("p", { class: "hint", id: "why-result" });
  const decision = make("p", { class: "decision" });
  choice.addEventListener("change", () => view.show(store.state.shown));

  /** The output that is explained; the one that was taken follows the cursor. */
  function outputAt(step) {
    if (choice.value !== "") return Number(choice.value);
    const action = actionAt(episode, step);
    return action === null ? 0 : action[0] - episode.firstAction;
  }

  const view = {
    elements: [
      make("h2", { id: "why-title", text: "Why" }),
      make("p", { class: "hint", text: hintOf(episode) }),
      ...(names.length > 1 ? [choice] : []),
      make("div", { class: "why-rows" }, ...rows.map((row) => row.element), ...(sum ? [sum.element] : [])), result, decision,
    ],
    move(step) {
      const output = outputAt(step);
      products[step][output].forEach((product, index) => rows[index].bar.set(product / scale));
      sum?.bar.set(outputs[step][output] / scale);
    },
    show(step) {
      const output = outputAt(step);
      products[step][output].forEach((product, index) => {
        setText(rows[index].amount, signed(product, decimals));
        setText(rows[index].formula, weights ? formulaOf(product, weights[output][index], terms[index]) : fixed(episode.observations[step][seen[index]], episode.decimals[seen[index]]));
      });
      if (sum) setText(sum.amount, signed(outputs[step][output], decimals));
      setText(result, `Output “${names[output]}”: ${signed(outputs[step][output], 3)}. ${ruleOf(episode, names.length)}`);
      setText(decision, decisionOf(episode, step));
      this.move(step);
    },
    light(lit) {
      rows.forEach((row, index) => row.element.classList.toggle("lit", lit !== null && seen[index] === lit));
    },
  };
  return view;
}

/** Value × weight; a constant has no value, and the rest of many terms no weight. */
function formulaOf(product, weight, name) {
  if (weight === null || weight === 0 || name === "bias" || name === "constant") return "";
  const value = product / weight;
  return `${fixed(value, decimalsFor([value]))} × ${fixed(weight, Math.max(2, Math.min(3, decimalsFor([weight]))))}`;
}

/** Two actions have one output, whose sign decides. */
function namesOf({ discrete, actionNames }, count) {
  if (discrete && count === 1) return [actionNames[1]];
  return Array.from({ length: count }, (_, output) => actionNames[output] ?? `output ${output}`);
}

function ruleOf({ discrete, actionNames }, count) {
  if (!discrete) return "Kept within bounds, it is this part of the action.";
  return count === 1 ? `Above 0: ${actionNames[1]}; if not: ${actionNames[0]}.` : "The largest output wins.";
}

function hintOf({ weights, attribution }) {
  if (attribution.kind === "table") return TABLE;
  if (attribution.weights) return weights ? ONE_OF_SUMS : TERMS;
  return attribution.names ? `${GRADIENT} The numbers that count most in this episode are shown.` : GRADIENT;
}
