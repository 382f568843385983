"""Detection in video: the whole frame now and then, and in between only where faces were.

The whole frame is looked at as a photo is: on the first one, when asked to (after a cut, or when
tracks are in doubt), when a face is not where it was, and at least every so many frames. In between
CenterFace looks at small crops around the faces of the frame before, all in one run, at a thirtieth
of the cost each. Boxes from crops differ by some hundredths of their size from those of the whole
frame; how, is noted for each face when the whole frame is looked at, and put right until the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mien.detect.blazeface import BlazeFace
from mien.detect.boxes import overlaps, suppress
from mien.detect.cascade import ImageDetector
from mien.detect.centerface import SCORE
from mien.detect.letterbox import place
from mien.detect.sentinel import Sentinel
from mien.faces import Faces

Array = NDArray[Any]

CROP = 96
"""Side of a crop in pixels of the network's input."""

ROOM = 2.25
"""Side of a crop to the longer side of the face: the face may move by half its width in a frame."""

LARGE = 5 * CROP
"""From here on the side is a multiple of the crop's: a picture is averaged four times faster over
whole numbers of pixels."""

STAY = 0.12
"""A crop is kept while its face is this near to its middle and to its size, in shares of a side."""

BATCH = 12
"""Crops in one run; a bound on memory."""

WORTH = 0.48
"""Crops are looked at while they have less than this share of the pixels of the look at the whole
frame; a pixel of a crop costs twice that of a frame."""

STILL_THERE = 0.35
"""The score that is enough for a face in its crop for those who must not lose it: as for a doubtful
candidate at its second look (`mien.detect.cascade.Profile.confirmed`)."""

SAME = 0.4
"""Boxes from two crops that overlap by this much are one face seen twice."""

EVERY = {"fast": 30, "balanced": 30, "accurate": 5, "paranoid": 1}
"""The whole frame at least every so many frames, by profile."""

DOUBT = {"fast": 6, "balanced": 3, "accurate": 1, "paranoid": 1}
"""The same while tracks are in doubt."""

CAUTIOUS_EVERY = 10
"""The whole frame at least so often for those who must not miss one: somebody may run through the
picture between two looks."""

CAUTIOUS_DOUBT = DOUBT | {"balanced": 5}
"""The same while tracks are in doubt: what is lost is looked for around its place in every frame,
and the sentinel watches all of it."""


