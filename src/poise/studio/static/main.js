// The shell: finds the view of the address, loads its module and its style, and lets one view end before another begins.

import { placeOf } from "./address.js";
import { byId, make } from "./dom.js";
import { listenToTheme } from "./theme_switch.js";

const VIEWS = {
  runs: () => import("./views/runs.js"),
  run: () => import("./views/run.js"),
  replay: () => import("./views/replay.js"),
  train: () => import("./views/train.js"),
  tinker: () => import("./views/tinker.js"),
  compare: () => import("./views/compare.js"),
  learn: () => import("./views/learn.js"),
  play: () => import("./views/play.js"),
  played: () => import("./views/played.js"),
};

const STYLED = ["runs", "run", "replay", "train", "tinker", "compare", "learn", "play", "played"]; // views with a style sheet of their own, style/NAME.css
const root = byId("view");
let open = null; // {place, path, view, ending}: what is on the page

/** What a view is given beside its place: its life's end, its title, and the way to another place. */
function appOf(ending) {
  return {
    signal: ending.signal,
    /** Names the page: for the browser's tab, and for whoever hears it. */
    title(text) {
      if (!ending.signal.aborted) document.title = text ? `${text} · poise` : "poise";
    },
    go,
  };
}

/** Shows another address, with an entry in the history, or in place of the present one. */
function go(address, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  return show({ moved: true });
}

async function show({ moved = false } = {}) {
  const place = placeOf(new URL(location.href));
  const path = location.pathname;
  mark(place);
  if (open?.path === path && open.view?.update) return open.view.update(place);
  open?.ending.abort();
  const ending = new AbortController();
  open = { place, path, ending, view: null };
  const found = Object.hasOwn(VIEWS, place.view) ? VIEWS[place.view] : null;
  let module;
  try {
    [module] = await Promise.all([found?.(), style(place.view)]);
  } catch {
    if (!ending.signal.aborted) say("This view cannot be loaded", "The server does not answer; it has probably been stopped. Start it again (poise studio), then reload.");
    return;
  }
  if (ending.signal.aborted) return; // another place was asked for in the meantime
  root.replaceChildren();
  root.className = `view-${place.view}`;
  root.dataset.view = place.view;
  if (!module) return say("There is nothing here", "The studio has no page at this address.");
  open.view = module.show(root, place, appOf(ending)) ?? null;
  if (moved) {
    scrollTo(0, 0);
    root.focus({ preventScroll: true });
  }
}

function say(heading, words) {
  document.title = `${heading} · poise`;
  root.className = "view-message";
  root.replaceChildren(make("h1", { text: heading }), make("p", { role: "alert", text: words }), make("p", {}, make("a", { href: "/runs", text: "All runs" })));
}

/** Marks the link of the present view; the pages of one run belong to the list of runs. */
function mark({ view, run }) {
  const here = view === "run" || run !== null ? "/runs" : `/${view}`;
  for (const link of byId("nav").children) {
    if (link.getAttribute("href") === here) {
      link.setAttribute("aria-current", "page");
      byId("nav").scrollLeft = link.offsetLeft - byId("nav").offsetLeft - 40; // where there is no room for all of them
    } else link.removeAttribute("aria-current");
  }
}

/** Loads the view's style sheet before the view is shown, unless the server has put it into the page already. */
function style(view) {
  const href = `/static/style/${view}.css`;
  if (!STYLED.includes(view) || document.querySelector(`link[href="${href}"]`)) return null;
  return new Promise((resolve, reject) => {
    const link = make("link", { rel: "stylesheet", href });
    link.addEventListener("load", resolve);
    link.addEventListener("error", reject);
    document.head.append(link);
  });
}

/** Follows links within the page; those with a key held, another target or a file behind them are the browser's. */
function followLinks() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href);
    const elsewhere = url.origin !== location.origin || link.target || link.hasAttribute("download") || link.getAttribute("href").startsWith("#");
    if (elsewhere || !Object.hasOwn(VIEWS, placeOf(url).view)) return;
    event.preventDefault();
    go(url.pathname + url.search);
  });
}

listenToTheme();
followLinks();
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  root.focus();
});
addEventListener("popstate", () => show());
await show();
