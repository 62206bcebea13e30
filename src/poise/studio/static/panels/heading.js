// The head of a view: its title, a word or two beside it, and for the pages of one policy the way to its other pages.

import { pathOf } from "../address.js";
import { make, setText } from "../dom.js";

const PAGES_OF_RUN = [["run", "Progress"], ["replay", "Replay"], ["tinker", "Tinker"]];
const PAGES_OF_POLICY = [["replay", "Replay"], ["tinker", "Tinker"]];

/** {element, set({title, chip})} for a view that is not about one policy, or, with `place`, for one of its pages. */
export function createHeading(title = "\u200b", place = null) {
  const heading = make("h1", { id: "title", text: title });
  const chip = make("p", { id: "policy", class: "chip", hidden: true });
  const element = make("header", { class: "heading" }, make("div", { class: "heading-title" }, heading, chip));
  if (place) element.append(...pages(place));
  return {
    element,
    set({ title: words, chip: note }) {
      if (words !== undefined) {
        setText(heading, words);
        heading.title = words;
      }
      setText(chip, note ?? "");
      chip.hidden = !note;
    },
  };
}

function pages({ view, run }) {
  const known = run === null ? PAGES_OF_POLICY : PAGES_OF_RUN;
  if (known.length < 2) return [];
  const links = known.map(([name, words]) => make("a", { href: pathOf(name, run), text: words, "aria-current": name === view ? "page" : null }));
  return [make("nav", { class: "pages", "aria-label": "This policy" }, ...links)];
}
