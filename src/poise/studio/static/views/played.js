// Played: what did I do? A person's episode, replayed like any other.

import { queryOf } from "../address.js";
import { ask } from "../api.js";
import { showReplay } from "./replay.js";

/** Shows the episode that the address names, `/played/ID`. */
export function show(root, place, app) {
  const fetchPlayed = (signal) => ask(`/api/played${queryOf(null, { id: place.rest })}`, { signal });
  return showReplay(root, place, app, {
    fetch: (_, signal) => fetchPlayed(signal),
    onlyOne: true,
    words: "Every step as it was played, with all that could be seen at it.",
    picturesOf: () => queryOf(null, { played: place.rest }),
    take: { run: null, played: place.rest },
  });
}
