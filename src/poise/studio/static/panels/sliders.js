// The numbers of a policy, each with a slider and a field; the hand that moves one is told to the store at once.

import { make } from "../dom.js";
import { fixed } from "../format.js";

const STEPS = 400; // of a slider, from end to end

let made = 0; // sliders on the page so far: each has an id of its own

/** An element whose rows show the store's `numbers`, and change them. `about` has names and ranges. */
export function createSliders(store, about) {
  const rows = about.names.map((name, index) => createRow(store, name, about.ranges[index], index));
  const show = ({ numbers }) => rows.forEach((row, index) => row.show(numbers[index]));
  store.subscribe((state, changed) => changed.has("numbers") && show(state));
  show(store.state);
  return make("div", { class: "sliders" }, ...rows.map((row) => row.element));
}

function createRow(store, name, range, index) {
  const id = `number-${(made += 1)}`;
  const slider = make("input", { type: "range", id, min: -range, max: range, step: range / (STEPS / 2), "aria-label": name });
  const field = make("input", { class: "number-field", inputmode: "decimal", autocomplete: "off", spellcheck: "false", "aria-label": `${name}, typed` });
  const change = (value) => store.set({ numbers: store.state.numbers.map((number, place) => (place === index ? value : number)) });
  slider.addEventListener("input", () => change(Number(slider.value)));
  field.addEventListener("change", () => {
    const value = Number(field.value.trim().replace("−", "-").replace(",", "."));
    if (field.value.trim() && Number.isFinite(value) && Math.abs(value) <= 1e9) change(value);
    write(store.state.numbers[index]);
  });

  const write = (number) => {
    field.value = fixed(number, decimalsOf(range)).replace("−", "-");
  };

  function show(number) {
    const reach = Math.max(range, Math.abs(number)); // a typed number may lie beyond the slider's end, which then moves
    slider.min = String(-reach);
    slider.max = String(reach);
    slider.value = String(number);
    slider.style.setProperty("--from", String(Math.min(0.5, (number + reach) / (2 * reach))));
    slider.style.setProperty("--to", String(Math.max(0.5, (number + reach) / (2 * reach))));
    if (document.activeElement !== field) write(number);
  }
  return { element: make("div", { class: "slider-row" }, make("label", { for: id, text: name, title: name }), field, slider), show };
}

function decimalsOf(range) {
  return Math.min(6, Math.max(1, 2 - Math.floor(Math.log10(range))));
}
