// What is known of the episode and of the policy, in words; the field for another seed; and what went wrong.

import { byId, make, setText } from "../dom.js";
import { count, returnText } from "../format.js";

/** Shows title, facts and certificate; `open(seed)` shows another episode. */
export function createFacts(store, { open, newEpisode }) {
  byId("seed-form").addEventListener("submit", (event) => {
    event.preventDefault();
    open(byId("seed").value.trim());
  });
  byId("next-seed").addEventListener("click", newEpisode);
  store.subscribe((state, changed) => {
    if (changed.has("episode") && state.episode) showEpisode(state.episode);
    if (changed.has("problem")) showProblem(state, open);
    if (changed.has("loading")) document.body.toggleAttribute("data-loading", state.loading);
  });
}

function showEpisode(episode) {
  document.body.toggleAttribute("data-ready", true);
  document.title = `${episode.title} · poise`;
  setText(byId("title"), episode.title);
  setText(byId("policy"), `${episode.policy} policy`);
  byId("policy").hidden = !episode.policy;
  setText(byId("lead"), episode.renderer.sentence);
  setText(byId("certificate"), episode.certificate ?? "");
  byId("proof").hidden = !episode.certificate;
  byId("seed").value = String(episode.seed);
  byId("facts").replaceChildren(
    ...fact("Return", returnText(episode.return, episode.rewards), "The return is the sum of the rewards of one episode.", "large"),
    ...fact("Length", lengthOf(episode), "A step: the policy sees, it acts, the environment moves on and gives a reward."),
    ...fact("End", endOf(episode), "An episode ends in a state that the task calls final, or by a limit on its steps."),
    ...fact("Check", checkOf(episode), episode.check.words, episode.check.same ? "good" : "bad"),
  );
}

function fact(name, value, explanation, className = "") {
  const term = make("span", { class: "term", tabindex: 0, "data-explain": explanation, "aria-description": explanation, text: name });
  return [make("dt", {}, term), make("dd", { class: className, text: value })];
}

function lengthOf({ length, stepLimit }) {
  return stepLimit ? `${count(length)} of at most ${count(stepLimit)} steps` : `${count(length)} steps`;
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
function showProblem({ problem, episode }, open) {
  const [message, small] = [byId("message"), byId("seed-problem")];
  message.hidden = !problem || Boolean(episode);
  small.hidden = !problem || !episode;
  if (!problem) return;
  setText(small, problem.message);
  const again = make("button", { type: "button", class: "text-button primary", text: "Try again" });
  again.addEventListener("click", () => open(problem.seed));
  const first = make("button", { type: "button", class: "text-button", text: "Show the first episode" });
  first.addEventListener("click", () => open(null));
  message.replaceChildren(
    make("h2", { text: "No episode to show" }),
    make("p", { role: "alert", text: problem.message }),
    make("div", { class: "message-buttons" }, again, ...(problem.seed === null ? [] : [first])),
  );
}
