"""Match rates: against counting every pair one by one, and on pairs laid out by hand."""

from __future__ import annotations

import tracemalloc
from itertools import combinations

import numpy as np
import pytest

from mien.fairness import pairs
from mien.fairness.groups import dimensions_of, places
from mien.fairness.intervals import wilson
from mien.fairness.labels import Age
from mien.fairness.looking import Seen
from mien.fairness.measures import Measure, Slice
from mien.fairness.pairs import comparable, measure_pairs
from tests.fairness.made import face, people, seen

Found = dict[tuple[str, str], tuple[int, int, int]]


def at(person: str, x: float, **told: object) -> Seen:
    """A face on a line, so that distances can be read off."""
    return face(person=person, embedding=np.array([x, 0.0], np.float32), **told)


def found(measure: Measure) -> Found:
    """Events, pairs and persons by dimension and group, without groups that have none."""
    return {
        (one.dimension, one.group): (one.events or 0, one.trials, one.persons or 0)
        for one in measure.slices
        if one.trials
    }


def one_by_one(faces: list[Seen], threshold: float) -> tuple[Found, Found]:
    """The same, by looking at every pair."""
    counted: list[dict[tuple[str, str], tuple[list[bool], set[str]]]] = [{}, {}]
    dimensions = dimensions_of(faces)
    place = {one.name: places(one, faces) for one in dimensions}
    for a, b in combinations(range(len(faces)), 2):
        first, second = faces[a], faces[b]
        assert first.embedding is not None
        assert second.embedding is not None
        far = np.linalg.norm(first.embedding.astype(float) - second.embedding.astype(float))
        near = bool(far < threshold)
        same = first.label.person == second.label.person
        groups = [("all", "all")]
        for one in dimensions:
            i, j = place[one.name][[a, b]]
            if min(i, j) >= 0 and (one.worse or i == j):
                groups.append((one.name, one.groups[max(i, j)]))
        for group in groups:
            events, persons = counted[not same].setdefault(group, ([], set()))
            events.append(near != same)
            persons |= {str(first.label.person), str(second.label.person)}
    same_found, other_found = (
        {group: (sum(events), len(events), len(who)) for group, (events, who) in kind.items()}
        for kind in counted
    )
    return same_found, other_found


class TestByHand:
    FACES = (
        at("a", 0.0, gender="female"),
        at("a", 1.0, gender="female"),
        at("a", 3.0, gender="female"),
        at("b", 0.5, gender="female"),
        at("c", 9.0, gender="male"),
        at("c", 9.5, gender="male"),
    )

    def test_one_person(self) -> None:
        """a: 1, 3 and 2 apart; c: 0.5 apart."""
        same, _ = measure_pairs(self.FACES, 1.5)
        assert found(same)["all", "all"] == (2, 4, 2)
        assert found(same)["gender", "female"] == (2, 3, 1)
        assert found(same)["gender", "male"] == (0, 1, 1)
        assert same.whole.value == 0.5

    def test_two_persons(self) -> None:
        """b is 0.5, 0.5 and 2.5 from the pictures of a; c is far from all."""
        _, other = measure_pairs(self.FACES, 1.5)
        assert found(other)["all", "all"] == (2, 11, 3)
        assert found(other)["gender", "female"] == (2, 3, 2)
        assert ("gender", "male") not in found(other)

    def test_at_the_threshold_itself_they_do_not_match(self) -> None:
        """As in `mien verify`: the same person below it."""
        same, other = measure_pairs((at("a", 0), at("a", 1), at("b", 2)), 1.0)
        assert found(same)["all", "all"] == (1, 1, 1)
        assert found(other)["all", "all"] == (0, 2, 2)

    def test_the_worse_face_says_the_pose(self) -> None:
        faces = (at("a", 0, yaw=0.0), at("a", 1, yaw=-20.0), at("a", 9, yaw=50.0))
        same, _ = measure_pairs(faces, 2.0)
        assert found(same)["pose", "15° to 30°"] == (0, 1, 1)
        assert found(same)["pose", "45° and more"] == (2, 2, 1)
        assert ("pose", "under 15°") not in found(same)

    def test_a_pair_of_two_groups_is_in_neither(self) -> None:
        faces = (at("a", 0, labelled_age=Age(30, 40)), at("a", 1, labelled_age=Age(40, 50)))
        same, _ = measure_pairs(faces, 2.0)
        assert not [key for key in found(same) if key[0] == "age"]
        assert found(same)["all", "all"] == (0, 1, 1)

    def test_without_faces_or_with_one(self) -> None:
        for faces in ((), (at("a", 0),)):
            for measure in measure_pairs(faces, 1.0):
                assert measure.whole.trials == 0
                assert np.isnan([measure.whole.value, measure.whole.low]).all()

    def test_only_faces_that_can_be_compared(self) -> None:
        faces = [at("a", 0), face(person="a"), seen(found=False, person="a"),
                 face(embedding=np.zeros(2, np.float32))]  # fmt: skip
        assert comparable(faces) == faces[:1]


