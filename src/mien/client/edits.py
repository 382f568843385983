"""What people changed in the analyses of a video: a log that only grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mien.client.wire import Wire

Json = dict[str, Any]


class Edits:
    """The log of one asset. Edits are JSON as docs/concepts/edits.md has them."""

    def __init__(self, wire: Wire, asset: str) -> None:
        self._wire, self._path = wire, f"/assets/{asset}/edits"

    def read(self, *, since: int = 0) -> list[Json]:
        """The edits after a number, in order; raises ServiceError."""
        found: list[Json] = self._wire.json("GET", self._path, query={"since": str(since)})
        return found

    def append(self, edits: Sequence[Json], *, expected: int) -> list[Json]:
        """Add edits: all of them, or none.

        Args:
            edits: what was done, such as {"kind": "undo", "edit": 3}.
            expected: the number of the last edit that is known, 0 of an empty log.

        Returns:
            The edits as they are in the log, with number, at and user.

        Raises:
            ServiceError: its code is EditsMovedOn where others have added to the log meanwhile.
        """
        body = {"expected": expected, "edits": list(edits)}
        made: list[Json] = self._wire.json("POST", self._path, body)
        return made
