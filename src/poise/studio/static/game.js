// A game on the server: the WebSocket it is played over, and the pictures that come with it.

import { queryOf } from "./address.js";
import * as protocol from "./play_protocol.js";

/**
 * {begin(seed, fps, pictures), act(values), pause(resting), close()}
 * @param on {state(state), picture(bitmap), over(result), noPictures(words), problem(words)}
 */
export function createGame(env, run, on, signal) {
  let socket = null;
  let refused = false; // the server has said why it ends the game
  let latest = -1; // the step of the newest picture that is drawn

  function open() {
    refused = false;
    const path = `/api/play/live${queryOf(run, { env })}`;
    const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
    mine.binaryType = "arraybuffer";
    mine.addEventListener("message", ({ data }) => mine === socket && (typeof data === "string" ? told(JSON.parse(data)) : took(data)));
    mine.addEventListener("close", () => {
      if (mine !== socket) return;
      socket = null;
      if (!refused && !signal.aborted) on.problem("The connection to the server is lost; the game with it. Begin a new one.");
    });
    socket = mine;
    return mine;
  }

  function told({ problem, noPictures, over }) {
    if (noPictures) on.noPictures(noPictures);
    if (over) on.over(over);
    if (problem) {
      refused = true;
      on.problem(problem);
    }
  }

  function took(data) {
    const message = protocol.read(data);
    if (message?.kind === "state") {
      if (message.begun) latest = -1;
      on.state(message);
    } else if (message?.kind === "picture") {
      draw(message);
    }
  }

  async function draw({ step, png }) {
    const mine = socket;
    const bitmap = await createImageBitmap(new Blob([png], { type: "image/png" }));
    if (mine !== socket || signal.aborted) return bitmap.close();
    send(protocol.seen(step));
    if (step < latest) return bitmap.close(); // decoded after a newer one
    latest = step;
    on.picture(bitmap);
  }

  function send(message) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(message);
  }

  function close() {
    const mine = socket;
    socket = null;
    mine?.close();
  }

  signal.addEventListener("abort", close);
  return {
    begin(seed, fps, pictures) {
      const message = protocol.begin(seed, fps, pictures);
      const mine = socket ?? open();
      if (mine.readyState === WebSocket.OPEN) mine.send(message);
      else mine.addEventListener("open", () => mine.send(message), { once: true });
    },
    act: (values) => send(protocol.act(values)),
    pause: (resting) => send(protocol.pause(resting)),
    close,
  };
}
