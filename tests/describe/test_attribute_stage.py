"""The stage around the attribute network; its own scores are judged in test_attribute_faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.describe import attribute_stage
from mien.describe.attribute_model import SIDE, AttributeModel
from mien.describe.attribute_stage import MIN_SIDE, Attributes, crop_side
from mien.describe.attributes import BEHIND, SCORES
from mien.describe.mesh import Mesh
from mien.errors import ModelError
from mien.faces import Faces
from mien.models import TensorSpec
from tests.describe import portraits
from tests.describe.portraits import Portrait

Array = NDArray[Any]


class Brightness:
    """A session whose every score is half the brightness of the crop, and that keeps its runs."""

    name, provider = "brightness", "none"
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, *arrays: Array) -> list[Array]:
        (batch,) = arrays
        self.shapes.append(batch.shape)
        mean = batch.mean(axis=(1, 2, 3)) / 510
        return [np.repeat(mean[:, None], len(SCORES), axis=1).astype(np.float32)]


def stage_of(session: Brightness, names: Sequence[str] = SCORES) -> Attributes:
    return Attributes(AttributeModel(session, names))


@pytest.fixture
def session() -> Brightness:
    return Brightness()


def test_all_faces_are_read_in_one_call_in_their_order(
    session: Brightness, astronaut: Portrait
) -> None:
    rgb = np.hstack([astronaut.rgb, astronaut.rgb // 2])
    one = astronaut.faces
    both = Faces.concat([one.shifted(512, 0), one])
    found = stage_of(session).describe(rgb, both).attributes
    assert session.shapes == [(2, 3, SIDE, SIDE)]
    assert found is not None
    assert found.shape == (2, len(SCORES))
    assert found[0, 0] == pytest.approx(found[1, 0] / 2, abs=0.01)
    assert 0.05 < found[0, 0] < found[1, 0] < 0.5


def test_a_face_without_a_mesh_and_one_that_is_too_small_say_why(
    session: Brightness, astronaut: Portrait, mesh_stage: Mesh
) -> None:
    assert astronaut.faces.points is not None
    large = crop_side(astronaut.faces.points[0])
    small = portraits.scaled(portraits.astronaut(), 0.8 * MIN_SIDE / large)
    faces = Faces.concat([mesh_stage.describe(*small), Faces(*_nowhere())])
    assert faces.mesh is not None
    assert np.isfinite(faces.mesh[0]).all()
    found = stage_of(session).describe(small.rgb, faces)
    assert found.attributes is not None
    assert np.isnan(found.attributes).all()
    assert found.attributes.shape == (2, len(SCORES))
    reasons = {p.row: p.reason for p in found.problems if p.column == "attributes"}
    assert "too small" in reasons[0]
    assert f"at least {MIN_SIDE:.0f}" in reasons[0]
    assert "mesh of this face, which is missing" in reasons[1]
    assert session.shapes == []


def _nowhere() -> tuple[Any, ...]:
    """The columns of a face that has no mesh."""
    points = np.full((1, 5, 2), np.nan)
    mesh = np.full((1, 478, 3), np.nan)
    return np.array([[0, 0, 9, 9]]), np.ones(1), points, None, mesh


def test_a_face_just_large_enough_is_described(
    session: Brightness, astronaut: Portrait, mesh_stage: Mesh
) -> None:
    assert astronaut.faces.points is not None
    large = crop_side(astronaut.faces.points[0])
    small = portraits.scaled(portraits.astronaut(), 1.1 * MIN_SIDE / large)
    found = stage_of(session).describe(small.rgb, mesh_stage.describe(*small))
    assert found.attributes is not None
    assert np.isfinite(found.attributes).all()


def test_the_side_is_that_of_the_picture(astronaut: Portrait) -> None:
    """The head of the astronaut, hair and chin, is about 180 pixels high."""
    assert astronaut.faces.points is not None
    points = astronaut.faces.points[0]
    assert 150 < crop_side(points) < 230
    assert crop_side(points / 4) == pytest.approx(crop_side(points) / 4)


def test_what_is_covered_is_not_told(
    session: Brightness, astronaut: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribute_stage, "hidden", lambda scores: ("eyes", "mouth"))
    found = stage_of(session).describe(*astronaut)
    assert found.attributes is not None
    unknown = {SCORES[at] for at in np.flatnonzero(np.isnan(found.attributes[0]))}
    assert unknown == {*BEHIND["eyes"], *BEHIND["mouth"]}
    (problem,) = found.problems
    assert problem == (0, "attributes", "something covers the eyes and the mouth")


def test_a_model_that_answers_for_other_attributes_is_refused(session: Brightness) -> None:
    with pytest.raises(ModelError, match="other attributes"):
        stage_of(session, SCORES[:-1])
    with pytest.raises(ModelError, match="other attributes"):
        stage_of(session, SCORES[::-1])
