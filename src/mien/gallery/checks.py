"""Whether a call fits the kind of collection it names."""

from __future__ import annotations

from mien.errors import UsageError
from mien.gallery.records import Kind


def check_persons(kind: Kind) -> None:
    """Raise UsageError for a kind without persons."""
    if not kind.has_persons:
        raise UsageError(f"a {kind} has no persons; add its faces to it directly")


def check_person(kind: Kind, person: str | None) -> None:
    """Raise UsageError unless a person is named just where faces belong to persons."""
    if person is None and kind.has_persons:
        raise UsageError(f"a face of a {kind} belongs to a person; name one")
    if person is not None:
        check_persons(kind)
