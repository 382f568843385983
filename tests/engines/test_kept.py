"""Results that are kept, and found again by what they were made of."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

import pytest

from mien.engines.kept import AHEAD, Helper, KeepingEngine, offered
from mien.errors import UsageError

done: list[int] = []
loaded: list[int] = []


@dataclass
class Times:
    """Multiplies, and notes by what."""

    factor: int
    source: Path | None = None

    def __call__(self, number: int) -> int:
        done.append(number)
        if number == 99:
            raise ZeroDivisionError
        return number * self.factor


@dataclass
class Loads:
    """Multiplies with what it has loaded, which no pickle can hold."""

    factor: int

    @cached_property
    def model(self) -> Lock:
        loaded.append(self.factor)
        return Lock()

    def __call__(self, number: int) -> int:
        with self.model:
            return number * self.factor


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    done.clear()


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    parts: list[int] = []
    first = KeepingEngine(tmp_path / "parts", on_part=lambda: parts.append(1))
    assert [*first.map(Times(2), [1, 2, 3])] == [2, 4, 6]
    assert [*KeepingEngine(tmp_path / "parts").map(Times(2), [1, 2, 3, 4])] == [2, 4, 6, 8]
    assert done == [1, 2, 3, 4]
    assert len(parts) == 3


def test_only_what_is_asked_for_is_done(tmp_path: Path) -> None:
    results = KeepingEngine(tmp_path).map(Times(2), iter(range(10)))
    assert [next(results), next(results)] == [0, 2]
    assert done == [0, 1]


def test_other_settings_or_a_changed_file_are_other_work(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("a")
    engine = KeepingEngine(tmp_path / "parts")
    assert [*engine.map(Times(2, source), [1])] == [2]
    assert [*engine.map(Times(3, source), [1])] == [3]
    source.write_text("other")
    assert [*engine.map(Times(2, source), [1])] == [2]
    assert done == [1, 1, 1]


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    engine = KeepingEngine(tmp_path)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            list(engine.map(Times(2), [99]))
    assert done == [99, 99]


def test_work_that_cannot_be_told_from_other_work_is_refused(tmp_path: Path) -> None:
    factor = 2
    with pytest.raises(UsageError, match="plain function or a dataclass"):
        list(KeepingEngine(tmp_path).map(lambda number: number * factor, [1]))


class Locks:
    """Locks of one process, by name."""

    def __init__(self) -> None:
        self.held: set[str] = set()

    def __call__(self, name: str) -> AbstractContextManager[None] | None:
        return None if name in self.held else self._hold(name)

    @contextmanager
    def _hold(self, name: str) -> Iterator[None]:
        self.held.add(name)
        try:
            yield
        finally:
            self.held.remove(name)


def test_a_helper_does_what_nobody_is_at(tmp_path: Path) -> None:
    locks, helper = Locks(), Helper()
    engine = KeepingEngine(tmp_path / "parts", hold=locks)
    results = engine.map(Times(2), range(20))
    assert not helper.help(tmp_path / "parts", locks)  # there is no folder yet
    assert next(results) == 0
    assert offered(tmp_path / "parts") == AHEAD
    assert all(helper.help(tmp_path / "parts", locks) for _ in range(AHEAD))
    assert not helper.help(tmp_path / "parts", locks)
    assert done == [*range(1 + AHEAD)]
    assert [*results] == [2 * number for number in range(1, 20)]
    assert done == [*range(20)], "nothing was done twice"
    assert offered(tmp_path / "parts") == 0
    assert locks.held == set()


def test_whose_turn_it_is_may_be_in_other_hands(tmp_path: Path) -> None:
    """What comes next is done meanwhile, and results keep their order."""
    locks, folder = Locks(), tmp_path / "parts"
    results = KeepingEngine(folder, hold=locks).map(Times(2), range(4))
    assert next(results) == 0
    held = locks(Path(min(folder.glob("*.open"))).stem.partition("-")[2])
    assert held is not None
    with ThreadPoolExecutor() as thread:
        with held:
            following = thread.submit(next, results)
            with pytest.raises(TimeoutError):
                following.result(timeout=0.5)
            assert done == [0, 2, 3]
        assert following.result(timeout=5) == 2
    assert [*results] == [4, 6]
    assert done == [0, 2, 3, 1]


def test_what_fails_before_its_turn_is_raised_in_its_turn(tmp_path: Path) -> None:
    locks, folder = Locks(), tmp_path / "parts"
    results = KeepingEngine(folder, hold=locks).map(Times(2), [1, 2, 99, 3])
    assert next(results) == 2
    held = locks(Path(min(folder.glob("*.open"))).stem.partition("-")[2])
    assert held is not None
    with ThreadPoolExecutor() as thread:
        with held:
            following = thread.submit(next, results)
            with pytest.raises(TimeoutError):
                following.result(timeout=0.5)
        assert following.result(timeout=5) == 4
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert offered(folder) == 0


def test_a_helper_leaves_what_it_cannot_do_to_whose_work_it_is(tmp_path: Path) -> None:
    locks, helper, folder = Locks(), Helper(), tmp_path / "parts"
    results = KeepingEngine(folder, hold=locks).map(Times(2), [1, 99, 3])
    assert next(results) == 2
    with pytest.raises(ZeroDivisionError):
        helper.help(folder, locks)
    assert locks.held == set()
    assert helper.help(folder, locks)
    assert not helper.help(folder, locks), "it does not try again"
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_what_was_withdrawn_is_left_alone(tmp_path: Path) -> None:
    locks, folder = Locks(), tmp_path / "parts"
    results = KeepingEngine(folder, hold=locks).map(Times(2), range(3))
    assert next(results) == 0
    offer = min(folder.glob("*.open"))
    data = offer.read_bytes()
    results.close()  # type: ignore[attr-defined]
    assert offered(folder) == 0
    assert not Helper().help(folder, locks)
    offer.write_bytes(data)  # of one who died: the next withdraws it
    assert [*KeepingEngine(folder, hold=locks).map(Times(3), [5])] == [15]
    assert offered(folder) == 0


def test_a_helper_opens_what_the_work_needs_once(tmp_path: Path) -> None:
    locks, helper, folder = Locks(), Helper(), tmp_path / "parts"
    loaded.clear()
    results = KeepingEngine(folder, hold=locks).map(Loads(2), range(5))
    assert next(results) == 0
    assert [helper.help(folder, locks) for _ in range(4)] == [True] * 4
    assert [*results] == [2, 4, 6, 8]
    assert loaded == [2, 2], "once by each of both"
