// A policy's numbers as bars that move while it is being searched for.

import { createBar } from "../charts/bar.js";
import { make, setText } from "../dom.js";
import { count, decimalsFor, fixed } from "../format.js";

const MOST = 24;
const LONG = 12; // letters: a longer name needs the whole width

/** {element, set(policy)}: `policy` as the server's feed sends it. */
export function createParameters() {
  const title = make("h2", { id: "parameters-title", text: "Policy" });
  const note = make("p", { class: "hint" });
  const list = make("div", { class: "parameters", role: "list" });
  const element = make("section", { class: "panel", "aria-labelledby": "parameters-title", hidden: true }, title, note, list);
  let rows = [];
  let named = "";
  return {
    element,
    set(policy) {
      element.hidden = false;
      const names = policy.names.slice(0, MOST);
      setText(note, noteOf(policy));
      if (names.join() !== named) {
        named = names.join();
        rows = names.map(rowOf);
        list.classList.toggle("long", names.some((name) => name.length > LONG));
        list.replaceChildren(...rows.map((row) => row.element));
      }
      const largest = Math.max(...policy.parameters.map(Math.abs), 1e-12);
      const decimals = Math.max(2, decimalsFor([largest]));
      rows.forEach((row, index) => {
        row.bar.set(policy.parameters[index] / largest);
        setText(row.value, fixed(policy.parameters[index], decimals));
      });
    },
  };
}

function rowOf(name) {
  const bar = createBar("parameter");
  const value = make("span", { class: "amount" });
  return { bar, value, element: make("div", { class: "parameter-row", role: "listitem" }, make("span", { class: "why-name", text: name, title: name }), value, bar.element) };
}

function noteOf({ architecture, count: total }) {
  const more = total > MOST ? `; the first ${MOST}` : "";
  return `${architecture}, ${count(total)} ${total === 1 ? "number" : "numbers"}${more}`;
}
