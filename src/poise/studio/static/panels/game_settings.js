// What a game can be told: its pace, its seed, and whom one races.

import { make } from "../dom.js";
import { withInterval } from "../format.js";

const PACES = [[1, "the environment's own"], [0.5, "half"], [0.25, "a quarter"]];

/**
 * {element, value, set(changes), toggleRace()}: `value` is {seed, pace, race}; race is null for none, "" for the policy
 * that the studio was opened on, else the name of a run. `changed(changes)` is called when a person changes something.
 */
export function createGameSettings(info, asked, { changed }) {
  const known = info.opponents.map(({ run }) => run ?? "");
  const wanted = asked.race === "." ? "" : asked.race;
  const value = { seed: asked.seed, pace: info.turnBased ? 1 : asked.pace, race: wanted !== null && known.includes(wanted) ? wanted : null };
  const seed = make("input", { id: "game-seed", inputmode: "numeric", autocomplete: "off", spellcheck: "false" });
  const pace = make("select", { id: "game-pace" }, ...PACES.map(([share, words]) =>
    make("option", { value: share, text: `${words} (${info.fps * share} steps/s)` })));
  const race = make("select", { id: "game-race" }, make("option", { value: "none", text: "nobody" }),
    ...info.opponents.map((one) => make("option", { value: `run:${one.run ?? ""}`, text: nameOf(one) })));
  const problem = make("p", { class: "problem", role: "alert", hidden: true });

  seed.addEventListener("change", () => {
    const good = /^\d{1,10}$/.test(seed.value.trim()) && Number(seed.value) < 2 ** 32;
    problem.hidden = good;
    problem.textContent = good ? "" : "A seed is a whole number from 0 to 4294967295.";
    if (good) changed({ seed: Number(seed.value) });
  });
  pace.addEventListener("change", () => changed({ pace: Number(pace.value) }));
  race.addEventListener("change", () => changed({ race: race.value === "none" ? null : race.value.slice(4) }));
  for (const field of [pace, race]) field.addEventListener("change", () => field.blur()); // the keys are the game's again

  return {
    element: make("section", { class: "panel settings", "aria-labelledby": "settings-title" },
      make("h2", { id: "settings-title", text: "This game" }),
      make("label", { for: "game-race", text: "Race" }), race,
      ...(info.turnBased ? [] : [make("label", { for: "game-pace", text: "Pace" }), pace]),
      make("label", { for: "game-seed", text: "Seed" }), seed, problem),
    value,
    set(changes) {
      Object.assign(value, changes);
      seed.value = String(value.seed);
      pace.value = String(value.pace);
      race.value = value.race === null ? "none" : `run:${value.race}`;
      return { ...value };
    },
    toggleRace() {
      if (known.length) changed({ race: value.race === null ? known[0] : null });
    },
  };
}

function nameOf({ run, how, result }) {
  const worth = result ? `, ${withInterval(result)}` : "";
  return `${how}${worth}${run === null ? "" : ` · ${run.split("/").at(-1)}`}`;
}
