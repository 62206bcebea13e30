// A small stage that plays what it is given: a canvas, play or pause, and one line of words.

import { createClock } from "../clock.js";
import { make, setText } from "../dom.js";
import { count, returnText } from "../format.js";
import { icon } from "../icons.js";
import { createStage } from "./stage.js";
import { createStore } from "../store.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * {element, store, clock, show(episode, {playing}), say(words)}; `ended()` is asked at the end of an episode that was
 * played through: true if another one will come, and this one need not begin again.
 */
export function createPlayer(signal, { id = "stage", name = "Stage", ended = () => false } = {}) {
  const store = createStore({ episode: null, t: 0, shown: 0, playing: false, speed: 1, loop: true });
  const clock = createClock(store, (episode) => episode.renderer.stepsPerSecond, signal);
  const message = make("p", { class: "player-message", hidden: true });
  const button = make("button", { type: "button", class: "icon-button play-button", "aria-label": "Play", disabled: true }, icon("play", "when-paused"), icon("pause", "when-playing"));
  const caption = make("p", { class: "player-caption" });
  button.addEventListener("click", () => clock.toggle());
  store.subscribe((state, changed) => {
    if (changed.has("playing")) {
      button.classList.toggle("playing", state.playing);
      button.setAttribute("aria-label", state.playing ? "Pause" : "Play");
    }
    if (changed.has("shown") || changed.has("episode")) describe(caption, state);
    if (changed.has("t") && state.playing && state.t >= state.episode.length && ended()) store.set({ loop: false });
  });
  return {
    element: make("section", { class: "player", "aria-label": name },
      make("div", { class: "stage" }, createStage(store, signal, id), message),
      make("div", { class: "player-bar" }, button, caption)),
    store,
    clock,
    /** Shows an episode from its start, in motion unless the last one was at rest or the person wants no motion. */
    show(episode, { playing = store.state.episode ? store.state.playing || !store.state.loop : !calm.matches } = {}) {
      clock.pause();
      message.hidden = true;
      button.disabled = false;
      store.set({ episode, t: 0, shown: 0, loop: true });
      if (playing) clock.play();
    },
    /** Words on the stage where there is nothing to see; null takes them away. */
    say(words) {
      message.hidden = !words;
      setText(message, words ?? "");
    },
  };
}

function describe(caption, { episode, shown }) {
  if (!episode) return;
  const sofar = returnText(episode.returnsSoFar[shown], episode.rewards);
  setText(caption, `seed ${episode.seed} · step ${count(shown)} of ${count(episode.length)} · return ${sofar}`);
}
