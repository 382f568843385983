"""An index that grows and shrinks finds what one that is read anew does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.errors import NoSuchCollectionError
from mien.gallery import NamedGalleries
from mien.gallery import index as index_module
from mien.gallery import persons as persons_module
from mien.gallery.persons import Persons
from mien.gallery.rows import Rows
from mien.gallery.trainer import Trainer
from mien.storage import FaceChunk, Storage
from tests.stores import Place, template

Array = NDArray[Any]


class Faces:
    """Faces that come and go, and what a fresh index of those that are there finds."""

    def __init__(self, seed: int, *, alone: bool = False) -> None:
        self.rng, self.alone = np.random.default_rng(seed), alone
        self.sequence, self.persons = np.empty(0, np.int64), np.empty(0, np.int64)
        self.embeddings = np.empty((0, 128), np.float32)
        self.quality = np.empty(0, np.float32)
        self._next = 1

    def come(self, persons: list[int]) -> FaceChunk:
        """A face more of each of some persons, who look like their number."""
        count = len(persons)
        sequence = self._next + np.cumsum(self.rng.integers(1, 4, count), dtype=np.int64)
        self._next = int(sequence[-1]) if count else self._next
        centres = [np.random.default_rng(each).normal(0, 0.07, 128) for each in persons]
        faces = np.array(centres).reshape(-1, 128) + self.rng.normal(0, 0.03, (count, 128))
        more = FaceChunk(
            sequence,
            np.full(count, -1) if self.alone else np.array(persons, np.int64),
            faces.astype(np.float32),
            self.rng.random(count).astype(np.float32),
            lost=0,
        )
        for name in ("sequence", "persons", "embeddings", "quality"):
            setattr(self, name, np.concatenate([getattr(self, name), getattr(more, name)]))
        return more

    def go(self, share: float) -> Array:
        """The numbers of some faces, who are gone."""
        gone = self.rng.random(len(self.sequence)) < share
        numbers = self.sequence[gone]
        for name in ("sequence", "persons", "embeddings", "quality"):
            setattr(self, name, getattr(self, name)[~gone])
        return numbers

    def fresh(self) -> Persons:
        """An index that is read anew."""
        chunk = FaceChunk(self.sequence, self.persons, self.embeddings, self.quality, lost=0)
        return Persons(len(self.sequence), [chunk])


def check_same(grown: Persons, fresh: Persons, queries: Array) -> None:
    """The same to the last bit, at any number of persons asked for."""
    for top in (1, 3, 40):
        found, wanted = grown.search(queries, top), fresh.search(queries, top)
        np.testing.assert_array_equal(found[0], wanted[0])
        np.testing.assert_array_equal(found[1], wanted[1])
    assert (len(grown), grown.people, grown.tries) == (len(fresh), fresh.people, fresh.tries)


CHANGES = st.one_of(
    st.lists(st.integers(1, 30), max_size=12),  # faces of these persons come
    st.floats(0, 1),  # this share of all faces goes
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(CHANGES, min_size=1, max_size=9),
    st.integers(0, 2**31),
    st.booleans(),
    st.sampled_from([20, 10**6]),
    st.sampled_from([3, 10**6]),
)
def test_what_has_grown_and_shrunk_is_searched_as_if_read_anew(
    changes: list[list[int] | float], seed: int, alone: bool, exact_up_to: int, sparse_from: int
) -> None:
    """With few rows from which on the index is built anew, and with many."""
    queries = np.random.default_rng(seed + 1).normal(0, 0.07, (4, 128))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(index_module, "EXACT_UP_TO", exact_up_to)
        patched.setattr(index_module, "LISTS_LOOKED_AT", 1.0)  # nothing is missed
        patched.setattr(persons_module, "SPARSE_FROM", sparse_from)
        faces = Faces(seed, alone=alone)
        index = faces.fresh()
        for change in changes:
            if isinstance(change, list):
                index = index.grown([faces.come(change[:5]), faces.come(change[5:])])
            else:
                index.remove(faces.go(change))
                index = index.packed() if index.is_sparse else index
            check_same(index, faces.fresh(), queries)


def test_whoever_searches_goes_on_with_what_was_there() -> None:
    faces = Faces(1)
    before = Persons(0, []).grown([faces.come([1, 2, 3, 3])])
    old, queries = faces.fresh(), faces.embeddings[:2]
    after = before.grown([faces.come([2, 9, 0])])
    check_same(before, old, queries)
    check_same(after, faces.fresh(), queries)
    others = Faces(2)
    others.come([7] * 9)  # numbers that are behind all of these
    again = before.grown([others.come([7] * 5)])  # of two that come of one, neither has the other
    check_same(after, faces.fresh(), queries)
    assert again.search(queries, 1)[0].tolist() == [[1], [2]]


def test_an_index_of_lists_grows_until_it_is_built_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT_UP_TO", 100)
    faces = Faces(3)
    index = Persons(0, []).grown([faces.come(list(range(150)))])
    lists = index._index
    assert isinstance(lists, index_module.Inverted)
    for number in range(150, 200):
        index = index.grown([faces.come([number])])
    assert isinstance(index._index, index_module.Inverted)
    assert index._index._index is lists._index
    numbers, _ = index.search(faces.embeddings, 1)
    assert (numbers[:, 0] == np.arange(200)).mean() > 0.97
    assert (numbers[150:, 0] == np.arange(150, 200)).all()  # compared one and all
    index.remove(faces.sequence[[0, 199]])
    assert not {0, 199} & set(index.search(faces.embeddings[[0, 199]], 5)[0].ravel().tolist())
    index = index.grown([faces.come(list(range(200, 240)))])
    assert isinstance(index._index, index_module.Inverted)
    assert index._index._index is not lists._index


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sequence": np.array([2, 9])}, "rising"),
        ({"sequence": np.array([9, 9])}, "rising"),
        ({"embeddings": np.zeros((2, 64), np.float32)}, "shape"),
        ({"embeddings": np.full((2, 128), np.inf, np.float32)}, "finite"),
        ({"quality": np.array([1, np.nan], np.float32)}, "finite"),
    ],
)
def test_bad_faces_do_not_come_in(change: dict[str, Array], message: str) -> None:
    faces = Faces(4)
    index = Persons(0, []).grown([faces.come([1, 2, 2])])
    good = {
        "sequence": np.array([50, 51]),
        "persons": np.array([1, 3]),
        "embeddings": np.zeros((2, 128), np.float32),
        "quality": np.ones(2, np.float32),
    }
    with pytest.raises(ValueError, match=message):
        index.grown([FaceChunk(**(good | change), lost=0)])
    check_same(index, faces.fresh(), faces.embeddings)


def test_a_deleted_face_leaves_no_bytes_in_what_has_grown() -> None:
    faces = Faces(5)
    index = Persons(0, []).grown([faces.come([1, 1])])
    for number in range(2, 200):
        index = index.grown([faces.come([number])])
    gone, stays = faces.embeddings[0].tobytes(), faces.embeddings[1].tobytes()
    index.remove(faces.sequence[:1])
    exact = index._index
    assert isinstance(exact, index_module.Exact)
    held = b"".join(each._held.tobytes() for each in (*index._faces._rows, exact._vectors))
    assert gone not in held
    assert held.count(stays) == 2


def test_memory_does_not_grow_with_what_has_come_and_gone() -> None:
    faces = Faces(6)
    index = Persons(0, []).grown([faces.come(list(range(100)))])
    before, most = index.nbytes, 0
    for _ in range(60):
        index = index.grown([faces.come([500] * 100)])
        index.remove(faces.sequence[faces.persons == 500])
        stay = faces.persons != 500
        for name in ("sequence", "persons", "embeddings", "quality"):
            setattr(faces, name, getattr(faces, name)[stay])
        index = index.packed() if index.is_sparse else index
        most = max(most, index.nbytes)
    check_same(index, faces.fresh(), faces.embeddings[:5])
    assert most < 20 * before


def test_rows_share_memory_only_with_those_before_them() -> None:
    first = Rows(np.arange(3)).grown(np.array([3]))  # in a copy with room
    one, other = first.grown(np.array([4, 5])), first.grown(np.array([6]))
    assert [each.array.tolist() for each in (first, one, other)] == [
        [0, 1, 2, 3],
        [0, 1, 2, 3, 4, 5],
        [0, 1, 2, 3, 6],
    ]
    first.array[0] = 9
    assert (one.array[0], other.array[0]) == (9, 0)


def test_searches_go_on_while_faces_come_and_go() -> None:
    """Three threads look for those who stay: they are found at every moment."""
    faces = Faces(7)
    held = [Persons(0, []).grown([faces.come([1, 2, 3, 4])])]
    queries, wrong, over = faces.embeddings.copy(), list[str](), threading.Event()

    def search() -> None:
        while not over.is_set():
            numbers, apart = held[0].search(queries, 2)
            if numbers[:, 0].tolist() != [1, 2, 3, 4] or (apart[:, 0] > 0).any():
                wrong.append(str(numbers))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(100, 250):
        more = faces.come([number, number])
        held[0] = held[0].grown([more])
        assert held[0].search(more.embeddings[:1], 1)[0].tolist() == [[number]]
        if number % 2:
            held[0].remove(more.sequence)
            assert number not in held[0].search(more.embeddings[:1], 9)[0]
    over.set()
    for thread in threads:
        thread.join()
    assert not wrong


# galleries: what two processes see


class Read:
    """How many faces were read from the storage."""

    def __init__(self, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count, chunks = 0, storage.faces.chunks

        def counted(*args: Any, **options: Any) -> Iterator[FaceChunk]:
            for chunk in chunks(*args, **options):
                self.count += len(chunk)
                yield chunk

        monkeypatch.setattr(storage.faces, "chunks", counted)

    def since(self) -> int:
        """Since this was last asked."""
        found, self.count = self.count, 0
        return found


def found(galleries: NamedGalleries, seed: int) -> list[tuple[str, float]]:
    try:
        (line,) = galleries.recognize([template(seed)], "g", threshold=0, top=20)
    except NoSuchCollectionError:
        return []
    return [(each.subject, each.confidence) for each in line]


def test_only_what_is_new_is_read(
    storage: Storage, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Read(storage, monkeypatch)
    with Trainer(storage) as trainer:
        galleries = NamedGalleries(storage, account, trainer)
        galleries.enrol("g", "many", [template(seed) for seed in range(20)])
        assert found(galleries, 3)[0] == ("many", 1.0)
        assert read.since() == 20
        galleries.enrol("g", "one", [template(50)])
        assert found(galleries, 50)[0] == ("one", 1.0)
        assert read.since() == 1
        galleries.remove_subject("g", "one")
        assert [subject for subject, _ in found(galleries, 50)] == ["many"]
        assert read.since() == 0
        galleries.enrol("g", "two", [template(51), template(52)])
        galleries.remove_subject("g", "two")
        galleries.enrol("g", "many", [template(53)])
        assert found(galleries, 53)[0] == ("many", 1.0)
        assert read.since() == 1


@pytest.mark.parametrize("seed", range(4))
def test_processes_that_tell_each_other_nothing_agree(
    storage: Storage, account: str, seed: int
) -> None:
    """Whoever enrols or removes, every trainer then finds what a new one does."""
    rng = np.random.default_rng(seed)
    with Trainer(storage) as one, Trainer(storage) as other:
        both = [NamedGalleries(storage, account, each) for each in (one, other)]
        for step in range(25):
            galleries = both[rng.integers(2)]
            subject = f"s{rng.integers(6)}"
            if rng.random() < 0.65:
                faces = rng.integers(0, 1000, rng.integers(1, 3)).tolist()
                galleries.enrol("g", subject, [template(each) for each in faces])
            elif subject in _subjects(galleries):
                galleries.remove_subject("g", subject)
            if step % 3 == 0 or rng.random() < 0.3:
                asked = int(rng.integers(0, 1000))
                with Trainer(storage) as new:
                    wanted = found(NamedGalleries(storage, account, new), asked)
                assert [found(each, asked) for each in both] == [wanted, wanted]


def _subjects(galleries: NamedGalleries) -> list[str]:
    return galleries.subjects("g") if galleries.galleries() else []


def test_many_threads_enrol_and_search(sqlite_place: Place) -> None:
    """Each finds whom it has just enrolled, and not whom it has just removed."""
    failed: list[str] = []
    with sqlite_place.open() as storage, Trainer(storage) as trainer:
        galleries = NamedGalleries(storage, storage.accounts.create("a").id, trainer)
        galleries.enrol("g", "stays", [template(0)])

        def work(number: int) -> None:
            for seed in range(1000 * number, 1000 * number + 12):
                galleries.enrol("g", f"s{number}", [template(seed)])
                if found(galleries, seed)[0] != (f"s{number}", 1.0):
                    failed.append(f"{number} was not found")
                galleries.remove_subject("g", f"s{number}")
                if f"s{number}" in dict(found(galleries, seed)):
                    failed.append(f"{number} was found after it was removed")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert [subject for subject, _ in found(galleries, 0)] == ["stays"]
