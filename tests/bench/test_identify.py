"""The bench of identify, with a group small enough for a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.gallery.filling import KIND, fill, make
from bench.server import identify
from mien.storage import open_storage


def test_filled_persons_have_the_faces_given(tmp_path: Path) -> None:
    embeddings = np.random.default_rng(0).normal(size=(30, 128)).astype(np.float32)
    with open_storage(tmp_path / "data", None, tmp_path / "keys") as storage:
        account = storage.accounts.create("one").id
        collection = make(storage, account, "group")
        ids = fill(storage, account, collection, embeddings)
        page = storage.persons.page(account, KIND, "group", "", 1000)
        assert sorted(ids) == [row.id for row in page]
        (chunk,) = storage.faces.chunks(collection)
        persons = {row.pk: row.id for row in page}
        order = [ids.index(persons[int(number)]) for number in chunk.persons]
        np.testing.assert_allclose(chunk.embeddings, embeddings[order], atol=1e-6)


def test_table_says_how_often_the_nearest_is_found(tmp_path: Path) -> None:
    *_, one, many = "\n".join(identify.measured(500)).splitlines()
    for line, clients in ((one, 1), (many, 8)):
        assert line.startswith(f"| {clients} |")
        assert line.endswith("| 100.00% |")
