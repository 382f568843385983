from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.describe.embedding import (
    FALSE_MATCH_THRESHOLDS,
    MATCH_THRESHOLD,
    MESH_POINTS,
    PADDING,
    TEMPLATE,
    Embedding,
    chip,
    confidence,
    distance,
)
from mien.describe.mesh import Mesh
from mien.errors import UsageError
from mien.faces import Faces
from tests.describe import portraits
from tests.describe.portraits import Portrait


@pytest.fixture(scope="module")
def stage() -> Embedding:
    return Embedding.load(threads=1)


def embedding_of(stage: Embedding, rgb: NDArray[Any], faces: Faces) -> NDArray[Any]:
    found = stage.describe(rgb, faces)
    assert found.embedding is not None
    return np.asarray(found.embedding)


def test_the_chip_has_the_eyes_where_the_template_says() -> None:
    rgb = np.zeros((300, 300, 3), np.uint8)
    mesh = np.zeros((478, 3))
    places = 100 + 80 * TEMPLATE @ np.array([[0.8, 0.6], [-0.6, 0.8]])  # turned and shifted
    mesh[list(MESH_POINTS), :2] = places
    for (x, y), level in zip(places, (60, 90, 120, 150, 180), strict=True):
        rgb[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] = level
    cut = chip(rgb, mesh)
    assert cut.shape == (150, 150, 3)
    for (x, y), level in zip(
        (TEMPLATE + PADDING) / 1.5 * 150, (60, 90, 120, 150, 180), strict=True
    ):
        assert abs(int(cut[int(y), int(x), 0]) - level) < 25


def test_one_person_is_near_and_another_far(
    stage: Embedding, astronaut: Portrait, carphone: dict[int, Portrait]
) -> None:
    man = np.concatenate([embedding_of(stage, *portrait) for portrait in carphone.values()])
    woman = embedding_of(stage, *astronaut)
    same = [float(distance(a, b)) for a, b in combinations(man, 2)]
    assert max(same) < MATCH_THRESHOLD
    assert distance(man, woman).min() > 0.7


def test_the_family_pairs_up(stage: Embedding, family: dict[str, Portrait]) -> None:
    found = {name: embedding_of(stage, *portrait)[0] for name, portrait in family.items()}
    same: list[float] = []
    different: list[float] = []
    for a, b in combinations(found, 2):
        pair = same if a.rstrip("0123456789") == b.rstrip("0123456789") else different
        pair.append(float(distance(found[a], found[b])))
    assert len(same) == 10
    assert max(same) < MATCH_THRESHOLD
    assert max(same) + 0.05 < min(different)
    # the two that a threshold for strangers takes for one: siblings, of about four and eight years
    assert sum(value < MATCH_THRESHOLD for value in different) <= 1


def test_mirror_images_have_one_vector(
    stage: Embedding, astronaut: Portrait, mesh_stage: Mesh
) -> None:
    rgb, faces = portraits.mirrored(portraits.astronaut())
    other = embedding_of(stage, rgb, mesh_stage.describe(rgb, faces))
    assert distance(embedding_of(stage, *astronaut), other)[0] < 0.12


def test_the_mean_of_chip_and_mirror_image(stage: Embedding, astronaut: Portrait) -> None:
    assert astronaut.faces.mesh is not None
    cut = chip(astronaut.rgb, astronaut.faces.mesh[0])
    plain = stage.plain()
    both = (plain.embed([cut]) + plain.embed([cut[:, ::-1]])) / 2
    assert stage.embed([cut]) == pytest.approx(both, abs=1e-5)
    assert distance(plain.embed([cut]), both)[0] > 1e-3


def test_many_faces_give_what_each_gives_alone(stage: Embedding, astronaut: Portrait) -> None:
    rgb, faces = astronaut
    many = faces[np.zeros(35, int)]  # more than one run takes
    found = embedding_of(stage, rgb, many)
    assert found.shape == (35, 128)
    assert np.abs(found - embedding_of(stage, rgb, faces)).max() < 1e-4
    assert 1.2 < np.linalg.norm(found[0]) < 1.7  # as the network gives it, not normalised


def test_the_network_for_batches_gives_the_same_vectors(
    stage: Embedding, family: dict[str, Portrait]
) -> None:
    quick = Embedding.load(threads=1, batches=True)
    for rgb, faces in family.values():
        wanted, found = embedding_of(stage, rgb, faces), embedding_of(quick, rgb, faces)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
        assert not np.array_equal(found, wanted)  # it is another graph


def test_a_face_without_mesh_has_the_reason(stage: Embedding, astronaut: Portrait) -> None:
    mesh = np.concatenate([np.full((1, 478, 3), np.nan), np.asarray(astronaut.faces.mesh)])
    faces = Faces(np.repeat(astronaut.faces.box_xyxy, 2, axis=0), np.ones(2), mesh=mesh)
    found = stage.describe(astronaut.rgb, faces)
    assert np.isnan(np.asarray(found.embedding)[0]).all()
    assert np.isfinite(np.asarray(found.embedding)[1]).all()
    assert [(problem.row, problem.column) for problem in found.problems] == [(0, "embedding")]


def test_no_faces(stage: Embedding, astronaut: Portrait) -> None:
    assert embedding_of(stage, astronaut.rgb, astronaut.faces[[]]).shape == (0, 128)


def test_without_the_mesh_stage_it_says_what_to_run(stage: Embedding) -> None:
    with pytest.raises(UsageError, match="needs the column 'mesh'"):
        stage.describe(np.zeros((9, 9, 3), np.uint8), Faces.empty())


def test_confidence_is_a_half_at_the_threshold_and_falls() -> None:
    assert confidence(MATCH_THRESHOLD) == pytest.approx(0.5)
    assert confidence(0.0) == 1
    assert confidence(2.0) == 0
    at = np.linspace(0, 0.9, 200)
    assert (np.diff(confidence(at)) < 0).all()


def test_a_rarer_false_match_has_a_tighter_threshold() -> None:
    rates = sorted(FALSE_MATCH_THRESHOLDS)
    limits = [FALSE_MATCH_THRESHOLDS[rate] for rate in rates]
    assert limits == sorted(limits)
    assert FALSE_MATCH_THRESHOLDS[1e-3] == MATCH_THRESHOLD


def test_distance_is_euclidean_over_the_last_axis() -> None:
    a, b = np.zeros((3, 128)), np.zeros(128)
    b[:2] = (3, 4)
    assert distance(a, b).tolist() == [5, 5, 5]
