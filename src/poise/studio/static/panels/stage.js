// The stage: a canvas that is sharp on every screen, and painted only when what it shows has changed.

import { fixed } from "../format.js";
import { between } from "../renderers/index.js";
import { actionAt, stepOf } from "../store.js";
import { createPictures } from "../pictures.js";
import { drawPicture } from "../renderers/picture.js";
import { createSurface } from "../surface.js";

const TRAIL = 24; // steps that gauges leave behind them
const BLUR_SECONDS = 0.2; // pushes that alternate faster than the eye are shown as their mean while playing

/**
 * A canvas that shows the store's episode at its cursor, until the signal; `id` where a page has several. With
 * `picturesOf(episode)`, see `createPictures`, the server draws what the page cannot.
 */
export function createStage(store, signal, id = "stage", picturesOf = null) {
  const surface = createSurface(paint, signal, { id, "aria-label": "The episode is being fetched" });

  function paint(context, size, colors) {
    const { episode } = store.state;
    const bitmap = pictures?.bitmap();
    if (bitmap) drawPicture(context, size, bitmap);
    else if (episode) episode.renderer.draw(context, observationAt(store.state), size, sceneAt(store.state, colors));
  }

  const pictures = picturesOf && createPictures(store, picturesOf, () => surface.paint(), signal);
  store.subscribe((state, changed) => {
    if (changed.has("t") || changed.has("episode") || changed.has("playing")) surface.paint();
    if ((changed.has("shown") || changed.has("playing") || changed.has("episode")) && !state.playing) describe(surface.canvas, state);
  });
  return surface.canvas;
}

/** What is seen at the cursor; between two steps while playing. */
export function observationAt({ episode, t }) {
  const step = Math.min(Math.floor(t), episode.length);
  const next = episode.observations[step + 1];
  return next && t > step ? between(episode.observations[step], next, t - step) : episode.observations[step];
}

function sceneAt(state, colors) {
  const { episode } = state;
  const step = stepOf(state);
  const ended = step === episode.length && episode.terminated;
  return {
    colors,
    push: pushAt(state, step),
    failed: ended && episode.renderer.ending?.good === false,
    names: episode.featureNames,
    ranges: episode.ranges,
    trail: episode.observations.slice(Math.max(0, step - TRAIL), step),
  };
}

function pushAt({ episode, playing, speed }, step) {
  const { push, stepsPerSecond } = episode.renderer;
  if (!push || step >= episode.length) return 0;
  const span = playing ? Math.max(1, Math.round(BLUR_SECONDS * stepsPerSecond * speed)) : 1;
  const recent = episode.actions.slice(Math.max(0, step - span + 1), step + 1);
  return recent.reduce((sum, action) => sum + push(action, episode.discrete), 0) / recent.length;
}

/** The picture in words, for those who hear it; spoken of a resting picture only. */
function describe(canvas, state) {
  const { episode } = state;
  if (!episode) return;
  const step = stepOf(state);
  const seen = episode.observations[step].slice(0, 12);
  const numbers = seen.map((value, index) => `${episode.featureNames[index]} ${fixed(value, episode.decimals[index])}`);
  const action = actionAt(episode, step);
  const done = action ? `The policy chooses: ${episode.nameAction(action)}.` : "The episode has ended.";
  canvas.setAttribute("aria-label", `${episode.title}, step ${step} of ${episode.length}: ${numbers.join(", ")}. ${done}`);
}
