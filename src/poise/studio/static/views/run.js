// One run: how is it going, or how did it go. Its course, what it has found, the policy at work; stop, resume, and on to more.

import { pathOf, queryOf } from "../address.js";
import { Unanswered, ask, fetchEpisode } from "../api.js";
import { make, setText } from "../dom.js";
import { complete } from "../episode.js";
import { count, figure, fixed, large, plural, withInterval } from "../format.js";
import { createHeading } from "../panels/heading.js";
import { createParameters } from "../panels/parameters.js";
import { createPlayer } from "../panels/player.js";
import { createProgress } from "../panels/progress.js";
import { connect } from "../socket.js";

/** Follows the run of the place for as long as the view lives. */
export function show(root, place, app) {
  const { signal } = app;
  const heading = createHeading("\u200b", place);
  const status = make("p", { class: "run-status", role: "status" });
  const bar = make("progress", { class: "run-bar", max: 1, value: 0, "aria-label": "Share of the budget that is used", hidden: true });
  const result = make("p", { class: "run-result", hidden: true });
  const actions = createActions(place, signal, (words) => setText(problem, words));
  const problem = make("p", { class: "problem", role: "alert" });
  const command = createCommand();
  const progress = createProgress(signal);
  const parameters = createParameters();
  const player = createPlayer(signal, { name: "The policy so far", ended: () => shown !== wanted });
  let wanted = 0; // the version of the newest policy
  let shown = 0; // and of the one on the stage
  let seed = 0;
  let asking = false;
  let run = null; // its newest description
  let incumbent = null; // what the policy so far is worth, as far as it is known
  player.say("The first policy comes with the first generation.");
  const body = make("div", { class: "run" }, make("div", { class: "run-policy" }, player.element, parameters.element), progress.element);
  root.append(heading.element,
    make("div", { class: "run-head" }, make("div", {}, result, status, bar), actions.element), problem, body, command.element);

  function told(message) {
    if (message.problem) return fail(message);
    if (message.reset) progress.reset();
    if (message.generations) progress.add(message.generations, message.scores ?? []);
    if (message.incumbent) ({ incumbent } = message);
    if (message.run) run = message.run;
    if (message.run || message.incumbent) showRun();
    if (message.policy) {
      parameters.set(message.policy);
      wanted = message.policy.version;
      if (!player.store.state.episode || !player.store.state.playing) play();
    }
  }

  function showRun() {
    const name = run.env || run.id;
    app.title(run.state === "running" ? `${name}, running` : name);
    heading.set({ title: name, chip: run.how });
    body.hidden = run.state === "broken";
    setText(problem, run.state === "broken" ? `This run cannot be read: ${run.problem.replace(/\.?$/, ".")} Delete its folder, or put the file back.` : failureOf(run));
    const sofar = run.state === "running" ? incumbent : null;
    result.hidden = !run.result && !sofar;
    if (!result.hidden) result.replaceChildren(...(run.result ? resultOf(run.result) : incumbentOf(sofar)));
    setText(status, statusOf(run));
    status.classList.toggle("running", run.state === "running");
    showBar(bar, run);
    actions.set(run);
    command.set(run);
    progress.set({ threshold: run.result?.threshold ?? null });
  }

  /** Plays the newest policy under the next seed, whenever the one before has been seen. */
  async function play() {
    if (asking || wanted === shown) return;
    asking = true;
    const version = wanted;
    try {
      const episode = complete(await fetchEpisode(place.run, seed, signal));
      player.show(episode);
      seed += 1;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Unanswered)) throw error;
      if (!player.store.state.episode) player.say(error.message);
    }
    shown = version;
    asking = false;
  }

  player.store.subscribe((state, changed) => {
    if (changed.has("playing") && !state.playing && !state.loop) play(); // it came to its end, and there is a newer one
  });

  function fail({ problem: words, gone }) {
    socket.close();
    heading.set({ title: place.run });
    app.title(place.run);
    root.replaceChildren(heading.element, make("div", { class: "run-gone" },
      make("p", { role: "alert", text: words }), make("p", {}, make("a", { href: "/runs", text: gone ? "All runs" : "Back to all runs" }))));
  }

  const socket = connect(`/api/live${queryOf(place.run)}`, {
    message: told,
    lost: () => setText(status, "The server does not answer; the page tries again by itself."),
  }, signal);
}

function resultOf(result) {
  const { episodes, threshold, success_rate: rate } = result;
  const solved = threshold === null ? "" : `, ${percent(rate)} of them at least ${threshold}`;
  return [
    make("strong", { text: withInterval(result) }),
    make("span", { class: "hint", text: ` mean return of ${count(episodes)} fresh episodes${solved}` }),
  ];
}

/** The policy on the way: a figure of fresh episodes too, though not the run's result. */
function incumbentOf(incumbent) {
  const played = "Played for this page alone, beside the search: neither it nor its choice sees these episodes. The run's result comes at its end.";
  return [
    make("span", { class: "hint", text: "Provisional, the policy so far: " }),
    make("strong", { class: "so-far", text: withInterval(incumbent) }),
    make("span", { class: "hint", title: played, text: ` mean return of ${count(incumbent.episodes)} fresh episodes, at ${large(incumbent.steps)} steps` }),
  ];
}

