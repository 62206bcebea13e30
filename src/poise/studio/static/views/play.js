// Play: can I do it? A person at the controls of any environment that keys can steer, alone or against a policy.

import { nextSeed, queryOf } from "../address.js";
import { Unanswered, ask } from "../api.js";
import { make, setText } from "../dom.js";
import { fixed, plural } from "../format.js";
import { createGame } from "../game.js";
import { listenToKeys } from "../keys.js";
import { createGameSettings } from "../panels/game_settings.js";
import { createHeading } from "../panels/heading.js";
import { createLiveStage } from "../panels/live_stage.js";
import { createPad } from "../panels/pad.js";
import { createRival } from "../panels/rival.js";
import { createScores } from "../panels/scores.js";
import { showChoice } from "../panels/play_choice.js";

/** Shows the game of the environment that the address names, `/play/ENV?seed=7&race=RUN&pace=0.5`; without one, a choice. */
export async function show(root, place, app) {
  if (!place.rest) return showChoice(root, app);
  const heading = createHeading(place.rest);
  root.append(heading.element);
  app.title(`Play ${place.rest}`);
  try {
    const info = await ask(`/api/play${queryOf(null, { env: place.rest })}`, { signal: app.signal });
    build(root, place, app, info);
  } catch (error) {
    if (app.signal.aborted) return;
    if (!(error instanceof Unanswered)) throw error;
    root.append(make("p", { role: "alert", text: error.message }), make("p", {}, make("a", { href: "/play", text: "Play something else" })));
  }
}

