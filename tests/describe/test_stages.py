"""What holds for every stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.describe.attribute_stage import Attributes
from mien.describe.demographics import Demographics
from mien.describe.embedding import Embedding
from mien.describe.emotion import Emotion
from mien.describe.gaze import Gaze
from mien.describe.mesh import Mesh
from mien.describe.openness import Openness
from mien.describe.pose import Pose
from mien.describe.quality import Quality
from mien.errors import UsageError
from mien.faces import ROW_SHAPES, Faces
from tests.describe.portraits import Portrait

STAGES: tuple[Any, ...] = (
    *(Mesh, Pose, Gaze, Openness, Embedding, Demographics, Quality, Emotion),
    Attributes,
)
READERS: tuple[Any, ...] = (Mesh, Embedding, Demographics, Quality, Emotion, Attributes)
"""Those that look at pixels."""
BAD_PICTURES: dict[str, tuple[Any, str]] = {
    "grey": (np.zeros((9, 9), np.uint8), r"shape \(H, W, 3\), not \(9, 9\)"),
    "four channels": (np.zeros((9, 9, 4), np.uint8), r"not \(9, 9, 4\)"),
    "no pixel": (np.zeros((0, 9, 3), np.uint8), r"not \(0, 9, 3\)"),
    "floats": (np.zeros((9, 9, 3)), "uint8, not float64"),
    "a path": ("photo.jpg", "uint8, not str"),
    "a list": ([[[0, 0, 0]]], "uint8, not list"),
}


@pytest.fixture(scope="module")
def loaded() -> dict[Any, Any]:
    return {stage: stage.load(threads=1) for stage in STAGES}


@pytest.fixture(scope="module")
def posed(astronaut: Portrait) -> Portrait:
    rgb, faces = astronaut
    return Portrait(rgb, Pose.load().describe(rgb, faces))


@pytest.mark.parametrize("stage", STAGES)
def test_it_fills_what_it_says_for_any_number_of_faces(
    stage: Any, loaded: dict[Any, Any], posed: Portrait
) -> None:
    rgb, faces = posed
    for count in (0, 1, 3):
        given = faces[np.zeros(count, int)]
        found = loaded[stage].describe(rgb, given)
        assert found.columns.keys() == given.columns.keys() | set(stage.fills)
        for name in stage.fills:
            assert np.isfinite(found.columns[name]).all(), name
            assert len(found.columns[name]) == count
        for name in given.columns.keys() - set(stage.fills):
            assert np.array_equal(found.columns[name], given.columns[name])
        assert found.problems == ()


@pytest.mark.parametrize("stage", STAGES)
def test_it_names_columns_of_the_record(stage: Any) -> None:
    assert {*stage.needs, *stage.fills} <= ROW_SHAPES.keys()
    assert stage.fills


@pytest.mark.parametrize("stage", STAGES)
def test_the_same_input_gives_the_same_output(
    stage: Any, loaded: dict[Any, Any], posed: Portrait
) -> None:
    rgb, faces = posed
    first, second = (loaded[stage].describe(rgb, faces) for _ in range(2))
    for name in stage.fills:
        assert np.array_equal(first.columns[name], second.columns[name])


@pytest.mark.parametrize("stage", STAGES)
def test_problems_met_before_are_kept(stage: Any, loaded: dict[Any, Any], posed: Portrait) -> None:
    nothing = np.full((1, 478, 3), np.nan)
    faces = Faces(
        np.array([[np.nan] * 4]), np.ones(1), mesh=nothing, pose_deg=np.full((1, 3), np.nan)
    )
    once = loaded[stage].describe(posed.rgb, faces)
    twice = loaded[stage].describe(posed.rgb, once)
    assert {problem.column for problem in once.problems} <= set(stage.fills)
    assert twice.problems == once.problems * 2
    for problem in once.problems:
        assert len(problem.reason.split()) > 3


@pytest.mark.parametrize("kind", BAD_PICTURES)
@pytest.mark.parametrize("stage", READERS)
def test_what_is_no_picture_is_refused(
    stage: Any, kind: str, loaded: dict[Any, Any], posed: Portrait
) -> None:
    picture, message = BAD_PICTURES[kind]
    with pytest.raises(UsageError, match=message):
        loaded[stage].describe(picture, posed.faces)


@pytest.mark.parametrize("stage", READERS)
def test_a_picture_of_another_layout_in_memory_gives_the_same(
    stage: Any, loaded: dict[Any, Any], posed: Portrait
) -> None:
    rgb, faces = posed
    height, width = rgb.shape[:2]
    wide: NDArray[Any] = np.zeros((height, width + 7, 4), np.uint8)
    wide[:, 3 : 3 + width, :3] = rgb
    strided = wide[:, 3 : 3 + width, :3]
    plain, other = (loaded[stage].describe(picture, faces) for picture in (rgb, strided))
    for name in stage.fills:
        assert np.array_equal(plain.columns[name], other.columns[name])
