"""The logs of edits of one account's videos; see `mien.timeline.edits`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from mien.errors import UsageError
from mien.jobs.names import check_name
from mien.storage import Storage
from mien.storage.edits import EditRow
from mien.timeline.edits import Action, Edit, action_of, check_action, document_of

MOST_AT_ONCE = 1000


class EditLogs:
    """The logs of one account and origin, one for each asset."""

    def __init__(self, storage: Storage, account_id: str, origin: str) -> None:
        self._edits, self._owner = storage.edits, (account_id, origin)

    def read(self, asset: str, *, since: int = 0) -> list[Edit]:
        """The edits after a number, in order; raises NoSuchAssetError."""
        return [_edit(row) for row in self._edits.read(*self._owner, asset, since=since)]

    def append(
        self, asset: str, actions: Sequence[Action], *, user: str, expected: int
    ) -> list[Edit]:
        """Add edits: all of them, or none. Once it returns they are on disk.

        Args:
            asset: of the video.
            actions: in their order; one may name another that comes before it.
            user: who did them.
            expected: the number of the last edit that is known, 0 of an empty log. So nobody adds
                to a log that somebody else has changed unseen.

        Raises:
            NoSuchAssetError: there is no such asset.
            EditsMovedOnError: the log has others since; `last` is the number of the last.
            LogFullError: the log is full.
            UsageError: no edits or too many, or one names an edit that is not there.
        """
        if not 1 <= len(actions) <= MOST_AT_ONCE:
            raise UsageError(f"1 to {MOST_AT_ONCE} edits are added at once, not {len(actions)}")
        for index, action in enumerate(actions):
            check_action(expected + 1 + index, action)
        bodies = [json.dumps(document_of(action), ensure_ascii=False) for action in actions]
        rows = self._edits.append(
            *self._owner, asset, bodies, user=check_name(user), expected=expected
        )
        return [_edit(row) for row in rows]


def _edit(row: EditRow) -> Edit:
    return Edit(row.number, row.at, row.user, action_of(json.loads(row.body)))