function percent(share) {
  if (share === 1) return "all";
  return share === 0 ? "none" : `${fixed(100 * share, share > 0.999 || share < 0.001 ? 2 : 1)} %`;
}

function statusOf(run) {
  const paid = `${plural(run.generations, "generation")}, ${large(run.steps)} steps`;
  if (run.state === "finished") return `${paid}; ${run.account.stopped_because.replace(/\d{5,}/g, (digits) => count(Number(digits)))}.`;
  if (run.state === "broken") return "";
  if (run.state === "kept") return "A policy that was made by hand; nobody has measured it yet.";
  if (run.state === "empty") return "Not one generation yet, and nothing is writing here.";
  const best = run.best === null ? "" : ` Best score so far ${figure(run.best)}, luck included.`;
  if (run.state === "stopped") return `❚❚ Stopped after ${paid}; nothing is lost.${best}`;
  if (!run.generations) return "Starting …";
  const pace = run.speed ? `, ${large(Math.round(run.speed))} steps/s${left(run)}` : "";
  return `${run.training?.stopping ? "Stopping after this generation" : phaseOf(run)}: ${paid}${pace}.${best}`;
}

/** What the training itself said last of compiling, choosing and measuring, which its files do not tell. */
function phaseOf({ training, result }) {
  const last = training?.words.trim().split("\n").at(-1).replace(/\s+/g, " ") ?? "";
  const [, phase] = last.match(/^(selection|evaluation|Compiling)/) ?? [];
  if (result) return "Done, and ending";
  const words = { selection: "Choosing the best", evaluation: "Measuring the best on fresh episodes", Compiling: last };
  return words[phase] ?? "Searching";
}

function left(run) {
  const seconds = secondsLeft(run);
  if (seconds === null || seconds <= 0) return "";
  return `, at most ${seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`} left`;
}

function secondsLeft({ config, steps, speed, seconds }) {
  const bounds = [];
  if (config.max_steps) bounds.push((config.max_steps - steps) / speed);
  if (config.max_seconds && seconds !== null) bounds.push(config.max_seconds - seconds);
  return bounds.length ? Math.min(...bounds) : null;
}

function showBar(bar, { state, config, steps, seconds }) {
  const shares = [config.max_steps ? steps / config.max_steps : 0, config.max_seconds && seconds ? seconds / config.max_seconds : 0];
  bar.hidden = state !== "running";
  bar.value = Math.min(1, Math.max(...shares));
}

/** A training that ended by a fault says why in its last words. */
function failureOf({ training, state }) {
  if (!training || training.alive || state === "finished" || [0, 3, -2].includes(training.exitCode)) return "";
  return `The training ended: ${training.words.trim().split("\n").slice(-3).join(" ") || `exit code ${training.exitCode}`}`;
}

/** Stop, resume, and the way to the replay. */
function createActions(place, signal, say) {
  const order = (what) => async () => {
    say("");
    try {
      await ask(`/api/trainings/${what}${queryOf(place.run)}`, { method: "POST", signal });
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      say(error.message);
    }
  };
  const button = (words, className, press) => {
    const made = make("button", { type: "button", class: `text-button ${className}`, text: words, hidden: true });
    made.addEventListener("click", press);
    return made;
  };
  const stop = button("Stop", "", order("stop"));
  const resume = button("Resume", "primary", order("resume"));
  const watch = make("a", { class: "text-button primary", href: pathOf("replay", place.run), text: "Watch it", hidden: true });
  const compare = make("a", { class: "text-button", href: `/compare?runs=${place.run}`, text: "Compare", hidden: true });
  return {
    element: make("div", { class: "run-actions" }, stop, resume, compare, watch),
    set({ state, training, generations }) {
      stop.hidden = !training?.alive;
      stop.disabled = Boolean(training?.stopping);
      resume.hidden = !(state === "stopped" || (state === "empty" && training));
      watch.hidden = state === "broken" || !(generations || state === "kept");
      compare.hidden = watch.hidden;
      watch.classList.toggle("primary", state === "finished");
    },
  };
}

/** The command line that this run stands for, to copy. */
function createCommand() {
  const code = make("code", { id: "command" });
  const copy = make("button", { type: "button", class: "text-button", text: "Copy" });
  const where = make("p", { class: "hint" });
  copy.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(code.textContent);
    setText(copy, "Copied");
    setTimeout(() => setText(copy, "Copy"), 1500);
  });
  const line = make("div", { class: "command" }, code, copy);
  const element = make("section", { class: "panel", "aria-labelledby": "command-title", hidden: true },
    make("h2", { id: "command-title", text: "The same on a terminal" }), line, where);
  return {
    element,
    set({ command, id }) {
      element.hidden = !command;
      setText(code, command ?? "");
      setText(where, `Its files are in ${id}, below the folder of the runs.`);
    },
  };
}
