"""A run belongs to one process at a time, and to nobody when that process has gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from poise.errors import RunInUseError
from poise.runs.lock import Lock

HOLDER = """
import sys, time
from pathlib import Path
from poise.runs.lock import Lock
Lock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_the_second_is_refused_and_told_who_has_it_until_the_first_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RunInUseError, match=f"is in use by another poise, process {holder.pid}"):
            Lock(path).acquire()
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    assert path.exists()
    lock = Lock(path)
    lock.acquire()
    assert path.read_text() == f"{os.getpid()}\n"
    lock.release()
    lock.release()
    assert not path.exists()


def test_a_file_that_was_removed_in_between_is_not_taken_for_the_lock(tmp_path: Path) -> None:
    first, second, third = (Lock(tmp_path / "lock") for _ in range(3))
    first.acquire()
    first.release()
    second.acquire()
    with pytest.raises(RunInUseError):
        third.acquire()
    second.release()


def test_where_the_system_has_no_locks_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with caplog.at_level("INFO"):
        Lock(tmp_path / "lock").acquire()
    assert "nothing keeps a second process out" in caplog.text
