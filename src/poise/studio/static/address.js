// Reads and writes the page's address, in which the view and what is selected in it live: back, reload and a link sent
// to somebody work. `pages.py` reads the same paths on the server.

const OF_A_POLICY = ["replay", "tinker"];
const LARGEST_SEED = 2 ** 32 - 1;

/**
 * Where an address leads: {view, run, rest, query}. `run` is the name of a run, or null for the policy that the studio
 * was opened on; `rest` is what stands behind the view's name; `query` are URLSearchParams.
 */
export function placeOf(url, home = document.documentElement.dataset.home) {
  const parts = url.pathname.split("/").filter(Boolean).map(decode);
  const place = (view, run = null, rest = "") => ({ view, run, rest, query: url.searchParams });
  if (!parts.length) return place(home);
  if (parts[0] !== "runs") return place(parts[0] === "run" ? "" : parts[0], null, parts.slice(1).join("/"));
  if (parts.length === 1) return place("runs");
  const last = parts.at(-1);
  return OF_A_POLICY.includes(last) && parts.length > 2
    ? place(last, parts.slice(1, -1).join("/"))
    : place("run", parts.slice(1).join("/"));
}

/** The path of a view: of a run's policy if a run is named. */
export function pathOf(view, run = null) {
  if (run === null) return view === document.documentElement.dataset.home ? "/" : `/${view}`;
  const name = run.split("/").map(encodeURIComponent).join("/");
  return view === "run" ? `/runs/${name}` : `/runs/${name}/${view}`;
}

/** The query of an address to the server for a run: {seed: 7} → "?run=…&seed=7"; what is null is left out. */
export function queryOf(run, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ run, ...parameters })) if (value !== null && value !== "") query.set(name, value);
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}

/** Episode and moment of a place: seed as text or null, t a whole step or null, playing only where this page was left so. */
export function momentOf({ query }) {
  const t = query.get("t");
  return {
    seed: query.get("seed"),
    t: t !== null && /^\d{1,9}$/.test(t) ? Number(t) : null,
    playing: history.state?.playing === true,
  };
}

/** Writes the moment over the present entry of the history. */
export function rewriteMoment({ episode, t, playing }) {
  if (episode) history.replaceState({ playing }, "", `?seed=${episode.seed}&t=${Math.floor(t)}`);
}

/** Makes a new entry, for another episode: the back button leads to the present one. */
export function pushEpisode(seed) {
  history.pushState({ playing: true }, "", `?seed=${encodeURIComponent(seed)}`);
}

/** The seed after this one; after the largest comes 0. */
export function nextSeed(seed) {
  return seed >= LARGEST_SEED ? 0 : seed + 1;
}

/** Writes the address when playing stops or the cursor is moved, and once a second while it moves by itself. */
export function followMoment(store, signal) {
  let written = 0;
  let pending = 0;
  const write = () => {
    clearTimeout(pending);
    pending = 0;
    written = performance.now();
    rewriteMoment(store.state);
  };
  store.subscribe((state, changed) => {
    if (!changed.has("shown") && !changed.has("playing")) return;
    // Browsers refuse more than some ten changes a second: a drag is written at its end.
    const wait = state.playing ? 1000 : 150;
    if (!pending) pending = setTimeout(write, Math.max(0, written + wait - performance.now()));
  });
  addEventListener("pagehide", write, { signal });
  signal.addEventListener("abort", () => clearTimeout(pending));
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
