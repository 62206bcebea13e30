// Finds what draws an environment. A renderer is one file with these exports:
//
//   environments     names without version, as in "CartPole"
//   width            numbers in an observation it can draw
//   stepsPerSecond   the environment's own pace
//   sentence         what one sees, in one sentence
//   units            of each number of an observation
//   arrows           a sign for each discrete action (optional)
//   push(action, discrete)   the action as a number from -1 (left) to 1 (right) (optional)
//   ending           why a terminal state ends the episode, in words, and whether that is good (optional)
//   draw(context, observation, size, scene)
//
// `draw` is pure: it paints one observation on a cleared context of size {width, height} in CSS pixels, and keeps
// nothing. `scene` is what is not in the observation: {colors, push, failed, names, ranges, trail}.

import * as acrobot from "./acrobot.js";
import * as anything from "./anything.js";
import * as cartpole from "./cartpole.js";
import * as mountainCar from "./mountain_car.js";
import * as pendulum from "./pendulum.js";

const RENDERERS = [cartpole, mountainCar, acrobot, pendulum];

/** The renderer of an episode's environment; one that draws any observation as gauges where there is no other. */
export function rendererFor(episode) {
  return find(episode.environment, episode.observations[0].length) ?? anything;
}

/** Whether observations of so many numbers of an environment are drawn as what they are, and not as gauges. */
export function hasPicture(environment, width) {
  return find(environment, width) !== undefined;
}

function find(environment, width) {
  const name = environment.replace(/^.*[/:]/, "").replace(/-v\d+$/, "");
  return RENDERERS.find((renderer) => renderer.environments.includes(name) && renderer.width === width);
}

/** The observation between two, for a smooth picture while an episode plays. */
export function between(one, other, share) {
  return one.map((value, index) => value + share * (other[index] - value));
}
