"""A drawn box followed through clips: both ways, up to a cut, the edge, its loss or the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.tracking.render import texture
from mien.errors import InputNotFoundError, MediaError, UsageError
from mien.media.seek import Reel
from mien.pipeline.drawn import Followed, follow_box
from mien.timecode import Time
from mien.track.boxes import iou
from mien.track.drawn import Seen
from tests.clips import write_clip, write_sound

Array = NDArray[Any]

WIDTH, HEIGHT, SIDE, RATE = 320, 180, 44, 25
BEFORE, SHOT, GONE, FRAMES = 20, 70, 55, 90
"""A shot without it; from frame 20 on one with it, until it is gone at frame 55; at 70 a third."""


def box_of(frame: int) -> Array:
    x, y = 40 + 4 * (frame - BEFORE), 60 + 12 * np.sin(frame / 7)
    return np.array([x, y, x + SIDE, y + SIDE])


def pictures() -> Iterator[Array]:
    grounds = [texture(WIDTH, HEIGHT, seed) for seed in (3, 21, 34)]
    thing = texture(SIDE, SIDE, 11)[::-1, ::-1]
    for frame in range(FRAMES):
        picture = grounds[(frame >= BEFORE) + (frame >= SHOT)].copy()
        if BEFORE <= frame < GONE:
            x, y = np.round(box_of(frame)[:2]).astype(int)
            picture[y : y + SIDE, x : x + SIDE] = thing
        yield picture


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("drawn") / "a.mp4", pictures(), rate=RATE)


def _follow(clip: Path | Reel, frame: int, **more: Any) -> Followed:
    return follow_box(clip, Fraction(frame, RATE), box_of(frame).tolist(), **more)


def _frames(followed: Followed) -> list[int]:
    at = followed.pts * float(followed.time_base) * RATE
    return [round(frame) for frame in at.tolist()]


@pytest.mark.parametrize("drawn", [BEFORE, 37, GONE - 1])
def test_it_is_followed_from_the_cut_to_where_it_is_gone(clip: Path, drawn: int) -> None:
    followed = _follow(clip, drawn)
    frames = _frames(followed)
    assert GONE - 1 <= frames[-1] <= GONE  # the first frame without it may still be believed
    assert frames == list(range(BEFORE, frames[-1] + 1))
    assert (followed.began, followed.ended) == ("cut", "lost")
    for frame, box in zip(range(BEFORE, GONE), followed.box_xyxy, strict=False):
        assert iou(box[None].astype(float), box_of(frame)[None])[0, 0] > 0.8, frame
    assert followed.confidence[frames.index(drawn)] == 1
    assert (followed.confidence[: GONE - BEFORE] > 0.4).all()


def test_it_is_asked_for_by_the_time_of_a_frame(clip: Path) -> None:
    followed = _follow(clip, 30)
    there = followed.at(Time(40, Fraction(1, RATE)))
    assert there is not None
    assert iou(there[None].astype(float), box_of(40)[None])[0, 0] > 0.8
    assert followed.at(Time(BEFORE - 1, Fraction(1, RATE))) is None
    assert followed.at(Time(81, Fraction(1, 2 * RATE))) is None  # between two frames
    assert followed.at(Time(10**9, Fraction(1, RATE))) is None


def test_a_time_within_a_frame_is_that_of_the_frame(clip: Path) -> None:
    followed = follow_box(clip, Fraction(61, 2 * RATE), box_of(30).tolist())
    np.testing.assert_array_equal(followed.box_xyxy, _follow(clip, 30).box_xyxy)


def test_it_ends_where_it_leaves_the_picture(tmp_path: Path) -> None:
    ground, thing = texture(WIDTH, HEIGHT, 21), texture(SIDE, SIDE, 11)[::-1, ::-1]

    def leaving() -> Iterator[Array]:
        for frame in range(60):
            wide = np.pad(ground, ((0, 0), (0, 200), (0, 0)), "edge")
            x = 150 + 5 * frame
            if x + SIDE <= wide.shape[1]:
                wide[60 : 60 + SIDE, x : x + SIDE] = thing
            yield wide[:, :WIDTH]

    clip = write_clip(tmp_path / "a.mp4", leaving(), rate=RATE)
    followed = follow_box(clip, Fraction(0), (150, 60, 150 + SIDE, 60 + SIDE))
    last = _frames(followed)[-1]
    assert followed.ended in ("left", "lost")
    assert 28 <= last <= 35  # its middle is at the edge in frame 30
    assert (followed.began, _frames(followed)[0]) == ("end", 0)


def test_the_video_may_end_first(tmp_path: Path) -> None:
    still = list(pictures())[30]
    clip = write_clip(tmp_path / "a.mp4", [still] * 12, rate=RATE)
    followed = _follow(clip, 6, tracker=_told([1.0]))
    assert (followed.began, followed.ended, len(followed.pts)) == ("end", "end", 12)


def _told(confidences: Sequence[float]) -> Any:
    """A tracker that stays, and is as sure as this, frame by frame; then as in the last."""

    class Told:
        def __init__(self, gray: Array, box: Array) -> None:
            self.box, self.left = box, list(confidences)

        def update(self, gray: Array) -> Seen:
            return Seen(self.box, self.left.pop(0) if len(self.left) > 1 else self.left[0])

    return Told


def test_a_moment_of_doubt_is_no_end(clip: Path) -> None:
    sure = _follow(clip, 30, tracker=_told([0.9] * 5 + [0.0] * 8 + [0.9] * 4 + [0.0]))
    frames = _frames(sure)
    assert frames[-1] == 30 + 17  # up to the last that was sure
    row = frames.index(38)
    assert sure.confidence[row] == 0  # and those between are told


def test_progress_rises_to_the_end(clip: Path) -> None:
    told: list[float] = []
    _follow(clip, 37, on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) > 20


def test_twice_is_the_same(clip: Path) -> None:
    one, other = _follow(clip, 37), _follow(Reel(clip), 37)
    for name in ("pts", "box_xyxy", "confidence"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


HOSTILE: dict[str, Sequence[float]] = {
    "three": (1, 2, 3),
    "five": (1, 2, 30, 40, 5),
    "nan": (float("nan"), 0, 30, 30),
    "infinite": (0, 0, float("inf"), 30),
    "inside out": (40, 40, 10, 10),
    "no area": (10, 10, 10, 40),
    "tiny": (10, 10, 12, 12),
    "beyond": (400, 10, 500, 100),
    "huge": (-1e9, -1e9, 1e9, 1e9),
    "far": (-3000, 0, 100, 100),
}


@pytest.mark.parametrize("box", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_box_is_refused(clip: Path, box: Sequence[float]) -> None:
    with pytest.raises(UsageError, match="box"):
        follow_box(clip, Fraction(1), box)


@pytest.mark.parametrize("time", [Fraction(-1), Fraction(1000)])
def test_a_time_beyond_the_video_is_refused(clip: Path, time: Fraction) -> None:
    with pytest.raises(UsageError, match="lies b"):
        follow_box(clip, time, (10, 10, 60, 60))


def test_a_box_as_large_as_the_picture_will_do(clip: Path) -> None:
    followed = follow_box(clip, Fraction(1), (0, 0, WIDTH, HEIGHT))
    assert np.isfinite(followed.box_xyxy).all()


def test_what_is_no_video_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError):
        follow_box(tmp_path / "nothing.mp4", Fraction(0), (0, 0, 20, 20))
    with pytest.raises(MediaError):
        follow_box(write_sound(tmp_path / "a.m4a"), Fraction(0), (0, 0, 20, 20))
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(MediaError):
        follow_box(tmp_path / "empty.mp4", Fraction(0), (0, 0, 20, 20))
