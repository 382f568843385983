"""One frame of the output against the same frame of the source: which faces can be seen?

Two questions lead to candidates. What do the detectors find in the output? And where the output
differs from the source, what faces has the source there? The second finds faces that are half
covered, of which a detector may see nothing in the output, and counts those that are hidden. What
becomes of a candidate is for the pixels to say (`audit_exposure`), and in doubt for the embedder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe.embedding import MATCH_THRESHOLD, Embedding, chip, distance
from mien.describe.mesh import Mesh
from mien.detect import BlazeFace, CenterFace, ImageDetector, Profile
from mien.detect.boxes import overlaps
from mien.detect.cascade import again, close_view, merged
from mien.detect.letterbox import place
from mien.errors import UsageError
from mien.faces import Faces
from mien.picture import check_rgb
from mien.redact.audit.exposure import kept

Array = NDArray[Any]

MODELS = ("centerface", "blazeface-full-range", "face-mesh", "iris", "dlib-resnet")
"""All that an audit looks with, unless its auditor was given others."""

FULL = Profile(first=640 * 360, finer=1 << 40, enlarge=1, always=True, hint=0.2, close=48)
"""CenterFace at the full resolution of any picture, in tiles, and coarse looks for faces too large
for that; hints as weak as 0.2 are looked at again."""

BLAZE_SCORE, BLAZE_CONFIRMED, CLOSE = 0.4, 0.2, 48
"""BlazeFace's hints from here up count if CenterFace, looking at them at this size in pixels, gives
them at least this score."""

SEEN, DOUBTFUL = 0.38, 0.25
"""Share of the detail kept, of the eyes or of the mouth, from which a face can be seen; and from
which the embedder is asked: it can be seen if the source's face is the same person to it."""

CERTAIN = 0.5
"""A detector's score from which it is certain. Weaker findings count where the same face is found
with certainty in a frame nearby; single ones are told apart."""

CELLS, LEAST_CELL = 240, 4
"""Cells along the longer side of a picture in which source and output are compared, and the least
side of one in pixels."""
CHANGED = 6.0
"""Levels of luma by which the mean of a cell differs where something was changed."""
SURROUNDINGS, ROOM = 1.4, 128
"""Side of what is looked at to that of a changed region, and in pixels of the network's input."""
MOST_REGIONS, MOST_CHANGED, BATCH = 32, 0.35, 8
"""With more changed regions, or a larger share of the picture, the whole source is looked at."""
SOURCE_SCORE = 0.35
SAME, INSIDE, SAME_PLACE = 0.3, 0.65, 0.4
"""Overlaps from which two findings are one face: over the union, over the smaller of the two; and
from which a finding of the output is one of the source, over the union."""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """n faces that can be seen, in pixels of the frame, and how many were seen to be hidden."""

    box_xyxy: Array  # (n, 4) float32
    score: Array  # (n,) float32: of the detector
    kept: Array  # (n, 2) float32: share of the detail of eyes, of mouth, that is as in the source
    hidden: int = 0

    def __len__(self) -> int:
        return len(self.box_xyxy)

    def __getitem__(self, rows: Array) -> Findings:
        """Those of these rows, by mask or numbers; none of the hidden ones."""
        return Findings(self.box_xyxy[rows], self.score[rows], self.kept[rows])


