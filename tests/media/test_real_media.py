"""Clips that cameras and editors have made."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mien.media import open_video, probe, read_image
from mien.models import file_of


def test_uneven_frame_times(shared_media: Path) -> None:
    """33 ms a frame, then 42 ms, with odd ones where parts meet; the sound comes first."""
    with open_video(shared_media / "face_noface.mov") as video:
        frames = [(frame.time.exact, frame.duration) for frame in video.frames()]
    info = video.info
    assert (info.width, info.height, info.codec, info.has_audio) == (960, 540, "hevc", True)
    assert (info.rate, info.time_base) == (Fraction(30), Fraction(1, 15360))
    assert len(frames) == 169
    assert {duration for _, duration in frames} == {210, 461, 512, 640}
    for (time, duration), (following, _) in pairwise(frames):
        assert following - time == duration * info.time_base
    assert info.duration is not None
    assert frames[-1][0] + frames[-1][1] * info.time_base == info.duration.exact


def test_an_edit_list_of_an_editor(shared_media: Path) -> None:
    """98 pictures are stored and 95 are shown; the first shown is no key frame."""
    with open_video(shared_media / "no_face.mp4") as video:
        frames = list(video.frames())
    assert len(frames) == 95
    assert not frames[0].is_key
    assert [frame.time.exact for frame in frames] == [Fraction(i, 24) for i in range(95)]


def test_photos(shared_media: Path) -> None:
    for path in sorted(shared_media.glob("*.jpg")):
        info = probe(path)
        rgb = read_image(path)
        assert rgb.shape == (info.height, info.width, 3)
        assert rgb.std() > 20  # a picture, not a plane


@pytest.mark.parametrize(
    ("name", "size", "count", "rate"),
    [
        ("sample-carphone", (176, 144), 120, Fraction(30000, 1001)),
        ("sample-bikes", (640, 272), 250, Fraction(25)),
        ("sample-bunny", (1280, 720), 132, Fraction(25)),
    ],
)
def test_sample_clips(name: str, size: tuple[int, int], count: int, rate: Fraction) -> None:
    with open_video(file_of(name)) as video:
        times = []
        for frame in video.frames():
            times.append(frame.time.exact)
            if frame.index % 50 == 0:
                small = frame.rgb_at(64, 36).astype(int)
                assert np.abs(small.mean(axis=(0, 1)) - frame.rgb.mean(axis=(0, 1))).max() < 3
    assert (video.info.width, video.info.height, video.info.rate) == (*size, rate)
    assert times == [i / rate for i in range(count)]


def test_sample_photo() -> None:
    assert read_image(file_of("sample-astronaut")).shape == (512, 512, 3)
