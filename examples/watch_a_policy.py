"""Any four numbers on the stage: serves the page on which the policy is watched.

python watch_a_policy.py [--port 3000] [WEIGHT WEIGHT WEIGHT WEIGHT]
"""

import argparse

from poise import Policy
from poise.studio.app import create_app
from poise.studio.server import serve
from poise.studio.source import Watched

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("weights", type=float, nargs="*", default=[-0.116, 0.332, 0.207, 0.352])
parser.add_argument("--port", type=int, default=3000)
options = parser.parse_args()

policy = Policy.create("CartPole-v1", "linear", options.weights)
watched = Watched.from_policy(policy.environment, policy.architecture, policy.parameters)
serve(create_app(watched), options.port, on_ready=lambda address: print(f"watch it at {address}", flush=True))
