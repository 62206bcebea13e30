// Learn: what this is all about, in six steps that one can touch, for somebody who has never heard of it.

import { queryOf } from "../address.js";
import { Unanswered, ask } from "../api.js";
import { createBar } from "../charts/bar.js";
import { dotsOf } from "../charts/dots.js";
import { createCsv } from "../csv.js";
import { make, setText } from "../dom.js";
import { complete } from "../episode.js";
import { count, fixed, signed, withInterval } from "../format.js";
import { createCart, glide } from "../panels/cart.js";
import { createHeading } from "../panels/heading.js";
import { createPlayer } from "../panels/player.js";
import { createSliders } from "../panels/sliders.js";
import { createStore } from "../store.js";

const NAMES = ["cart position", "cart velocity", "pole angle", "pole angular velocity"];
const UNITS = ["m", "m/s", "rad", "rad/s"];
const START = [0, 0, 0.2, 0.05];
const WEIGHTS = [-0.116, 0.332, 0.207, 0.352];
const MOST = 500;

/** Shows the course; everything on it is one CartPole. */
export function show(root, place, app) {
  app.title("Learn");
  const problem = make("p", { class: "problem", role: "alert" });
  const world = { signal: app.signal, ask: (address) => request(address, app.signal, problem), store: createStore({ state: START, action: null }), weights: createStore({ numbers: WEIGHTS }) };
  root.append(createHeading("How a machine learns to balance a pole").element,
    make("p", { class: "lead", text: "Six steps, a few minutes. Everything moves when you touch it." }), problem,
    make("div", { class: "learn" }, stateStep(world), actionStep(world), rewardStep(world), policyStep(world), searchStep(world), luckStep(world)));
}

/** The server's answer, or null with the reason on the page. */
async function request(address, signal, problem) {
  try {
    const answer = await ask(address, { signal });
    setText(problem, "");
    return answer;
  } catch (error) {
    if (signal.aborted) return null;
    if (!(error instanceof Unanswered)) throw error;
    setText(problem, error.message);
    return null;
  }
}

function step(number, title, words, ...touch) {
  const id = `step-${number}`;
  return make("section", { class: "step", "aria-labelledby": id },
    make("div", { class: "step-words" }, make("h2", { id }, make("span", { class: "step-number", text: `${number}` }), title), ...words.map((text) => make("p", { text }))),
    make("div", { class: "step-touch" }, ...touch));
}

function button(words, press, className = "primary") {
  const made = make("button", { type: "button", class: `text-button ${className}`, text: words });
  made.addEventListener("click", async () => {
    if (made.getAttribute("aria-busy") === "true") return; // the first games of all may have to be compiled
    made.setAttribute("aria-busy", "true");
    await press();
    made.removeAttribute("aria-busy");
  });
  return made;
}

function stateWords({ state, action }) {
  const numbers = NAMES.map((name, index) => `${name} ${fixed(state[index], 2)} ${UNITS[index]}`).join(", ");
  return `A cart with a pole: ${numbers}${action === null ? "" : `; pushed to the ${action ? "right" : "left"}`}`;
}

/** Four numbers that follow the store, with their units. */
function readings(store) {
  const values = NAMES.map(() => make("dd"));
  const write = ({ state }) => values.forEach((value, index) => setText(value, `${fixed(state[index], 3)} ${UNITS[index]}`));
  store.subscribe((state, changed) => changed.has("state") && write(state));
  write(store.state);
  return make("dl", { class: "readings" }, ...NAMES.flatMap((name, index) => [make("dt", { text: name }), values[index]]));
}

function stateStep({ store, signal }) {
  const sliders = createStore({ numbers: store.state.state });
  let ours = false;
  sliders.subscribe(({ numbers }) => !ours && store.set({ state: numbers, action: null }));
  store.subscribe(({ state }, changed) => {
    if (!changed.has("state")) return;
    ours = true;
    sliders.set({ numbers: state });
    ours = false;
  });
  return step(1, "What it sees", [
    "A pole stands on a cart. All that a computer is told of it are four numbers: where the cart is, how fast it goes, how far the pole leans, and how fast it tips.",
    "Take the pole or the cart by hand, or move a slider, and watch the numbers. Such a set of numbers is called an observation.",
  ], make("div", { class: "stage" }, createCart(store, signal, stateWords)),
  createSliders(sliders, { names: NAMES, ranges: [2.4, 3, 0.4, 3] }));
}

