"""The parts that a container is made of, boxes, elements, objects, chunks, tags or packets.

`parts_of(data)` finds them in a whole file; `tests.broken.structure` damages them. What a part's
size field counts differs from one container to the next and does not matter there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Order = Literal["big", "little"]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file that has a name, and mostly a size field, of its own."""

    name: str
    at: int
    end: int
    size_at: int  # of the size field
    size_bytes: int  # 0: it has none
    body: int  # where its header ends
    order: Order = "big"
    marker_bits: int = 0  # of the size field, to be kept: the length marker of EBML


def parts_of(data: bytes) -> list[Part]:
    """All parts of a file, in order, those inside others as well.

    Raises:
        LookupError: a kind of file whose parts are not known here.
    """
    for start, parser in _PARSERS:
        if data[: len(start)] == start or data[4:8] == start:
            return list(parser(data))
    raise LookupError(f"no parser for a file that begins with {data[:8]!r}")


MP4_OUTER = {
    *(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta"),
    *(b"moof", b"traf", b"mvex", b"mfra"),
}


def _mp4(data: bytes, at: int = 0, end: int | None = None) -> Iterator[Part]:
    end = len(data) if end is None else end
    while at + 8 <= end:
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        stop = min(at + max(size, 8), end)
        yield Part(kind.decode("latin-1"), at, stop, at, 4, at + 8)
        if kind in MP4_OUTER:
            yield from _mp4(data, at + 8, stop)
        at = stop


EBML = {
    0x1A45DFA3: "EBML",
    0x18538067: "Segment",
    0x114D9B74: "SeekHead",
    0x1549A966: "Info",
    0x1654AE6B: "Tracks",
    0xAE: "TrackEntry",
    0xE0: "Video",
    0xB0: "PixelWidth",
    0xBA: "PixelHeight",
    0x63A2: "CodecPrivate",
    0x86: "CodecID",
    0x2AD7B1: "TimestampScale",
    0x4489: "Duration",
    0x23E383: "DefaultDuration",
    0x1F43B675: "Cluster",
    0xE7: "Timestamp",
    0xA3: "SimpleBlock",
    0xA0: "BlockGroup",
    0x1C53BB6B: "Cues",
    0x1254C367: "Tags",
    0xEC: "Void",
}
EBML_OUTER = {"Segment", "Tracks", "TrackEntry", "Video", "Info", "Cluster", "BlockGroup"}


def _ebml(data: bytes, at: int = 0, end: int | None = None) -> Iterator[Part]:
    end = len(data) if end is None else end
    while at + 2 <= end and data[at]:
        start = at + 9 - data[at].bit_length()
        if start >= end or not data[start]:
            return
        length = 9 - data[start].bit_length()
        mask = (1 << 7 * length) - 1
        size = int.from_bytes(data[start : start + length], "big") & mask
        body = start + length
        name = EBML.get(int.from_bytes(data[at:start], "big"), "element")
        stop = min(end, body + size) if size != mask else end
        yield Part(name, at, stop, start, length, body, marker_bits=length)
        if name in EBML_OUTER:
            yield from _ebml(data, body, stop)
        at = stop


ASF = {
    bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"): "Header",
    bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"): "FileProperties",
    bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365"): "StreamProperties",
    bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365"): "HeaderExtension",
    bytes.fromhex("4052d1861d31d011a3a400a0c90348f6"): "CodecList",
    bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c"): "Data",
    bytes.fromhex("90080033b1e5cf1189f400a0c90349cb"): "SimpleIndex",
}
ASF_HEADER_BYTES = 30
ASF_PACKET_BYTES = 3200


def _asf(data: bytes, at: int = 0, end: int | None = None) -> Iterator[Part]:
    end = len(data) if end is None else end
    while at + 24 <= end:
        name = ASF.get(data[at : at + 16], "object")
        stop = min(at + max(24, int.from_bytes(data[at + 16 : at + 24], "little")), end)
        yield Part(name, at, stop, at + 16, 8, at + 24, "little")
        if name == "Header":
            yield from _asf(data, at + ASF_HEADER_BYTES, stop)
        if name == "Data":
            for start in range(at + 50, stop, ASF_PACKET_BYTES):
                packet_end = min(start + ASF_PACKET_BYTES, stop)
                yield Part("packet", start, packet_end, start + 5, 2, start + 11, "little")
        at = stop


def _riff(data: bytes, at: int = 0, end: int | None = None) -> Iterator[Part]:
    end = len(data) if end is None else end
    while at + 8 <= end:
        name = data[at : at + 4].decode("latin-1")
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        stop = min(at + 8 + size + size % 2, end)
        yield Part(name, at, stop, at + 4, 4, at + 8, "little")
        if name in ("RIFF", "LIST"):
            yield from _riff(data, at + 12, stop)
        at = stop


def _flv(data: bytes) -> Iterator[Part]:
    names = {8: "audio", 9: "video", 18: "script"}
    yield Part("header", 0, 9, 5, 4, 9)
    at = 13
    while at + 11 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        stop = min(at + 15 + size, len(data))
        yield Part(names.get(data[at], "tag"), at, stop, at + 1, 3, at + 11)
        at = stop


def _transport(data: bytes) -> Iterator[Part]:
    for at in range(0, len(data) - 187, 188):
        pid = int.from_bytes(data[at + 1 : at + 3], "big") & 0x1FFF
        name = {0: "PAT", 0x1000: "PMT", 0x11: "SDT", 0x100: "video"}.get(pid, "packet")
        # An adaptation field has its length there, a table the length of its section.
        table = name in ("PAT", "PMT", "SDT")
        yield Part(name, at, at + 188, at + (6 if table else 4), 2 if table else 1, at + 4)


START_CODES = {0xB3: "sequence", 0xB5: "extension", 0xB8: "group", 0xBA: "pack", 0xBB: "system"}


def _start_codes(data: bytes) -> Iterator[Part]:
    places = []
    at = data.find(b"\0\0\1")
    while at >= 0:
        places.append(at)
        at = data.find(b"\0\0\1", at + 3)
    for at, stop in zip(places, [*places[1:], len(data)], strict=True):
        code = data[at + 3] if at + 3 < len(data) else 0
        packet = 0xBB <= code <= 0xEF
        name = START_CODES.get(code) or ("packet" if packet else "picture" if not code else "slice")
        yield Part(name, at, stop, at + 4, 2 if packet else 0, at + (6 if packet else 4))


_PARSERS: tuple[tuple[bytes, Callable[[bytes], Iterator[Part]]], ...] = (
    (b"ftyp", _mp4),
    (b"\x1aE\xdf\xa3", _ebml),
    (b"\x30\x26\xb2\x75", _asf),
    (b"RIFF", _riff),
    (b"FLV", _flv),
    (b"G", _transport),
    (b"\0\0\1\xba", _start_codes),
    (b"\0\0\1\xb3", _start_codes),
)
