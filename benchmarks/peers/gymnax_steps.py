"""gymnax: 1,024 environments and the policy in one compiled loop, in single precision; episodes start again inside."""

from __future__ import annotations

import gymnax
import jax
import jax.numpy as jnp
import workload

COUNT, LENGTH = 1024, 200


def measure(identifier: str, seconds: float) -> float | None:
    """Steps a second on one processor; ``None`` where gymnax does not have the environment."""
    if identifier not in gymnax.registered_envs:
        return None
    environment, parameters = gymnax.make(identifier)
    weights = jnp.asarray(workload.weights(identifier).T)
    highest = workload.HIGHEST.get(identifier)

    def act(observations):
        outputs = observations @ weights
        if highest is not None:
            return highest * jnp.clip(outputs, -1.0, 1.0)
        return (outputs[:, 0] > 0).astype(jnp.int32) if outputs.shape[1] == 1 else outputs.argmax(axis=1)

    step = jax.vmap(environment.step, in_axes=(0, 0, 0, None))

    def go_on(carry, _):
        key, observations, states = carry
        key, own = jax.random.split(key)
        observations, states, *_ = step(jax.random.split(own, COUNT), states, act(observations), parameters)
        return (key, observations, states), None

    loop = jax.jit(lambda carry: jax.lax.scan(go_on, carry, None, LENGTH)[0])
    key = jax.random.PRNGKey(0)
    observations, states = jax.vmap(environment.reset, in_axes=(0, None))(jax.random.split(key, COUNT), parameters)
    place = {"carry": (key, observations, states)}

    def advance() -> int:
        place["carry"] = jax.block_until_ready(loop(place["carry"]))
        return COUNT * LENGTH

    advance()  # the types that come out of the loop differ from those that went in, and it is compiled twice
    return workload.rate(advance, seconds)


if __name__ == "__main__":
    workload.one_processor()
    workload.report(measure)