function actionStep({ store, signal, ask: get }) {
  const said = make("p", { class: "said", role: "status" });
  const push = async (action) => {
    store.set({ action });
    const answer = await get(`/api/learn/push${queryOf(null, { state: store.state.state.join(","), action })}`);
    if (!answer) return;
    glide(store, answer.state, signal);
    setText(said, answer.fallen ? "Too far: here the game is over." : `A fiftieth of a second later the pole leans ${fixed(answer.state[2], 3)} rad and tips at ${fixed(answer.state[3], 2)} rad/s.`);
  };
  return step(2, "What it can do", [
    "It can do one of two things, fifty times a second: push the cart to the left or to the right. Standing still is not among them.",
    "Push a few times and try to keep the pole up. Pushing right makes the pole tip left: you have to run under it.",
  ], make("div", { class: "stage" }, createCart(store, signal, stateWords)),
  make("div", { class: "row-of-buttons" }, button("← Push left", () => push(0)), button("Push right →", () => push(1)), button("Start again", () => { store.set({ state: START, action: null }); setText(said, ""); }, "")),
  readings(store), said);
}

function rewardStep({ signal, ask: get }) {
  const player = createPlayer(signal, { id: "stage-reward", name: "A bad policy at work" });
  player.say("Press the button.");
  let seed = 0;
  const play = async (weights) => {
    const answer = await get(`/api/learn/episode${queryOf(null, { w: weights.join(","), seed: (seed += 1) })}`);
    if (answer) player.show(complete(answer), { playing: true });
  };
  return step(3, "What it is after", [
    "Every step at which the pole still stands earns one point, the reward. The game ends when the pole leans more than 12°, when the cart leaves the track, or after 500 steps.",
    "One such game is called an episode, and the sum of its rewards its return: 500 is as good as it gets. Somebody who only pushes left is at about 10.",
  ], player.element, make("div", { class: "row-of-buttons" },
    button("Only push left", () => play([0, 0, 0, 0])), button("Push to where the pole leans", () => play([0, 0, 1, 0]), ""), button("Push to where it is tipping", () => play([0, 0, 0, 1]), "")));
}

function policyStep({ store, weights, signal, ask: get }) {
  const rows = NAMES.map((name) => ({ name, bar: createBar("contribution"), formula: make("span", { class: "formula" }), amount: make("span", { class: "amount" }) }));
  const total = { bar: createBar("contribution"), amount: make("span", { class: "amount" }) };
  const decision = make("p", { class: "decision", role: "status" });
  const show = () => {
    const [state, numbers] = [store.state.state, weights.state.numbers];
    const parts = state.map((value, index) => value * numbers[index]);
    const sum = parts.reduce((before, part) => before + part, 0);
    const scale = Math.max(...parts.map(Math.abs), Math.abs(sum), 0.05);
    rows.forEach((row, index) => {
      row.bar.set(parts[index] / scale);
      setText(row.amount, signed(parts[index], 4));
      setText(row.formula, `${fixed(state[index], 2)} × ${fixed(numbers[index], 3)}`);
    });
    total.bar.set(sum / scale);
    setText(total.amount, signed(sum, 4));
    setText(decision, sum > 0 ? "→ above 0: push right" : "← not above 0: push left");
  };
  store.subscribe((_, changed) => changed.has("state") && show());
  weights.subscribe(show);
  show();
  const player = createPlayer(signal, { id: "stage-policy", name: "Your policy at work" });
  player.say("Your four numbers have not played yet.");
  const play = async () => {
    const answer = await get(`/api/learn/episode${queryOf(null, { w: weights.state.numbers.join(","), seed: Math.floor(Math.random() * 1000) })}`);
    if (answer) player.show(complete(answer), { playing: true });
  };
  const line = ({ name, bar, formula, amount }) => make("div", { class: "why-row" }, make("span", { class: "why-name", text: name }), amount, formula, bar.element);
  return step(4, "How it decides", [
    "A rule that says what to do in every situation is called a policy. Here is one of the simplest: four more numbers, the weights. Multiply each observation with its weight, add up, and push right if the sum is above 0.",
    "Change the weights, or go back to step 1 and move the pole: the bars follow. Then let your four numbers play.",
  ], createSliders(weights, { names: NAMES.map((name) => `weight of ${name}`), ranges: [1, 1, 1, 1] }),
  make("div", { class: "why-rows" }, ...rows.map(line), make("div", { class: "why-row sum" }, make("span", { class: "why-name", text: "sum" }), total.amount, make("span", { class: "formula" }), total.bar.element)),
  decision, make("div", { class: "row-of-buttons" }, button("Let them play", play)), player.element);
}

