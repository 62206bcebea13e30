// Puts the page together: one store, one clock, the views, and the way from an address to an episode.

import { nextSeed, followAddress, pushAddress, readAddress, rewriteAddress } from "./address.js";
import { Unanswered, fetchEpisode } from "./api.js";
import { createClock } from "./clock.js";
import { decimalsFor, fixed } from "./format.js";
import { listenToKeys } from "./keys.js";
import { rangeOf } from "./charts/trace.js";
import { rendererFor } from "./renderers/index.js";
import { createStore } from "./store.js";
import { listenToTheme } from "./theme_switch.js";
import { createFacts } from "./views/facts.js";
import { createRuler } from "./views/ruler.js";
import { createStage } from "./views/stage.js";
import { createTransport } from "./views/transport.js";
import { createWhy } from "./views/why.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

const store = createStore({
  episode: null, loading: false, problem: null, t: 0, shown: 0, playing: false, speed: 1, loop: true, lit: null,
});
const clock = createClock(store, (episode) => episode.renderer.stepsPerSecond);
const app = { store, clock, open, newEpisode };
let asking = null;

/** Fetches an episode and shows it: at step `t` at rest, or from its start in motion. */
async function load(seed, { t = null, playing = t === null && !calm.matches } = {}) {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  store.set({ loading: true });
  try {
    const episode = complete(await fetchEpisode(seed, signal));
    clock.pause();
    const at = Math.min(t ?? 0, episode.length);
    store.set({ episode, problem: null, t: at, shown: at, loading: false, lit: null });
    if (playing) clock.play();
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    if (!(error instanceof Unanswered)) throw error;
    store.set({ problem: { message: error.message, seed }, loading: false });
    return false;
  }
}

/** Another episode, asked for by the person: the address follows if there is one. */
async function open(seed) {
  rewriteAddress(store.state);
  if (await load(seed)) pushAddress(store.state.episode.seed);
}

function newEpisode() {
  if (store.state.episode) open(nextSeed(store.state.episode.seed));
}

/** What the views need beside what the server sent. */
function complete(episode) {
  const features = episode.featureNames.map((_, index) => episode.observations.map((observation) => observation[index]));
  return {
    ...episode,
    renderer: rendererFor(episode),
    ranges: features.map(rangeOf),
    decimals: features.map(decimalsFor),
    nameAction: ([first, ...rest]) => {
      if (!episode.discrete) return [first, ...rest].map((part) => fixed(part, 2)).join(", ");
      return episode.actionNames[first - episode.firstAction] ?? `action ${first}`;
    },
  };
}

listenToTheme();
createFacts(store, app);
createStage(store);
createTransport(store, clock);
createRuler(store, clock);
createWhy(store);
listenToKeys(app);
followAddress(store);

addEventListener("popstate", () => {
  const { seed, t } = readAddress();
  load(seed, { t, playing: history.state?.playing === true && !calm.matches });
});
const { seed, t, playing } = readAddress();
await load(seed, { t, playing: (t === null || playing) && !calm.matches });
