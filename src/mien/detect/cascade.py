"""Faces of a picture of any size: CenterFace looks as often as the picture calls for.

A first look sees the whole picture at a bounded number of pixels. A framed look sees it small with
black around, which finds faces that fill it. A finer look follows where the first one hints at
small faces. Then each doubtful candidate is looked at again by itself, at the size the network
knows best: that is what lets weak hints count without false positives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.detect.blazeface import BlazeFace
from mien.detect.boxes import overlaps, suppress
from mien.detect.centerface import MULTIPLE, CenterFace
from mien.detect.letterbox import Placed, place
from mien.errors import UsageError
from mien.faces import Faces
from mien.picture import check_rgb

Array = NDArray[Any]


@dataclass(frozen=True)
class Profile:
    """How hard to look.

    Attributes:
        first: pixels of the first look; the picture is scaled down to them, never up.
        finer: pixels of the finer look; 0: there is none.
        enlarge: how much the finer look may scale the picture up. The network sees one cell of its
            maps every 4 pixels, and so knows a face of 48 far better than one of 24.
        always: the finer look does not wait for hints of small faces.
        hint: the score from which a candidate is worth a second look.
        close: the size of the face in the second look, in pixels.
        confirmed: a doubtful candidate is a face when the second look finds it again with at least
            this score.
        both: BlazeFace looks too, and what it alone is sure of counts; its faces have no points at
            the mouth.
    """

    first: int
    finer: int
    enlarge: float
    always: bool
    hint: float
    close: int
    confirmed: float = 0.35
    both: bool = False


PROFILES = {
    "fast": Profile(640 * 360, finer=0, enlarge=1, always=False, hint=0.2, close=48),
    "balanced": Profile(854 * 480, finer=1568 * 882, enlarge=1, always=False, hint=0.15, close=48),
    "accurate": Profile(854 * 480, finer=3840 * 2160, enlarge=2, always=True, hint=0.1, close=96),
    "paranoid": Profile(*(854 * 480, 3840 * 2160, 1, True, 0.1, 48), confirmed=0.2, both=True),
}
"""For those who must not miss one, "paranoid" takes false finds into account."""

FRAMED_SIDE, FRAMED_MARGIN = 128, 64
"""The framed look: the longer side of the picture and the black on each side of it."""
SMALL = 24
"""A candidate below this size, in pixels of the first look, hints at more that it does not see."""
LARGE = 320
"""Faces above this size, in pixels of a look, are left to the coarser ones."""
TILE, OVERLAP = 1600, 192
"""Sides of a tile of the finer look, and what neighbours share, in pixels of that look."""
SEAM = 4
"""A face this near to the seam of a tile may be cut by it; the neighbour sees it whole."""
SURE = 0.6
"""Candidates from here up are faces; the others are looked at a second time."""
SURROUNDINGS = 2.67
"""Side of the second look's input by the size of the face in it."""
SAME_PLACE = 0.4
"""Overlap from which the second look has found the candidate."""
MOST_CLOSE, BATCH = 128, 16
"""Second looks a picture at most, the best candidates first; and how many go in one batch."""
IOU, INSIDE = 0.3, 0.65
"""Overlaps (over the union, over the smaller of the two) from which two candidates are one face."""


class ImageDetector:
    """Finds the faces of pictures; holds no state between calls."""

    def __init__(
        self, network: CenterFace, profile: Profile, second: BlazeFace | None = None
    ) -> None:
        self.network = network
        self._profile, self._second = profile, second

    @classmethod
    def load(cls, profile: str = "balanced", *, threads: int | None = None) -> ImageDetector:
        """Load the network, fetching it first where it is not in the store.

        Args:
            profile: one of `PROFILES`; docs/concepts/detection.md has their figures.
            threads: for inference; by default one for each core.

        Raises:
            UsageError: there is no such profile.
            ModelError: the network cannot be had.
        """
        if profile not in PROFILES:
            raise UsageError(f"there is no profile '{profile}'; take {', '.join(PROFILES)}")
        second = BlazeFace.load(threads=threads) if PROFILES[profile].both else None
        return cls(CenterFace.load(threads=threads), PROFILES[profile], second)

    def detect(self, rgb: Array) -> Faces:
        """All faces of a picture, the largest first, with boxes, scores and five points.

        A box may reach past the edge of the picture. The score is the best that any look gave.

        Args:
            rgb: (H, W, 3) uint8 of any size.

        Raises:
            ValueError: it is no such array.
        """
        check_rgb(rgb)
        candidates = merged([*self._looks(rgb)])
        doubtful = candidates.score < SURE
        faces = merged([candidates[~doubtful], self._confirmed(rgb, candidates[doubtful])])
        if self._second is not None:
            faces = united(faces, self._second.detect(rgb))
        return faces[np.argsort(-faces.size_wh.prod(axis=1), kind="stable")]

    def pixels(self, rgb: Array, faces: Faces) -> float:
        """Pixels that `detect` looks at in a picture in which these are the faces."""
        scale, finer = self._scales(rgb, faces)
        return float(rgb.shape[0] * rgb.shape[1] * (scale**2 + finer**2))

    def _scales(self, rgb: Array, first: Faces) -> tuple[float, float]:
        """Of the first look, and of the finer one that what it found calls for; 0: for none."""
        profile = self._profile
        scale = scale_for(rgb, profile.first)
        finer = scale_for(rgb, profile.finer, most=profile.enlarge) if profile.finer else 0.0
        hinted = profile.always or (sizes(first) * scale < SMALL).any()
        return scale, finer if finer > scale and hinted else 0.0

    def _looks(self, rgb: Array) -> Iterator[Faces]:
        profile, longer = self._profile, max(rgb.shape[:2])
        yield self.network.detect(
            rgb, score=profile.hint, scale=min(1.0, FRAMED_SIDE / longer), margin=FRAMED_MARGIN
        )
        scale = scale_for(rgb, profile.first)
        first = self.network.detect(rgb, score=profile.hint, scale=scale)
        yield first[sizes(first) * scale <= LARGE]
        _, finer = self._scales(rgb, first)
        if finer:
            for part, corner in tiles(rgb, finer):
                found = self.network.detect(part, score=profile.hint, scale=finer)
                found = found[sizes(found) * finer <= LARGE].shifted(*corner)
                yield found[uncut(found.box_xyxy, rgb, part, corner, SEAM / finer)]

    def _confirmed(self, rgb: Array, candidates: Faces) -> Faces:
        """Those of the candidates that a second look finds again, as the better look saw them."""
        best = candidates[np.argsort(-candidates.score, kind="stable")[:MOST_CLOSE]]
        found = []
        for start in range(0, len(best), BATCH):
            batch = best[start : start + BATCH]
            parts, places, corners = zip(
                *(close_view(rgb, box, self._profile.close) for box in batch.box_xyxy), strict=True
            )
            seen = self.network.detect_placed(parts, places, score=self._profile.confirmed)
            for row, (faces, corner) in enumerate(zip(seen, corners, strict=True)):
                found.append(again(batch[[row]], faces.shifted(*corner)))
        return Faces.concat(found)


