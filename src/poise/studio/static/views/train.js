// Train: choose an environment and what it may cost, and begin. The training is a process of its own; its page follows it.

import { pathOf } from "../address.js";
import { Unanswered, ask } from "../api.js";
import { make, setText } from "../dom.js";
import { count } from "../format.js";
import { createHeading } from "../panels/heading.js";

const FIRST = "CartPole-v1";

/** The query may name env, seed, max_steps, max_seconds, policy and optimizer, so that a prepared form can be sent. */
export function show(root, place, app) {
  const { signal } = app;
  app.title("Train");
  const heading = createHeading("Train");
  const env = make("select", { id: "train-env", name: "env" });
  const about = make("p", { class: "hint", id: "train-about", role: "status" });
  const steps = number("max_steps", "by the plan");
  const seconds = number("max_seconds", "no limit");
  const seed = number("seed", "0");
  const policy = make("select", { id: "train-policy", name: "policy" });
  const optimizer = make("select", { id: "train-optimizer", name: "optimizer" });
  const command = make("code", { id: "command" });
  const problem = make("p", { class: "problem", role: "alert" });
  const start = make("button", { type: "submit", class: "text-button primary large", text: "Start", disabled: true });
  const form = make("form", { class: "train-form", novalidate: true },
    field("Environment", env, about),
    field("Seed", seed, hint("The same seed gives the same run, number for number.")),
    make("fieldset", { class: "pair" }, make("legend", { text: "It may cost" }),
      field("Environment steps", steps), field("Seconds", seconds)),
    make("fieldset", { class: "pair" }, make("legend", { text: "How it searches" }),
      field("Policy", policy), field("Optimizer", optimizer),
      hint("Left alone, the plan chooses both.")),
    make("div", { class: "train-start" }, start, problem),
  );
  const plan = make("ul", { class: "plan" });
  const plans = make("section", { class: "panel", "aria-labelledby": "plan-title" }, make("h2", { id: "plan-title", text: "The plan" }), plan);
  const line = make("section", { class: "panel", "aria-labelledby": "command-title" },
    make("h2", { id: "command-title", text: "The same on a terminal" }), make("div", { class: "command" }, command));
  root.append(heading.element, make("p", { class: "lead", text: "Candidates play, the better ones breed the next; the best one is measured on fresh episodes." }), make("div", { class: "train" }, form, make("div", { class: "train-beside" }, plans, line)));

  for (const [input, name] of [[steps, "max_steps"], [seconds, "max_seconds"], [seed, "seed"]]) input.value = place.query.get(name) ?? "";
  form.addEventListener("input", changed);
  env.addEventListener("change", describe);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    begin();
  });
  fill();

  async function fill() {
    try {
      const known = await ask("/api/environments", { signal });
      const wanted = place.query.get("env") ?? FIRST;
      env.replaceChildren(...known.groups.map(({ title, envs }) => make("optgroup", { label: title }, ...envs.map((id) => make("option", { value: id, text: id, selected: id === wanted })))));
      for (const [select, names, chosen] of [[policy, known.policies, "policy"], [optimizer, known.optimizers, "optimizer"]]) {
        const options = ["", ...names].map((name) => make("option", { value: name, text: name || "automatic", selected: name === place.query.get(chosen) }));
        select.replaceChildren(...options);
      }
      changed();
      await describe();
    } catch (error) {
      tell(error);
    }
  }

  async function describe() {
    const asked = env.value;
    start.disabled = true;
    setText(about, "…");
    try {
      const found = await ask(`/api/environment?${new URLSearchParams({ env: asked })}`, { signal });
      if (env.value !== asked) return;
      setText(about, wordsOf(found));
      about.classList.toggle("problem", !found.supported);
      start.disabled = !found.supported;
    } catch (error) {
      tell(error);
    }
  }

  let waiting = 0;
  signal.addEventListener("abort", () => clearTimeout(waiting));

  function changed() {
    showCommand();
    clearTimeout(waiting);
    waiting = setTimeout(showPlan, 200);
  }

  /** What poise would do with this, and why; a field that is not filled in yet leaves the plan as it was. */
  async function showPlan() {
    const query = new URLSearchParams({ env: env.value, policy: policy.value, optimizer: optimizer.value });
    try {
      for (const [name, value] of [["max_steps", whole(steps, "")], ["max_seconds", decimal(seconds, "")]]) if (value) query.set(name, value);
      const { lines } = await ask(`/api/plan?${query}`, { signal });
      plan.replaceChildren(...lines.map((line) => {
        const [, name, words] = line.match(/^(\S+(?: \S+)*)\s{2,}(.*)$/) ?? [null, "", line];
        return make("li", {}, make("strong", { text: name }), make("span", { text: words }));
      }));
    } catch (error) {
      if (!signal.aborted && !(error instanceof Unanswered)) throw error;
    }
  }

  function showCommand() {
    const flags = [["--seed", seed.value || "0"], ["--policy", policy.value], ["--optimizer", optimizer.value], ["--max-steps", steps.value], ["--max-seconds", seconds.value]];
    setText(command, ["poise train", env.value, ...flags.filter(([, value]) => value.trim()).map(([flag, value]) => `${flag} ${value.trim()}`)].join(" "));
  }

  async function begin() {
    setText(problem, "");
    try {
      const order = {
        env: env.value, policy: policy.value, optimizer: optimizer.value,
        seed: whole(seed, "The seed"), max_steps: whole(steps, "The number of steps"), max_seconds: decimal(seconds, "The number of seconds"),
      };
      start.disabled = true;
      const { run } = await ask("/api/trainings", {
        method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify(order),
      });
      app.go(pathOf("run", run));
    } catch (error) {
      tell(error);
      start.disabled = false;
    }
  }

  function tell(error) {
    if (signal.aborted) return;
    if (!(error instanceof Unanswered)) throw error;
    setText(problem, error.message);
  }
}

function wordsOf({ supported, reason, features, action, outputs, stepLimit, threshold, compiled }) {
  if (!supported) return reason;
  const acts = action === "discrete" ? "one of a few actions" : `an action of ${outputs} ${outputs === 1 ? "number" : "numbers"}`;
  const solved = threshold === null ? "" : ` It counts as solved at ${threshold}.`;
  return `Sees ${count(features)} ${features === 1 ? "number" : "numbers"}, answers with ${acts}, for at most ${count(stepLimit)} steps.${solved}${compiled ? " Compiled: millions of steps a second." : ""}`;
}

function number(name, placeholder) {
  return make("input", { id: `train-${name}`, name, inputmode: "numeric", autocomplete: "off", placeholder });
}

function field(words, input, ...more) {
  return make("div", { class: "field" }, make("label", { for: input.id, text: words }), input, ...more);
}

function hint(text) {
  return make("p", { class: "hint", text });
}

/** A whole number or null; "500,000" and "1e6" are whole numbers too. */
function whole(input, what) {
  const value = decimal(input, what);
  if (value !== null && !Number.isSafeInteger(value)) throw new Unanswered(`${what} is a whole number; got “${input.value.trim()}”.`);
  return value;
}

function decimal(input, what) {
  const text = input.value.trim().replaceAll(",", "").replaceAll(" ", "");
  if (!text) return null;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Unanswered(`${what} is a number; got “${input.value.trim()}”.`);
  return value;
}
