"""Damage to the parts of a file: wrong sizes, wrong numbers, parts that are cut, gone or twice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.broken.parts import Part, parts_of

Random = np.random.Generator
Way = Callable[[bytes, Random], bytes]


def pick(parts: list[Part], random: Random) -> Part:
    """One part, each name as likely as the next, so that not all are packets."""
    names = sorted({part.name for part in parts})
    name = names[random.integers(len(names))]
    named = [part for part in parts if part.name == name]
    return named[random.integers(min(len(named), 40))]


def _sized(data: bytes, random: Random) -> Part:
    return pick([part for part in parts_of(data) if part.size_bytes], random)


def set_size(data: bytes, part: Part, value: int) -> bytes:
    """The file with another number in a part's size field; numbers that do not fit are cut."""
    bits = 8 * part.size_bytes - part.marker_bits
    number = value & ((1 << bits) - 1)
    if part.marker_bits:
        number |= 1 << bits
    field = number.to_bytes(part.size_bytes, part.order)
    return data[: part.size_at] + field + data[part.size_at + part.size_bytes :]


def size_of(data: bytes, part: Part) -> int:
    """What stands in a part's size field."""
    field = data[part.size_at : part.size_at + part.size_bytes]
    bits = 8 * part.size_bytes - part.marker_bits
    return int.from_bytes(field, part.order) & ((1 << bits) - 1)


def size_zero(data: bytes, random: Random) -> bytes:
    """A part of no size; to the end of the file, in MP4."""
    return set_size(data, _sized(data, random), 0)


def size_one(data: bytes, random: Random) -> bytes:
    """In MP4: a size of 64 bits stands behind the name, where none does."""
    return set_size(data, _sized(data, random), 1)


def size_huge(data: bytes, random: Random) -> bytes:
    """The largest number that is not negative where it is read as signed."""
    part = _sized(data, random)
    return set_size(data, part, (1 << (8 * part.size_bytes - part.marker_bits - 1)) - 1)


def size_negative(data: bytes, random: Random) -> bytes:
    """-8 where it is read as signed, else the largest number there is, but for a little."""
    return set_size(data, _sized(data, random), -8)


def size_unknown(data: bytes, random: Random) -> bytes:
    """All bits set: in Matroska, a size that is not known."""
    return set_size(data, _sized(data, random), -1)


def size_wrong(data: bytes, random: Random) -> bytes:
    """A few bytes too many or too few."""
    part = _sized(data, random)
    return set_size(data, part, size_of(data, part) + int(random.choice([-5, -1, 1, 3, 40])))


def number_wild(data: bytes, random: Random) -> bytes:
    """Huge, negative or no numbers in the first fields of a part, where counts and sizes stand."""
    part = pick(parts_of(data), random)
    last = max(part.body + 1, min(part.end, part.body + 48))
    changed = bytearray(data)
    for at in random.integers(part.body, last, 2).tolist():
        wild = random.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0x00FFFFFF])
        changed[at : at + 4] = int(wild).to_bytes(4, "big")
    return bytes(changed[: len(data)])


def dropped(data: bytes, random: Random) -> bytes:
    """A part is gone, and nobody was told."""
    part = pick(parts_of(data)[1:], random)
    return data[: part.at] + data[part.end :]


def twice(data: bytes, random: Random) -> bytes:
    """A part comes again."""
    part = pick(parts_of(data), random)
    return data[: part.end] + data[part.at : part.end] + data[part.end :]


def many_times(data: bytes, random: Random) -> bytes:
    """A small part comes two thousand times."""
    part = pick([part for part in parts_of(data) if part.end - part.at < 400], random)
    return data[: part.end] + data[part.at : part.end] * 2000 + data[part.end :]


def swapped(data: bytes, random: Random) -> bytes:
    """Two parts in each other's place."""
    parts = parts_of(data)[1:]
    first, second = sorted((pick(parts, random), pick(parts, random)), key=lambda part: part.at)
    if first.end > second.at:  # one within the other
        return twice(data, random)
    return b"".join(
        (
            *(data[: first.at], data[second.at : second.end], data[first.end : second.at]),
            *(data[first.at : first.end], data[second.end :]),
        )
    )


def cut_inside(data: bytes, random: Random) -> bytes:
    """The file ends in the middle of a part."""
    part = pick(parts_of(data), random)
    return data[: max(1, int(random.integers(part.at + 1, max(part.at + 2, part.end))))]


def cut_before(data: bytes, random: Random) -> bytes:
    """The file ends exactly before a part."""
    return data[: pick(parts_of(data)[1:], random).at]


def renamed(data: bytes, random: Random) -> bytes:
    """A part has the name of another, or none that is known."""
    parts = parts_of(data)
    part, other = pick(parts, random), pick(parts, random)
    length = min(part.body - part.at, other.body - other.at)
    new = data[other.at : other.at + length] if random.integers(3) else b"\x7f" * length
    return data[: part.at] + new + data[part.at + length :]


def noise_inside(data: bytes, random: Random) -> bytes:
    """What is in a part is random."""
    part = pick([part for part in parts_of(data) if part.end > part.body], random)
    length = min(part.end - part.body, 600)
    return data[: part.body] + random.bytes(length) + data[part.body + length :]


WAYS: tuple[Way, ...] = (
    *(size_zero, size_one, size_huge, size_negative, size_unknown, size_wrong, number_wild),
    *(dropped, twice, many_times, swapped, cut_inside, cut_before, renamed, noise_inside),
)
