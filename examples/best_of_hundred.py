"""Not so fast: how often does the best of a hundred random policies disappoint?

Draws a hundred policies, keeps the one with the highest score on a single episode, and plays it on fresh ones; again
and again, with other seeds. Prints both figures for each try and draws how they are spread.

    python best_of_hundred.py [--tries 20] [--trials 100] [--svg best_of_hundred.svg]
"""

import argparse
from pathlib import Path

import numpy as np

from poise import Policy
from poise.rollouts.choice import make_engine
from poise.seeding import Purpose, SeedStream, generator


def main() -> None:
    """Runs all tries, prints the table and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--trials", type=int, default=100, help="fresh episodes of each winner")
    parser.add_argument("--svg", type=Path, help="where to draw the histogram")
    options = parser.parse_args()

    shape = Policy.create("CartPole-v1")
    chosen, true = [], []
    with make_engine(shape.environment, shape.architecture) as engine:
        for seed in range(options.tries):
            policies = generator(seed, "policies").uniform(-0.5, 0.5, size=(100, 4))
            own_episodes = SeedStream(seed, Purpose.SEARCH).take(100).reshape(100, 1)
            scores = engine.run(shape.architecture, policies, own_episodes).scores
            best = int(scores.argmax())
            fresh = SeedStream(seed, Purpose.EVALUATION).take(options.trials)
            again = engine.run(shape.architecture, policies[best : best + 1], fresh)
            chosen.append(float(scores[best]))
            true.append(float(again.scores[0]))
            trials = f"mean of {options.trials} fresh {true[-1]:5.1f}"
            print(f"try {seed:>3}   chosen by a score of {chosen[-1]:5.1f}   {trials}")
    print(f"\nmean over {options.tries} tries: chosen by {np.mean(chosen):.1f}, true {np.mean(true):.1f}")
    print(f"winners that stay below 475, where CartPole counts as solved: {sum(t < 475 for t in true)}")
    print(f"winners with 500 on every fresh episode: {sum(t == 500 for t in true)}")
    if options.svg is not None:
        options.svg.write_text(histogram(chosen, true), encoding="utf-8")


def histogram(chosen: list[float], true: list[float]) -> str:
    """Two histograms, one above the other, as an SVG that is readable on light and dark pages."""
    bins = np.linspace(0, 500, 21)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 300" font-family="sans-serif" font-size="13">']
    for row, (values, colour, words) in enumerate(
        ((chosen, "#d9822b", "the score each winner was chosen by"), (true, "#2f6fdb", "its mean on fresh episodes"))
    ):
        base = 130 + 140 * row
        counts = np.histogram(values, bins)[0]
        parts.append(f'<text x="40" y="{base - 108}" fill="#808080">{words}</text>')
        for index, count in enumerate(counts):
            height = 90 * count / max(len(values), 1)
            place = f'x="{40 + 28 * index + 2}" y="{base - height:.1f}" width="24" height="{height:.1f}"'
            parts.append(f'<rect {place} fill="{colour}"/>')
        parts.append(f'<line x1="40" x2="600" y1="{base}" y2="{base}" stroke="#808080"/>')
    for value in range(0, 501, 100):
        parts.append(f'<text x="{40 + 1.12 * value}" y="290" fill="#808080" text-anchor="middle">{value}</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    main()
