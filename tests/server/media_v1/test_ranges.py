"""The header Range, as RFC 9110 has it."""

from __future__ import annotations

import pytest

from mien.server.dialects.media_v1.ranges import MOST, ranges_within
from mien.server.errors import Refusal


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (None, None),
        ("bytes=0-0", b"bytes=0-0"),
        ("bytes=2-", b"bytes=2-"),
        ("bytes=-3", b"bytes=-3"),
        ("bytes=-99", b"bytes=-99"),  # all there is
        ("bytes=2-99", b"bytes=2-99"),
        ("BYTES = 0-1 , 4-5", b"bytes=0-1,4-5"),
        ("bytes=0-1,10-12", b"bytes=0-1"),  # one of them is beyond the end
        ("bytes=0-1,-0", b"bytes=0-1"),
        # none that the RFC knows: the whole file
        ("", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=5-2", None),
        ("bytes=1-2,5-2", None),
        ("bytes=--3", None),
        ("bytes=1_0-2_0", None),
        ("bytes=\u0661-", None),
        ("bytes=" + "9" * 400 + "-", None),
        ("pages=0-1", None),
        ("bytes=" + ",".join(["0-1"] * (MOST + 1)), None),
    ],
)
def test_what_is_kept_of_ten_bytes(header: str | None, kept: bytes | None) -> None:
    assert ranges_within(header, 10) == kept


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=11-12,99-"])
def test_what_is_not_in_ten_bytes(header: str) -> None:
    with pytest.raises(Refusal, match="The file has 10 bytes") as caught:
        ranges_within(header, 10)
    assert (caught.value.status, caught.value.headers) == (416, {"Content-Range": "bytes */10"})


def test_no_range_is_in_an_empty_file() -> None:
    assert ranges_within("bytes=5-2", 0) is None
    with pytest.raises(Refusal):
        ranges_within("bytes=0-", 0)
    with pytest.raises(Refusal):
        ranges_within("bytes=-5", 0)