function searchStep({ signal, ask: get, weights }) {
  const chart = make("div", { class: "dots-place" });
  const said = make("p", { class: "said", role: "status" });
  const player = createPlayer(signal, { id: "stage-search", name: "One of the random policies at work" });
  player.say("No policy has been tried yet.");
  const all = { scores: [], policies: [], seeds: [] };
  const watch = async (index) => {
    const answer = await get(`/api/learn/episode${queryOf(null, { w: all.policies[index].join(","), seed: all.seeds[index] })}`);
    if (answer) player.show(complete(answer), { playing: true });
  };
  const more = async () => {
    const found = await get(`/api/learn/tries${queryOf(null, { seed: Math.floor(Math.random() * 1e6), count: 10 })}`);
    if (!found) return;
    all.scores.push(...found.scores);
    all.policies.push(...found.policies);
    all.seeds.push(...found.scores.map(() => found.seed));
    const best = all.scores.indexOf(Math.max(...all.scores));
    const words = `Returns of ${count(all.scores.length)} random policies; the best has ${fixed(all.scores[best], 0)}.`;
    chart.replaceChildren(...dotsWithData(all.scores, { low: 0, high: MOST, marked: best, words, press: watch }));
    setText(said, `${words} It weighs the four numbers with ${all.policies[best].map((value) => fixed(value, 2)).join(", ")}. Click a dot to see it play.`);
    weights.set({ numbers: all.policies[best] });
    watch(best);
  };
  return step(5, "How it is found", [
    "Which four numbers are good ones? Nobody has to know. Roll the dice for ten policies, let each play one game, and keep the best. Then ten more.",
    "Better searches look where the good ones were, instead of everywhere. But the idea is the same: try, and keep what works.",
  ], make("div", { class: "row-of-buttons" }, button("Try ten random policies", more)), chart, said, player.element);
}

function luckStep({ ask: get }) {
  const place = make("div", { class: "luck", role: "status" });
  let seed = 0;
  let best = null;
  const hundred = async () => {
    seed = Math.floor(Math.random() * 1e6);
    const found = await get(`/api/learn/tries${queryOf(null, { seed, count: 100 })}`);
    if (!found) return;
    const index = found.scores.indexOf(Math.max(...found.scores));
    best = found.policies[index];
    place.replaceChildren(make("p", {}, "The best of a hundred has a return of ", make("strong", { text: fixed(found.scores[index], 1) }), ", in one game."),
      ...dotsWithData(found.scores, { low: 0, high: MOST, marked: index, words: `Returns of a hundred policies; the best has ${fixed(found.scores[index], 0)}` }));
    again.disabled = honest.disabled = false;
  };
  const answer = (found, words) => place.append(make("p", {}, `${words} `, make("strong", { text: withInterval(found) }), " on a hundred fresh games."),
    ...dotsWithData(found.returns, { low: 0, high: MOST, mean: found.mean, words: `Returns of a hundred games from ${fixed(Math.min(...found.returns), 0)} to ${fixed(Math.max(...found.returns), 0)}, mean ${fixed(found.mean, 1)}` }));
  const again = button("Try it again on 100 games", async () => {
    again.disabled = true;
    const found = await get(`/api/learn/again${queryOf(null, { w: best.join(","), seed })}`);
    if (found) answer(found, found.mean < 490 ? "It was lucky: it really has" : "This one was really good: it has");
  }, "");
  const honest = button("Choose more carefully", async () => {
    honest.disabled = true;
    const found = await get(`/api/learn/honest${queryOf(null, { seed, count: 100 })}`);
    if (found) answer(found, "The ten best of these hundred played twenty games more; their winner has");
  }, "");
  again.disabled = honest.disabled = true;
  return step(6, "Why the best may only be lucky", [
    "Every game begins a little differently. Among a hundred policies there are some that met an easy game, and just these look best. Whoever reports that score fools himself.",
    "The honest way: choose with some games, and measure what was chosen with others that nobody has looked at. Every figure in this studio that is called a result was measured in this way.",
  ], make("div", { class: "row-of-buttons" }, button("Best of a hundred", hundred), again, honest), place,
  make("p", {}, "Now let the machine do it properly: ", make("a", { href: "/train?env=CartPole-v1", text: "train CartPole" }), "."));
}

/** Dots, and under them the button that hands out their numbers. */
function dotsWithData(values, options) {
  return [dotsOf(values, options), make("p", { class: "chart-key" }, createCsv("returns.csv", () => [["return"], ...values.map((value) => [value])]))];
}
