"""An environment that hangs is interrupted; one that is slow is not."""

from __future__ import annotations

import signal
import threading
import time

import numpy as np
import pytest

from poise.errors import EnvironmentFailureError, InvalidValueError
from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.rollouts.in_process import InProcess
from poise.rollouts.time_limit import check_seconds, time_limit
from poise.types import EnvironmentSpec

TROUBLE = "poise.testing.troubles:Trouble-v0"
INFO = inspect(EnvironmentSpec(TROUBLE))
LINEAR = Architecture("linear", INFO.observation, INFO.action)
posix = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="needs a system with alarms")


@posix
def test_a_step_that_hangs_in_this_process_is_interrupted_and_named() -> None:
    spec = EnvironmentSpec(TROUBLE, {"kind": "hangs", "seeds": [2]})
    with InProcess(spec, step_seconds=0.2) as engine:
        batch = engine.run(LINEAR, np.ones((1, 3)), np.arange(4, dtype=np.uint32))
        assert batch.failed.tolist() == [[False, False, True, False]]
        assert "seed 2, step 3: reset or step did not return within the time limit of 0.2 s" in str(batch.first_failure)
        with pytest.raises(EnvironmentFailureError, match="seed 2, step 3"):  # the third time it is given up
            engine.run(LINEAR, np.ones((2, 3)), np.arange(4, dtype=np.uint32))
        assert engine.run(LINEAR, np.ones((1, 3)), np.arange(2, dtype=np.uint32)).lengths.tolist() == [[5, 5]]


@posix
def test_slow_steps_may_take_longer_together_than_one_may() -> None:
    with InProcess(EnvironmentSpec(TROUBLE, {"step_seconds": 0.03}), step_seconds=0.1) as engine:
        assert engine.run(LINEAR, np.ones((1, 3)), np.arange(2, dtype=np.uint32)).lengths.sum() == 10


@posix
def test_what_hangs_between_episodes_is_interrupted_too() -> None:
    with pytest.raises(EnvironmentFailureError, match="did not return"), time_limit(0.1, lambda: 0):
        time.sleep(5)


@posix
def test_alarms_of_others_are_left_alone() -> None:
    def theirs(*_: object) -> None:
        return

    before = signal.signal(signal.SIGALRM, theirs)
    try:
        with time_limit(0.05, lambda: 0):
            assert signal.getsignal(signal.SIGALRM) is theirs
            time.sleep(0.15)
    finally:
        signal.signal(signal.SIGALRM, before)
    with time_limit(60.0, lambda: 0):
        assert signal.getsignal(signal.SIGALRM) is not before
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_it_works_without_a_limit_in_another_thread() -> None:
    played: list[int] = []

    def play() -> None:
        with InProcess(INFO.spec, step_seconds=0.01) as engine:
            played.append(int(engine.run(LINEAR, np.ones((1, 3)), np.arange(2, dtype=np.uint32)).lengths.sum()))

    thread = threading.Thread(target=play)
    thread.start()
    thread.join()
    assert played == [10]


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_a_limit_is_more_than_nothing(seconds: float) -> None:
    with pytest.raises(InvalidValueError, match="more than 0 seconds"):
        check_seconds(seconds)
