"""Worker processes: every task is done once, whatever happens to the process that does it, and none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from poise.suites.workers import Crash, Crew, Report


def double(task: int, report: Report) -> tuple[int, int]:
    report("begun")
    return os.getpid(), 2 * task


def die_once(task: str, report: Report) -> str:
    if not (mark := Path(task)).exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"


def die(task: Any, report: Report) -> None:
    print("last words")  # noqa: T201
    os._exit(7)


def wait_for_the_end(task: str, report: Report) -> str:
    ended = False

    def end(number: int, frame: object) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, end)
    Path(task).write_text(str(os.getpid()))
    while not ended:
        time.sleep(0.01)
    return "asked"


def _run(
    work: Any, tasks: list[Any], tmp_path: Path, workers: int = 2, **options: Any
) -> tuple[dict[int, Any], list[Any]]:
    results: dict[int, Any] = {}
    told: list[Any] = []

    def on_result(index: int, result: Any) -> None:
        assert index not in results
        results[index] = result

    log = tmp_path / "log"
    Crew(work, tasks, workers, log, lambda index, value: told.append((index, value)), on_result, **options).run()
    return results, told


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_every_task_is_done_once_by_as_many_processes_as_asked_for(tmp_path: Path) -> None:
    results, told = _run(double, list(range(6)), tmp_path)
    assert {index: value for index, (_, value) in results.items()} == {index: 2 * index for index in range(6)}
    pids = {pid for pid, _ in results.values()}
    assert 1 <= len(pids) <= 2
    assert os.getpid() not in pids
    assert (0, "begun") in told
    assert not any(_is_alive(pid) for pid in pids)


def test_a_task_whose_worker_was_killed_is_given_to_another(tmp_path: Path) -> None:
    assert _run(die_once, [str(tmp_path / "mark")], tmp_path)[0] == {0: "survived"}


def test_a_task_that_kills_its_workers_has_failed_and_does_not_stop_the_others(tmp_path: Path) -> None:
    results, _ = _run(die, [None], tmp_path, workers=1)
    assert results == {0: Crash(7)}
    assert (tmp_path / "log").read_text().count("last words") == 2


def test_asked_to_stop_it_begins_nothing_more_and_waits_for_what_is_under_way(tmp_path: Path) -> None:
    marks = [str(tmp_path / name) for name in "ab"]
    results, _ = _run(wait_for_the_end, marks, tmp_path, workers=1, stopping=lambda: Path(marks[0]).exists())
    assert results == {0: "asked"}
    assert not Path(marks[1]).exists()


PARENT = """
import sys
sys.path.insert(0, {folder!r})
from pathlib import Path
from test_workers import wait_for_the_end
from poise.suites.workers import Crew
if __name__ == "__main__":
    Crew(wait_for_the_end, [{mark!r}], 1, Path({log!r}), print, print).run()
"""


def test_no_worker_outlives_its_parent(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(folder=str(Path(__file__).parent), mark=str(mark), log=str(tmp_path / "log")))
    with subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        worker = int(mark.read_text())
        process.kill()
        process.wait(20)
    while _is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_alive(worker)
