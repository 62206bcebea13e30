// Moves the cursor while an episode plays. Frames are asked for only then: a paused page costs nothing.

import { stepOf } from "./store.js";

export const SPEEDS = [0.25, 0.5, 1, 2, 4];

const LONGEST_FRAME = 100; // milliseconds; after a stall the cursor goes on where it was, and does not leap
const TEXT_EVERY = 100; // milliseconds between two readings of the numbers
const REST_AT_END = 900; // milliseconds before a loop begins again, so that one sees how it ended

/** Play, pause and move the cursor of a store until the signal; `stepsPerSecond(episode)` is the pace at speed 1. */
export function createClock(store, stepsPerSecond, signal) {
  let frame = 0;
  let last = null; // when the last frame was; none yet after a pause
  let lastText = 0;
  let rest = 0;

  function tick(now) {
    frame = requestAnimationFrame(tick);
    const { episode, speed, loop, t } = store.state;
    const passed = Math.min(LONGEST_FRAME, now - (last ?? now));
    last = now;
    const end = episode.length;
    if (t >= end) {
      rest += passed;
      if (!loop) pause();
      else if (rest >= REST_AT_END) restart();
      return;
    }
    const next = Math.min(end, t + (passed / 1000) * speed * stepsPerSecond(episode));
    const reading = now - lastText >= TEXT_EVERY || next === end;
    if (reading) lastText = now;
    rest = 0;
    store.set(reading ? { t: next, shown: Math.floor(next) } : { t: next });
  }

  function restart() {
    rest = 0;
    store.set({ t: 0, shown: 0 });
  }

  function play() {
    const { episode, t } = store.state;
    if (!episode || frame || signal.aborted) return;
    if (t >= episode.length) restart();
    last = null;
    rest = 0;
    frame = requestAnimationFrame(tick);
    store.set({ playing: true });
  }

  function pause() {
    cancelAnimationFrame(frame);
    frame = 0;
    const step = stepOf(store.state);
    store.set({ playing: false, t: step, shown: step });
  }

  signal.addEventListener("abort", () => cancelAnimationFrame(frame));
  return {
    play,
    pause,
    toggle: () => (store.state.playing ? pause() : play()),

    /** Puts the cursor on a step; playing goes on from there. */
    seek(step) {
      const { episode } = store.state;
      if (!episode) return;
      const t = Math.min(episode.length, Math.max(0, Math.round(step)));
      rest = 0;
      store.set({ t, shown: t });
    },

    /** Stops, and moves by so many steps. */
    move(steps) {
      if (!store.state.episode) return;
      pause();
      this.seek(store.state.t + steps);
    },

    /** The next faster (+1) or slower (-1) speed. */
    changeSpeed(direction) {
      const index = SPEEDS.indexOf(store.state.speed) + direction;
      if (SPEEDS[index]) store.set({ speed: SPEEDS[index] });
    },
  };
}
