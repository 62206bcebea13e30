// What is known of the episode and of the policy, in words; the field for another seed; and what went wrong.

import { make, setText } from "../dom.js";
import { count, plural, returnText, withMinus } from "../format.js";

/** {episode, proof, message}: two panels, and what stands on the stage when there is no episode; `open(seed)` shows another. */
export function createFacts(store, { open, newEpisode }) {
  const facts = make("dl", { id: "facts", class: "facts" });
  const certificate = make("p", { id: "certificate" });
  const proof = panel("proof", "This policy", certificate);
  const seed = createSeedForm(store, { open, newEpisode });
  const message = make("div", { id: "message", class: "message", hidden: true });
  proof.hidden = true;
  store.subscribe((state, changed) => {
    if (changed.has("episode") && state.episode) {
      setText(certificate, withMinus(state.episode.certificate ?? ""));
      proof.hidden = !state.episode.certificate;
      facts.replaceChildren(...factsOf(state.episode));
    }
    if (changed.has("problem")) showProblem(message, state, open);
  });
  return { episode: panel("episode", "This episode", facts, seed.form, seed.problem), proof, message };
}

function panel(name, title, ...children) {
  const heading = make("h2", { id: `${name}-title`, text: title });
  return make("section", { id: name, class: `panel ${name}`, "aria-labelledby": `${name}-title` }, heading, ...children);
}

function createSeedForm(store, { open, newEpisode }) {
  const explanation = "An episode begins at random. The same seed begins it the same way again.";
  const input = make("input", { id: "seed", name: "seed", inputmode: "numeric", autocomplete: "off", spellcheck: "false", "aria-describedby": "seed-problem" });
  const next = make("button", { type: "button", id: "next-seed", class: "text-button primary", title: "The next seed (N)", text: "New episode" });
  const form = make("form", { id: "seed-form", class: "seed-form", novalidate: true },
    make("label", { for: "seed", class: "term", "data-explain": explanation, text: "Seed" }), input,
    make("button", { type: "submit", class: "text-button", text: "Show" }), next);
  const problem = make("p", { id: "seed-problem", class: "problem", role: "alert", hidden: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    open(input.value.trim());
  });
  next.addEventListener("click", newEpisode);
  store.subscribe((state, changed) => {
    if (changed.has("episode") && state.episode) input.value = String(state.episode.seed);
    if (!changed.has("problem")) return;
    problem.hidden = !state.problem || !state.episode;
    if (state.problem) setText(problem, state.problem.message);
  });
  return { form, problem };
}

function factsOf(episode) {
  return [
    ...fact("Return", returnText(episode.return, episode.rewards), "The return is the sum of the rewards of one episode.", "large"),
    ...fact("Length", lengthOf(episode), "A step: the policy sees, it acts, the environment moves on and gives a reward."),
    ...fact("End", endOf(episode), "An episode ends in a state that the task calls final, or by a limit on its steps."),
    ...fact("Check", checkOf(episode), episode.check.words, episode.check.same ? "good" : "bad"),
  ];
}

/** A term with its explanation, and its value. */
export function fact(name, value, explanation, className = "") {
  const term = make("span", { class: "term", tabindex: 0, "data-explain": explanation, "aria-description": explanation, text: name });
  return [make("dt", {}, term), make("dd", { class: className, text: value })];
}

function lengthOf({ length, stepLimit }) {
  return stepLimit ? `${count(length)} of at most ${plural(stepLimit, "step")}` : plural(length, "step");
}

function endOf({ terminated, truncated, stepLimit, length, renderer }) {
  if (terminated) return renderer.ending?.words ?? "in a final state";
  if (truncated) return stepLimit === length ? "by the time limit" : "by a limit outside the task";
  return "it did not end";
}

function checkOf({ check }) {
  return check.same ? "✓ replayed, equal to the bit" : "✗ a replay differs";
}

/** A problem stands on the stage if there is nothing else to see, and under the seed's field otherwise. */
function showProblem(message, { problem, episode }, open) {
  message.hidden = !problem || Boolean(episode);
  if (message.hidden) return;
  const again = make("button", { type: "button", class: "text-button primary", text: "Try again" });
  again.addEventListener("click", () => open(problem.seed));
  const first = make("button", { type: "button", class: "text-button", text: "Show the first episode" });
  first.addEventListener("click", () => open(null));
  const runs = make("a", { class: "text-button", href: "/runs", text: "All runs" });
  message.replaceChildren(
    make("h2", { text: "No episode to show" }),
    make("p", { role: "alert", text: problem.message }),
    make("div", { class: "message-buttons" }, again, ...(problem.seed === null ? [] : [first]), ...(problem.gone ? [runs] : [])),
  );
}
