// The policy in a race: its episode under the same seed, moved step by step with the person's, and to its end after it.

import { queryOf } from "../address.js";
import { Unanswered, fetchEpisode } from "../api.js";
import { createClock } from "../clock.js";
import { make, setText } from "../dom.js";
import { complete } from "../episode.js";
import { fixed } from "../format.js";
import { createStage } from "./stage.js";
import { createStore } from "../store.js";

/** {element, load(run, seed), move(step), goOn(fps), result()}: a stage with the policy's return under it. */
export function createRival(signal) {
  const store = createStore({ episode: null, t: 0, shown: 0, playing: false, speed: 1, loop: false });
  let pace = 30;
  let raced = null; // the run of the policy
  const clock = createClock(store, () => pace, signal);
  const score = make("p", { class: "score", id: "rival-score", text: "\u200b" });
  const message = make("p", { class: "player-message", hidden: true });
  const element = make("section", { class: "lane rival", "aria-label": "The policy" },
    make("header", {}, make("h2", { text: "The policy" }), score),
    make("div", { class: "stage" }, createStage(store, signal, "rival", ({ seed }) => queryOf(raced, { seed })), message));
  let asking = null;
  store.subscribe(({ episode, shown }, changed) => {
    if (!episode || !(changed.has("shown") || changed.has("episode"))) return;
    setText(score, fixed(episode.returnsSoFar[shown], 1));
    element.classList.toggle("over", shown >= episode.length);
  });

  return {
    element,
    /** Fetches the policy's episode; true once it is ready. */
    async load(run, seed) {
      asking?.abort();
      raced = run;
      asking = new AbortController();
      const current = AbortSignal.any([asking.signal, signal]);
      clock.pause();
      try {
        const episode = complete(await fetchEpisode(run, String(seed), current));
        message.hidden = true;
        store.set({ episode, t: 0, shown: 0 });
        return true;
      } catch (error) {
        if (current.aborted) return false;
        if (!(error instanceof Unanswered)) throw error;
        message.hidden = false;
        setText(message, `The policy cannot be raced: ${error.message}`);
        return false;
      }
    },
    /** Puts it where the person is. */
    move(step) {
      if (store.state.episode) clock.seek(step);
    },
    /** The person's game is over: the policy's goes on by itself, at the same pace. */
    goOn(fps) {
      pace = fps;
      const { episode, t } = store.state;
      if (episode && t < episode.length) clock.play();
    },
    result: () => store.state.episode?.return ?? null,
  };
}
