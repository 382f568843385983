"""Faces as they come: ids, whose turn it is to be described, what holds in between."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mien
from mien.errors import InputNotFoundError, UsageError
from mien.faces import EMOTIONS, Faces
from mien.media.live_sources import open_live
from mien.pipeline.live import EVERY_S, NOT_YET, LiveFaces, LiveModels, watch_live
from mien.timecode import Time
from mien.track.boxes import iou
from tests.clips import write_clip
from tests.redact.clips import MAN, WOMAN, box_of, pictures

Rgb = NDArray[Any]
RATE = 25


def at(frame: float) -> Time:
    return Time(round(frame * 1000), Fraction(1, 1000 * RATE))


@cache
def models() -> LiveModels:
    return LiveModels.load()


@cache
def frames() -> tuple[Rgb, ...]:
    return tuple(pictures())


@cache
def seen() -> tuple[Faces, ...]:
    """The faces of every frame of the clip."""
    live = LiveFaces(models())
    return tuple(live.see(rgb, at(number)) for number, rgb in enumerate(frames()))


def test_both_are_followed_from_their_third_frame_on() -> None:
    for number, faces in enumerate(seen()):
        assert faces.track_id is not None
        assert sorted(faces.track_id.tolist()) == ([-1, -1] if number < 2 else [0, 1])
    ids: dict[str, set[int]] = {WOMAN: set(), MAN: set()}
    for number, faces in enumerate(seen()[2:], 2):
        for name, told in ids.items():
            over = iou(faces.box_xyxy, box_of(name, number)[None])[:, 0]
            assert over.max() > 0.5
            assert faces.track_id is not None
            told.add(int(faces.track_id[over.argmax()]))
    assert sorted(map(len, ids.values())) == [1, 1]
    assert ids[WOMAN] != ids[MAN]


def test_expressions_are_measured_in_turn_and_hold_in_between() -> None:
    last: dict[int, Any] = {}
    count = 0
    for faces in seen()[2:]:
        assert faces.emotion is not None
        assert faces.measured is not None
        assert faces.track_id is not None
        for row, number in enumerate(faces.track_id.tolist()):
            if faces.measured[row]:
                last[number] = faces.emotion[row]
                count += 1
            elif number in last:
                np.testing.assert_array_equal(faces.emotion[row], last[number])
            np.testing.assert_allclose(faces.emotion[row].sum(), 1, atol=1e-5)
    seconds = len(seen()) / RATE
    assert count == pytest.approx(2 * seconds / EVERY_S, abs=2)
    assert "happiness" in {EMOTIONS[int(shares.argmax())] for shares in last.values()}


def test_a_few_are_described_in_a_frame_and_nobody_waits_for_ever() -> None:
    live = LiveFaces(models(), at_once=1)
    waited, measured = 0, []
    for number in range(20):
        faces = live.see(frames()[number], at(number))
        assert faces.measured is not None
        assert faces.emotion is not None
        assert faces.measured.sum() <= 1
        unknown = np.isnan(faces.emotion).any(axis=1)
        told = {problem.row for problem in faces.problems if problem.reason == NOT_YET}
        assert told == set(np.flatnonzero(unknown).tolist())
        waited += len(told)
        measured += [int(row) for row in np.flatnonzero(faces.measured)]
    assert waited == 1  # in the first frame
    assert set(measured) == {0, 1}


def test_without_columns_nothing_is_described() -> None:
    live = LiveFaces(replace(models(), stages=(), columns=()))
    for number in range(3):
        faces = live.see(frames()[number], at(number))
    assert (faces.emotion, faces.mesh, faces.embedding) == (None, None, None)
    assert sorted(faces.track_id.tolist()) == [0, 1]  # type: ignore[union-attr]


def test_who_comes_in_is_seen_within_half_a_second() -> None:
    nobody = np.full_like(frames()[0], 90)
    live = LiveFaces(models())
    for number in range(30):
        assert not len(live.see(nobody, at(number)))
    first = next(n for n in range(30, 60) if len(live.see(frames()[n], at(n))))
    assert first - 30 <= 0.5 * RATE


def test_who_is_gone_is_gone_and_ids_are_not_used_again() -> None:
    nobody = np.full_like(frames()[0], 90)
    live = LiveFaces(models())
    ids: list[int] = []
    for number, rgb in enumerate([*frames()[:6], *[nobody] * 60, *frames()[6:20]]):
        faces = live.see(rgb, at(number))
        ids += [] if faces.track_id is None else faces.track_id.tolist()
        if 6 <= number < 66:
            assert not len(faces)
    assert set(ids) == {-1, 0, 1, 2, 3}


def test_a_frame_of_another_size_begins_anew() -> None:
    live = LiveFaces(models())
    for number in range(5):
        live.see(frames()[number], at(number))
    smaller = np.ascontiguousarray(frames()[5][::2, ::2])
    faces = live.see(smaller, at(5))
    assert len(faces) == 2
    assert faces.box_xyxy[:, 2].max() <= smaller.shape[1]
    assert faces.track_id is not None
    assert faces.track_id.tolist() == [-1, -1]


def test_what_is_no_frame() -> None:
    live = LiveFaces(models())
    with pytest.raises(UsageError, match="uint8"):
        live.see(np.zeros((4, 4, 3)), at(0))
    live.see(frames()[0], at(5))
    with pytest.raises(UsageError, match="in order"):
        live.see(frames()[1], at(4))
    with pytest.raises(UsageError, match="no stage fills the column 'soul'"):
        LiveModels.load(("soul",))
    with pytest.raises(UsageError, match="no profile 'slow'"):
        LiveModels.load(profile="slow")


def test_a_file_as_if_it_were_live(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", frames(), rate=RATE)
    start = time.monotonic()
    with open_live(path) as live:
        answers = list(watch_live(live, models()))
    spent = time.monotonic() - start
    assert spent >= len(frames()) / RATE - 0.1
    numbers = [answer.frame for answer in answers]
    assert numbers == sorted(set(numbers))
    assert [answer.time for answer in answers] == [at(number) for number in numbers]
    assert answers[-1].dropped == live.dropped == len(frames()) - len(answers)
    assert {answer.size_wh for answer in answers} == {(480, 270)}
    assert all(answer.latency_s > 0 for answer in answers)
    assert answers[-1].faces.track_id.tolist() in ([0, 1], [1, 0])  # type: ignore[union-attr]


def test_the_source_is_closed_with_the_loop(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", frames(), rate=RATE)
    watched = mien.analyze_live(path, columns=("emotion",))
    first = next(watched)
    assert first.faces.emotion is not None
    assert "mien live" in {thread.name for thread in threading.enumerate()}
    watched.close()
    assert "mien live" not in {thread.name for thread in threading.enumerate()}


def test_what_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError):
        next(mien.analyze_live(tmp_path / "none.mp4"))
    with pytest.raises(UsageError, match="no stage fills"):
        next(mien.analyze_live("a.mp4", columns=("soul",)))
