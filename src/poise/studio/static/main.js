// A first, plain page: fetches the recorded episode and draws the cart and its pole, step by step.
const context = document.querySelector("canvas").getContext("2d");
const answer = await fetch(`/api/episode${location.search}`);
const episode = await answer.json();
document.querySelector("h1").textContent = episode.title ?? "";
document.querySelector("[role=status]").textContent = episode.error ?? `return ${episode.return}`;
let step = 0;
if (answer.ok) setInterval(() => {
  const [x, , angle] = episode.observations[step++ % episode.observations.length];
  context.clearRect(0, 0, 600, 400);
  context.save();
  context.translate(300 + 125 * x, 300);
  context.fillRect(-25, -15, 50, 30);
  context.rotate(angle);
  context.fillRect(-5, -125, 10, 125);
  context.restore();
}, 20);
