"""Damage to the bytes of a file, whatever they mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Random = np.random.Generator
Way = Callable[[bytes, Random], bytes]

HEADER_BYTES = 2000


def few_bytes(data: bytes, random: Random) -> bytes:
    """The file ends in its first header."""
    return data[: random.integers(2, 64)]


def cut(data: bytes, random: Random) -> bytes:
    """The file ends somewhere."""
    return data[: random.integers(1, len(data))]


def last_byte_missing(data: bytes, random: Random) -> bytes:
    """All but one byte is there."""
    return data[:-1]


def flipped(data: bytes, random: Random) -> bytes:
    """Eight bits are turned, anywhere."""
    return _flip(data, 0, len(data), 8, random)


def flipped_header(data: bytes, random: Random) -> bytes:
    """Eight bits are turned near the start."""
    return _flip(data, 0, min(len(data), HEADER_BYTES), 8, random)


def flipped_tail(data: bytes, random: Random) -> bytes:
    """Eight bits are turned near the end, where some containers have their index."""
    return _flip(data, max(0, len(data) - HEADER_BYTES), len(data), 8, random)


def flipped_much(data: bytes, random: Random) -> bytes:
    """One bit in a thousand bytes is turned."""
    return _flip(data, 0, len(data), len(data) // 1000 + 1, random)


def _flip(data: bytes, low: int, high: int, count: int, random: Random) -> bytes:
    changed = bytearray(data)
    for at in random.integers(low, high, count).tolist():
        changed[at] ^= 1 << int(random.integers(8))
    return bytes(changed)


def hole(data: bytes, random: Random) -> bytes:
    """A piece is missing."""
    start, length = _piece(data, random)
    return data[:start] + data[start + length :]


def zeroed(data: bytes, random: Random) -> bytes:
    """A piece is zero, as a block of a disk that was never written."""
    start, length = _piece(data, random)
    return data[:start] + bytes(length) + data[start + length :]


def repeated(data: bytes, random: Random) -> bytes:
    """A piece comes twice."""
    start, length = _piece(data, random)
    return data[: start + length] + data[start:]


def exchanged(data: bytes, random: Random) -> bytes:
    """Two pieces in each other's place."""
    a, b, c, d = sorted(random.integers(0, len(data) + 1, 4).tolist())
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def zero_tail(data: bytes, random: Random) -> bytes:
    """Zero from somewhere to the end: space was set aside and the copying broke off."""
    keep = int(random.integers(1, len(data)))
    return data[:keep] + bytes(len(data) - keep)


def zeros_behind(data: bytes, random: Random) -> bytes:
    """A megabyte of zeros behind the whole file."""
    return data + bytes(1 << 20)


def noise_behind_header(data: bytes, random: Random) -> bytes:
    """A valid start, and then nothing but noise."""
    keep = int(random.integers(12, min(len(data), HEADER_BYTES)))
    return data[:keep] + random.bytes(max(4096, len(data) - keep))


def doubled(data: bytes, random: Random) -> bytes:
    """The file behind itself."""
    return data + data


def _piece(data: bytes, random: Random) -> tuple[int, int]:
    return int(random.integers(0, len(data))), int(random.integers(1, 2000))


WAYS: tuple[Way, ...] = (
    *(few_bytes, cut, last_byte_missing, flipped, flipped_header, flipped_tail),
    *(flipped_much, hole, zeroed, repeated, exchanged, zero_tail, zeros_behind),
    *(noise_behind_header, doubled),
)
