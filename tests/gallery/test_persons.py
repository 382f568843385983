"""The nearest persons against a plain computation, and what deletion leaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.gallery import index as index_module
from mien.gallery.persons import LEAST_WEIGHT, Persons, person_distance, weights
from mien.gallery.thresholds import tries
from mien.storage import FaceChunk

Array = NDArray[Any]


@dataclass(frozen=True)
class People:
    """Faces of some persons, mixed, and the plain computation on them."""

    sequence: Array
    persons: Array
    embeddings: Array
    quality: Array

    def chunks(self, size: int = 7) -> Iterator[FaceChunk]:
        for start in range(0, len(self.sequence), size):
            part = slice(start, start + size)
            numbers, persons = self.sequence[part], self.persons[part]
            yield FaceChunk(numbers, persons, self.embeddings[part], self.quality[part], lost=0)

    def index(self) -> Persons:
        return Persons(len(self.sequence), self.chunks())

    def without(self, sequence: Array) -> People:
        left = ~np.isin(self.sequence, sequence)
        return People(
            self.sequence[left], self.persons[left], self.embeddings[left], self.quality[left]
        )

    def ranked(self, query: Array) -> list[tuple[float, int]]:
        """Distance and number of every person, the nearest first, a pair at a time."""
        numbers = np.where(self.persons < 0, self.sequence, self.persons)
        found = []
        for number in np.unique(numbers):
            faces = self.embeddings[numbers == number].astype(float)
            share = np.maximum(self.quality[numbers == number].astype(float), LEAST_WEIGHT)
            mean = (faces * share[:, None]).sum(axis=0) / share.sum()
            apart = [float(np.linalg.norm(each - query)) for each in [*faces, mean]]
            found.append((min(apart), int(number)))
        return sorted(found)


def people(counts: Sequence[int], seed: int = 0, *, lists: bool = False) -> People:
    """Persons with so many faces each, stored in no order."""
    rng = np.random.default_rng(seed)
    whose = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    centres = rng.normal(scale=0.07, size=(len(counts), 128))
    faces = centres[whose] + rng.normal(scale=0.03, size=(len(whose), 128))
    numbers = np.full(len(whose), -1) if lists else whose * 10 + 5
    return People(
        np.cumsum(rng.integers(1, 9, len(whose))),
        numbers,
        faces.astype(np.float32),
        rng.random(len(whose)).astype(np.float32),
    )


def check_same(found: tuple[Array, Array], wanted: list[list[tuple[float, int]]], top: int) -> None:
    for numbers, apart, reference in zip(*found, wanted, strict=True):
        expected = reference[:top]
        assert numbers.tolist()[: len(expected)] == [number for _, number in expected]
        assert apart[: len(expected)] == pytest.approx([far for far, _ in expected], abs=1e-9)
        assert (numbers[len(expected) :] == -1).all()
        assert np.isinf(apart[len(expected) :]).all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 9), max_size=25),
    st.integers(1, 40),
    st.integers(0, 2**31),
    st.booleans(),
    st.data(),
)
def test_search_is_exact_before_and_after_deletion(
    counts: list[int], top: int, seed: int, lists: bool, data: st.DataObject
) -> None:
    some = people(counts, seed, lists=lists)
    queries = np.random.default_rng(seed + 1).normal(scale=0.07, size=(3, 128))
    index = some.index()
    check_same(index.search(queries, top), [some.ranked(query) for query in queries], top)
    gone = some.sequence[
        [data.draw(st.booleans(), label="deleted") for _ in range(len(some.sequence))]
    ]
    index.remove(np.append(gone, [10**9, -3]))  # and two that never were
    left = some.without(gone)
    check_same(index.search(queries, top), [left.ranked(query) for query in queries], top)
    assert len(index) == len(left.sequence)
    counted = [rank for _, rank in left.ranked(queries[0])]
    assert index.people == len(counted)
    numbers = np.where(left.persons < 0, left.sequence, left.persons)
    assert index.tries == sum(tries(int((numbers == number).sum())) for number in counted)


def test_of_two_at_one_distance_the_lower_number_comes_first() -> None:
    one = people([1] * 6)
    twins = People(
        one.sequence, np.array([50, 20, 90, 10, 70, 30]), one.embeddings[[0] * 6], one.quality
    )
    numbers, apart = twins.index().search(one.embeddings[:1], 4)
    assert numbers.tolist() == [[10, 20, 30, 50]]
    assert (apart == 0).all()


def test_nobody_and_one() -> None:
    nobody = people([])
    numbers, apart = nobody.index().search(np.zeros((2, 128)), 3)
    assert (numbers == -1).all()
    assert np.isinf(apart).all()
    assert nobody.index().tries == 0
    one = people([1])
    numbers, _ = one.index().search(np.zeros((1, 128)), 3)
    assert numbers.tolist() == [[5, -1, -1]]


def test_a_person_with_many_faces_leaves_room_for_others() -> None:
    """248 faces of one person are the nearest rows; the second person is found all the same."""
    some = people([248, 1, 1])
    near = some.embeddings[some.persons == 5][:1]
    numbers, _ = some.index().search(near, 3)
    assert numbers[0, 0] == 5
    assert sorted(numbers[0].tolist()) == [5, 15, 25]


def test_the_mean_of_poor_faces_finds_whom_no_face_shows_well() -> None:
    rng = np.random.default_rng(3)
    centre = rng.normal(scale=0.07, size=128)
    faces = (centre + rng.normal(scale=0.05, size=(5, 128))).astype(np.float32)
    nearest = float(np.linalg.norm(faces - centre, axis=1).min())
    by_mean = person_distance(centre, faces, np.zeros(5))
    assert by_mean == pytest.approx(np.linalg.norm(faces.mean(axis=0) - centre), abs=1e-6)
    assert by_mean < 0.6 * nearest


def test_a_good_face_weighs_more_in_the_mean() -> None:
    faces = np.stack([np.zeros(128), np.ones(128)]).astype(np.float32)
    query = np.full(128, 0.8)
    even = person_distance(query, faces, np.array([0.5, 0.5]))
    assert person_distance(query, faces, np.array([0.25, 1.0])) == pytest.approx(0.0, abs=1e-6)
    assert even == pytest.approx(0.2 * 128**0.5)  # the face of ones is the nearest
    assert weights(np.array([0.0, 1.0])).tolist() == [LEAST_WEIGHT, 1.0]


@pytest.mark.parametrize(
    ("queries", "top", "message"),
    [
        (np.full((1, 128), np.nan), 1, "finite"),
        (np.zeros((1, 127)), 1, "shape"),
        (np.zeros(128), 1, "shape"),
        (np.zeros((1, 128)), 0, "at least 1"),
    ],
)
def test_a_bad_query_is_refused(queries: Array, top: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        people([2, 1]).index().search(queries, top)


def chunk(**columns: Any) -> FaceChunk:
    """Two faces of one person, but for some columns."""
    good: dict[str, Any] = {
        "sequence": np.array([3, 4]),
        "persons": np.array([1, 1]),
        "embeddings": np.zeros((2, 128), np.float32),
        "quality": np.ones(2, np.float32),
    }
    return FaceChunk(**(good | columns), lost=0)


@pytest.mark.parametrize(
    ("count", "bad", "message"),
    [
        (2, chunk(embeddings=np.full((2, 128), np.nan, np.float32)), "finite"),
        (2, chunk(quality=np.array([0.5, np.inf], np.float32)), "finite"),
        (2, chunk(embeddings=np.zeros((2, 64), np.float32)), "shape"),
        (2, chunk(sequence=np.array([4, 3])), "rising"),
        (2, chunk(sequence=np.array([4, 4])), "rising"),
        (1, chunk(), "announced"),
    ],
)
def test_bad_faces_are_refused(count: int, bad: FaceChunk, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Persons(count, [bad])


def test_a_person_without_faces_has_no_distance() -> None:
    with pytest.raises(ValueError, match="at least one face"):
        person_distance(np.zeros(128), np.empty((0, 128)), np.empty(0))


def test_a_deleted_face_leaves_no_bytes_in_memory() -> None:
    some = people([3, 1])
    index = some.index()
    index.remove(some.sequence[:1])
    assert isinstance(index._index, index_module.Exact)
    held = [rows._held for rows in (*index._faces._rows, index._index._vectors)]
    assert not any(some.embeddings[0].tobytes() in value.tobytes() for value in held)
    assert any(some.embeddings[1].tobytes() in value.tobytes() for value in held)


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inverted lists for more than a hundred rows."""
    monkeypatch.setattr(index_module, "EXACT_UP_TO", 100)


