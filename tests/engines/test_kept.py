"""Results that are kept, and found again by what they were made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mien.engines.kept import KeepingEngine
from mien.errors import UsageError

done: list[int] = []


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