@pytest.mark.parametrize("tile", [7, 1024])
def test_as_counted_one_by_one(monkeypatch: pytest.MonkeyPatch, tile: int) -> None:
    monkeypatch.setattr(pairs, "TILE", tile)
    rng = np.random.default_rng(3)
    faces = []
    for seed in range(12):
        told = {"gender": ("female", "male")[seed % 2]} if seed % 5 else {}
        told |= {"group": f"site {seed % 3}"} if seed % 4 else {}
        faces += people(rng.integers(1, 6, 3).tolist(), spread=0.5, seed=seed, **told)
    for one in faces:
        object.__setattr__(one, "yaw", float(rng.normal(0, 25)) if rng.random() < 0.9 else np.nan)
        object.__setattr__(one, "skin", float(rng.normal(20, 30)))
        object.__setattr__(one, "blur", float(rng.random()))
    assert len(faces) > 80
    same, other = measure_pairs(faces, 0.9)
    expected_same, expected_other = one_by_one(faces, 0.9)
    assert found(same) == expected_same
    assert found(other) == expected_other
    assert 0 < same.whole.value < 1
    assert 0 < other.whole.value < 1


def test_the_interval_allows_for_pairs_that_share_a_person() -> None:
    """30 persons of 10 pictures: the interval is wider than that of 1,350 independent pairs."""
    faces = people([10] * 30, spread=0.3)
    same, _ = measure_pairs(faces, 0.9)
    whole = same.whole
    independent = 1.96 * np.sqrt(whole.value * (1 - whole.value) / whole.trials)
    assert whole.trials == 30 * 45
    assert whole.low < whole.value - independent
    assert whole.high > whole.value + independent


@pytest.mark.parametrize(("kind", "threshold", "least"), [(0, 0.9, 88), (1, 0.45, 92)])
def test_intervals_hold_the_truth_as_often_as_they_say(
    kind: int, threshold: float, least: int
) -> None:
    """100 folders of 60 persons drawn from one population: about 95 intervals hold its rate. Of
    two persons, Wilson's over the mere number of pairs would hold it about 50 times."""

    def whole(seed: int) -> Slice:
        return measure_pairs(people([4] * 60, spread=0.3, seed=seed), threshold)[kind].whole

    truth = np.mean([whole(seed).value for seed in range(1000, 1150)])
    drawn = [whole(seed) for seed in range(100)]
    assert sum(one.low <= truth <= one.high for one in drawn) >= least
    if kind == 1:
        naive = [wilson(one.events or 0, one.trials) for one in drawn]
        assert sum(low <= truth <= high for low, high in naive) < 70


def test_a_thousand_pictures_take_no_more_memory_than_their_rows() -> None:
    """Distances are looked at a block at a time."""
    faces = people([4] * 1000, spread=0.3)
    tracemalloc.start()
    measure_pairs(faces, 0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # all distances at once would be 128 MB in one array
