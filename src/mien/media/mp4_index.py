"""What the index of an MP4 or MOV file announces, checked before FFmpeg makes room for it.

A table of samples may state one size for all and then only their number, a run of a fragment only
its number of samples: four bytes announce two thousand million samples, and FFmpeg makes an entry
of 24 bytes for each. Every edit of an edit list is looked up among all samples of its track and
may repeat them. (ISO/IEC 14496-12, 8.6 to 8.8.)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from mien.media.source import OpenSource

OUTER = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf"})
"""Boxes that are looked into."""

DEEPEST = 10
"""How deep boxes may lie in one another for FFmpeg to look at them."""

EDIT_STEPS = 1 << 25
"""Edits times samples of a track: a hundred edits in three hours of video at 30 frames a second."""

RUN = 1024
"""Samples of sound that lies there uncompressed and get one entry (`mov_build_index` of FFmpeg)."""


@dataclass(slots=True)
class _Track:
    """Numbers of one track."""

    handlers: bytes = b""
    samples: int = 0
    one_tick_each: bool = True
    chunks: int = 0
    per_chunk: bytes = b""  # rows of first chunk, samples in each, description; 4 bytes each
    edits: int = 0

    @property
    def entries(self) -> int:
        """Of the index that FFmpeg will make."""
        if b"vide" in self.handlers or b"soun" not in self.handlers or not self.one_tick_each:
            return self.samples
        rows = list(struct.iter_unpack(">3I", self.per_chunk[: len(self.per_chunk) // 12 * 12]))
        edges = [min(row[0], self.chunks + 1) for row in rows] + [self.chunks + 1]
        spans = [max(0, after - start) for start, after in pairwise(edges)]
        return sum(span * (1 + row[1] // RUN) for span, row in zip(spans, rows, strict=True))


def falsehood(opened: OpenSource) -> str | None:
    """What an MP4 or MOV file announces that cannot be true, in words; None if there is nothing."""
    tracks, in_fragments = [_Track()], 0
    for kind, body, end in _boxes(opened.file, 0, opened.size):
        if kind == b"trak":
            tracks.append(_Track())
        elif kind == b"trun":
            in_fragments += _numbers(opened.file, body, end)[1]
        else:
            _note(tracks[-1], opened.file, kind, body, end)
    if sum(track.entries for track in tracks) + in_fragments > opened.size:
        return "it announces more pictures and sounds than the file has bytes"
    if any(track.edits * track.entries > EDIT_STEPS for track in tracks):
        return "its edit list is too long to be followed"
    return None


def _note(track: _Track, file: BinaryIO, kind: bytes, body: int, end: int) -> None:
    """Note what a box says of its track; of two that say the same, the larger number."""
    match kind:
        case b"hdlr":
            track.handlers += _numbers(file, body, end)[2].to_bytes(4, "big")
        case b"stts":
            _, count, _, ticks = _numbers(file, body, end)
            track.one_tick_each &= (count, ticks) == (1, 1)
        case b"stsz" | b"stz2":
            track.samples = max(track.samples, _numbers(file, body, end)[2])
        case b"stco" | b"co64":
            track.chunks = max(track.chunks, _numbers(file, body, end)[1])
        case b"elst":
            track.edits = max(track.edits, _numbers(file, body, end)[1])
        case b"stsc":
            file.seek(body + 8)
            track.per_chunk = file.read(max(0, end - body - 8))


def _numbers(file: BinaryIO, body: int, end: int) -> tuple[int, int, int, int]:
    """The first four of a box, 0 for those that are not there."""
    file.seek(body)
    head = file.read(min(16, end - body)).ljust(16, b"\0")
    first, second, third, fourth = struct.unpack(">4I", head)
    return first, second, third, fourth


def _boxes(file: BinaryIO, at: int, end: int, depth: int = 1) -> Iterator[tuple[bytes, int, int]]:
    """The kind, the beginning behind the header and the end of each box, those inside as well."""
    while at + 8 <= end:
        file.seek(at)
        header = file.read(16)
        length, kind, body = int.from_bytes(header[:4], "big"), header[4:8], at + 8
        if length == 1:
            length, body = int.from_bytes(header[8:16], "big"), at + 16
        stop = end if length == 0 else min(at + length, end)
        if stop < body:
            return
        yield kind, body, stop
        if kind in OUTER and depth < DEEPEST:
            yield from _boxes(file, body, stop, depth + 1)
        at = stop
