// The keyboard: what each key does, in one table that the page's help is made from as well.

import { byId, make } from "./dom.js";

/** [keys as shown, what they do, does the event mean this key, action]; `app` has clock, store and newEpisode. */
const TABLE = [
  ["space", "play or pause", (e) => e.key === " ", (app) => app.clock.toggle()],
  ["← →", "one step back or forward; with shift ten", (e) => e.key === "ArrowLeft" || e.key === "ArrowRight", step],
  ["Home End", "to the start, to the end", (e) => e.key === "Home" || e.key === "End", leap],
  ["[ ]", "slower, faster", (e) => e.key === "[" || e.key === "]", (app, e) => app.clock.changeSpeed(e.key === "]" ? 1 : -1)],
  ["L", "begin again at the end, or not", (e) => e.key.toLowerCase() === "l", (app) => app.store.set({ loop: !app.store.state.loop })],
  ["N", "a new episode", (e) => e.key.toLowerCase() === "n", (app) => app.newEpisode()],
  ["?", "this list", (e) => e.key === "?", () => byId("help").showModal()],
];

function step(app, event) {
  app.clock.move((event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 10 : 1));
}

function leap(app, event) {
  app.clock.pause();
  app.clock.seek(event.key === "Home" ? 0 : Infinity);
}

/** Listens on the whole page, but takes no key from a field, a slider or a button that uses it itself. */
export function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || byId("help").open) return;
    const row = TABLE.find(([, , means]) => means(event));
    if (!row || belongsTo(event.target, event.key)) return;
    event.preventDefault();
    row[3](app, event);
  });
  const list = byId("keys");
  for (const [keys, what] of TABLE) {
    list.append(make("dt", {}, ...keys.split(" ").map((key) => make("kbd", { text: key }))), make("dd", { text: what }));
  }
  byId("help-open").addEventListener("click", () => byId("help").showModal());
  byId("help").addEventListener("click", (event) => event.target === event.currentTarget && event.currentTarget.close());
}

function belongsTo(target, key) {
  if (target instanceof HTMLInputElement) {
    if (target.type === "range") return key.startsWith("Arrow") || key === "Home" || key === "End";
    return target.type === "radio" ? key.startsWith("Arrow") : true;
  }
  if (target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement) return key === " ";
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}
