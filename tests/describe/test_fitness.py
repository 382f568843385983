from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mien.describe.fitness import fitness, recognition_quality, visibility
from mien.faces import Faces


def face(**changes: Any) -> Faces:
    """A sharp face of 100 pixels seen from the front, but for these changes."""
    side = changes.pop("side", 100.0)
    columns: dict[str, Any] = {
        "mesh": np.zeros((1, 478, 3)),
        "pose_deg": [[0, 0, 0]],
        "embedding": np.zeros((1, 128)),
        "quality": [[0, 0.5, 0]],
    }
    return Faces(np.array([[0, 0, side, side]]), np.ones(1), **{**columns, **changes})


def test_a_good_picture_of_a_face_is_one() -> None:
    assert fitness(face()).tolist() == [1.0]
    assert fitness(face(side=500.0, pose_deg=[[0, 0, 90]])).tolist() == [1.0]  # roll is undone


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"side": 50.0}, 0.5),
        ({"quality": [[0.25, 0.5, 1]]}, 0.75),
        ({"pose_deg": [[60, 0, 0]]}, 0.5),
        ({"pose_deg": [[0, -60, 0]]}, 0.5),
        ({"pose_deg": [[120, 0, 0]]}, 0.0),
        ({"side": 50.0, "pose_deg": [[60, 0, 0]]}, 0.25),
        ({"pose_deg": [[np.nan, 0, 0]]}, 0.0),
    ],
)
def test_what_is_small_blurred_or_turned_away_weighs_less(
    changes: dict[str, Any], value: float
) -> None:
    assert fitness(face(**changes))[0] == pytest.approx(value, abs=1e-6)


def test_a_face_without_an_embedding_has_none() -> None:
    assert np.isnan(fitness(face(embedding=np.full((1, 128), np.nan)))).all()


def test_visibility_needs_no_embedding() -> None:
    half = face(embedding=None, side=50.0)
    assert visibility(half)[0] == pytest.approx(0.5)
    assert np.isnan(visibility(face(embedding=None, pose_deg=[[np.nan, 0, 0]]))).all()


GOOD: dict[str, Any] = {"side": 60.0, "pose_deg": (5, -5, 40), "quality": (0.2, 0.5, 0.1)}


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({}, "High"),
        ({"side": 31.0}, "Medium"),
        ({"side": 19.0}, "Low"),
        ({"quality": (0.6, 0.5, 0.1)}, "Medium"),
        ({"quality": (0.8, 0.5, 0.1)}, "Low"),
        ({"quality": (0.2, 0.08, 0.1)}, "Medium"),
        ({"quality": (0.2, 0.02, 0.1)}, "Low"),
        ({"quality": (0.2, 0.75, 0.1)}, "Medium"),
        ({"quality": (0.2, 0.9, 0.1)}, "Low"),
        ({"quality": (0.2, 0.5, 0.35)}, "Medium"),
        ({"quality": (0.2, 0.5, 0.5)}, "Low"),
        ({"pose_deg": (-30, 0, 0)}, "Medium"),
        ({"pose_deg": (0, 50, 0)}, "Low"),
        ({"pose_deg": (0, 0, 170)}, "High"),  # roll is undone
        ({"side": 25.0, "pose_deg": (50, 0, 0)}, "Low"),  # the worst counts
    ],
)
def test_the_grade_for_recognition_is_the_worst_of_its_parts(
    changes: dict[str, Any], grade: str
) -> None:
    face = GOOD | changes
    size = np.array([face["side"], face["side"] * 1.3])
    pose, quality = np.array(face["pose_deg"], float), np.array(face["quality"])
    assert recognition_quality(size, pose, quality) == grade
    assert recognition_quality(size[::-1], pose, quality) == grade
