// Replay and Why: one episode of a policy on the stage, all its numbers under one cursor, and the sum behind each action.

import { followMoment, momentOf, nextSeed, pushEpisode, queryOf, rewriteMoment } from "../address.js";
import { Unanswered, fetchEpisode } from "../api.js";
import { createClock } from "../clock.js";
import { make } from "../dom.js";
import { complete } from "../episode.js";
import { listenToKeys } from "../keys.js";
import { createFacts } from "../panels/facts.js";
import { createHeading } from "../panels/heading.js";
import { createRuler } from "../panels/ruler.js";
import { createStage } from "../panels/stage.js";
import { createTakeAlong } from "../panels/take_along.js";
import { createTransport, transportKeys } from "../panels/transport.js";
import { createWhy } from "../panels/why.js";
import { createStore } from "../store.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Shows the place's episode; `update` shows another one of the same policy. */
export function show(root, place, app) {
  return showReplay(root, place, app, {
    fetch: (seed, signal) => fetchEpisode(place.run, seed, signal),
    picturesOf: ({ seed }) => queryOf(place.run, { seed }),
    take: { run: place.run },
  });
}

/**
 * The same with episodes from `fetch(seed, signal)`; `onlyOne` where there is one alone, and no other seed to ask for.
 * Without a server `picturesOf`, for the stage, and `take`, what `createTakeAlong` is given, are left out.
 */
export function showReplay(root, place, app, { fetch, onlyOne = false, words = null, picturesOf = null, take = null }) {
  const { signal } = app;
  const store = createStore({
    episode: null, loading: false, problem: null, t: 0, shown: 0, playing: false, speed: 1, loop: true, lit: null, noPictures: null, pictured: false,
  });
  const clock = createClock(store, (episode) => episode.renderer.stepsPerSecond, signal);
  const heading = createHeading("\u200b", onlyOne ? null : place);
  const lead = make("p", { id: "lead", class: "lead", text: "\u200b" });
  const stage = createStage(store, signal, "stage", picturesOf);
  const facts = createFacts(store, { open, newEpisode });
  root.append(heading.element, make("div", { class: "replay" },
    lead,
    make("section", { class: "stage", "aria-label": "Stage" }, stage, facts.message),
    createTransport(store, clock),
    createRuler(store, clock),
    make("aside", { class: "side", "aria-label": "About this episode" }, facts.episode, createWhy(store), facts.proof,
      ...(take ? [createTakeAlong(store, take)] : [])),
  ));
  store.subscribe(({ episode }, changed) => {
    if (!changed.has("episode")) return;
    app.title(episode.title);
    heading.set({ title: episode.title, chip: words ? episode.policy : episode.policy && `${episode.policy} policy` });
    lead.textContent = words ?? episode.renderer.sentence;
    root.toggleAttribute("data-ready", true);
  });
  store.subscribe(({ problem, episode }, changed) => {
    if (changed.has("problem") && problem && !episode) heading.set({ title: place.run ?? "No episode" });
  });
  store.subscribe(({ noPictures, pictured, episode }, changed) => {
    if (changed.has("noPictures") && noPictures) lead.textContent = `${noPictures} ${episode.renderer.sentence}`;
    if (changed.has("pictured") && pictured) lead.textContent = words ?? "The environment as it draws itself; under it the numbers that the policy sees.";
  });
  const another = ["N", "a new episode", (e) => e.key.toLowerCase() === "n", newEpisode];
  listenToKeys([...transportKeys(store, clock), ...(onlyOne ? [] : [another])], signal);
  facts.episode.classList.toggle("only-one", onlyOne);
  followMoment(store, signal);
  signal.addEventListener("abort", () => root.removeAttribute("data-ready"));
  let asking = null;

  /** Fetches an episode and shows it: at step `t` at rest, or from its start in motion. */
  async function load(seed, { t = null, playing = t === null && !calm.matches } = {}) {
    asking?.abort();
    asking = new AbortController();
    const current = AbortSignal.any([asking.signal, signal]);
    store.set({ loading: true });
    try {
      const episode = complete(await fetch(seed, current));
      clock.pause();
      const at = Math.min(t ?? 0, episode.length);
      store.set({ episode, problem: null, t: at, shown: at, loading: false, lit: null });
      if (playing) clock.play();
      return true;
    } catch (error) {
      if (current.aborted) return false;
      if (!(error instanceof Unanswered)) throw error;
      store.set({ problem: { message: error.message, seed, gone: error.gone }, loading: false });
      return false;
    }
  }

  /** Another episode, asked for by the person: the address follows if there is one. */
  async function open(seed) {
    rewriteMoment(store.state);
    if (await load(seed)) pushEpisode(store.state.episode.seed);
  }

  function newEpisode() {
    if (store.state.episode) open(nextSeed(store.state.episode.seed));
  }

  const first = momentOf(place);
  load(first.seed, { t: first.t, playing: (first.t === null || first.playing) && !calm.matches });
  return {
    update(another) {
      const { seed, t, playing } = momentOf(another);
      load(seed, { t, playing: (t === null || playing) && !calm.matches });
    },
  };
}
