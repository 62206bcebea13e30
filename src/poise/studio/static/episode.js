// Makes ready what the server sent of an episode: its renderer, and what several views compute of it but once.

import { decimalsFor, fixed } from "./format.js";
import { rangeOf } from "./charts/trace.js";
import { rendererFor } from "./renderers/index.js";

/** The episode with `renderer`, `returnsSoFar`, `ranges` and `decimals` of each feature, and `nameAction`. */
export function complete(episode) {
  const returnsSoFar = [0];
  for (const reward of episode.rewards) returnsSoFar.push(returnsSoFar.at(-1) + (reward ?? 0));
  const features = episode.featureNames.map((_, index) => episode.observations.map((observation) => observation[index]));
  return {
    ...episode,
    returnsSoFar,
    renderer: rendererFor(episode),
    ranges: features.map(rangeOf),
    decimals: features.map((values) => decimalsFor(values)),
    nameAction: ([first, ...rest]) => {
      if (!episode.discrete) return [first, ...rest].map((part) => fixed(part, 2)).join(", ");
      return episode.actionNames[first - episode.firstAction] ?? `action ${first}`;
    },
  };
}