class VideoDetector:
    """Finds the faces of one frame after the other. It remembers the last; use one for a video.

    Args:
        images: looks at whole frames.
        every: how often at least.
        doubt: the same while tracks are in doubt.
        sentinel: watches every frame for somebody who has come in between; for those who must not
            miss one. With it, a face that is lost in its crop is the tracker's to look for.

    Attributes:
        whole_frames: how often it has looked at the whole frame.
    """

    def __init__(
        self,
        images: ImageDetector,
        every: int,
        doubt: int,
        sentinel: Sentinel | None = None,
    ) -> None:
        self._images, self._sentinel = images, sentinel
        self._crops = images.network
        self._every = self._since = every
        self._doubt = doubt
        self._enough = SCORE if sentinel is None else STILL_THERE
        self._last = Faces.empty()
        self._squares = np.zeros((0, 3), int)
        self._correction = np.zeros((0, 4))
        self.whole_frames = 0

    @classmethod
    def load(cls, profile: str = "balanced", *, threads: int | None = None) -> Self:
        """Open the network for a profile of `EVERY`.

        Raises:
            UsageError: there is no such profile.
            ModelError: the model cannot be had.
        """
        return cls.of(ImageDetector.load(profile, threads=threads), profile)

    @classmethod
    def of(cls, images: ImageDetector, profile: str, sentinel: BlazeFace | None = None) -> Self:
        """With networks that are already open; with a sentinel it is cautious."""
        if sentinel is None:
            return cls(images, EVERY[profile], DOUBT[profile])
        every = min(CAUTIOUS_EVERY, EVERY[profile])
        return cls(images, every, CAUTIOUS_DOUBT[profile], Sentinel(sentinel))

    def pass_over(self) -> None:
        """Count a frame that is not looked at."""
        self._since += 1

    def detect(
        self, rgb: Array, *, whole: bool = False, doubt: bool = False, key: bool = False
    ) -> Faces:
        """The faces of the next frame, in its pixels: box, score, points.

        Args:
            rgb: (H, W, 3) uint8.
            whole: look at the whole frame in any case, as after a cut.
            doubt: tracks are in doubt: do so if the last such look was some frames ago.
            key: it is a key frame, which has the most detail: do so if one is half due.

        Raises:
            ValueError: it is no such array.
        """
        self._since += 1
        wait = self._doubt if doubt else self._every // 2 if key else self._every
        due = whole or self._since >= wait or not self._worth(rgb, self._last)
        near = None if due else self._near(rgb)
        if due and self._sentinel is not None:
            self._sentinel.forget()
        if near is None or (self._sentinel is not None and self._sentinel.alarmed(rgb, near)):
            self._last = self._whole(rgb)
        else:
            self._last = self._corrected(near)
        return self._last

    def again(self, rgb: Array, faces: Faces, *, score: float = SCORE) -> tuple[Array, Faces]:
        """Look for known faces in another frame, each around its place; what `detect` remembers
        stays as it is.

        Args:
            rgb: (H, W, 3) uint8.
            faces: where they are expected.
            score: how sure to be.

        Returns:
            (k,) the rows of `faces` that are there for sure, and the k faces as they are there.
        """
        squares = around(faces, np.zeros((0, 3), int))
        found = self._nearest(rgb, faces, squares, score)
        seen = [len(there) > 0 for there in found]
        return np.flatnonzero(seen), Faces.concat(found)

    def _worth(self, rgb: Array, faces: Faces) -> bool:
        """Whether crops around these faces cost less than the whole frame."""
        return len(faces) * CROP**2 <= WORTH * self._images.pixels(rgb, faces)

    def _whole(self, rgb: Array) -> Faces:
        """The faces of the whole frame."""
        self._since = 0
        self.whole_frames += 1
        found = self._images.detect(rgb)
        if self._sentinel is None:
            self._correct(rgb, found)
        else:  # who is cautious saves the time, and puts something wider over a face
            self._sentinel.answered(found)
        return found

    def _correct(self, rgb: Array, faces: Faces) -> None:
        """Note how the box of each face differs from the one its crop gives, in shares of it."""
        self._correction = np.zeros((len(faces), 4))
        if not len(faces) or not self._worth(rgb, faces):
            return
        self._squares = around(faces, self._squares)
        for row, near in enumerate(self._nearest(rgb, faces, self._squares)):
            box = faces.box_xyxy[row]
            if (overlaps(box, near.box_xyxy)[0] > SAME).any():
                self._correction[row] = ((box - near.box_xyxy) / np.tile(near.size_wh, 2))[0]

    def _corrected(self, near: Faces) -> Faces:
        if self._sentinel is not None:
            return near
        size = np.tile(near.size_wh, 2)
        return replace(near, box_xyxy=near.box_xyxy + self._correction * size)

    def _near(self, rgb: Array) -> Faces | None:
        """Every face of the last frame around its last place. None if one is not there for sure,
        unless there is a sentinel and the last look at the whole was only just."""
        if not len(self._last):
            return self._last
        self._squares = around(self._last, self._squares)
        found = Faces.concat(self._nearest(rgb, self._last, self._squares, self._enough))
        alone = suppress(found.box_xyxy, found.score, iou=SAME)
        if len(alone) == len(self._last):
            return found
        just = self._sentinel is not None and self._since < self._doubt
        return found[alone] if just else None

    def _nearest(
        self, rgb: Array, faces: Faces, squares: Array, score: float = SCORE
    ) -> list[Faces]:
        """For each face the one nearest to it in its square, or none."""
        nearest = []
        for rows in batches(len(faces)):
            found = self._crop(rgb, squares[rows], score)
            for box, here in zip(faces.box_xyxy[rows], found, strict=True):
                best = overlaps(box, here.box_xyxy)[0].argsort()[::-1][:1]
                nearest.append(here[best])
        return nearest

    def _crop(self, rgb: Array, squares: Array, score: float) -> Iterator[Faces]:
        """The faces in each of some squares, in pixels of the frame; one run."""
        crops = [cut(rgb, *square) for square in squares.tolist()]
        places = [place(crop, CROP / len(crop), room=CROP) for crop in crops]
        found = self._crops.detect_placed(crops, places, score=score)
        for (left, top, _), seen in zip(squares.tolist(), found, strict=True):
            yield seen.shifted(left, top)


def batches(count: int) -> list[slice]:
    """Rows in batches of at most `BATCH`."""
    return [slice(start, start + BATCH) for start in range(0, count, BATCH)]


def around(faces: Faces, before: Array) -> Array:
    """(n, 3) int left, top and side of the square to look at for each face.

    A square of the frame before, of `before` (m, 3), is kept while it still fits: the network's
    boxes tremble with the place of the face in its input.
    """
    side = np.ceil(faces.size_wh.max(axis=1) * ROOM).clip(min=CROP / 4)
    side = np.where(side < LARGE, side, np.round(side / CROP) * CROP)
    centre = (faces.box_xyxy[:, :2] + faces.box_xyxy[:, 2:]) / 2
    fresh = np.column_stack([np.floor(centre - side[:, None] / 2), side]).astype(int)
    if not len(before):
        return fresh
    middle = before[:, :2] + before[:, 2:] / 2
    away = np.abs(centre[:, None] - middle[None]).max(axis=2) / side[:, None]
    resized = np.abs(np.log(side[:, None] / before[None, :, 2]))
    fits = (away < STAY) & (resized < STAY)
    old = before[np.argmin(np.where(fits, away, np.inf), axis=1)]
    kept: Array = np.where(fits.any(axis=1)[:, None], old, fresh)
    return kept


def cut(rgb: Array, left: int, top: int, side: int) -> Array:
    """(side, side, 3) square of the picture, black where it reaches past it."""
    square = np.zeros((side, side, 3), np.uint8)
    y, x = slice(max(top, 0), max(top + side, 0)), slice(max(left, 0), max(left + side, 0))
    inside = rgb[y, x]
    at = max(-top, 0), max(-left, 0)
    square[at[0] : at[0] + inside.shape[0], at[1] : at[1] + inside.shape[1]] = inside
    return square
