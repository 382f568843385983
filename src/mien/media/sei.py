"""Takes free notes out of H.264 and HEVC packets: cameras write places and devices into them.

They are SEI messages of the kind user_data_unregistered (ITU-T H.264, D.1.7 and D.2.7; H.265,
D.2.7). All other messages stay as they are: captions, HDR metadata, the structure of pictures. So
do the notes of the free encoders, as decoders go by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

UNREGISTERED = 5

ENCODERS = (
    bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef"),  # x264
    bytes.fromhex("2ca2de09b51747dbbb55a4fe7fc2fc4e"),  # x265
)
"""The identifiers that notes about an encoder's settings begin with."""

USER_DATA = re.compile(b"\0\0\1\xb2(?!Lavc|XviD|DivX|GA94|DTG1)")
"""In MPEG-1, -2 and -4: user data other than the names of free encoders, captions and the format of
the picture (ISO/IEC 13818-2, 6.2.2.2.2; ATSC A/53 part 4, 6.2.3)."""

_START = re.compile(b"\0\0\1")
_ESCAPED = re.compile(b"\0\0\3(?=[\0-\3]|$)")
_TO_ESCAPE = re.compile(b"\0\0(?=[\0-\3])")


def holds_notes(codec: str, data: bytes) -> bool:
    """Whether a packet holds free notes that `Cleaner` cannot take out."""
    return codec.startswith("mpeg") and USER_DATA.search(data) is not None


class Cleaner:
    """For the packets of one stream.

    Args:
        codec: "h264" or "hevc"; packets of others stay as they are.
        extradata: of the stream; it tells how the units of a packet are told apart.
    """

    def __init__(self, codec: str, extradata: bytes | None) -> None:
        self._hevc = codec == "hevc"
        self._applies = codec in ("h264", "hevc")
        self._length_bytes = 0  # start codes lie between the units
        if extradata and extradata[0] == 1 and len(extradata) > (21 if self._hevc else 4):
            self._length_bytes = (extradata[21 if self._hevc else 4] & 3) + 1

    def clean(self, data: bytes) -> bytes | None:
        """The packet without free notes; None if it has none, or is broken."""
        units = list(self._units(data)) if self._applies else []
        if self._length_bytes and sum(self._length_bytes + len(unit) for unit in units) < len(data):
            return None
        out, changed = bytearray(), False
        for unit in units:
            kept = self._without_notes(unit) if self._is_sei(unit) else unit
            changed |= kept is not unit
            if kept:
                size = self._length_bytes
                out += len(kept).to_bytes(size, "big") if size else b"\0\0\0\1"
                out += kept
        return bytes(out) if changed else None

    def clean_record(self, extradata: bytes) -> bytes:
        """What stands before the packets of an HEVC stream in MP4 and Matroska, without free notes
        (HEVCDecoderConfigurationRecord, ISO/IEC 14496-15, 8.3.3.1); that of others, and a broken
        one, as it is."""
        if not self._hevc or not self._length_bytes or len(extradata) < 23:
            return extradata
        out, at = bytearray(extradata[:23]), 23
        for _ in range(extradata[22]):
            head, count = extradata[at : at + 1], int.from_bytes(extradata[at + 1 : at + 3], "big")
            at, kept = at + 3, []
            for _ in range(count):
                size = int.from_bytes(extradata[at : at + 2], "big")
                unit, at = extradata[at + 2 : at + 2 + size], at + 2 + size
                if at > len(extradata):
                    return extradata
                kept.append(self._without_notes(unit) if self._is_sei(unit) else unit)
            kept = [unit for unit in kept if unit]
            out += head + len(kept).to_bytes(2, "big")
            out += b"".join(len(unit).to_bytes(2, "big") + unit for unit in kept)
        return bytes(out) if at == len(extradata) else extradata

    def _units(self, data: bytes) -> Iterator[bytes]:
        if not self._length_bytes:
            edges = [match.start() for match in _START.finditer(data)] + [len(data)]
            for start, end in pairwise(edges):
                yield data[start + 3 : end].rstrip(b"\0")
            return
        at = 0
        while at + self._length_bytes < len(data):
            start = at + self._length_bytes
            at = start + int.from_bytes(data[at:start], "big")
            if at > len(data):
                return
            yield data[start:at]

    def _is_sei(self, unit: bytes) -> bool:
        if not unit:
            return False
        return (unit[0] >> 1 & 63) in (39, 40) if self._hevc else unit[0] & 31 == 6

    def _without_notes(self, unit: bytes) -> bytes:
        """The same object if there is nothing to take out; b"" if nothing is left."""
        head = 2 if self._hevc else 1
        messages = list(_messages(_ESCAPED.sub(b"\0\0", unit[head:])))
        kept = [whole for kind, payload, whole in messages if not _is_note(kind, payload)]
        if len(kept) == len(messages):
            return unit
        body = b"".join(kept) + b"\x80"
        return unit[:head] + _TO_ESCAPE.sub(b"\0\0\3", body) if kept else b""


def _is_note(kind: int, payload: bytes) -> bool:
    return kind == UNREGISTERED and payload[:16] not in ENCODERS


def _messages(body: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Kind, payload and the whole of each message (H.264, 7.3.2.3.1; H.265, 7.3.5)."""
    at = 0
    while body[at:].rstrip(b"\0") not in (b"", b"\x80"):
        begin = at
        kind, at = _number(body, at)
        size, at = _number(body, at)
        yield kind, body[at : at + size], body[begin : at + size]
        at += size


def _number(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    while at < len(body) and body[at] == 255:
        value, at = value + 255, at + 1
    return value + (body[at] if at < len(body) else 0), at + 1
