// Play, pause, step, speed, loop, and where the cursor stands in words.

import { byId, make, setText } from "../dom.js";
import { count, returnText } from "../format.js";
import { SPEEDS } from "../clock.js";

const SPEED_NAMES = { 0.25: "¼×", 0.5: "½×", 1: "1×", 2: "2×", 4: "4×" };

/** Binds the buttons to the clock, and shows the store's state on them. */
export function createTransport(store, clock) {
  const seekEnd = (step) => () => {
    clock.pause();
    clock.seek(step);
  };
  byId("to-start").addEventListener("click", seekEnd(0));
  byId("to-end").addEventListener("click", seekEnd(Infinity));
  byId("back").addEventListener("click", () => clock.move(-1));
  byId("forward").addEventListener("click", () => clock.move(1));
  byId("play").addEventListener("click", () => clock.toggle());
  byId("loop").addEventListener("click", () => store.set({ loop: !store.state.loop }));
  const radios = makeSpeeds(store);

  store.subscribe((state, changed) => {
    if (changed.has("playing")) showPlaying(state.playing);
    if (changed.has("loop")) byId("loop").setAttribute("aria-pressed", String(state.loop));
    if (changed.has("speed")) radios.get(state.speed).checked = true;
    if (changed.has("shown") || changed.has("episode")) showReadout(state);
  });
}

function makeSpeeds(store) {
  const radios = new Map();
  for (const speed of SPEEDS) {
    const id = `speed-${String(speed).replace(".", "-")}`;
    const radio = make("input", { type: "radio", name: "speed", id, value: speed, class: "unseen", checked: speed === store.state.speed });
    radio.addEventListener("change", () => store.set({ speed }));
    radios.set(speed, radio);
    const label = make("label", { for: id, text: SPEED_NAMES[speed], title: "Speed ([ and ])" });
    // Whoever clicks goes on with the page's keys; whoever came by keyboard stays, and chooses with the arrows.
    label.addEventListener("click", () => requestAnimationFrame(() => radio.blur()));
    byId("speeds").append(radio, label);
  }
  return radios;
}

function showPlaying(playing) {
  const button = byId("play");
  button.classList.toggle("playing", playing);
  button.setAttribute("aria-label", playing ? "Pause" : "Play");
}

function showReadout({ episode, shown }) {
  if (!episode) return;
  setText(byId("readout-step"), `step ${count(shown)} of ${count(episode.length)}`);
  setText(byId("readout-return"), `return ${returnText(episode.returnsSoFar[shown], episode.rewards)}`);
}
