"""Names that clients give: kept as text, shown again, and never used as a path here.

A program that downloads an asset makes a file of each name, though. So one that would leave the
folder, hide, or be something else on another system is refused when it comes.
"""

from __future__ import annotations

import re
import unicodedata

from mien.errors import UsageError

LONGEST = 4000
LONGEST_FILE = 200
"""Bytes: file systems take 255, and a result is named after its input, with an ending."""

_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")
_TURNS = frozenset({"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"})
_MARKS = frozenset({"\u200e", "\u200f", "\u061c"})
_FORBIDDEN = frozenset('<>:"/\\|?*')


def check_name(name: str) -> str:
    """The name of an asset, job or task; raises UsageError if it is too long or holds control
    characters."""
    if len(name) > LONGEST:
        raise UsageError(f"a name has at most {LONGEST} characters, not {len(name)}")
    if any(_is_control(character) for character in name):
        raise UsageError("a name holds a control character; leave it out")
    return name


def check_file_name(name: str) -> str:
    """The name of a file, in Unicode's composed form (NFC).

    Raises:
        UsageError: it is empty or too long, holds a separator, a control character or one that
            Windows refuses, begins with a dot, ends with a dot or blank, or names a device.
    """
    name = unicodedata.normalize("NFC", name)
    if not name or len(name.encode("utf-8", "replace")) > LONGEST_FILE:
        raise UsageError(f"the name of a file has from 1 to {LONGEST_FILE} bytes")
    bad = sorted({c for c in name if c in _FORBIDDEN or _is_control(c)})
    if bad:
        raise UsageError(f"the name of a file must not hold {bad[0]!r}; give the plain name")
    if name[0] == "." or name[-1] in ". " or _DEVICES.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a file; choose another")
    return name


def _is_control(character: str) -> bool:
    """Also halves of characters, and what turns the direction of writing: with that a name can lie
    about its ending."""
    turns = unicodedata.bidirectional(character) in _TURNS or character in _MARKS
    return turns or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
