"""H.264 as it lies in MP4 and Matroska: units behind their lengths, parameter sets in one record.

The record is AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1). It can hold several
parameter sets; each slice names the one it goes by (ITU-T H.264, 7.3.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

IDR, SPS, PPS = 5, 7, 8
LENGTH_BYTES = 4

HIGH = 100
"""The profile from which on a record states the layout of the samples."""

PROFILES = {66: "baseline", 77: "main", HIGH: "high"}
"""Whose pictures x264 can be told to keep to."""

MOST_SPS = 32

_START = re.compile(b"\0\0\0?\1")
_ESCAPED = re.compile(b"\0\0\3(?=[\0-\3])")


def units(packet: bytes) -> Iterator[bytes]:
    """The units of a packet whose lengths have four bytes; up to the first broken one."""
    at = 0
    while at + LENGTH_BYTES < len(packet):
        start = at + LENGTH_BYTES
        at = start + int.from_bytes(packet[at:start], "big")
        if at > len(packet):
            return
        yield packet[start:at]


def is_idr(packet: bytes) -> bool:
    """Whether nothing from before such a packet is needed to decode what follows it."""
    return any(unit and unit[0] & 31 == IDR for unit in units(packet))


def prefixed(stream: bytes) -> bytes:
    """Units between start codes, as encoders give them (H.264, annex B), behind their lengths."""
    parts = (part.rstrip(b"\0") for part in _START.split(stream))
    return b"".join(len(part).to_bytes(LENGTH_BYTES, "big") + part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Record:
    """The parameter sets of a stream.

    Attributes:
        profile: of `PROFILES`, or another.
        compatibility: its constraint flags.
        level: ten times its number.
        sps, pps: the units.
    """

    profile: int
    compatibility: int
    level: int
    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """From the bytes in a container.

        Raises:
            ValueError: it is none, is cut off, or its lengths have not four bytes.
        """
        if len(data) < 7 or data[0] != 1 or data[4] & 3 != LENGTH_BYTES - 1:
            raise ValueError("no record of parameter sets with lengths of four bytes")
        sps, at = _sets(data, 6, data[5] & 31)
        if at >= len(data):
            raise ValueError("the record of parameter sets is cut off")
        pps, _ = _sets(data, at + 1, data[at])
        return cls(data[1], data[2], data[3], sps, pps)

    @classmethod
    def of_encoder(cls, stream: bytes) -> Self:
        """From the parameter sets between start codes that x264 begins with."""
        parts = list(units(prefixed(stream)))
        sps = tuple(part for part in parts if part[0] & 31 == SPS)
        pps = tuple(part for part in parts if part[0] & 31 == PPS)
        return cls(sps[0][1], sps[0][2], sps[0][3], sps, pps)

    def free_number(self) -> int | None:
        """One that neither an SPS nor a PPS bears; the highest, None if there is none."""
        taken = {_number(unit, 4) for unit in self.sps} | {_number(unit, 1) for unit in self.pps}
        return max(set(range(MOST_SPS)) - taken, default=None)

    def joined(self, other: Self) -> bytes:
        """The bytes of a record for 4:2:0 with 8 bits that holds the sets of both."""
        high = max(self, other, key=lambda record: record.profile)
        head = [1, high.profile, high.compatibility, max(self.level, other.level)]
        sps, pps = self.sps + other.sps, self.pps + other.pps
        out = bytes([*head, 0xFC | LENGTH_BYTES - 1, 0xE0 | len(sps)]) + _written(sps)
        out += bytes([len(pps)]) + _written(pps)
        return out + (bytes([0xFC | 1, 0xF8, 0xF8, 0]) if high.profile >= HIGH else b"")


def _sets(data: bytes, at: int, count: int) -> tuple[tuple[bytes, ...], int]:
    found = []
    for _ in range(count):
        size = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    if at > len(data):
        raise ValueError("the record of parameter sets is cut off")
    return tuple(found), at


def _written(sets: tuple[bytes, ...]) -> bytes:
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in sets)


def _number(unit: bytes, at: int) -> int:
    """The Exp-Golomb number (H.264, 9.1) that begins at a byte of a unit: the set's own."""
    bits = int.from_bytes(_ESCAPED.sub(b"\0\0", unit)[at : at + 8].ljust(8, b"\0"), "big")
    zeros = 64 - bits.bit_length()
    return (bits >> (63 - 2 * zeros)) - 1 if zeros < 32 else -1
