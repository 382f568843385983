"""A video written anew: its pictures changed where they were, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mien.errors import UsageError
from mien.media import Frame, open_video
from mien.media.planes import NativePicture
from mien.media.remake import remake_video
from mien.media.source import Source
from mien.media.stored import Stored
from mien.media.writer import Encoding
from tests.clips import QUARTER_TURNS, cut_edit_list, numbered, read_number, turn, write_clip
from tests.media.test_writer import UNEVEN

FAST = Encoding(crf=18, preset="ultrafast")


def remake(
    source: Source,
    target: Path,
    change: Callable[[NativePicture, Frame], None] = lambda native, frame: None,
    encoding: Encoding = FAST,
) -> tuple[str, ...]:
    """Write a video anew and give what is said about it."""
    with open_video(source) as video, remake_video(source, target, encoding=encoding) as copy:
        for frame in video.frames():
            native = frame.native()
            change(native, frame)
            copy.write(native, frame.time, frame.duration)
    return copy.notes


def timed(path: Path) -> list[tuple[Fraction, int]]:
    """When each frame is shown, in seconds, and its number."""
    with open_video(path) as video:
        return [(frame.time.exact, read_number(frame.rgb)) for frame in video.frames()]


def with_range_stated(stored: Stored) -> Stored:
    """MP4 states a limited range where nothing was stated, which means the same."""
    color = stored.color
    return replace(stored, color=replace(color, range=color.range or 1))


CLIPS: dict[str, Callable[[Path], Path]] = {
    "25": lambda p: write_clip(p / "a.mp4", numbered(40)),
    "29.97, B-frames": lambda p: write_clip(
        p / "a.mp4", numbered(40), rate="30000/1001", options={"bf": "3"}
    ),
    "uneven, first not at 0, B-frames": lambda p: write_clip(
        p / "a.mp4", numbered(40), pts=UNEVEN, time_base="1/15360", options={"bf": "2"}
    ),
    "edit list": lambda p: cut_edit_list(
        write_clip(p / "a.mp4", numbered(40), options={"bf": "2"}), 512 * 7
    ),
    "uneven, 90 kHz": lambda p: write_clip(
        p / "a.ts", numbered(40), pts=UNEVEN, time_base="1/90000"
    ),
    "Matroska, 29.97": lambda p: write_clip(p / "a.mkv", numbered(40), rate="30000/1001"),
    "AVI": lambda p: write_clip(p / "a.avi", numbered(40), rate="24000/1001"),
    "WMV": lambda p: write_clip(p / "a.wmv", numbered(40)),
    "turned": lambda p: turn(write_clip(p / "a.mov", numbered(40)), QUARTER_TURNS[90]),
    "odd": lambda p: write_clip(
        p / "a.mkv", numbered(40, 161, 97), codec="ffv1", pix_fmt="yuv444p"
    ),
    "10 bit": lambda p: write_clip(p / "a.mp4", numbered(40), pix_fmt="yuv420p10le"),
}


@pytest.mark.parametrize("name", CLIPS)
def test_every_picture_at_its_time_in_its_size(tmp_path: Path, name: str) -> None:
    source = CLIPS[name](tmp_path)
    before = timed(source)
    assert len(before) >= 33
    for suffix in (".mp4", ".mov"):
        target = tmp_path / f"out{suffix}"
        assert remake(source, target) == ()
        assert timed(target) == before
        with open_video(source) as old, open_video(target) as new:
            for what in ("width", "height", "rotation", "orientation", "pixel_aspect"):
                assert getattr(new.info, what) == getattr(old.info, what)
            assert with_range_stated(new.stored) == with_range_stated(old.stored)


def test_only_what_was_changed_is_different(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(20, 320, 192), options={"bf": "2"})

    def change(native: NativePicture, frame: Frame) -> None:
        if frame.index % 3 == 1:
            for plane in native.planes:
                height, width = plane.samples.shape
                plane.samples[height // 2 :, width // 2 :] = plane.black

    remake(source, tmp_path / "b.mp4", change, Encoding(crf=1, preset="ultrafast"))
    with open_video(source) as old, open_video(tmp_path / "b.mp4") as new:
        for before, after in zip(old.frames(), new.frames(), strict=True):
            apart = np.abs(before.rgb.astype(int) - after.rgb)
            if before.index % 3 == 1:
                assert after.rgb[98:, 162:].max() <= 4
                apart[96:, 160:] = 0
            assert apart.max() <= 12


@pytest.mark.parametrize("name", ["a.avi", "a.webm", "a"])
def test_other_containers_are_refused(tmp_path: Path, name: str) -> None:
    source = write_clip(tmp_path / "source.mp4", numbered(3))
    with pytest.raises(UsageError, match=r"does not end in \.mp4"):
        remake(source, tmp_path / name)
    assert os.listdir(tmp_path) == ["source.mp4"]


def test_a_video_is_not_its_own_copy(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(3))
    (tmp_path / "link.mp4").symlink_to(source)
    data = source.read_bytes()
    for target in (source, tmp_path / "link.mp4"):
        with pytest.raises(UsageError, match="is the video itself"):
            remake(str(source), target)
    assert source.read_bytes() == data
