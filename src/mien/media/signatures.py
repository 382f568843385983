"""What a file is, by its first bytes. The name of a file says nothing here."""

from __future__ import annotations

HEAD_BYTES = 512
"""How many of a file's first bytes the functions below want."""

READABLE = (
    "JPEG, PNG, GIF, BMP, WebP and TIFF; MP4, MOV, WMV, MKV, WebM, AVI, TS, MPEG-1 and MPEG-2"
)

NAMES = {
    "mov": "MP4 or MOV",
    "asf": "WMV",
    "matroska": "Matroska or WebM",
    "avi": "AVI",
    "mpegts": "transport stream",
    "mpeg": "MPEG program stream",
    "mpegvideo": "MPEG video",
    "flv": "FLV",
    "ogg": "Ogg",
}
"""For people: what the readers read."""

_IMAGES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_VIDEOS = (
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"\0\0\1\xba", "mpeg"),
    (b"\0\0\1\xb3", "mpegvideo"),
    (b"FLV", "flv"),
    (b"OggS", "ogg"),
)
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof", b"styp")
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_STILL_BRANDS = {
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"mif1": "HEIF",
    b"avis": "AVIF",
    b"avif": "AVIF",
}


def image_format(head: bytes) -> str | None:
    """The format of a photo that mien reads, in Pillow's words, or None."""
    for start, name in _IMAGES:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    return None


def video_format(head: bytes) -> str | None:
    """The kind of container a video is in, as FFmpeg calls its reader (see `NAMES`), or None."""
    for start, name in _VIDEOS:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if is_mp4(head):
        return "mov"
    return "mpegts" if transport_grid(head) else None


def is_mp4(head: bytes) -> bool:
    """Whether this is how MP4 and MOV files begin."""
    return head[4:8] in _MP4_BOXES


def still_brand(head: bytes) -> str | None:
    """The name of a kind of picture that is kept in an MP4 box, or None; mien reads none."""
    return _STILL_BRANDS.get(head[8:12]) if head[4:8] == b"ftyp" else None


def foreign_format(head: bytes) -> str | None:
    """A name for some kinds of file that people take for photos or videos, or None."""
    if still := still_brand(head):
        return f"a {still} picture"
    if head[:4] == b"%PDF":
        return "a PDF document"
    if head[:2] == b"PK":
        return "a ZIP archive"
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "text" if all(char.isprintable() or char.isspace() for char in text) else None


def transport_grid(head: bytes) -> tuple[int, int] | None:
    """Where the first packet of a transport stream has its sync byte, and the length of a packet
    (ISO/IEC 13818-1, 2.4.3.2; the second is that of camcorders and Blu-ray), or None."""
    for start, step in ((0, 188), (4, 192)):
        sync = head[start:HEAD_BYTES:step]
        if len(sync) >= 2 and set(sync) == {0x47}:
            return start, step
    return None
