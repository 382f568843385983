"""An index of an MP4 file that lies would make FFmpeg take gigabytes for a file of kilobytes."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import pytest

from mien.errors import CorruptMediaError
from mien.media import open_video, plan_segments
from mien.media.mp4_index import falsehood
from mien.media.source import open_source
from tests.broken.parts import Part, parts_of
from tests.broken.structure import set_size, size_of
from tests.clips import add_silence, numbered, write_clip

MANY = 80_000_000


def part(data: bytes, name: str) -> Part:
    return next(each for each in parts_of(data) if each.name == name)


def written(data: bytes, at: int, *numbers: int) -> bytes:
    new = struct.pack(f">{len(numbers)}I", *numbers)
    return data[:at] + new + data[at + len(new) :]


def of_one_size(data: bytes, samples: int) -> bytes:
    """Says it has so many pictures of one byte and one tick each, in one chunk."""
    data = written(data, part(data, "stsz").body + 4, 1, samples)
    data = written(data, part(data, "stsc").body + 12, samples)
    return written(data, part(data, "stts").body + 8, samples, 1)


def with_edits(data: bytes, edits: int) -> bytes:
    """Shows the whole of itself so many times."""
    old = part(data, "elst")
    table = struct.pack(">II", 0, edits) + struct.pack(">IiI", 99, 0, 1 << 16) * edits
    for name in ("elst", "edts", "trak", "moov"):
        outer = part(data, name)
        data = set_size(data, outer, size_of(data, outer) + len(table) - (old.end - old.body))
    return data[: old.body] + table + data[old.end :]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", numbered(9)).read_bytes()


def test_more_pictures_than_bytes(clip: bytes) -> None:
    for opening in (open_video, lambda data: list(plan_segments(data))):
        with pytest.raises(CorruptMediaError, match="more pictures and sounds than the file has"):
            opening(of_one_size(clip, MANY))


def test_more_pictures_than_bytes_in_a_fragment(tmp_path: Path) -> None:
    movflags = {"movflags": "frag_keyframe+empty_moov"}
    path = write_clip(tmp_path / "clip.mp4", numbered(30), container_options=movflags)
    data = path.read_bytes()
    assert len(list(open_video(data).frames())) == 30
    with pytest.raises(CorruptMediaError, match="more pictures and sounds than the file has"):
        open_video(written(data, part(data, "trun").body, 1, MANY))


def test_too_many_edits(clip: bytes) -> None:
    data = with_edits(of_one_size(clip, 20_000), 2000) + bytes(20_000)
    with pytest.raises(CorruptMediaError, match="its edit list is too long to be followed"):
        open_video(data)
    few = with_edits(clip, 3)
    with open_source(few) as opened:
        assert falsehood(opened) is None


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s16le", "adpcm_ima_qt"])
def test_bare_sound_has_more_samples_than_its_file_has_entries(tmp_path: Path, codec: str) -> None:
    """A sample of it lasts one tick, and a run of them has one entry; the file may be cut off."""
    path = tmp_path / "clip.mov"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        sound: Any = container.add_stream(codec)
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height = 64, 48
        add_silence(container, sound, 20.0)
        for rgb in numbered(25, 64, 48):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    data = path.read_bytes()
    for kept in (len(data), len(data) // 20):
        with open_source(data[:kept]) as opened:
            assert falsehood(opened) is None
    assert len(list(open_video(data).frames())) == 25
