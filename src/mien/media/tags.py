"""Which metadata a copy of a video takes along: what is known to be harmless, and nothing else.

Cameras and telephones write where a video was taken, and with what, under many names. So the names
that are kept are listed, and not those that are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from av.stream import Disposition, Stream

KEPT = frozenset(
    {
        *("title", "artist", "author", "album", "album_artist", "composer", "performer"),
        *("publisher", "copyright", "genre", "date", "year", "creation_time", "timecode"),
        *("track", "disc", "show", "network", "season_number", "episode_sort", "episode_id"),
    }
)
"""Of the file: what people give a work for a name, and when it was made. Free texts (comment,
description) are not among them: devices write into them too."""

KEPT_OF_STREAMS = frozenset({"title", "language", "creation_time", "timecode"})

TECHNICAL = frozenset(
    {
        *("major_brand", "minor_version", "compatible_brands", "encoder", "duration", "language"),
        *("handler_name", "vendor_id", "bps", "number_of_frames", "number_of_bytes"),
        *("wm/encodingtime", "isvbr", "devicemanufacturer", "software", "writing_application"),
        *("metadatacreator", "hasvideo", "hasaudio", "hasmetadata", "audiocodecid", "videocodecid"),
        *("iavariantspeed", "framerate", "audiosamplerate", "audiosamplesize", "stereo"),
        *("totalduration", "totaldatarate", "bytelength", "canseekontime", "canseektoend"),
    }
)
"""What tells of a file or its writer only, and need not be mentioned when it is left out."""

KEPT_DISPOSITION = (
    Disposition.default
    | Disposition.dub
    | Disposition.original
    | Disposition.comment
    | Disposition.lyrics
    | Disposition.karaoke
    | Disposition.forced
    | Disposition.hearing_impaired
    | Disposition.visual_impaired
    | Disposition.clean_effects
    | Disposition.captions
    | Disposition.descriptions
)


MAC_LANGUAGES = {
    **{"deu": "ger", "nld": "dut", "swe": "sve", "ell": "gre", "isl": "ice", "zho": "chi"},
    **{"fre": "fra", "sqi": "alb", "hye": "arm", "kat": "geo", "bod": "tib", "mya": "bur"},
    **{"cze": "ces", "rum": "ron", "slo": "slk", "cym": "wel", "eus": "baq", "msa": "may"},
}
"""ISO 639-2 has two codes for some languages; FFmpeg writes only these of them into a MOV, which
has numbers for languages (QuickTime File Format, language code values)."""


def kept(metadata: Mapping[str, str]) -> dict[str, str]:
    """What a copy of a file states, by lower-case names."""
    return {name: text for name, text in _plain(metadata).items() if name in KEPT}


def left_out(metadata: Mapping[str, str]) -> list[str]:
    """The names of what a copy of a file leaves out, sorted, without the technical ones."""
    names = set(_plain(metadata)) - KEPT - TECHNICAL
    return sorted(name for name in names if not name.startswith("_statistics"))


def label(out: Stream, source: Stream, form: str) -> None:
    """Give a stream in a container of this format the name, language, time of recording and role
    of the one it is made of."""
    found = _plain(source.metadata)
    if "name" in found:  # as MP4 and MOV call it
        found.setdefault("title", found["name"])
    if form == "mov" and "language" in found:
        found["language"] = MAC_LANGUAGES.get(found["language"], found["language"])
    out.metadata.update({name: text for name, text in found.items() if name in KEPT_OF_STREAMS})
    out.disposition = source.disposition & KEPT_DISPOSITION


def shifted_chapters(chapters: list[Any], by: Fraction) -> list[Any]:
    """Chapters that begin `by` seconds later, with nothing but their titles; what lies before 0 is
    cut off."""
    moved = []
    for chapter in chapters:
        base = chapter["time_base"]
        start, end = (chapter[edge] + round(by / base) for edge in ("start", "end"))
        if end > 0:
            title = {k: v for k, v in _plain(chapter["metadata"]).items() if k == "title"}
            moved.append(chapter | {"start": max(start, 0), "end": end, "metadata": title})
    return moved


def _plain(metadata: Mapping[str, str]) -> dict[str, str]:
    """By lower-case names; "title-eng", the same in a language, only where there is no "title"."""
    lower = {name.lower(): text for name, text in metadata.items()}
    plain = {}
    for name, text in lower.items():
        base, _, language = name.rpartition("-")
        short = base if base and len(language) == 3 and language.isalpha() else name
        if short == name or short not in lower:
            plain[short] = text
    return plain
