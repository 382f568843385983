"""Frames by time: what comes is what the whole video has there."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mien.errors import DecodeError, InputNotFoundError, UsageError
from mien.media import open_video
from mien.media.seek import Reel
from tests.clips import cut_edit_list, numbered, read_number, write_clip

CLIPS: dict[str, dict[str, Any]] = {
    "plain.mp4": {},
    "b-frames.mp4": {"options": {"bf": "3", "g": "25"}},
    "one-key.mp4": {"options": {"g": "1000"}},
    "rounded.mkv": {"rate": "30000/1001"},
    "webm.webm": {"rate": "30000/1001"},
    "uneven.mp4": {"pts": [n * 3 + n % 2 for n in range(70)], "time_base": "1/90"},
    "not-enterable.avi": {},
    "transport.ts": {},
}


def _whole(path: Path) -> list[tuple[Fraction, Fraction, int]]:
    """Begin and end of each frame, and the number that it shows."""
    with open_video(path) as video:
        return [
            (
                frame.time.exact,
                frame.time.exact + frame.duration * frame.time.time_base,
                read_number(frame.rgb),
            )
            for frame in video.frames()
        ]


@pytest.fixture(scope="module", params=CLIPS)
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seek") / request.param
    return write_clip(path, numbered(70), **CLIPS[request.param])


def test_the_frame_of_a_time_is_the_one_that_is_shown_then(clip: Path) -> None:
    reel, whole = Reel(clip), _whole(clip)
    assert [number for _, _, number in whole] == list(range(70))
    for begin, end, number in whole[::9] + whole[-2:]:
        assert read_number(reel.frame(begin).rgb) == number
        assert read_number(reel.frame((begin + end) / 2).rgb) == number
        assert reel.frame(begin).time.exact == begin
    assert read_number(reel.frame(whole[-1][1]).rgb) == 69  # the very end is still the last frame


def test_frames_come_onwards_and_backwards_without_a_gap(clip: Path) -> None:
    reel, whole = Reel(clip), _whole(clip)
    for at in (0, 1, 24, 37, 69):
        begin = whole[at][0]
        onwards = [read_number(frame.rgb) for frame in reel.onwards(begin)]
        assert onwards == list(range(at, 70))
        backwards = [read_number(frame.rgb) for frame in reel.backwards(begin)]
        assert backwards == list(range(at - 1, -1, -1))


def test_few_frames_are_held_backwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mien.media.seek.HELD_PIXELS", 0)
    path = write_clip(tmp_path / "a.mp4", numbered(60), options={"g": "1000"})
    reel = Reel(path)
    end = Fraction(60, 25)
    assert [read_number(frame.rgb) for frame in reel.backwards(end)] == list(range(59, -1, -1))


def test_an_edit_list_counts_from_what_is_shown(tmp_path: Path) -> None:
    path = cut_edit_list(write_clip(tmp_path / "a.mp4", numbered(60)), 5 * 512)
    reel, whole = Reel(path), _whole(path)
    for begin, _, number in whole[::7]:
        assert read_number(reel.frame(begin).rgb) == number


def test_bytes_will_do(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.mp4", numbered(30)).read_bytes()
    assert read_number(Reel(data).frame(Fraction(1)).rgb) == 25


@pytest.mark.parametrize("time", [Fraction(-1, 25), Fraction(3), Fraction(10**9)])
def test_a_time_beyond_the_video_is_refused(tmp_path: Path, time: Fraction) -> None:
    reel = Reel(write_clip(tmp_path / "a.mp4", numbered(50)))
    with pytest.raises(UsageError, match="lies b"):
        reel.frame(time)


def test_damage_is_told(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", numbered(60))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    reel = Reel(path)
    assert read_number(reel.frame(Fraction(0)).rgb) == 0
    with pytest.raises(DecodeError):
        list(reel.onwards(Fraction(0)))


def test_no_file() -> None:
    with pytest.raises(InputNotFoundError):
        Reel("nothing.mp4")
