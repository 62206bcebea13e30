// The stage of a game under way: drawn at once when a state or a picture comes, not at the next frame.

import { decimalsFor, fixed } from "../format.js";
import { hasPicture, rendererFor } from "../renderers/index.js";
import { drawPicture } from "../renderers/picture.js";
import { createSurface } from "../surface.js";

const TRAIL = 24; // steps that gauges leave behind them

/** {canvas, draws, show(state), picture(bitmap), over(words)} for the environment that `info` describes, until the signal. */
export function createLiveStage(info, signal) {
  const surface = createSurface(paint, signal, { id: "stage", "aria-label": `${info.env}, before the game` });
  let state = null;
  let bitmap = null;
  let renderer = null;
  let ranges = [];
  let trail = [];

  function paint(context, size, colors) {
    if (bitmap) drawPicture(context, size, bitmap);
    else if (state?.observation.length) renderer.draw(context, state.observation, size, sceneOf(colors));
  }

  function sceneOf(colors) {
    const push = renderer.push && state.action.length ? renderer.push(state.action, info.discrete) : 0;
    const failed = state.terminated && renderer.ending?.good === false;
    return { colors: { ...colors, agent: colors.person }, push, failed, names: namesFor(info, state.observation.length), ranges, trail };
  }

  return {
    canvas: surface.canvas,
    /** Whether observations of this environment have a picture of their own, so that none need be sent. */
    draws: hasPicture(info.env, info.featureNames.length),
    show(next) {
      if (next.begun) {
        [ranges, trail] = [next.observation.map((value) => [value, value]), []];
        renderer = rendererFor({ environment: info.env, observations: [next.observation] });
      } else {
        ranges = ranges.map(([low, high], index) => [Math.min(low, next.observation[index]), Math.max(high, next.observation[index])]);
        trail = [...trail, state.observation].slice(-TRAIL);
      }
      state = next;
      if (!bitmap) surface.paint();
    },
    /** A picture takes the place of what is drawn from the observation; null gives it back. */
    picture(next) {
      bitmap?.close();
      bitmap = next;
      surface.paint();
    },
    /** The state in words, for those who hear it. */
    describe() {
      if (!state) return;
      const names = namesFor(info, state.observation.length);
      const numbers = state.observation.slice(0, 12).map((value, index) => `${names[index]} ${fixed(value, decimalsFor([value]))}`);
      surface.canvas.setAttribute("aria-label", `${info.env}, step ${state.step}: ${numbers.join(", ")}.`);
    },
  };
}

function namesFor({ featureNames }, width) {
  if (featureNames.length === width) return featureNames;
  return width === 1 ? ["observation"] : Array.from({ length: width }, (_, index) => `x[${index}]`);
}
