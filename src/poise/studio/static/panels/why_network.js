// Why a network did that: gradient × input at the cursor, for one output at a time. Computed by the server.

import { make, setText } from "../dom.js";
import { decimalsFor, fixed, signed } from "../format.js";
import { actionAt } from "../store.js";
import { decisionOf, scaleOf, whyRow } from "./why_parts.js";

/** The view of an episode's `attribution`: {elements, move(step), show(step), light(lit)}. */
export function networkWhy(store, episode) {
  const { products, outputs } = episode.attribution;
  const names = namesOf(episode, outputs[0].length);
  const choice = make("select", { id: "why-output", "aria-label": "Output that is explained" },
    ...(episode.discrete && names.length > 1 ? [make("option", { value: "", text: "the action taken" })] : []),
    ...names.map((text, value) => make("option", { value, text })));
  const scale = scaleOf(episode, (step) => Math.max(...products[step].flat().map(Math.abs)));
  const decimals = Math.min(4, decimalsFor([scale]) + 1);
  const rows = episode.featureNames.map((name, index) => whyRow(name, () => store.set({ lit: index }), store));
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
      make("p", { class: "hint", text: "Gradient × input: how steeply the output rises with each number that the network sees, times that number. It says what a small change would do; unlike a linear policy's terms, the bars do not add up to the output." }),
      ...(names.length > 1 ? [choice] : []),
      make("div", { class: "why-rows" }, ...rows.map((row) => row.element)), result, decision,
    ],
    move(step) {
      products[step][outputAt(step)].forEach((product, index) => rows[index].bar.set(product / scale));
    },
    show(step) {
      const output = outputAt(step);
      products[step][output].forEach((product, index) => {
        setText(rows[index].amount, signed(product, decimals));
        setText(rows[index].formula, fixed(episode.observations[step][index], episode.decimals[index]));
      });
      setText(result, `Output “${names[output]}”: ${signed(outputs[step][output], 3)}. ${ruleOf(episode, names.length)}`);
      setText(decision, decisionOf(episode, step));
      this.move(step);
    },
    light(lit) {
      rows.forEach((row, index) => row.element.classList.toggle("lit", index === lit));
    },
  };
  return view;
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
