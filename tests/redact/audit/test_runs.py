"""Findings of frames to runs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from mien.redact.audit.look import Findings
from mien.redact.audit.runs import GAP_S, Joiner, Run
from mien.timecode import Time

RATE = 20


def found(
    *boxes: tuple[float, float, float, float], kept: float = 0.9, score: float = 0.8
) -> Findings:
    rows = np.array(boxes, float).reshape(-1, 4)
    return Findings(rows, np.full(len(rows), score), np.full((len(rows), 2), kept))


def square(x: float, side: float = 20) -> tuple[float, float, float, float]:
    return x, 10, x + side, 10 + side


def joined(frames: dict[int, Findings], count: int = 60) -> list[Run]:
    joiner = Joiner()
    for number in range(count):
        time = Time(number, Fraction(1, RATE))
        joiner.add(time, Fraction(1, RATE), frames.get(number, found()))
    return joiner.finish()


def told(run: Run) -> tuple[int, int, int]:
    """First and last frame, and how many."""
    return int(run.first.exact * RATE), int(run.last.exact * RATE), run.frames


def test_a_run_has_the_frames_it_was_seen_in() -> None:
    runs = joined({n: found(square(100 + n)) for n in range(10, 31)})
    assert [told(run) for run in runs] == [(10, 30, 21)]
    assert runs[0].end == Fraction(31, RATE)
    assert runs[0].seconds == Fraction(21, RATE)
    assert runs[0].first_box[0] == 110
    assert runs[0].last_box[0] == 130


@pytest.mark.parametrize(("missing", "count"), [(1, 1), (5, 1), (6, 2), (20, 2)])
def test_a_gap_of_a_quarter_second_ends_no_run_and_is_not_counted(missing: int, count: int) -> None:
    assert GAP_S * RATE == 5
    seen = [*range(10), *range(10 + missing, 20 + missing)]
    runs = joined({n: found(square(100)) for n in seen})
    assert len(runs) == count
    assert sum(run.frames for run in runs) == 20
    assert sum(run.seconds for run in runs) == 1


def test_two_faces_side_by_side_keep_apart() -> None:
    runs = joined({n: found(square(50 + n), square(90 + n)) for n in range(30)})
    assert [told(run) for run in runs] == [(0, 29, 30), (0, 29, 30)]
    assert [run.last_box[0] for run in runs] == [79, 119]


def test_a_jump_begins_a_new_run() -> None:
    runs = joined({n: found(square(50 if n < 5 else 200)) for n in range(10)})
    assert [told(run) for run in runs] == [(0, 4, 5), (5, 9, 5)]


def test_the_best_moment_is_the_plainest() -> None:
    frames = {0: found(square(50), kept=0.9), 1: found(square(50, 30), kept=0.9)}
    (run,) = joined({**frames, 2: found(square(50, 30), kept=0.5)})
    assert run.best.time == Time(1, Fraction(1, RATE))
    assert run.best.kept == (0.9, 0.9)


def test_one_frame_of_which_a_detector_is_certain_makes_the_run_certain() -> None:
    weak = {n: found(square(100), score=0.4) for n in range(5)}
    assert [run.certain for run in joined(weak)] == [False]
    (run,) = joined({**weak, 3: found(square(100), score=0.5)})
    assert run.certain
    assert (run.frames, run.score) == (5, 0.5)


def test_nothing_is_no_run() -> None:
    assert joined({}) == []
