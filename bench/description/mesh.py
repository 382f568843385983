"""How the mesh does on small faces, on none, in mirror images, and how long it looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.description.material import Face, labelled_faces, span, table
from bench.detection.corpus import MissingPictureError, pictures, read
from mien.describe.iris import Iris
from mien.describe.mesh import BIAS, MESH_MARGIN, SIZE, TURNS_DEG, Mesh
from mien.faces import Faces
from mien.models import Session, SessionAround, open_session

Array = NDArray[Any]

SIZES = (8, 10, 12, 16, 20, 24, 36, 48)  # longer side of the box, pixels
LARGE = 96.0  # of the faces at full size
BOXES_A_PICTURE = 20


class Watched(SessionAround):
    """The mesh network, with the logit of every crop it was shown taken down."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.logits: list[float] = []

    def run(self, *arrays: Array) -> list[Array]:
        """See `Session`."""
        found = self._session.run(*arrays)
        self.logits.append(float(found[1].item()))
        return found


def report() -> Iterator[str]:
    """The figures of the mesh, as Markdown."""
    faces = labelled_faces(LARGE)
    stage = Mesh.load()
    yield f"\n## Mesh\n\n{len(faces)} faces of {LARGE:.0f} pixels and more.\n"
    yield from passes(faces)
    yield from small(stage, faces)
    yield from nothing(stage)
    yield from shift(stage, faces)


def passes(faces: Sequence[Face]) -> Iterator[str]:
    """Crops that a face takes, and the logit of the first one, upright and wrongly turned."""
    network = Watched(open_session("face-mesh"))
    stage = Mesh(network, Iris.load())
    counts: Counter[int] = Counter()
    upright, turned = [], []
    for face in faces:
        network.logits.clear()
        stage.describe(face.rgb, face.detected)
        upright.append(network.logits[0])
        counts[len(network.logits)] += 1
        for degrees in TURNS_DEG:
            network.logits.clear()
            stage.describe(face.rgb, with_eye_line(face.detected, degrees))
            turned.append((abs(degrees), network.logits[0]))
    sure = np.array(upright)
    yield "Crops a face: " + ", ".join(f"{n} for {counts[n]}" for n in sorted(counts)) + ".\n"
    rows = [("upright", span(sure, 0), f"{np.median(sure):.0f}", f"{(sure < 15).sum()}")]
    for angle in (45, 90, 135, 180):
        seen = np.array([logit for degrees, logit in turned if degrees == angle])
        rows.append((f"{angle}° off", span(seen, 0), f"{np.median(seen):.0f}", "–"))
    yield from table(("first crop", "logit", "median", "not sure (under 15)"), rows)


def with_eye_line(faces: Faces, degrees: float) -> Faces:
    """The record with its eyes on a line turned clockwise by so much from where they are."""
    assert faces.points is not None
    points = np.array(faces.points, float)
    middle = points[:, :2].mean(axis=1, keepdims=True)
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points[:, :2] = (points[:, :2] - middle) @ turn.T + middle
    return replace(faces, points=points)


def small(stage: Mesh, faces: Sequence[Face]) -> Iterator[str]:
    """Faces scaled down: how many get a mesh, and how far it is from that at full size."""
    kept, off = [], []
    for size in SIZES:
        errors = [error for face in faces if (error := error_at(stage, face, size)) is not None]
        kept.append(len(errors))
        off.append(f"{100 * float(np.mean(errors)):.0f}" if errors else "–")
    yield ""
    yield from table(
        ("longer side of the box, pixels", *SIZES),
        [
            (f"faces that get a mesh, of {len(faces)}", *kept),
            ("mean distance to the mesh at full size, % of the eyes' distance", *off),
        ],
    )


def error_at(stage: Mesh, face: Face, size: float) -> float | None:
    """Mean distance of the points in the picture scaled so that the face has this size to those at
    full size, over the distance of the eyes; None when no mesh is found."""
    factor = size / float((face.faces.box_xyxy[0, 2:] - face.faces.box_xyxy[0, :2]).max())
    scaled = cv2.resize(face.rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    x, y = scaled.shape[1] / face.rgb.shape[1], scaled.shape[0] / face.rgb.shape[0]
    found = stage.describe(scaled, face.detected.scaled(x, y))
    if found.problems:
        return None
    assert found.mesh is not None
    off = np.linalg.norm(found.mesh[0, :, :2] / (x, y) - face.mesh[:, :2], axis=1)
    return float(off.mean()) / face.eyes_apart


def nothing(stage: Mesh) -> Iterator[str]:
    """Boxes at random places of pictures without a face."""
    rng = np.random.default_rng(0)
    boxes, found = 0, 0
    for picture in pictures():
        if len(picture.truth.faces) or len(picture.truth.ignore):
            continue
        try:
            rgb = read(picture)
        except MissingPictureError:
            continue
        faces = Faces(random_boxes(rng, rgb.shape[:2]), np.ones(BOXES_A_PICTURE))
        boxes += len(faces)
        found += len(faces) - len(stage.describe(rgb, faces).problems)
    yield f"\nOf {boxes} boxes at random places where no face is, {found} got a mesh."


def random_boxes(rng: np.random.Generator, shape: Sequence[int]) -> Array:
    """(BOXES_A_PICTURE, 4) boxes inside a picture of (height, width), of the aspect of a face,
    their width from 24 pixels to half the shorter side on a logarithmic scale."""
    height, width = shape
    most = max(25.0, min(height, width) / 2)
    wide = np.exp(rng.uniform(np.log(24), np.log(most), BOXES_A_PICTURE))
    high = 1.25 * wide
    left = rng.uniform(0, np.maximum(width - wide, 1))
    top = rng.uniform(0, np.maximum(height - high, 1))
    return np.column_stack([left, top, left + wide, top + high])


def shift(stage: Mesh, faces: Sequence[Face]) -> Iterator[str]:
    """How far aside the network draws, from pictures and their mirror images."""
    aside = [value for face in faces if (value := shift_of(stage, face)) is not None]
    drawn = np.array(aside) - BIAS[0]
    error = drawn.std(ddof=1) / np.sqrt(len(drawn))
    yield (
        f"\nThe network draws {-drawn.mean():.2f} ± {error:.2f} pixels of the crop too far left "
        f"(mean and standard error of {len(drawn)} faces and their mirror images); "
        f"the stage moves it by {BIAS[0]}."
    )


def shift_of(stage: Mesh, face: Face) -> float | None:
    """Pixels of the crop by which the stage's points lie too far right; None without a mesh."""
    width = face.rgb.shape[1]
    found = stage.describe(np.ascontiguousarray(face.rgb[:, ::-1]), mirrored(face.detected, width))
    if found.problems:
        return None
    assert found.mesh is not None
    other = width - np.asarray(found.mesh[0, :468, 0], float)
    apart = float((face.mesh[:468, 0].mean() - other.mean()) / 2)
    side = MESH_MARGIN * float(np.ptp(face.mesh[:468, :2], axis=0).max())
    return apart * SIZE / side


def mirrored(faces: Faces, width: int) -> Faces:
    """Boxes and points in the mirror image of a picture so wide."""
    boxes = np.array(faces.box_xyxy)
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    assert faces.points is not None
    points = np.array(faces.points)[:, [1, 0, 2, 4, 3]]
    points[..., 0] = width - points[..., 0]
    return Faces(boxes, faces.score, points=points)
