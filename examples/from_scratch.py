"""The whole idea with NumPy and Gymnasium alone: four numbers, a hundred tries, a second look, and a page to watch it.

python from_scratch.py [--port 3000] [--seed 0]
"""

import argparse
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import gymnasium
import numpy as np

PAGE = """<!doctype html><title>Four numbers balance a pole</title><canvas width=600 height=200></canvas><script>
fetch("/data").then(reply => reply.json()).then(states => {
  const pen = document.querySelector("canvas").getContext("2d"); let t = 0;
  setInterval(() => {
    const [x, , angle] = states[t = (t + 1) % states.length], middle = 300 + x * 125;
    pen.clearRect(0, 0, 600, 200); pen.fillRect(0, 160, 600, 1); pen.fillRect(middle - 25, 140, 50, 20);
    pen.beginPath(); pen.moveTo(middle, 140); pen.lineWidth = 6; pen.strokeStyle = "#d9822b";
    pen.lineTo(middle + 110 * Math.sin(angle), 140 - 110 * Math.cos(angle)); pen.stroke();
  }, 20);
});</script>"""


def play(env: Any, policy: Any, seed: int) -> tuple[float, list[list[float]]]:
    """One episode: its score, and what was seen at every step."""
    observation, _ = env.reset(seed=seed)
    score, seen, over = 0.0, [observation.tolist()], False
    while not over:
        action = 1 if policy @ observation > 0 else 0  # the policy, all of it
        observation, reward, terminated, truncated, _ = env.step(action)
        score, over = score + float(reward), terminated or truncated
        seen.append(observation.tolist())
    return score, seen


def main() -> None:
    """Searches, looks again, and serves the episode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    env, rng = gymnasium.make("CartPole-v1"), np.random.default_rng(options.seed)

    policies = rng.uniform(-0.5, 0.5, size=(100, 4))
    scores = [play(env, policy, seed)[0] for seed, policy in enumerate(policies)]
    best = policies[int(np.argmax(scores))]
    again = [play(env, best, seed)[0] for seed in range(1000, 1100)]  # episodes that it was not chosen by
    print(
        f"best of 100 policies: {max(scores):.0f} on the episode it was chosen by, {np.mean(again):.1f} on 100 others"
    )
    replay = json.dumps(play(env, best, 1000)[1])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = {"/": (PAGE, "text/html"), "/data": (replay, "application/json")}.get(self.path)
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", found[1] if found else "text/plain")
            self.end_headers()
            self.wfile.write(found[0].encode() if found else b"nothing here")

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", options.port), Handler) as server:
        print(f"watch it at http://127.0.0.1:{server.server_port}/  (Ctrl-C ends)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("bye")


if __name__ == "__main__":
    main()
