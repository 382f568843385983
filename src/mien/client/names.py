"""Names from the service, as names of files here: nothing that a service says leaves the folder."""

from __future__ import annotations

import re

LONGEST = 200

_TURNING = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
"""What turns the direction of writing: with it a name can lie about its ending."""
_BAD = re.compile(rf'[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029{_TURNING}<>:"/\\|?*]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")


def safe_name(name: str) -> str:
    """The name with everything replaced that a file's name must not have on some system."""
    plain = _BAD.sub("_", name).strip().rstrip(". ")
    plain = f"_{plain[1:]}" if plain.startswith(".") else plain
    while len(plain.encode("utf-8", "replace")) > LONGEST:
        stem, dot, ending = plain.rpartition(".")
        plain = f"{stem[:-1]}{dot}{ending}" if stem[1:] and len(ending) < 20 else plain[:-1]
    return f"_{plain}" if not plain or _DEVICES.fullmatch(plain) else plain
