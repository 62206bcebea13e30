"""The honest way: search, let the best race on fresh episodes, report the winner on episodes nobody has seen.

python honest_way.py [--seed 0] [--out runs/honest] [--env CartPole-v1]
"""

import argparse

import poise

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", help="the run's directory")
parser.add_argument("--env", default="CartPole-v1")
options = parser.parse_args()

run = poise.train(options.env, seed=options.seed, out=options.out)
report = run.result["evaluation"]
print(f"kept in {run.path}, stopped: {run.result['stopped_because']}")
print(f"{report['mean']:.1f} [{report['low']:.1f}, {report['high']:.1f}] on {report['episodes']:,} fresh episodes")

again = poise.evaluate(run.policy, episodes=1_000, seed=1)
print(f"and on 1,000 others: {again.mean:.1f} [{again.low:.1f}, {again.high:.1f}]")

proof = poise.certify(run.policy, return_at_least=475, probability=0.99, confidence=0.99)
answer = {True: "yes", False: "no", None: "not settled"}[proof.certified]
print(f"does it return 475 in 99% of all episodes? {answer}, after {proof.episodes:,} episodes")
