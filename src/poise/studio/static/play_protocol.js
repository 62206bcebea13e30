// The messages between a page that plays and the server, to the byte. `play_protocol.py` is its other half, and says
// what each byte means.

const BEGIN = 1;
const ACT = 2;
const SEEN = 3;
const PAUSE = 4;
const STATE = 1;
const PICTURE = 2;

/** The episode of a seed is to begin, at so many steps a second (0: the environment's own), with pictures or not. */
export function begin(seed, fps, pictures) {
  const view = new DataView(new ArrayBuffer(10));
  view.setUint8(0, BEGIN);
  view.setUint32(1, seed, true);
  view.setFloat32(5, fps, true);
  view.setUint8(9, pictures ? 1 : 0);
  return view.buffer;
}

/** The action from now on, one number a component. */
export function act(values) {
  const view = new DataView(new ArrayBuffer(2 + 4 * values.length));
  view.setUint8(0, ACT);
  view.setUint8(1, values.length);
  values.forEach((value, index) => view.setFloat32(2 + 4 * index, value, true));
  return view.buffer;
}

/** The picture of a step has been drawn. */
export function seen(step) {
  const view = new DataView(new ArrayBuffer(5));
  view.setUint8(0, SEEN);
  view.setUint32(1, step, true);
  return view.buffer;
}

/** Rest, or go on. */
export function pause(resting) {
  return new Uint8Array([PAUSE, resting ? 1 : 0]).buffer;
}

/**
 * What the server says: {kind: "state", terminated, truncated, begun, step, reward, total, action, observation} or
 * {kind: "picture", step, png}, the bytes of a PNG; null for what it never says.
 */
export function read(buffer) {
  const view = new DataView(buffer);
  if (view.getUint8(0) === PICTURE) return { kind: "picture", step: view.getUint32(1, true), png: new Uint8Array(buffer, 5) };
  if (view.getUint8(0) !== STATE) return null;
  const flags = view.getUint8(1);
  const parts = view.getUint8(22);
  const numbers = Array.from({ length: (buffer.byteLength - 23) / 4 }, (_, index) => view.getFloat32(23 + 4 * index, true));
  return {
    kind: "state",
    terminated: Boolean(flags & 1),
    truncated: Boolean(flags & 2),
    begun: Boolean(flags & 4),
    step: view.getUint32(2, true),
    reward: view.getFloat64(6, true),
    total: view.getFloat64(14, true),
    action: numbers.slice(0, parts),
    observation: numbers.slice(parts),
  };
}
