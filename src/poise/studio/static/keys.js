// The keyboard: a view says in one table what each key does, and the page's help is made from that table as well.

import { byId, make } from "./dom.js";

/**
 * Listens on the whole page until the signal, but takes no key from a field, a slider or a button that uses it itself.
 * @param table rows of [keys as shown, what they do, does the event mean this key, action(event)]
 */
export function listenToKeys(table, signal) {
  const all = [...table, ["?", "this list", (event) => event.key === "?", openHelp]];
  const listening = { signal };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || byId("help").open) return;
    const row = all.find(([, , means]) => means(event));
    if (!row || belongsTo(event.target, event.key)) return;
    event.preventDefault();
    row[3](event);
  }, listening);
  byId("keys").replaceChildren(...all.flatMap(([keys, what]) => [
    make("dt", {}, ...keys.split(" ").map((key) => make("kbd", { text: key }))), make("dd", { text: what }),
  ]));
  byId("help-open").hidden = false;
  byId("help-open").addEventListener("click", openHelp, listening);
  byId("help").addEventListener("click", (event) => event.target === event.currentTarget && event.currentTarget.close(), listening);
  signal.addEventListener("abort", () => {
    byId("help-open").hidden = true;
    byId("help").close();
  });
}

function openHelp() {
  byId("help").showModal();
}

function belongsTo(target, key) {
  if (target instanceof HTMLInputElement) {
    if (target.type === "range") return key.startsWith("Arrow") || key === "Home" || key === "End";
    return target.type === "radio" ? key.startsWith("Arrow") : true;
  }
  if (target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement) return key === " ";
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}
