"""Faces of the detection corpus, free and covered: by what was before them, and by made covers.

What the faces of the corpus have before them was written down by eye, from the pictures. Made
covers are photos of things and other heads, put over half of a free face in its picture.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.detection.corpus import MissingPictureError, Picture, pictures, read
from bench.detection.scoring import ious
from mien.describe import crops, emotion
from mien.describe.mesh import Mesh
from mien.describe.pose import Pose
from mien.detect import ImageDetector
from mien.faces import Faces

Array = NDArray[Any]

COVERED = {
    ("five-friends", 0): "dark glasses",
    ("five-hikers", 0): "dark glasses",
    ("five-hikers", 1): "dark glasses",
    ("five-hikers", 2): "dark glasses",
    ("five-hikers", 3): "dark glasses",
    ("moods", 17): "a hand over the mouth",
    ("woman-moods-88", 0): "a hand before the mouth",
    ("woman-moods-147", 0): "a hand on half of the mouth",
    ("woman-moods-206", 0): "a hand on half of the mouth",
    ("three-children", 1): "a fist before the mouth",
}
"""Labelled faces of which eyes or mouth are hidden: the picture, and which face."""

PARTLY = {
    ("three-children", 0): "a finger before the mouth",
    ("moods", 6): "spread fingers before the face",
    ("moods", 14): "a hand on the forehead",
    ("curly-woman", 0): "hands on the cheeks",
    ("cameraman", 0): "from the side, a camera before the eye",
}
"""Counted neither as free nor as covered."""

HALVES = {
    "lower half": (-0.4, 0.57, 1.4, 1.5),
    "upper half": (-0.4, -0.5, 1.4, 0.53),
    "left half": (-0.6, -0.5, 0.5, 1.5),
    "right half": (0.5, -0.5, 1.6, 1.5),
}
"""Left, top, right and bottom of the covers, in sides of the crop that the network sees."""
GLASSES = "dark glasses"
HEAD = "another head"
KINDS = (*HALVES, GLASSES, HEAD)
UNIT = 96
"""Pixels of a cover to a side of the crop; covers reach one side beyond it all around."""
LEAST_OVERLAP = 0.4


@dataclass(frozen=True, eq=False)
class Seen:
    """A face of the corpus that was found, cut out with its surroundings.

    Attributes:
        name: of its picture.
        which: of the picture's labelled faces.
        rgb: the face, and its own size again all around it.
        faces: one face, with mesh and pose.
    """

    name: str
    which: int
    rgb: Array
    faces: Faces


class Fitter:
    """Mesh and pose of one face whose box is known."""

    def __init__(self, threads: int | None = None) -> None:
        self._stages = (Mesh.load(threads=threads), Pose.load())

    def fit(self, rgb: Array, faces: Faces) -> Faces:
        """The faces with mesh and pose."""
        for stage in self._stages:
            faces = stage.describe(rgb, faces)
        return faces


def seen_faces(threads: int | None = None, only: Collection[str] = ()) -> Iterator[Seen]:
    """Every labelled face of the real pictures that mien finds and fits a mesh to.

    Args:
        threads: for inference.
        only: names of the pictures to take, if not all.
    """
    detector, fitter = ImageDetector.load("balanced", threads=threads), Fitter(threads)
    for picture in pictures():
        if only and picture.name not in only:
            continue
        try:
            rgb = read(picture)
        except MissingPictureError:
            continue
        if len(picture.truth.faces):
            yield from _found(picture, rgb, fitter.fit(rgb, detector.detect(rgb)))


def _found(picture: Picture, rgb: Array, faces: Faces) -> Iterator[Seen]:
    assert faces.mesh is not None
    overlaps = ious(faces.box_xyxy, picture.truth.faces)[0]
    for row in range(len(faces)):
        fitted = np.isfinite(faces.mesh[row]).all()
        if fitted and overlaps[row].max() >= LEAST_OVERLAP:
            which = int(overlaps[row].argmax())
            yield Seen(picture.name, which, *_cut_out(rgb, faces[[row]]))


def _cut_out(rgb: Array, faces: Faces) -> tuple[Array, Faces]:
    box = faces.box_xyxy[0]
    reach = float((box[2:] - box[:2]).max())
    left, top = np.maximum(0, box[:2] - reach).astype(int).tolist()
    right, bottom = (box[2:] + reach).astype(int).tolist()
    part = np.ascontiguousarray(rgb[top:bottom, left:right])
    return part, faces.shifted(-left, -top)


def covered(face: Seen, kind: str, others: list[Array], rng: Generator) -> Array:
    """The face's cut-out with a cover of this kind over it.

    Args:
        face: a free face.
        kind: one of `KINDS`.
        others: pictures to make the cover from: of things, or for another head of heads.
    """
    assert face.faces.mesh is not None
    picture = others[int(rng.integers(len(others)))]
    over = cv2.resize(picture, (3 * UNIT, 3 * UNIT), interpolation=cv2.INTER_AREA)
    inside: Array = np.zeros((3 * UNIT, 3 * UNIT), np.float32)
    if kind in HALVES:
        left, top, right, bottom = (round(UNIT * (1 + edge)) for edge in HALVES[kind])
        inside[top:bottom, left:right] = 1
    elif kind == GLASSES:
        over = np.full_like(over, rng.integers(10, 60))
        for share in (0.304, 0.694):
            centre = (round(UNIT * (1 + share)), round(UNIT * 1.39))
            cv2.ellipse(inside, centre, (round(0.19 * UNIT), round(0.13 * UNIT)), 0, 0, 360, 1, -1)
    else:
        side = 1 if rng.random() < 0.5 else -1
        over = np.roll(over, side * round(0.65 * UNIT), axis=1)
        centre = (round(UNIT * (1.5 + side * 0.65)), round(1.45 * UNIT))
        cv2.ellipse(inside, centre, (round(0.62 * UNIT), round(0.85 * UNIT)), 0, 0, 360, 1, -1)
    inside = cv2.GaussianBlur(inside, (0, 0), 1.0)
    return _laid_over(face, over, inside)


def _laid_over(face: Seen, over: Array, inside: Array) -> Array:
    """The cut-out with `over` blended in where `inside` is 1; both in sides of the crop."""
    assert face.faces.mesh is not None
    target = (emotion.TEMPLATE + 1) * UNIT
    back = crops.inverse(crops.similarity(emotion.anchors(face.faces.mesh[0]), target))
    back[:, 2] += back[:, :2].sum(axis=1) / 2 - 0.5  # OpenCV has pixel centres at integers
    size = face.rgb.shape[1::-1]
    share = cv2.warpAffine(inside, back, size)[..., None]
    laid = cv2.warpAffine(over, back, size, borderMode=cv2.BORDER_REPLICATE)
    blended = face.rgb + share * (laid.astype(np.float32) - face.rgb)
    return np.asarray(blended.round().clip(0, 255).astype(np.uint8))


def framed(face: Seen) -> Array:
    """The head of a face as a cover takes it: its crop in the middle of three by three sides."""
    assert face.faces.mesh is not None
    target = (emotion.TEMPLATE + 1) * UNIT
    matrix = crops.similarity(emotion.anchors(face.faces.mesh[0]), target)
    return crops.cut(face.rgb, matrix, 3 * UNIT, border=cv2.BORDER_REPLICATE)


def bare(faces: Faces) -> Faces:
    """The box alone, as a detector without points would give it."""
    return Faces(faces.box_xyxy, faces.score)
