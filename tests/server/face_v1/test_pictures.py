from __future__ import annotations

import numpy as np
import pytest

from mien.faces import Faces
from mien.server.dialects.face_v1.pictures import (
    Found,
    as_told,
    least_side,
    meant,
)
from mien.server.errors import Refusal
from mien.server.inference import Seen
from mien.server.parameters import Rectangle


def seen(boxes: list[list[float]], width: int = 1000, height: int = 800) -> Seen:
    n = len(boxes)
    embedding = np.arange(n, dtype=np.float32)[:, None] * np.ones(128, np.float32)
    faces = Faces(np.array(boxes).reshape(-1, 4), np.ones(n), embedding=embedding)
    return Seen(faces, width, height, "full", np.linspace(0.1, 0.9, n) if n else np.zeros(0))


def test_the_largest_rectangle_comes_first_and_embeddings_move_with_their_faces() -> None:
    # As a box the second is larger; as a square the third is.
    found = as_told(seen([[0, 0, 40, 40], [100, 0, 150, 400], [200, 0, 280, 80]]), square=True)
    assert found.faces.size_wh[:, 0].tolist() == [80, 50, 40]
    assert found.faces.embedding is not None
    assert found.faces.embedding[:, 0].tolist() == [2, 1, 0]
    assert found.fitness is not None
    assert found.fitness.tolist() == [0.9, 0.5, 0.1]
    boxes = as_told(seen([[0, 0, 40, 40], [100, 0, 150, 400], [200, 0, 280, 80]]), square=False)
    assert boxes.faces.size_wh.tolist() == [[50, 400], [80, 80], [40, 40]]


@pytest.mark.parametrize(
    ("width", "height", "least"),
    [
        (640, 480, 36),
        (1920, 1080, 36),
        (1080, 1920, 36),  # upright
        (3840, 2160, 72),
        (1920, 2160, 64),
        (100, 4000, 75),
        (8000, 8000, 8000 / 1080 * 36),
    ],
)
def test_the_smallest_face_grows_with_the_picture(width: int, height: int, least: float) -> None:
    assert least_side(width, height) == pytest.approx(least)


def test_faces_below_the_least_side_are_left_out() -> None:
    boxes: list[list[float]] = [[0, 0, 35, 50], [100, 100, 136, 150]]
    assert len(as_told(seen(boxes), square=True).faces) == 1
    assert len(as_told(seen(boxes, 3840, 2160), square=True).faces) == 0
    assert len(as_told(seen([]), square=True).faces) == 0


def test_at_most_a_hundred_faces_and_the_largest_are_kept() -> None:
    boxes = [[0, 0, 40 + i, 40 + i] for i in range(150)]
    found = as_told(seen([[float(x) for x in box] for box in boxes]), square=False)
    assert len(found.faces) == 100
    assert found.faces.size_wh[:, 0].min() == 90


def two() -> Found:
    """Two heads that overlap: each one's middle lies in the other's box."""
    return as_told(seen([[100, 100, 220, 260], [150, 120, 250, 250]]), square=False)


@pytest.mark.parametrize(
    ("target", "row"),
    [
        (Rectangle(100, 100, 120, 160), 0),
        (Rectangle(150, 120, 100, 130), 1),
        (Rectangle(105, 105, 110, 150), 0),
        (Rectangle(140, 160, 30, 40), 0),  # only the middle of the first is in it
    ],
)
def test_the_face_that_a_target_rectangle_means(target: Rectangle, row: int) -> None:
    assert meant(two(), target) == row


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        (None, "InvalidImage", "There is more than 1 face in the image."),
        (Rectangle(0, 0, 1000, 800), "InvalidImage", "There is more than 1 face in the image."),
        (Rectangle(600, 600, 50, 50), "InvalidImage", "No face detected in the image."),
        (Rectangle(600, 600, 500, 50), "BadArgument", None),
        (Rectangle(600, 600, 50, 201), "BadArgument", None),
    ],
)
def test_no_face_or_several(target: Rectangle | None, code: str, message: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        meant(two(), target)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert message is None or refused.value.message == message


def test_a_face_without_an_embedding_has_no_template() -> None:
    faces = Faces(np.array([[0, 0, 50, 50.0]]), np.ones(1), embedding=np.full((1, 128), np.nan))
    found = Found(faces, 100, 100, np.array([np.nan]))
    assert found.template(0, "recognition_01") is None
