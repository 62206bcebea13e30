// Asks the server, and turns every way in which that can fail into a sentence for a person.

import { queryOf } from "./address.js";

/** A failure whose message can be shown as it is; `gone` if what was asked for is not there (any more). */
export class Unanswered extends Error {
  constructor(message, gone = false) {
    super(message);
    this.gone = gone;
  }
}

/**
 * The server's answer as data.
 * @throws {Unanswered} with what to do about it; an AbortError once the signal is aborted
 */
export async function ask(address, { signal, ...options } = {}) {
  let answer;
  try {
    answer = await fetch(address, { signal, headers: { Accept: "application/json" }, ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unanswered("The server does not answer; it has probably been stopped. Start it again (poise studio, poise watch …), then try again.");
  }
  const body = await answer.json().catch(() => null);
  if (signal?.aborted) throw new DOMException("nobody waits for it any more", "AbortError");
  if (!answer.ok) throw new Unanswered(body?.error ?? `The server answered with error ${answer.status}; its terminal says more.`, answer.status === 404);
  return body;
}

/** The episode of a seed of a run's policy, or the first one if the seed is null. */
export async function fetchEpisode(run, seed, signal) {
  const body = await ask(`/api/episode${queryOf(run, { seed })}`, { signal });
  if (!Array.isArray(body?.observations)) throw new Unanswered("The server's answer is not an episode. Does another program answer at this address?");
  return body;
}
