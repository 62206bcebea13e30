// Asks the server again and again while a hand moves, but never for two answers at a time: what is asked for meanwhile is
// remembered, and only the newest of it is asked for next.

/** `ask(what)` answers with a promise, `show(answer, what)` is called with each answer; errors go to `fail(error)`. */
export function createLatest(ask, show, fail) {
  let busy = false;
  let next = null;

  async function work(what) {
    busy = true;
    try {
      show(await ask(what), what);
    } catch (error) {
      fail(error);
    }
    busy = false;
    if (next) {
      const { wanted } = next;
      next = null;
      work(wanted);
    }
  }

  return (wanted) => {
    if (busy) next = { wanted };
    else work(wanted);
  };
}
