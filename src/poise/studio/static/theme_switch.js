// Light or dark: the system's choice, until the person makes another. Canvases ask here for the colours of the day.

import { byId } from "./dom.js";

export const PALETTE_CHANGED = "poise-palette";

const NAMES = ["ink", "muted", "line", "strong", "faint", "stage", "body", "agent", "person", "good", "bad"];
const dark = matchMedia("(prefers-color-scheme: dark)");

/** The colours by their meaning, as the style sheet has them now. */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** Makes the button work; the choice outlives the visit. */
export function listenToTheme() {
  const button = byId("theme");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const show = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    dispatchEvent(new Event(PALETTE_CHANGED));
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("poise-theme", root.dataset.theme);
    } catch {
      // Storage can be turned off; the choice then holds for this page.
    }
    show();
  });
  dark.addEventListener("change", show);
  show();
}
