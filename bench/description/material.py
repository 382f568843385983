"""The faces that the stages of mien.describe are measured on.

All but the Family pictures come with the detection corpus; those lie in the shared folder, and are
left out, with the reason, where it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.detection.corpus import (
    MissingPictureError,
    Picture,
    corpus_catalogue,
    pictures,
    read,
)
from bench.detection.scoring import ious
from mien.describe.mesh import Mesh
from mien.detect import ImageDetector
from mien.faces import Faces
from mien.media import open_video
from mien.models import file_of

Array = NDArray[Any]


class Sitter(NamedTuple):
    """Who a labelled face shows, as seen by eye.

    Attributes:
        female: how the person looks.
        at_camera: whether the eyes look into the camera.
    """

    picture: str
    face: int
    female: bool
    at_camera: bool = True

    @property
    def name(self) -> str:
        """Picture and face."""
        return f"{self.picture}-{self.face}"

    @property
    def person(self) -> str:
        """The same for all pictures of one person; the Family pictures are numbered."""
        return self.picture.rstrip("0123456789") if self.is_family else self.name

    @property
    def is_family(self) -> bool:
        """Whether it is one of the Family pictures."""
        return self.picture.startswith("family")


FEMALE, MALE = True, False
SITTERS = (
    Sitter("astronaut", 0, FEMALE),
    Sitter("hopper", 0, FEMALE),
    Sitter("obama", 0, MALE),
    Sitter("biden", 0, MALE),
    Sitter("five-friends", 0, MALE, at_camera=False),  # behind dark glasses
    Sitter("five-friends", 1, FEMALE),
    Sitter("five-friends", 2, MALE),
    Sitter("five-friends", 3, FEMALE),
    Sitter("five-friends", 4, FEMALE),
    Sitter("portrait-man", 0, MALE),
    Sitter("henner", 0, MALE),
    Sitter("maher", 0, FEMALE),
    Sitter("giunchedi", 0, MALE),
    *(Sitter(f"family1-dad{number}", 0, MALE) for number in (1, 2, 3)),
    *(Sitter(f"family1-mom{number}", 0, FEMALE) for number in (1, 2)),
    *(Sitter(f"family1-daughter{number}", 0, FEMALE) for number in (1, 2, 3)),
    *(Sitter(f"family1-son{number}", 0, MALE) for number in (1, 2)),
    *(Sitter(f"family2-lady{number}", 0, FEMALE) for number in (1, 2)),
    *(Sitter(f"family2-man{number}", 0, MALE) for number in (1, 2)),
)
"""Sharp, well-lit portraits."""


class Face(NamedTuple):
    """One face of a picture: a record of one row, as the detector found it, with its mesh."""

    name: str
    rgb: Array
    faces: Faces

    @property
    def mesh(self) -> Array:
        """(478, 3) pixels of the picture."""
        assert self.faces.mesh is not None
        return np.asarray(self.faces.mesh[0], float)

    @property
    def eyes_apart(self) -> float:
        """Distance of the centres of the irises, pixels."""
        return float(np.linalg.norm(self.mesh[473, :2] - self.mesh[468, :2]))

    @property
    def detected(self) -> Faces:
        """The record without the mesh and with the detector's own points."""
        return Faces(self.faces.box_xyxy, self.faces.score, points=self.faces.points)


class Portrait(NamedTuple):
    """A sitter and the face."""

    sitter: Sitter
    face: Face


@cache
def portraits() -> tuple[Portrait, ...]:
    """The sitters whose pictures are there."""
    names = {sitter.picture for sitter in SITTERS}
    chosen = [picture for picture in pictures() if picture.name in names]
    found = {face.name: face for face in _faces(chosen, 0)}
    return tuple(Portrait(sitter, found[sitter.name]) for sitter in SITTERS if sitter.name in found)


@cache
def labelled_faces(least: float = 0) -> tuple[Face, ...]:
    """Labelled faces of the corpus's photos whose mesh the stage finds, in the corpus's order.

    Args:
        least: of the longer side of the box, in pixels.
    """
    return tuple(_faces(pictures(), least))


def missing() -> dict[str, str]:
    """Pictures of sitters that are not there → the reason."""
    reasons = {}
    sitters = {sitter.picture for sitter in SITTERS}
    for picture in pictures():
        if picture.name in sitters:
            try:
                read(picture)
            except MissingPictureError as error:
                reasons[picture.name] = str(error)
    return reasons


def _faces(chosen: Iterable[Picture], least: float) -> Iterator[Face]:
    detector, mesh = ImageDetector.load("balanced"), Mesh.load()
    for picture in chosen:
        if not len(picture.truth.faces):
            continue
        try:
            rgb = read(picture)
        except MissingPictureError:
            continue
        found = detector.detect(rgb)
        for index, box in enumerate(picture.truth.faces):
            row = row_of(box, found)
            if max(box[2:] - box[:2]) < least or row is None:
                continue
            described = mesh.describe(rgb, found[[row]])
            if not described.problems:
                kept = Faces(
                    described.box_xyxy,
                    described.score,
                    points=found[[row]].points,
                    mesh=described.mesh,
                )
                yield Face(f"{picture.name}-{index}", rgb, kept)


def row_of(box: Array, found: Faces) -> int | None:
    """The detection that overlaps a labelled box most, by half or more; None without one."""
    if not len(found):
        return None
    overlaps = ious(box[None], found.box_xyxy)[0][0]
    best = int(overlaps.argmax())
    return best if overlaps[best] >= 0.5 else None


def clip_meshes(source: str) -> Array:
    """(n, 478, 3) mesh of the largest face of each frame of a clip, where there is one.

    Args:
        source: an entry of mien's catalogue or of the corpus's.
    """
    with corpus_catalogue():
        path = file_of(source)
    detector, mesh, found = ImageDetector.load("fast"), Mesh.load(), []
    with open_video(path) as video:
        for frame in video.frames():
            faces = mesh.describe(frame.rgb, detector.detect(frame.rgb)[:1])
            if len(faces) and not faces.problems:
                assert faces.mesh is not None
                found.append(faces.mesh[0])
    return np.asarray(found)


def table(header: Iterable[object], rows: Iterable[Iterable[object]]) -> list[str]:
    """A Markdown table, line by line."""
    head = [str(cell) for cell in header]
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def span(values: Array, digits: int = 2) -> str:
    """Lowest to highest."""
    return f"{np.min(values):.{digits}f} to {np.max(values):.{digits}f}"
