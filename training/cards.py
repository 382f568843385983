"""Putting what was measured into a model's card, and pinning its weights in the catalogue.

Text goes between two markers of its own; the rest of a card is written by hand.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def percent(share: dict[str, Any]) -> str:
    """``85.1 % (83.9 to 86.3)``."""
    return f"{share['value']:.1%} ({share['low']:.1%} to {share['high']:.1%})".replace("%", " %")


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """The lines of a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def placed(text: str, markers: tuple[str, str], content: str) -> str:
    """The text with what is between the markers replaced.

    Raises:
        ValueError: the text does not have both markers, in order.
    """
    before, begin, rest = text.partition(markers[0])
    _, end, after = rest.partition(markers[1])
    if not (begin and end):
        raise ValueError(f"the card does not have the lines {markers[0]} and {markers[1]}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def pinned(catalogue: str, name: str, sha256: str, size: int) -> str:
    """The catalogue with the hash and size of the weights in the entry of this name.

    Raises:
        ValueError: it has no such entry.
    """
    head, entry, rest = catalogue.partition(f"[entries.{name}]\n")
    if not entry:
        raise ValueError(f"the catalogue has no [entries.{name}]")
    body, mark, after = rest.partition("\n[")
    body = re.sub(r"^(sha256|size) = .*\n", "", body, flags=re.MULTILINE)
    pins = f'sha256 = "{sha256}"\nsize = {size}\n'
    body = re.sub(r"^(package = .*\n)", rf"\g<1>{pins}", body, count=1, flags=re.MULTILINE)
    return head + entry + body + mark + after


def pin(catalogue: Path, name: str, report: dict[str, Any]) -> None:
    """Write the hash and size of the weights that a report is of into the catalogue."""
    before = catalogue.read_text(encoding="utf-8")
    after = pinned(before, name, report["model_sha256"], report["bytes"])
    catalogue.write_text(after, encoding="utf-8")


def read_more(path: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Further figures, of the weights that the report is of.

    Raises:
        SystemExit: they are of others.
    """
    more: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if more["model_sha256"] != report["model_sha256"]:
        raise SystemExit(f"{path} and the figures are of different weights")
    return more
