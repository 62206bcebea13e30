// Which action the keys that are held stand for. Pure: the page's keys, fingers and gamepads all end here.

/**
 * The action, one number a component, or null where the last one goes on.
 * @param controls {keys, chords, idle, discrete} as the server describes them
 * @param held places in `controls.keys`, in the order in which they went down: the last one counts
 */
export function actionOf({ keys, chords, idle, discrete }, held) {
  if (discrete) {
    const chord = chords.find(([places]) => places.length === held.length && places.every((place) => held.includes(place)));
    if (chord) return [chord[1]];
    return held.length ? [keys[held.at(-1)].value] : idle;
  }
  const values = [...idle];
  for (const place of held) values[keys[place].component] = keys[place].value;
  return values;
}

/** The places of the keys that a gamepad holds: stick or cross for arrows, its buttons for all others in their order. */
export function heldOnPad({ keys }, pad) {
  const [x = 0, y = 0] = pad.axes;
  const down = (number) => Boolean(pad.buttons[number]?.pressed);
  const arrows = {
    ArrowLeft: x < -0.4 || down(14),
    ArrowRight: x > 0.4 || down(15),
    ArrowUp: y < -0.4 || down(12),
    ArrowDown: y > 0.4 || down(13),
  };
  let button = 0;
  return keys.flatMap((key, place) => {
    const name = key.keys[0];
    const pressed = name in arrows ? arrows[name] : down(button++);
    return pressed ? [place] : [];
  });
}
