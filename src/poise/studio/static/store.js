// The one place where the page's state lives. Views read it and are told what changed; nobody keeps a copy.

/**
 * state:
 *   episode   what the server sent, or null before it has
 *   loading   an episode is being fetched
 *   problem   {message, seed, fatal} of the last failure, or null
 *   t         where the cursor stands, in steps; a fraction only while playing
 *   shown     the whole step that texts show; while playing it moves ten times a second, so that one can read it
 *   playing, speed, loop
 *   pictured  the server's picture is on the stage; noPictures says why it is not
 *   lit       index of the observation under the pointer, or null
 */
export function createStore(initial) {
  const state = { ...initial };
  const listeners = new Set();
  return {
    state,

    /** Changes what is given, and tells every listener the names of what became different. */
    set(changes) {
      const changed = new Set();
      for (const [name, value] of Object.entries(changes)) {
        if (!Object.is(state[name], value)) {
          state[name] = value;
          changed.add(name);
        }
      }
      if (changed.size) for (const listener of [...listeners]) listener(state, changed);
    },

    /** Calls `listener(state, changed)` after each change; returns what ends that. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The whole step at the cursor. */
export function stepOf(state) {
  return Math.floor(state.t);
}

/** What was done at a step: null at the last observation, after which nothing was. */
export function actionAt(episode, step) {
  return step < episode.length ? episode.actions[step] : null;
}