def sizes(faces: Faces) -> Array:
    """(n,) geometric mean of the sides of each box."""
    area: Array = faces.size_wh.clip(min=0).prod(axis=1)
    return np.asarray(np.sqrt(area))


def scale_for(rgb: Array, pixels: int, *, most: float = 1.0) -> float:
    """The scale, at most `most`, at which the input for a picture has about this many pixels.

    A side of the input is never below `MULTIPLE`, which is what bounds a picture 10,000 by 5.
    """
    height, width = rgb.shape[:2]
    by_area = math.sqrt(pixels / (height * width))
    return float(min(most, by_area, pixels / MULTIPLE / max(height, width)))


def tiles(rgb: Array, scale: float) -> Iterator[tuple[Array, tuple[int, int]]]:
    """Parts of a picture of about `TILE` at this scale, neighbours sharing `OVERLAP`.

    Yields:
        A view of the picture, and the (x, y) of its upper left corner.
    """
    height, width = rgb.shape[:2]
    for top, bottom in spans(height, TILE / scale, OVERLAP / scale):
        for left, right in spans(width, TILE / scale, OVERLAP / scale):
            yield rgb[top:bottom, left:right], (left, top)


def uncut(boxes: Array, rgb: Array, part: Array, corner: tuple[int, int], seam: float) -> Array:
    """(n,) whether a box (of (n, 4), in pixels of the picture) keeps `seam` away from all seams.

    Only edges of the part inside the picture are seams.
    """
    low = np.array(corner)
    high = low + part.shape[1::-1]
    begins = np.where(low > 0, low + seam, -np.inf)
    ends = np.where(high < rgb.shape[1::-1], high - seam, np.inf)
    inside = (boxes[:, :2] > begins) & (boxes[:, 2:] < ends)
    return np.asarray(inside.all(axis=1))


def spans(length: int, most: float, shared: float) -> list[tuple[int, int]]:
    """Equal spans of at most `most` that cover a length, neighbours sharing at least `shared`."""
    if length <= most:
        return [(0, length)]
    count = math.ceil((length - shared) / (most - shared))
    side = math.ceil((length + (count - 1) * shared) / count)
    starts = np.linspace(0, length - side, count).round().astype(int)
    return [(int(start), int(start) + side) for start in starts]


def close_view(rgb: Array, box: Array, face: int) -> tuple[Array, Placed, tuple[int, int]]:
    """The surroundings of a candidate, with the candidate at `face` pixels.

    Returns:
        The part of the picture, its place in the input, and its upper left corner in the picture.
    """
    room = round(face * SURROUNDINGS / MULTIPLE) * MULTIPLE
    size = max(1.0, math.sqrt(float((box[2:] - box[:2]).prod())))
    half, centre = size * room / face / 2, (box[:2] + box[2:]) / 2
    limit = np.array([rgb.shape[1], rgb.shape[0]])
    low = np.floor(centre - half).clip(0, limit - 1).astype(int)
    high = np.maximum(np.ceil(centre + half), low + 1).clip(max=limit).astype(int)
    part = rgb[low[1] : high[1], low[0] : high[0]]
    scale = min(face / size, room / max(part.shape[:2]))
    return part, place(part, scale, room=room), (int(low[0]), int(low[1]))


def again(candidate: Faces, seen: Faces) -> Faces:
    """The candidate as the better of the two looks saw it; no face when it was not seen again."""
    seen = seen[overlaps(candidate.box_xyxy[0], seen.box_xyxy)[0] >= SAME_PLACE]
    if not len(seen):
        return seen
    best = seen[[int(seen.score.argmax())]]
    return best if best.score[0] > candidate.score[0] else candidate


def united(faces: Faces, others: Faces) -> Faces:
    """The faces, and those of the others that are none of them."""
    known = (overlaps(box, faces.box_xyxy) for box in others.box_xyxy)
    new = [(iou < IOU).all() and (inside < INSIDE).all() for iou, inside in known]
    return Faces.concat([faces, others[np.array(new, bool)]]) if any(new) else faces


def merged(looks: list[Faces]) -> Faces:
    """One entry for each face of several looks, the most certain."""
    faces = Faces.concat(looks)
    if not len(faces):
        return looks[0][:0]  # no face, but with the columns of a look
    return faces[suppress(faces.box_xyxy, faces.score, iou=IOU, inside=INSIDE)]