@pytest.mark.usefixtures("few_are_many")
def test_with_inverted_lists_distances_stay_exact() -> None:
    some = people([3] * 400)
    index = some.index()
    assert isinstance(index._index, index_module.Inverted)
    queries = some.embeddings[:12] + 0.01
    numbers, apart = index.search(queries, 3)
    right = 0
    for query, found, far in zip(queries, numbers, apart, strict=True):
        reference = {number: distance for distance, number in some.ranked(query)}
        assert far == pytest.approx([reference[number] for number in found.tolist()], abs=1e-9)
        right += found[0] == some.ranked(query)[0][1]
    assert right >= 11
    index.remove(some.sequence[some.persons == numbers[0, 0]])
    assert numbers[0, 0] not in index.search(queries[:1], 5)[0]


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize("counts", [[2] * 20, [2] * 200])
def test_deletion_while_others_search(counts: list[int]) -> None:
    """Half of the persons go one by one while four threads search: none is seen once it is gone,
    and those who stay are always found at their distance."""
    some = people(counts)
    index = some.index()
    stay = some.persons % 20 == 5
    queries = some.embeddings[stay][:8]
    wanted = index.search(queries, 1)
    gone: list[int] = []
    wrong: list[str] = []
    over = threading.Event()

    def search() -> None:
        while not over.is_set():
            known = list(gone)
            numbers, apart = index.search(queries, 10)
            if set(numbers.ravel().tolist()) & set(known):
                wrong.append("a person who was gone was found")
            if (numbers[:, 0] != wanted[0][:, 0]).any() or (apart[:, 0] != wanted[1][:, 0]).any():
                wrong.append("a person who stays was not the nearest")

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for person in np.unique(some.persons[~stay]):
        index.remove(some.sequence[some.persons == person])
        gone.append(int(person))
    over.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert index.people == len(np.unique(some.persons[stay]))
