"""Damage to the time stamps of a file: fields that a muxer would refuse to write."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.broken.parts import parts_of

Random = np.random.Generator
Way = Callable[[bytes, Random], bytes]
Field = tuple[int, int]  # where it begins and ends

PES_VIDEO = b"\0\0\1\xe0"
PES_TIME_AT, PES_TIME_BYTES = 9, 5


def fields_of(data: bytes) -> list[Field]:
    """Where the time stamps of pictures stand; in MP4, those that they are computed from.

    Raises:
        LookupError: a kind of file whose time stamps are not known here.
    """
    if data[:1] == b"G" or data[:4] == b"\0\0\1\xba":
        places = _places(data, PES_VIDEO)
        return [(at + PES_TIME_AT, at + PES_TIME_AT + PES_TIME_BYTES) for at in places]
    fields: list[Field] = []
    for part in parts_of(data):
        match part.name:
            case "video":  # a tag of FLV
                fields.append((part.at + 4, part.at + 8))
            case "SimpleBlock":
                fields.append((part.body + 1, part.body + 3))
            case "Timestamp":
                fields.append((part.body, part.end))
            case "stts" | "ctts":
                fields += [(at + 4, at + 8) for at in range(part.body + 8, part.end - 7, 8)]
            case "tfdt":
                fields.append((part.body + 4, part.end))
            case "mdhd":
                fields.append((part.body + 12, part.body + 16))  # ticks a second
            case "elst":
                fields.append((part.body + 12, part.body + 16))
    if not fields:
        raise LookupError(f"no time stamps in a file that begins with {data[:8]!r}")
    return fields


def _places(data: bytes, start: bytes) -> list[int]:
    found, at = [], data.find(start)
    while at >= 0:
        found.append(at)
        at = data.find(start, at + 4)
    return [at for at in found if at + PES_TIME_AT + PES_TIME_BYTES <= len(data)]


def _written(data: bytes, fields: list[Field], values: list[bytes]) -> bytes:
    changed = bytearray(data)
    for (start, end), value in zip(fields, values, strict=True):
        changed[start:end] = (bytes(end - start) + value)[start - end :]
    return bytes(changed)


def backwards(data: bytes, random: Random) -> bytes:
    """The first has the time of the last, and so on."""
    fields = fields_of(data)
    return _written(data, fields, [data[a:b] for a, b in reversed(fields)])


def equal(data: bytes, random: Random) -> bytes:
    """All have the time of the third."""
    fields = fields_of(data)
    start, end = fields[min(2, len(fields) - 1)]
    return _written(data, fields, [data[start:end]] * len(fields))


def scattered(data: bytes, random: Random) -> bytes:
    """Each has the time of another."""
    fields = fields_of(data)
    order = [*range(len(fields))]
    while len(order) > 1 and order == sorted(order):
        order = random.permutation(len(fields)).tolist()
    return _written(data, fields, [data[fields[i][0] : fields[i][1]] for i in order])


def zero(data: bytes, random: Random) -> bytes:
    """All are zero."""
    fields = fields_of(data)
    return _written(data, fields, [b"\0"] * len(fields))


def largest(data: bytes, random: Random) -> bytes:
    """Some have all bits set: the largest time, or the one before zero."""
    fields = fields_of(data)
    some = [field for field in fields if random.integers(3) == 0] or fields
    return _written(data, some, [b"\xff" * (b - a) for a, b in some])


def noise(data: bytes, random: Random) -> bytes:
    """All are random."""
    fields = fields_of(data)
    return _written(data, fields, [random.bytes(b - a) for a, b in fields])


WAYS: tuple[Way, ...] = (backwards, equal, scattered, zero, largest, noise)