class FrameAuditor:
    """Compares frames; it remembers nothing from one to the next.

    Args:
        network, blaze, mesh, embedding: what it looks with.
        models: their names in the catalogue, for the documents.
    """

    def __init__(
        self,
        network: CenterFace,
        blaze: BlazeFace,
        mesh: Mesh,
        embedding: Embedding,
        *,
        models: tuple[str, ...] = MODELS,
    ) -> None:
        self._images, self._blaze = ImageDetector(network, FULL), blaze
        self.network, self.mesh, self.embedding = network, mesh, embedding
        self.models = models

    @classmethod
    def load(cls, *, threads: int | None = None) -> Self:
        """Open the networks.

        Raises:
            ModelError: one cannot be had.
        """
        network, blaze = CenterFace.load(threads=threads), BlazeFace.load(threads=threads)
        return cls(network, blaze, Mesh.load(threads=threads), Embedding.load(threads=threads))

    def look(self, source: Array, output: Array) -> Findings:
        """The faces of the source that can be seen in the output, and what else looks like one.

        Args:
            source, output: (H, W, 3) uint8, of one size.

        Raises:
            UsageError: they are no such pictures.
        """
        check_rgb(source)
        check_rgb(output)
        if source.shape != output.shape:
            raise UsageError(f"pictures of {source.shape} and {output.shape} cannot be compared")
        before = self._in_source(source, output)
        faces = Faces.concat([before, _new(self._in_output(output), before)])
        if not len(faces):
            return Findings(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 2)))
        assert faces.points is not None
        shares = np.array([kept(source, output, points) for points in faces.points])
        seen = shares.max(axis=1) >= SEEN
        for row in np.flatnonzero(~seen & (shares.max(axis=1) >= DOUBTFUL)).tolist():
            seen[row] = self._same_person(source, output, faces[[row]])
        return _told(faces, shares, seen, hidden=~seen & (np.arange(len(faces)) < len(before)))

    def _in_output(self, output: Array) -> Faces:
        """What both detectors find; without mouth corners where only BlazeFace has it."""
        found = self._images.detect(output)
        hints = self._blaze.detect(output, score=BLAZE_SCORE)
        new = [row for row in range(len(hints)) if not _any_near(hints.box_xyxy[row], found)]
        return merged([found, *(self._confirmed(output, hints[[row]]) for row in new)])

    def _confirmed(self, output: Array, hint: Faces) -> Faces:
        part, where, corner = close_view(output, hint.box_xyxy[0], CLOSE)
        (seen,) = self.network.detect_placed([part], [where], score=BLAZE_CONFIRMED)
        found = again(hint, seen.shifted(*corner))
        return found if len(found) else hint[:0]

    def _in_source(self, source: Array, output: Array) -> Faces:
        """The faces that the source has where the output differs."""
        regions, share = changed(source, output)
        if len(regions) > MOST_REGIONS or share > MOST_CHANGED:
            return self.network.detect(source, score=SOURCE_SCORE)
        parts = [_part(source, region) for region in regions]
        found = [Faces.empty()]
        for start in range(0, len(parts), BATCH):
            rgbs, corners = zip(*parts[start : start + BATCH], strict=True)
            places = [place(rgb, min(1.0, ROOM / max(rgb.shape[:2])), room=ROOM) for rgb in rgbs]
            seen = self.network.detect_placed(rgbs, places, score=SOURCE_SCORE)
            found += [faces.shifted(*at) for faces, at in zip(seen, corners, strict=True)]
        return merged(found)

    def _same_person(self, source: Array, output: Array, face: Faces) -> bool:
        """Whether the embedder takes what both pictures have at a place for one person; False where
        the source has no face to it."""
        (mesh,) = self._meshes(source, face)
        if not np.isfinite(mesh).all():
            return False
        before, after = self.embedding.embed([chip(source, mesh), chip(output, mesh)])
        return bool(distance(before, after) < MATCH_THRESHOLD)

    def _meshes(self, rgb: Array, faces: Faces) -> Array:
        mesh = self.mesh.describe(rgb, faces).mesh
        assert mesh is not None
        return mesh


def changed(source: Array, output: Array) -> tuple[Array, float]:
    """Where two pictures differ by more than an encoder makes them.

    Returns:
        (n, 4) int boxes, half-open, in pixels of the picture, and their share of it.
    """
    height, width = source.shape[:2]
    cell = max(LEAST_CELL, round(max(height, width) / CELLS))
    size = -(-width // cell), -(-height // cell)
    small = [_small(rgb, size) for rgb in (source, output)]
    mask = (np.abs(small[0] - small[1]) >= CHANGED).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    regions = stats[1:][(stats[1:, 2:4].min(axis=1) >= 2)]
    boxes = np.column_stack([regions[:, :2], regions[:, :2] + regions[:, 2:4]])
    scale = np.tile([width / size[0], height / size[1]], 2)
    return np.rint(boxes * scale).astype(int), float(regions[:, 4].sum() / mask.size)


def _small(rgb: Array, size: tuple[int, int]) -> Array:
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _part(rgb: Array, region: Array) -> tuple[Array, tuple[int, int]]:
    """A square around a region, as far as the picture goes, and its upper left corner."""
    centre = (region[:2] + region[2:]) / 2
    half = max(SURROUNDINGS * (region[2:] - region[:2]).max() / 2, 8)
    low = np.floor(centre - half).clip(0).astype(int)
    high = np.ceil(centre + half).astype(int)
    return rgb[low[1] : high[1], low[0] : high[0]], (int(low[0]), int(low[1]))


def _any_near(box: Array, faces: Faces) -> bool:
    union, smaller = overlaps(box, faces.box_xyxy)
    return bool(((union > SAME) | (smaller > INSIDE)).any())


def _new(found: Faces, before: Faces) -> Faces:
    """What is found in the output without those that are, by their place, a face of the source: on
    what is hidden detectors see faces a little beside the true ones."""
    rows = [
        row
        for row, box in enumerate(found.box_xyxy)
        if not (overlaps(box, before.box_xyxy)[0] > SAME_PLACE).any()
    ]
    return found[rows]


def _told(faces: Faces, shares: Array, seen: Array, *, hidden: Array) -> Findings:
    """One entry for each face that can be seen, the one with most detail kept; and how many faces
    of the source, of those that are `hidden`, are none of these."""
    rows: list[int] = []
    for row in np.argsort(-shares.max(axis=1), kind="stable"):
        if seen[row] and not _any_near(faces.box_xyxy[row], faces[rows]):
            rows.append(int(row))
    box, shown = faces.box_xyxy, faces[rows]
    count = sum(not _any_near(box[row], shown) for row in np.flatnonzero(hidden))
    return Findings(box[rows], faces.score[rows], shares[rows].astype(np.float32), count)
