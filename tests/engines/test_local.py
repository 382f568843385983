"""Worker processes: order, errors, deaths, and that nothing is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from mien.engines import LocalEngine, engine_named
from mien.errors import CorruptMediaError, DecodeError, EngineError, UsageError


def square(number: int) -> int:
    time.sleep(0.05 * (number % 3))  # so that they end out of order
    return number * number


def process(number: int) -> int:
    return os.getpid()


def fail_at_three(number: int) -> int:
    if number == 3:
        raise CorruptMediaError("three is broken")
    return number


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def damaged(number: int) -> int:
    raise DecodeError("broken in the middle", time_s=1.5, partial=[number])


def sleep(number: int) -> None:
    time.sleep(60)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    results = list(LocalEngine(workers).map(square, range(10)))
    assert results == [number * number for number in range(10)]


def test_no_items() -> None:
    assert list(LocalEngine(2).map(square, [])) == []


def test_work_is_done_in_other_processes_that_stay() -> None:
    pids = set(LocalEngine(2).map(process, range(6)))
    assert os.getpid() not in pids
    assert 1 <= len(pids) <= 2


def test_an_error_comes_in_its_place() -> None:
    results = LocalEngine(2).map(fail_at_three, range(10))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(CorruptMediaError, match="three is broken"):
        next(results)


def test_an_error_keeps_what_it_carries() -> None:
    with pytest.raises(DecodeError) as caught:
        list(LocalEngine(1).map(damaged, [7]))
    assert caught.value.time_s == 1.5
    assert caught.value.partial == [7]
    assert "in damaged" in "".join(caught.value.__notes__)


def test_a_worker_that_is_killed_is_an_error() -> None:
    with pytest.raises(EngineError, match="SIGKILL"):
        list(LocalEngine(2).map(die_at_three, range(10)))


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from mien.engines import LocalEngine\nprint(list(LocalEngine(1).map(abs, [1, 2])))\n"
    )
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    told = ended.stderr.splitlines()[-1]
    assert ended.returncode == 1
    assert told.startswith("mien.errors.EngineError: a worker process ended (exit code 1)")
    assert 'if __name__ == "__main__":' in told


def test_leaving_early_ends_the_work_at_once() -> None:
    begun = time.monotonic()
    results = LocalEngine(2).map(sleep_after_first, range(10))
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 20


def sleep_after_first(number: int) -> int:
    if number:
        time.sleep(60)
    return number


def test_items_are_taken_only_a_little_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield number

    results = LocalEngine(2).map(process, items())
    for _ in range(5):
        next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(taken) <= 5 + 2 + 2 * 2


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """The script's workers write their process ids and then wait for more."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os, time\n"
        "from mien.engines import LocalEngine\n"
        "def work(number):\n"
        f"    open(f'{tmp_path}/{{os.getpid()}}.pid', 'w').close()\n"
        "    time.sleep(1)\n"
        "    return number\n"
        "if __name__ == '__main__':\n"
        "    list(LocalEngine(2).map(work, range(1000)))\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)])
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("*.pid"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert len(pids) == 2
    parent.kill()
    parent.wait()
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [pid for pid in pids if is_running(pid)] == []


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_no_workers() -> None:
    with pytest.raises(UsageError, match="at least one"):
        LocalEngine(0)


def test_engines_by_name() -> None:
    assert engine_named("none") is None
    engine = engine_named("local:3")
    assert isinstance(engine, LocalEngine)
    assert engine.workers == 3
    assert isinstance(engine_named("local"), LocalEngine)
    for name in ("ray", "local:", "local:x", "local:0", "", "none:2"):
        with pytest.raises(UsageError):
            engine_named(name)