function build(root, place, app, info) {
  const { signal } = app;
  const asked = { seed: seedOf(place.query.get("seed")), pace: paceOf(place.query.get("pace")), race: place.query.get("race") };
  const status = make("p", { class: "lead", id: "game-status", role: "status" });
  const score = make("p", { class: "score", id: "score", text: "0.0" });
  const steps = make("p", { class: "hint", id: "game-step", text: "\u200b" });
  const note = make("p", { class: "hint", id: "no-pictures", hidden: true });
  const stage = createLiveStage(info, signal);
  const scores = createScores(signal);
  const rival = createRival(signal);
  const person = make("section", { class: "lane person", "aria-label": "You" },
    make("header", {}, make("h2", { text: "You" }), score), make("div", { class: "stage" }, stage.canvas));
  let phase = "ready"; // ready, playing, resting, over
  let first = null; // an action that was pressed while the game was being made

  const game = createGame(info.env, null, { state: onState, picture: stage.picture, over: onOver, noPictures: onNoPictures, problem: onProblem }, signal);
  const pad = createPad(info, { act, awake: () => phase === "ready" || phase === "playing" }, signal);
  const settings = createGameSettings(info, asked, { changed: begin });
  const again = button("New game", "primary", "The next seed (N)", () => begin({ seed: nextSeed(settings.value.seed) }));
  const same = button("Same again", "", "The same seed once more (G)", () => begin({}));
  const rest = button("Pause", "", "Pause (P)", toggleRest);
  const watch = make("a", { class: "text-button", text: "Watch it", hidden: true });
  root.append(make("div", { class: "game" },
    status,
    make("div", { class: "lanes" }, person, rival.element),
    make("div", { class: "game-bar" }, again, same, rest, watch, steps),
    note, pad.element,
    make("aside", { class: "side", "aria-label": "About this game" }, scores.element, settings.element)));
  scores.set(info.table);
  listenToKeys([
    [shownKeys(info), "the keys of the game", () => false, () => {}],
    ["N", "a new game: the next seed", is("n"), () => again.click()],
    ["G", "the same game again", is("g"), () => same.click()],
    ["P", "pause", is("p"), toggleRest],
    ["R", "race a policy, or alone again", is("r"), settings.toggleRace],
  ], signal);
  document.addEventListener("visibilitychange", () => document.hidden && phase === "playing" && toggleRest(), { signal });
  begin({});

  /** A new game with the settings as they are, or as they are given. */
  async function begin(changes) {
    const { seed, pace, race } = settings.set(changes);
    history.replaceState(null, "", queryOf(null, { seed, pace: pace === 1 ? null : pace, race: race === null ? null : race || "." }));
    [phase, first] = ["loading", null];
    pad.release();
    scores.enter(null);
    stage.picture(null);
    watch.hidden = true;
    person.classList.remove("over");
    root.firstElementChild.nextElementSibling.classList.toggle("race", race !== null);
    rival.element.hidden = race === null;
    setText(status, "Getting ready …");
    const ready = race === null || (await rival.load(race || null, seed));
    if (signal.aborted || settings.value.seed !== seed || settings.value.race !== race) return;
    if (!ready) rival.element.classList.remove("over");
    game.begin(seed, pace === 1 ? 0 : info.fps * pace, !stage.draws);
  }

  function act(values) {
    if (phase === "loading") first = values;
    if (phase !== "ready" && phase !== "playing") return;
    game.act(values);
    if (phase === "ready") phase = "playing"; // said with its first step: see `createPad` on what is painted with a key
  }

  function onState(state) {
    stage.show(state);
    setText(score, fixed(state.total, 1));
    setText(steps, `step ${state.step} of ${info.stepLimit} · seed ${settings.value.seed}`);
    if (settings.value.race !== null) rival.move(state.step);
    pad.light();
    if (state.step === 1) onFirst();
    if (state.begun) onBegun();
  }

  function onFirst() {
    showRest();
    setText(status, info.turnBased ? "Your turn: each key is a step." : goalOf(info));
  }

  function onBegun() {
    phase = "ready";
    showRest();
    setText(status, `Press ${shownKeys(info)} to begin.`);
    stage.describe();
    if (first && !info.turnBased) act(first);
  }

  function onOver(result) {
    phase = "over";
    showRest();
    stage.describe();
    person.classList.add("over");
    scores.enter(result.kept);
    watch.hidden = !result.kept?.id;
    if (result.kept?.id) watch.href = `/played/${result.kept.id}`;
    const racing = settings.value.race !== null && rival.result() !== null;
    if (racing) rival.goOn(info.turnBased ? 4 : info.fps * settings.value.pace);
    setText(status, `${endOf(result, info)} ${racing ? raceWords(result.return, rival.result()) : ""} ${result.kept?.rank ? `Place ${result.kept.rank} of the table.` : ""}`.trim());
  }

  function onNoPictures(words) {
    note.hidden = false;
    setText(note, `${words} Its numbers are shown instead.`);
  }

  function onProblem(words) {
    phase = "over";
    showRest();
    setText(status, words);
  }

  function toggleRest() {
    if (phase !== "playing" && phase !== "resting") return;
    phase = phase === "playing" ? "resting" : "playing";
    game.pause(phase === "resting");
    pad.release();
    setText(status, phase === "resting" ? "Paused. P goes on." : goalOf(info));
    showRest();
  }

  function showRest() {
    rest.disabled = phase !== "playing" && phase !== "resting";
    rest.hidden = info.turnBased;
    setText(rest, phase === "resting" ? "Go on" : "Pause");
  }
}

function button(words, className, title, press) {
  const made = make("button", { type: "button", class: `text-button ${className}`, title, text: words });
  made.addEventListener("click", () => {
    press();
    made.blur(); // space and Enter belong to the game again
  });
  return made;
}

function is(letter) {
  return (event) => event.key.toLowerCase() === letter;
}

function shownKeys({ keys }) {
  return keys.map((key) => key.label).join(" ");
}

function goalOf({ idle, threshold }) {
  const goal = threshold === null ? "" : ` Solved at a return of ${threshold}.`;
  return `${idle === null ? "The key pressed last goes on." : "Go!"}${goal}`;
}

function endOf(result, { stepLimit }) {
  const why = result.truncated ? (result.length >= stepLimit ? "The time is up" : "Ended") : "Over";
  return `${why} after ${plural(result.length, "step")}: a return of ${fixed(result.return, 1)}.`;
}

function raceWords(mine, its) {
  const policy = fixed(its, 1);
  if (mine > its) return `You win: the policy gets ${policy}.`;
  return mine === its ? `A draw: the policy gets ${policy} as well.` : `The policy gets ${policy}.`;
}

function seedOf(text) {
  return /^\d{1,10}$/.test(text ?? "") && Number(text) < 2 ** 32 ? Number(text) : Math.floor(Math.random() * 1000);
}

function paceOf(text) {
  return [0.5, 0.25].includes(Number(text)) ? Number(text) : 1;
}
