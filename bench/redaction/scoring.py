"""Whether faces are hidden: coverage, the longest exposure, and how much else is hidden with them.

A face is covered in a frame if at least `COVERED` of what can be seen of its inner area
(`bench.redaction.truth.INNER`) lies inside masks. One in a hundred is left for the stair steps of
a mask's edge; an eye is more than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.redaction.truth import Clip, Shown
from mien.redact.masks import Grid, Masks, Shape

Array = NDArray[Any]

COVERED = 0.99

Hidden = Callable[[int], Masks]
"""What is hidden in each frame of a clip."""


@dataclass(frozen=True)
class Exposure:
    """A face that was to be hidden and was not, in one frame."""

    frame: int
    track: int
    covered: float  # share of what can be seen of its inner area
    box_xyxy: tuple[float, float, float, float]


@dataclass
class Tally:
    """Of a clip, or of several.

    Attributes:
        faces: face-frames that count; covered: of those.
        partial, partial_covered: those that do not: less than half can be seen, or in doubt.
        hidden_by_pixels: of the face-frames that count; see `bench.redaction.pixels`.
        longest: frames of the longest run in which one face was exposed.
        exposed_s: face-seconds exposed.
        masked, face_area: pixels, over all frames. Of the faces all that are there, counted or not.
        empty, empty_masked: frames without any face, and the share of their pixels that is masked,
            added up.
    """

    clip: str
    frames: int = 0
    faces: int = 0
    covered: int = 0
    partial: int = 0
    partial_covered: int = 0
    hidden_by_pixels: int = 0
    longest: int = 0
    exposed_s: float = 0.0
    masked: int = 0
    face_area: int = 0
    empty: int = 0
    empty_masked: float = 0.0
    exposures: list[Exposure] = field(default_factory=list)

    @property
    def coverage(self) -> float:
        """Share of the face-frames that is covered; NaN without faces."""
        return self.covered / self.faces if self.faces else float("nan")

    @property
    def by_pixels(self) -> float:
        """Share of the face-frames that the output's pixels say is hidden; NaN without faces."""
        return self.hidden_by_pixels / self.faces if self.faces else float("nan")

    @property
    def area_ratio(self) -> float:
        """Masked pixels over the faces'; NaN without faces."""
        return self.masked / self.face_area if self.face_area else float("nan")

    @property
    def false_share(self) -> float:
        """Share of the pixels of frames without a face that is masked; NaN without such frames."""
        return self.empty_masked / self.empty if self.empty else float("nan")


def score(clip: Clip, hidden: Hidden, spans_s: Array, shape: Shape = "ellipse") -> Tally:
    """Score what is hidden in a clip, of whose frames each is shown for so many seconds."""
    tally = Tally(clip.name, frames=clip.frames)
    width, height = clip.size_wh
    running: dict[int, int] = {}
    for k in range(clip.frames):
        shown, masked = clip.shown(k), painted(hidden(k), width, height, shape)
        tally.masked += int(masked.sum())
        tally.face_area += int(painted(whole(shown), width, height).sum())
        if not len(shown):
            tally.empty += 1
            tally.empty_masked += float(masked.mean())
        exposed = _count(tally, shown, masked, k)
        tally.exposed_s += len(exposed) * float(spans_s[k])
        running = {track: running.get(track, 0) + 1 for track in exposed}
        tally.longest = max(tally.longest, *running.values(), 0)
    return tally


def _count(tally: Tally, shown: Shown, masked: Array, frame: int) -> list[int]:
    """Count the faces of a frame, and return the tracks of those that are exposed."""
    exposed = []
    for row, share in enumerate(covered_shares(shown, masked)):
        if not shown.counted[row]:
            tally.partial += 1
            tally.partial_covered += bool(share >= COVERED)
            continue
        tally.faces += 1
        if share >= COVERED:
            tally.covered += 1
            continue
        track = int(shown.track[row])
        exposed.append(track)
        centre, half = shown.centre_xy[row], shown.half_wh[row]
        x1, y1, x2, y2 = (float(side) for side in (*(centre - half), *(centre + half)))
        tally.exposures.append(Exposure(frame, track, float(share), (x1, y1, x2, y2)))
    return exposed


def covered_shares(shown: Shown, masked: Array) -> Array:
    """(n,) share of what can be seen of each face's inner area that is masked; 1 if nothing is."""
    height, width = masked.shape
    x, y = np.floor(np.moveaxis(shown.inner_xy, 2, 0)).astype(int)
    inside = masked[y.clip(0, height - 1), x.clip(0, width - 1)]
    seen = shown.seen.sum(axis=1)
    share: Array = np.where(seen > 0, (inside & shown.seen).sum(axis=1) / np.maximum(seen, 1), 1.0)
    return share


def whole(shown: Shown) -> Masks:
    """The faces themselves, as masks."""
    ids = np.full(len(shown), -1)
    return Masks(shown.centre_xy, shown.half_wh, shown.angle_deg, ids)


def painted(masks: Masks, width: int, height: int, shape: Shape = "ellipse") -> Array:
    """(height, width) bool: the pixels that the masks touch."""
    picture = np.zeros((height, width), bool)
    for outline in masks.outlines(shape):
        region = outline.region(Grid(width, height, 1, 1, 0, 0))
        if region is not None:
            picture[region.at] |= region.inside
    return picture


def total(tallies: Iterable[Tally], name: str = "all") -> Tally:
    """All clips as one."""
    everything = Tally(name)
    for tally in tallies:
        for column in fields(Tally):
            mine, other = getattr(everything, column.name), getattr(tally, column.name)
            if column.name == "longest":
                everything.longest = max(mine, other)
            elif column.name != "clip":
                setattr(everything, column.name, mine + other)
    return everything
