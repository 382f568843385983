"""A scene of moving faces with known truth: geometry only, no pixels.

Everything is in pixels of the frame and in whole frames at a constant rate. `render.py` paints a
scene, `detections.py` simulates what a detector would see in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.timecode import Time

Array = NDArray[Any]

ASPECT = 1.3
"""Height of a face box over its width."""

HEAD = 1.36
"""Width of a head cut-out over the width of its face box (hair, ears); height alike."""

MUST_FIND, MAY_FIND = 0.5, 0.1
"""A face of which at least MUST_FIND is visible counts in the metrics; one below MAY_FIND is not
there; one in between is ignored, found or not (as MOTChallenge treats distractors)."""


@dataclass(frozen=True)
class Actor:
    """One continuous appearance of one identity; all arrays have one row a frame of the scene.

    Attributes:
        identity: which person.
        centre: (m, 2) centre of the face box.
        width: (m,) width of the face box; NaN where the person is not in the scene.
        depth: the smaller is in front.
        roll_deg: (m,) in-plane rotation, clockwise as seen.
        squeeze: (m,) horizontal scale of the picture inside its box, 0.85..1.
        gain: (m,) brightness factor.
        picture: (m,) which of the identity's pictures is shown.
    """

    identity: int
    centre: Array
    width: Array
    depth: float
    roll_deg: Array
    squeeze: Array
    gain: Array
    picture: Array

    def box(self, k: int) -> Array:
        """(4,) the face box in frame k."""
        half = np.array([self.width[k], self.width[k] * ASPECT]) / 2
        return np.concatenate([self.centre[k] - half, self.centre[k] + half])


@dataclass(frozen=True)
class Truth:
    """What is there in one frame, the faces below `MAY_FIND` left out."""

    box_xyxy: Array  # (n, 4)
    identity: Array  # (n,) int
    visible: Array  # (n,) share of the face that can be seen

    @property
    def counted(self) -> Array:
        """(n,) the rows that count in the metrics."""
        return self.visible >= MUST_FIND


@dataclass(frozen=True)
class Scene:
    """Actors, occluders and the faults of the picture. `cuts` are the first frames of new shots."""

    name: str
    seed: int
    width: int
    height: int
    frames: int
    actors: tuple[Actor, ...]
    rate: Fraction = Fraction(30)
    occluders: tuple[Array, ...] = ()  # each (m, 4) boxes, in front of everyone
    cuts: tuple[int, ...] = ()
    noise: float = 3.0  # standard deviation of the sensor's noise, in grey levels
    shutter: float = 0.0  # share of the frame time that the shutter is open: motion blur
    flicker: float = 0.0  # standard deviation of the picture's brightness factor
    tags: tuple[str, ...] = field(default=())

    def time(self, k: int) -> Time:
        """When frame k is shown."""
        return Time(k, 1 / self.rate)

    def truth(self, k: int) -> Truth:
        """The visible faces of frame k."""
        here = [actor for actor in self.actors if np.isfinite(actor.width[k])]
        if not here:
            return Truth(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))
        boxes = np.array([actor.box(k) for actor in here])
        visible = np.array([self._visible(k, actor, here) for actor in here])
        there = visible >= MAY_FIND
        identity = np.array([actor.identity for actor in here])
        return Truth(boxes[there], identity[there], visible[there])

    def truths(self) -> Iterator[Truth]:
        """The truth of every frame, in order."""
        return (self.truth(k) for k in range(self.frames))

    def _visible(self, k: int, actor: Actor, here: list[Actor]) -> float:
        """The share of a face's ellipse inside the frame and behind nothing."""
        points = actor.centre[k] + _ELLIPSE * actor.width[k] / 2
        x, y = points.T
        seen = (x >= 0) & (x < self.width) & (y >= 0) & (y < self.height)
        for occluder in self.occluders:
            x1, y1, x2, y2 = occluder[k]
            seen &= ~((x >= x1) & (x < x2) & (y >= y1) & (y < y2))
        for other in here:
            if other.depth < actor.depth:
                away = (points - other.centre[k]) / (other.width[k] / 2 * HEAD)
                away[:, 1] /= ASPECT
                seen &= np.sum(away**2, axis=1) > 1
        return float(seen.mean())


def _ellipse_grid(side: int = 15) -> Array:
    """Points spread evenly over the ellipse of a face 2 wide and 2 × ASPECT high."""
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    inside: Array = grid[np.sum(grid**2, axis=1) <= 1] * [1, ASPECT]
    return inside


_ELLIPSE = _ellipse_grid()


def join(name: str, seed: int, shots: list[Scene]) -> Scene:
    """The shots one after the other, with hard cuts between them."""
    starts = np.cumsum([0, *(shot.frames for shot in shots)])
    total = int(starts[-1])
    actors = [
        _placed(actor, int(start), total)
        for shot, start in zip(shots, starts, strict=False)
        for actor in shot.actors
    ]
    cuts = tuple(int(start) for start in starts[1:-1])
    return replace(
        shots[0], name=name, seed=seed, frames=total, actors=tuple(actors), cuts=cuts, occluders=()
    )


def _placed(actor: Actor, start: int, total: int) -> Actor:
    """The actor on a longer time line, absent before and after."""

    def spread(values: Array, fill: float) -> Array:
        out = np.full((total, *values.shape[1:]), fill, dtype=values.dtype)
        out[start : start + len(values)] = values
        return out

    return replace(
        actor,
        centre=spread(actor.centre, 0),
        width=spread(actor.width, np.nan),
        roll_deg=spread(actor.roll_deg, 0),
        squeeze=spread(actor.squeeze, 1),
        gain=spread(actor.gain, 1),
        picture=spread(actor.picture, 0),
    )
