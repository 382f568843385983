"""How long a file says it is, in its own header, so that one that was cut off is recognised."""

from __future__ import annotations

from mien.media.signatures import transport_grid
from mien.media.source import OpenSource

_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_EBML_HEADER, _SEGMENT = 0x1A45DFA3, 0x18538067
_HEAD_BYTES = 64 * 1024


def missing_bytes(opened: OpenSource) -> int:
    """How many of the bytes that an AVI, Matroska or ASF file announces, or of the last packet of
    a transport stream, are not there; 0 if all are, or if nothing is announced, as in a live
    recording."""
    opened.file.seek(0)
    head = opened.file.read(_HEAD_BYTES)
    if head[:4] == b"RIFF":
        announced = 8 + int.from_bytes(head[4:8], "little")
    elif head[:4] == _EBML_HEADER.to_bytes(4, "big"):
        announced = _matroska_bytes(head)
    elif grid := transport_grid(head):
        announced = opened.size + -opened.size % grid[1]
    else:
        announced = _asf_bytes(head)
    return max(0, announced - opened.size)


def has_mp4_index(opened: OpenSource) -> bool:
    """Whether a whole `moov` box is among the outer boxes of an MP4 or MOV file
    (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while at + 8 <= opened.size:
        opened.file.seek(at)
        header = opened.file.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if header[4:8] == b"moov":
            return at + length <= opened.size
        if length < 8:
            return False
        at += length
    return False


def _matroska_bytes(head: bytes) -> int:
    """Where the segment ends (RFC 8794, 4 to 6, and RFC 9559, 5); 0 if its size is not known."""
    at, size = _ebml_size(head, 4)
    at += size
    if int.from_bytes(head[at : at + 4], "big") != _SEGMENT:
        return 0
    start, size = _ebml_size(head, at + 4)
    unknown = (1 << 7 * (start - at - 4)) - 1
    return 0 if size == unknown else start + size


def _ebml_size(head: bytes, at: int) -> tuple[int, int]:
    """The number written at `at`, and where it ends."""
    first = head[at] if at < len(head) else 0
    length = 9 - first.bit_length()
    value = int.from_bytes(head[at : at + length], "big")
    return at + length, value & ((1 << 7 * length) - 1)


def _asf_bytes(head: bytes) -> int:
    """The size in the file properties object (ASF 1.2, 3.2), 0 in a live recording."""
    at = head.find(_ASF_FILE_PROPERTIES)
    if at < 0 or at + 92 > len(head) or head[at + 88] & 1:  # bit 0: still being written
        return 0
    return int.from_bytes(head[at + 40 : at + 48], "little")
