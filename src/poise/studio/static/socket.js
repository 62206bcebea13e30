// A WebSocket to the server that comes back by itself, for as long as its view lives.

const FIRST_WAIT = 500; // milliseconds before it tries again; doubled each time
const LONGEST_WAIT = 8000;

/**
 * Connects to a path of the server until the signal.
 * @param on {message(data), lost(), back()}: a message as data; the connection is lost; it is there again
 * @returns {close} which ends it for good
 */
export function connect(path, on, signal) {
  let socket = null;
  let wait = FIRST_WAIT;
  let timer = 0;
  let over = false;

  function open() {
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT;
      if (!over) on.back?.();
    });
    socket.addEventListener("message", (event) => !over && on.message(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      if (over) return;
      on.lost?.();
      timer = setTimeout(open, wait);
      wait = Math.min(LONGEST_WAIT, 2 * wait);
    });
  }

  function close() {
    over = true;
    clearTimeout(timer);
    // A socket that is closed while it still connects is called a failure on the console.
    if (socket?.readyState === WebSocket.CONNECTING) socket.addEventListener("open", () => socket.close());
    else socket?.close();
  }

  signal.addEventListener("abort", close);
  open();
  return { close };
}
