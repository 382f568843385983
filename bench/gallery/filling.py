"""A group of very many persons, written in bulk: a way in that the service has not."""

from __future__ import annotations

import uuid
from typing import Any

from numpy.typing import NDArray
from sqlalchemy import insert, select, update

from mien.storage import Storage
from mien.storage.rows import now
from mien.storage.sealing import owner, seal_template
from mien.storage.tables import collections, faces, persons

KIND = "LargePersonGroup"
MODEL = "recognition_01"
LIMIT = 10**6
BATCH = 5000
QUALITY = 0.5


def make(storage: Storage, account: str, id: str) -> int:
    """An empty group; its number in the database."""
    made = storage.collections.create(
        account, KIND, id, name="n", user_data=None, recognition_model=MODEL, limit=LIMIT
    )
    return made.pk


def fill(storage: Storage, account: str, collection: int, embeddings: NDArray[Any]) -> list[str]:
    """Add a person for each of (n, 128) embeddings, with that one face; their ids, in order."""
    ids = [str(uuid.uuid4()) for _ in embeddings]
    for first in range(0, len(ids), BATCH):
        part = slice(first, first + BATCH)
        _add(storage, account, collection, ids[part], embeddings[part])
    with storage._database.write() as connection:
        connection.execute(
            update(collections)
            .where(collections.c.pk == collection)
            .values(persons=len(ids), faces=len(ids))
        )
    return ids


def _add(
    storage: Storage, account: str, collection: int, ids: list[str], embeddings: NDArray[Any]
) -> None:
    keys = storage._keyring.several(len(ids))
    common = {"account_id": account, "collection": collection, "created": now()}
    with storage._database.write() as connection:
        made = [
            {**common, "id": id, "name": "p", "key": number}
            for id, (number, _) in zip(ids, keys, strict=True)
        ]
        connection.execute(insert(persons), made)
        found = connection.execute(
            select(persons.c.id, persons.c.pk)
            .where(persons.c.collection == collection)
            .order_by(persons.c.pk.desc())
            .limit(len(ids))
        )
        numbers = {row.id: row.pk for row in found}
        rows = []
        for id, (number, key), embedding in zip(ids, keys, embeddings, strict=True):
            face = str(uuid.uuid4())
            sealed = seal_template(key, embedding, owner(account, id, face))
            rows.append(
                {
                    **common,
                    "person": numbers[id],
                    "id": face,
                    "sealed": sealed,
                    "quality": QUALITY,
                    "key": number,
                }
            )
        connection.execute(insert(faces), rows)
