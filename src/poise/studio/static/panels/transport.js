// Play, pause, step, speed, loop, and where the cursor stands in words.

import { make, setText } from "../dom.js";
import { count, returnText } from "../format.js";
import { SPEEDS } from "../clock.js";
import { icon, iconButton } from "../icons.js";

const SPEED_NAMES = { 0.25: "¼×", 0.5: "½×", 1: "1×", 2: "2×", 4: "4×" };

/** The row of buttons, bound to the clock; it shows the store's state. */
export function createTransport(store, clock) {
  const buttons = createButtons(store, clock);
  const { speeds, radios } = createSpeeds(store);
  const loop = iconButton("loop", "Loop", "Begin again at the end (L)", icon("loop"));
  loop.setAttribute("aria-pressed", String(store.state.loop));
  loop.addEventListener("click", () => store.set({ loop: !store.state.loop }));
  const [step, earned] = [make("span", { id: "readout-step", text: "\u200b" }), make("span", { id: "readout-return" })];

  store.subscribe((state, changed) => {
    if (changed.has("playing")) showPlaying(buttons.play, state.playing);
    if (changed.has("loop")) loop.setAttribute("aria-pressed", String(state.loop));
    if (changed.has("speed")) radios.get(state.speed).checked = true;
    if ((changed.has("shown") || changed.has("episode")) && state.episode) {
      setText(step, `step ${count(state.shown)} of ${count(state.episode.length)}`);
      setText(earned, `return ${returnText(state.episode.returnsSoFar[state.shown], state.episode.rewards)}`);
    }
  });
  return make("div", { class: "transport", role: "group", "aria-label": "Playing" },
    buttons.element, speeds, loop, make("p", { class: "readout" }, step, earned));
}

/** What the keys do to the cursor, as `listenToKeys` takes it. */
export function transportKeys(store, clock) {
  return [
    ["space", "play or pause", (e) => e.key === " ", () => clock.toggle()],
    ["← →", "one step back or forward; with shift ten", (e) => e.key === "ArrowLeft" || e.key === "ArrowRight",
      (e) => clock.move((e.key === "ArrowLeft" ? -1 : 1) * (e.shiftKey ? 10 : 1))],
    ["Home End", "to the start, to the end", (e) => e.key === "Home" || e.key === "End", (e) => leap(clock, e.key === "Home" ? 0 : Infinity)],
    ["[ ]", "slower, faster", (e) => e.key === "[" || e.key === "]", (e) => clock.changeSpeed(e.key === "]" ? 1 : -1)],
    ["L", "begin again at the end, or not", (e) => e.key.toLowerCase() === "l", () => store.set({ loop: !store.state.loop })],
  ];
}

function leap(clock, step) {
  clock.pause();
  clock.seek(step);
}

function createButtons(store, clock) {
  const button = (id, label, title, icons, press) => {
    const made = iconButton(id, label, title, ...icons);
    made.addEventListener("click", press);
    return made;
  };
  const play = button("play", "Play", "Play or pause (space)", [icon("play", "when-paused"), icon("pause", "when-playing")], () => clock.toggle());
  play.classList.add("primary");
  const element = make("div", { class: "transport-buttons" },
    button("to-start", "To the start", "To the start (Home)", [icon("start")], () => leap(clock, 0)),
    button("back", "One step back", "One step back (←)", [icon("back")], () => clock.move(-1)),
    play,
    button("forward", "One step forward", "One step forward (→)", [icon("forward")], () => clock.move(1)),
    button("to-end", "To the end", "To the end (End)", [icon("end")], () => leap(clock, Infinity)));
  return { element, play };
}

function createSpeeds(store) {
  const radios = new Map();
  const speeds = make("fieldset", { class: "speeds", id: "speeds" }, make("legend", { class: "unseen", text: "Speed" }));
  for (const speed of SPEEDS) {
    const id = `speed-${String(speed).replace(".", "-")}`;
    const radio = make("input", { type: "radio", name: "speed", id, value: speed, class: "unseen", checked: speed === store.state.speed });
    radio.addEventListener("change", () => store.set({ speed }));
    radios.set(speed, radio);
    const label = make("label", { for: id, text: SPEED_NAMES[speed], title: "Speed ([ and ])" });
    // Whoever clicks goes on with the page's keys; whoever came by keyboard stays, and chooses with the arrows.
    label.addEventListener("click", () => radio.addEventListener("click", () => radio.blur(), { once: true }));
    speeds.append(radio, label);
  }
  return { speeds, radios };
}

function showPlaying(button, playing) {
  button.classList.toggle("playing", playing);
  button.setAttribute("aria-label", playing ? "Pause" : "Play");
}
