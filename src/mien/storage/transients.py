"""faceIds: templates that are kept for a while."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from mien.errors import NoSuchFaceError
from mien.storage.database import Database
from mien.storage.keyring import Keyring
from mien.storage.persons import BATCH
from mien.storage.rows import TemplateLike, TemplateRow, now
from mien.storage.sealing import open_template, owner, seal_template
from mien.storage.tables import AnyRow, face_ids


class Transients:
    """The faceIds of one database."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def remember(
        self, account_id: str, templates: Sequence[TemplateLike], ttl_s: float
    ) -> list[str]:
        """Keep templates for `ttl_s` seconds; their new ids, in order."""
        if not templates:
            return []
        expires_s = time.time() + ttl_s
        number, key = self._keyring.of_hour(expires_s)
        ids = [str(uuid.uuid4()) for _ in templates]
        rows = [
            {
                "id": id,
                "account_id": account_id,
                "sealed": seal_template(key, template.embedding, owner(account_id, None, id)),
                "quality": template.quality,
                "recognition_model": template.recognition_model,
                "key": number,
                "expires": int(expires_s * 1e6),
            }
            for id, template in zip(ids, templates, strict=True)
        ]
        with self._database.write() as connection:
            connection.execute(insert(face_ids), rows)
        return ids

    def recall(self, account_id: str, ids: Sequence[str]) -> list[TemplateRow]:
        """The templates of ids, in order.

        Raises:
            NoSuchFaceError: one is not there, or has expired; `what` is the first such.
        """
        wanted = list(dict.fromkeys(ids))
        sealed: dict[str, AnyRow] = {}
        with self._database.read() as connection:
            for first in range(0, len(wanted), BATCH):
                rows = connection.execute(
                    select(face_ids).where(
                        face_ids.c.account_id == account_id,
                        face_ids.c.id.in_(wanted[first : first + BATCH]),
                        face_ids.c.expires > now(),
                    )
                )
                sealed.update((row.id, row) for row in rows)
        found: dict[str, TemplateRow] = {}
        for id in wanted:
            row = sealed.get(id)
            key = None if row is None else self._keyring.get(row.key)
            if row is None or key is None:
                raise NoSuchFaceError(f"there is no faceId {id}, or it has expired", what=id)
            embedding = open_template(key, row.sealed, owner(account_id, None, id))
            found[id] = TemplateRow(embedding, row.quality, row.recognition_model)
        return [found[id] for id in ids]

    def sweep(self) -> int:
        """Delete what has expired, and the keys of the hours that are over; how many went."""
        with self._database.write() as connection:
            gone = connection.execute(delete(face_ids).where(face_ids.c.expires <= now())).rowcount
        self._keyring.destroy_hours(time.time())
        return int(gone)
