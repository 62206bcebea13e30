// Asks the server for episodes, and turns every way in which that can fail into a sentence for a person.

/** A failure whose message can be shown as it is. */
export class Unanswered extends Error {}

/**
 * The episode of a seed, or the first one if the seed is null.
 * @throws {Unanswered} with what to do about it
 */
export async function fetchEpisode(seed, signal) {
  const query = seed === null ? "" : `?seed=${encodeURIComponent(seed)}`;
  let answer;
  try {
    answer = await fetch(`/api/episode${query}`, { signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unanswered("The server does not answer; it has probably been stopped. Start it again (poise watch …), then try again.");
  }
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Unanswered(body?.error ?? `The server answered with error ${answer.status}; its terminal says more.`);
  if (!Array.isArray(body?.observations)) throw new Unanswered("The server's answer is not an episode. Does another program answer at this address?");
  return prepare(body);
}

/** Adds what several views need: the return so far at each step. */
function prepare(episode) {
  const returns = [0];
  for (const reward of episode.rewards) returns.push(returns.at(-1) + (reward ?? 0));
  return { ...episode, returnsSoFar: returns };
}
