// Pictures of an episode that the server draws, where the page cannot: the newest one at the cursor, two under way at most.

import { read } from "./play_protocol.js";
import { hasPicture } from "./renderers/index.js";
import { stepOf } from "./store.js";

const MOST = 2;

/**
 * {bitmap()}: the picture nearest to the cursor, or null; `painted()` is told when there is another one.
 * `addressOf(episode)` is the query of `/api/pictures` for it; the store hears `pictured`, or in `noPictures` why not.
 */
export function createPictures(store, addressOf, painted, signal) {
  let socket = null;
  let bitmap = null;
  let underWay = 0;
  let asked = -1;

  function open({ episode }) {
    close();
    store.set({ noPictures: null, pictured: false });
    if (hasPicture(episode.environment, episode.observations[0].length)) return;
    const path = `/api/pictures${addressOf(episode)}`;
    const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
    mine.binaryType = "arraybuffer";
    mine.addEventListener("open", () => mine === socket && want());
    mine.addEventListener("message", ({ data }) => mine === socket && (typeof data === "string" ? store.set(JSON.parse(data)) : took(data)));
    [socket, underWay, asked] = [mine, 0, -1];
  }

  async function took(data) {
    const mine = socket;
    const { png } = read(data);
    const next = await createImageBitmap(new Blob([png], { type: "image/png" }));
    if (mine !== socket) return next.close();
    bitmap?.close();
    bitmap = next;
    underWay = Math.max(0, underWay - 1);
    store.set({ pictured: true });
    painted();
    want();
  }

  function want() {
    const step = stepOf(store.state);
    if (socket?.readyState !== WebSocket.OPEN || step === asked || underWay >= MOST) return;
    asked = step;
    underWay += 1;
    socket.send(new Uint32Array([step]));
  }

  function close() {
    const mine = socket;
    socket = null;
    mine?.close();
    bitmap?.close();
    bitmap = null;
  }

  store.subscribe((state, changed) => {
    if (changed.has("episode") && state.episode) open(state);
    if (changed.has("t")) want();
  });
  signal.addEventListener("abort", close);
  return { bitmap: () => bitmap };
}
