"""Ranges of a file's bytes, as a client may ask for them (RFC 9110, 14.1)."""

from __future__ import annotations

import re

from mien.server.errors import Refusal

MOST = 100
"""Of more ranges at once none is kept: the whole file is given."""

_RANGE = r"[ \t]*(?:[0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})[ \t]*"
_RANGES = re.compile(rf"bytes[ \t]*=({_RANGE}(?:,{_RANGE})*)", re.IGNORECASE)


def ranges_within(header: str | None, size: int) -> bytes | None:
    """Those ranges of the header Range that begin within a file of so many bytes.

    None where it is not there or is none that RFC 9110 knows: then the whole file is given.

    Raises:
        Refusal: 416, there are none.
    """
    found = None if header is None else _RANGES.fullmatch(header)
    if found is None:
        return None
    pairs = [part.strip().split("-") for part in found[1].split(",")]
    if len(pairs) > MOST or any(last and first and int(last) < int(first) for first, last in pairs):
        return None
    kept = [(first, last) for first, last in pairs if (int(first) < size if first else int(last))]
    if not kept or not size:
        message = f"The file has {size} bytes, and none of them is in these ranges."
        headers = {"Content-Range": f"bytes */{size}"}
        raise Refusal(416, "RangeNotSatisfiable", message, headers)
    return b"bytes=" + ",".join("-".join(pair) for pair in kept).encode()
