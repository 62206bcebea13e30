// The keys of a game, drawn on the page and lit while they are held: by keyboard, by finger or pointer, by gamepad.

import { make } from "../dom.js";
import { actionOf, heldOnPad } from "../held.js";

// A browser that has something to paint after a key holds every message back until that is on the screen: 16 ms and more.
const ANSWER_MS = 25;

/**
 * {element, release(), light()}: calls `act(values, pressed)` whenever the action changes, and at each key that goes down.
 * Keys are lit by `light()`, which is for when the answer to a key is drawn, or a moment later if there is none.
 * `awake()` says whether a gamepad is to be looked at now; until the signal.
 */
export function createPad(controls, { act, awake }, signal) {
  const held = []; // places of keys that are down, the last one last
  let fromPad = [];
  let last = null;
  let unlit = 0; // the timer of keys that are not shown yet as they are
  const buttons = controls.keys.map((key, place) => {
    const button = make("button", { type: "button", class: "pad-key", "aria-label": key.name },
      make("kbd", { text: key.label }), make("span", { text: key.name }));
    button.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the focus stays where it is
      button.setPointerCapture(event.pointerId);
      down(place);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(end, () => up(place));
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    button.addEventListener("keydown", (event) => {
      if ((event.key === "Enter" || event.key === " ") && !event.repeat) down(place);
    });
    button.addEventListener("keyup", () => up(place));
    return button;
  });

  function down(place) {
    if (held.includes(place)) return;
    held.push(place);
    say(true);
  }

  function up(place) {
    const index = held.indexOf(place);
    if (index < 0) return;
    held.splice(index, 1);
    say(false);
  }

  function light() {
    if (!unlit) return;
    clearTimeout(unlit);
    unlit = 0;
    buttons.forEach((button, place) => button.classList.toggle("held", held.includes(place)));
  }

  function say(pressed) {
    unlit ||= setTimeout(light, ANSWER_MS);
    const values = actionOf(controls, held);
    if (values === null || (controls.turnBased && !pressed)) return;
    if (!pressed && last && values.every((value, index) => value === last[index])) return;
    last = values;
    act(values);
  }

  document.addEventListener("keydown", (event) => {
    const place = placeOf(controls, event);
    if (place < 0 || taken(event)) return;
    event.preventDefault();
    if (!event.repeat) down(place);
  }, { signal });
  document.addEventListener("keyup", (event) => up(placeOf(controls, event)), { signal });
  addEventListener("blur", release, { signal });

  /** Lets all keys go. */
  function release() {
    held.length = 0;
    fromPad = [];
    last = null;
    unlit ||= setTimeout(light, ANSWER_MS);
  }

  function look() {
    if (signal.aborted) return;
    requestAnimationFrame(look);
    const pad = awake() ? [...navigator.getGamepads()].find((one) => one?.connected) : null;
    const now = pad ? heldOnPad(controls, pad) : [];
    for (const place of fromPad) if (!now.includes(place)) up(place);
    for (const place of now) if (!fromPad.includes(place)) down(place);
    fromPad = now;
  }

  // Frames are asked for only where there is a gamepad.
  let looking = false;
  const begin = () => {
    if (!looking) requestAnimationFrame(look);
    looking = true;
  };
  addEventListener("gamepadconnected", begin, { signal });
  if ([...(navigator.getGamepads?.() ?? [])].some(Boolean)) begin();
  return { element: make("div", { class: "pad", role: "group", "aria-label": "Keys of the game" }, ...buttons), release, light };
}

function placeOf({ keys }, event) {
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return keys.findIndex((key) => key.keys.includes(name));
}

/** Keys belong to fields that are typed in; buttons and links keep space and Enter. */
function taken(event) {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return true;
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  return (target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement) && (event.key === " " || event.key === "Enter");
}
