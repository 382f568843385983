"""The two hundred broken videos: a table, the same in every run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np

from mien.models import file_of
from tests.broken import bytewise, remux, stamps, structure
from tests.clips import numbered, write_clip
from tests.media.test_video import KINDS

FRAMES = 40
SAMPLES = ("sample-carphone", "sample-bikes", "sample-bunny")
SLOW = ", slow"
"""Behind the name of a kind: at one frame a second, so that it is cut into segments."""


class Clips:
    """The whole clips by name, each made once in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        if name not in self._made:
            self._made[name] = self._path(name).read_bytes()
        return self._made[name]

    def _path(self, name: str) -> Path:
        if name in SAMPLES:
            return file_of(name)
        suffix, _, how = KINDS[name.removesuffix(SLOW)]
        rate = 1 if name.endswith(SLOW) else 25
        path = self._folder / f"whole{suffix}"
        return write_clip(path, numbered(FRAMES, 160, 96), rate=rate, **how)


def suffix_of(clip: str) -> str:
    """The ending of a clip's name."""
    return ".mp4" if clip in SAMPLES else KINDS[clip.removesuffix(SLOW)][0]


@dataclass(frozen=True, slots=True)
class Case:
    """A broken video: what it is called, the ending of its file, and how it is made."""

    name: str
    suffix: str
    make: Callable[[Clips], bytes]

    def __str__(self) -> str:
        return self.name


Way = Callable[[bytes, np.random.Generator], bytes]


def _damaged(clip: str, way: Way, name: str) -> Case:
    def make(clips: Clips) -> bytes:
        return way(clips[clip], np.random.default_rng(crc32(name.encode())))

    return Case(name, suffix_of(clip), make)


def _around(ways: tuple[Way, ...], clips: list[str], count: int, what: str) -> Iterator[Case]:
    """`count` pairs, no way and no clip much more often than another."""
    for number in range(count):
        turn, place = divmod(number, len(clips))
        clip, way = clips[place], ways[(place + 4 * turn) % len(ways)]
        yield _damaged(clip, way, f"{clip}, {what} {way.__name__}, {number}")


def _remuxed(clip: str, suffix: str, change: remux.Change) -> Case:
    name = f"{clip} as {suffix[1:]}, {change.__name__}"

    def make(clips: Clips) -> bytes:
        random = np.random.default_rng(crc32(name.encode()))
        return remux.remuxed(clips[clip], suffix, change, random)

    return Case(name, suffix, make)


REMUXED = {
    ".mkv": (
        *(remux.equal, remux.missing, remux.negative, remux.huge, remux.jump, remux.shuffled),
        *(remux.without_keys, remux.first_missing, remux.cut_short, remux.noise, remux.one_byte),
    ),
    ".mp4": (remux.huge, remux.jump, remux.missing, remux.cut_short),
    ".flv": (remux.jump, remux.noise),
}
"""What each muxer lets through; the rest is done to the bytes, by `stamps`."""

SEGMENTED = [
    kind + SLOW for kind in ("MP4 H.264 with B-frames", "MP4 H.264 in fragments", "WebM VP8")
]
TIMED = [
    *SEGMENTED,
    *("MP4 H.264", "MP4 H.264 with B-frames", "MP4 H.264 in fragments", "MOV HEVC", "FLV"),
    *("MKV H.264 with B-frames", "WebM VP8", "WebM VP9 with sound", "TS MPEG-2"),
    *("TS H.264 with B-frames", "MPEG-2 with B-frames"),
]


def _special() -> Iterator[Case]:
    bunny, bikes, carphone = "sample-bunny", "sample-bikes", "sample-carphone"

    def sound(suffix: str, clips: Clips) -> bytes:
        return remux.only_sound(clips[bunny], suffix)

    def changing(suffix: str, clips: Clips) -> bytes:
        return remux.changed_in_the_middle(clips[carphone], clips[bikes], suffix)

    def called(codec: str, clips: Clips) -> bytes:
        return remux.called_another(clips["MP4 H.264"], codec)

    for suffix in (".mp4", ".mkv"):
        yield Case(f"only the sound of {bunny} as {suffix[1:]}", suffix, partial(sound, suffix))
    for suffix in (".mkv", ".mov"):
        name = f"{carphone} becomes {bikes} in {suffix[1:]}"
        yield Case(name, suffix, partial(changing, suffix))
    for codec in ("libvpx", "mpeg4"):
        yield Case(f"MP4 H.264 called {codec}", ".mkv", partial(called, codec))
    yield Case("one byte", ".mp4", lambda clips: clips["MP4 H.264"][:1])
    yield Case("TS and MP4 in one", ".ts", lambda clips: clips["TS MPEG-2"] + clips["MP4 H.264"])


def _all() -> Iterator[Case]:
    kinds = list(KINDS)
    sized = SEGMENTED + [kind for kind in kinds if kind != "MPEG-1 without container"]
    yield from _around(structure.WAYS, sized, 104, "part")
    yield from _around(bytewise.WAYS, [*SAMPLES, *kinds], 47, "bytes")
    yield from _around(stamps.WAYS, TIMED, 24, "times")
    for suffix, changes in REMUXED.items():
        for change in changes:
            yield _remuxed("MP4 H.264", suffix, change)
    yield from _special()


CASES = list(_all())


def fuzzed(seed: int, clips: Clips) -> tuple[str, bytes]:
    """Any clip, damaged in one to three ways: for as many seeds as one has time for. The name tells
    how, and ends as the file should."""
    random = np.random.default_rng(seed)
    kinds = [*SEGMENTED, *KINDS]
    clip = kinds[random.integers(len(kinds))]
    data, done = clips[clip], []
    for _ in range(1 + random.integers(0, 5) // 3):
        ways = (structure.WAYS, bytewise.WAYS, stamps.WAYS)[random.integers(3)]
        way = ways[random.integers(len(ways))]
        try:
            data = way(data, random)
        except (LookupError, ValueError):  # nothing is left that it could be done to
            continue
        done.append(way.__name__)
    return f"{clip}, {' '.join(done) or 'whole'}, seed {seed}{suffix_of(clip)}", data
