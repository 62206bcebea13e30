// Keeps the episode and the moment in the page's address, so that back, reload and a link sent to somebody work.

const LARGEST_SEED = 2 ** 32 - 1;

/** {seed, t, playing}: seed as text or null, t a whole step or null, playing only where this very page was left so. */
export function readAddress() {
  const query = new URLSearchParams(location.search);
  const t = query.get("t");
  return {
    seed: query.get("seed"),
    t: t !== null && /^\d{1,9}$/.test(t) ? Number(t) : null,
    playing: history.state?.playing === true,
  };
}

/** Writes the moment over the present entry of the history. */
export function rewriteAddress(state) {
  if (state.episode) history.replaceState({ playing: state.playing }, "", addressOf(state));
}

/** Makes a new entry, for another episode: the back button leads to the present one. */
export function pushAddress(seed) {
  history.pushState({ playing: true }, "", `?seed=${encodeURIComponent(seed)}`);
}

/** The seed after this one; after the largest comes 0. */
export function nextSeed(seed) {
  return seed >= LARGEST_SEED ? 0 : seed + 1;
}

/** Writes the address when playing stops or the cursor is moved, and once a second while it moves by itself. */
export function followAddress(store) {
  let written = 0;
  let pending = 0;
  const write = () => {
    clearTimeout(pending);
    pending = 0;
    written = performance.now();
    rewriteAddress(store.state);
  };
  store.subscribe((state, changed) => {
    if (!changed.has("shown") && !changed.has("playing")) return;
    // Browsers refuse more than some ten changes a second: a drag is written at its end.
    const wait = state.playing ? 1000 : 150;
    if (!pending) pending = setTimeout(write, Math.max(0, written + wait - performance.now()));
  });
  addEventListener("pagehide", write);
}

function addressOf({ episode, t }) {
  return `?seed=${episode.seed}&t=${Math.floor(t)}`;
}
