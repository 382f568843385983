"""A box drawn by hand, followed through a video, whatever is in it: a head from behind, a sign.

followed = follow_box("clip.mp4", Fraction(12), (100, 40, 180, 150))
followed.at(time)                            # the box in a frame, or None
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.media import Frame, Source, VideoInfo
from mien.media.seek import Reel
from mien.timecode import Time
from mien.track.cuts import CutDetector
from mien.track.drawn import BoxTracker, Seen

Array = NDArray[Any]

End = Literal["lost", "cut", "left", "end"]
"""Why a box is followed no further: nothing like it is found, another shot begins, its middle left
the picture, or the video is over."""


class Tracker(Protocol):
    """Follows a box; see `mien.track.drawn.BoxTracker`."""

    def update(self, gray: Array) -> Seen:
        """Find it in the next picture."""


Begin = Callable[[Array, Array], Tracker]

SMALLEST = 4
"""Least side of a box, pixels."""

SAMPLED = 56
"""Side, in pixels, at which a box is looked at where it is larger."""

LOST = 0.22
"""Confidence below which a box is not where it is thought to be."""

LOST_S = 0.5
"""For so long it is looked for; it is lost from where it was last seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Where a box was in m frames in a row.

    Attributes:
        time_base: seconds of a tick.
        pts: (m,) int64, when each frame is first shown; rising.
        box_xyxy: (m, 4) float32, pixels as displayed; it may reach past the picture.
        confidence: (m,) float32, 0..1, how much it looked like what was followed; 1 where it was
            drawn.
        began, ended: why there is none before the first, and after the last.
    """

    time_base: Fraction
    pts: Array
    box_xyxy: Array
    confidence: Array
    began: End
    ended: End

    def at(self, time: Time) -> Array | None:
        """(4,) the box in the frame of a time; None where it was not followed."""
        ticks = time.exact / self.time_base
        row = int(np.searchsorted(self.pts, int(ticks)))
        return self.box_xyxy[row] if row < len(self.pts) and self.pts[row] == ticks else None


def follow_box(
    source: Source | Reel,
    time: Fraction,
    box: Sequence[float],
    *,
    tracker: Begin = BoxTracker,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Followed:
    """Follow a box both ways from the frame that is shown at a time.

    Args:
        source: the video, or an open reel of it.
        time: seconds after the first frame began.
        box: xyxy, pixels as displayed.
        tracker: begins to follow a box of a gray picture.
        on_progress: called with the share of the video that was looked at, 0..1.

    Raises:
        UsageError: the box is no box, too small or beyond the picture, or the video has no frame
            at this time.
        InputError, MediaError: as of `mien.media.open_video`.
    """
    reel = source if isinstance(source, Reel) else Reel(source)
    place = checked_box(box, reel.info.width, reel.info.height)
    length = reel.info.duration.exact if reel.info.duration is not None else None
    looked = 0

    def passing(frames: Iterator[Frame]) -> Iterator[Frame]:
        nonlocal looked
        for frame in frames:
            yield frame
            looked += frame.duration
            if length:
                on_progress(min(1.0, float(looked * frame.time.time_base / length)))

    onwards = reel.onwards(time)
    first = next(onwards)
    forward, back = (_Walk(first, place, tracker, reel.info) for _ in range(2))
    ended = forward.follow(passing(onwards))
    began = back.follow(passing(reel.backwards(first.time.exact)))
    on_progress(1.0)
    rows = [*back.rows[:0:-1], *forward.rows]
    return Followed(
        first.time.time_base,
        np.array([at.pts for at, _, _ in rows], np.int64),
        np.array([where for _, where, _ in rows], np.float32),
        np.array([confidence for _, _, confidence in rows], np.float32),
        began,
        ended,
    )


def checked_box(box: Sequence[float], width: int, height: int) -> Array:
    """(4,) float64, a box that can be followed in pictures of this size.

    Raises:
        UsageError: it cannot.
    """
    place = np.asarray(box, np.float64)
    if place.shape != (4,) or not np.isfinite(place).all():
        raise UsageError("a box is four numbers of pixels: left, top, right, bottom")
    inside = np.clip(place, 0, [width, height, width, height])
    if (place[2:] - place[:2] < SMALLEST).any() or (inside[2:] - inside[:2] < 1).any():
        raise UsageError(
            f"the box must have sides of at least {SMALLEST} pixels and lie in the picture of "
            f"{width} x {height}"
        )
    limit = np.array([width, height, width, height])
    if (np.abs(place) > 3 * limit).any():
        raise UsageError("the box reaches far beyond the picture; draw it smaller")
    return place


class _Walk:
    """One way through the frames, from the one with the drawn box."""

    def __init__(self, first: Frame, box: Array, tracker: Begin, info: VideoInfo) -> None:
        width, height = info.width, info.height
        scale = min(1.0, SAMPLED / float(np.sqrt((box[2:] - box[:2]).prod())))
        self._size = max(1, round(width * scale)), max(1, round(height * scale))
        self._scale = np.tile([self._size[0] / width, self._size[1] / height], 2)
        self._tracker = tracker(self._gray(first), box * self._scale)
        self._shots = CutDetector()
        self._shots.update(first.rgb_at(*CutDetector.SIZE_WH))
        self.rows: list[tuple[Time, Array, float]] = [(first.time, box, 1.0)]

    def follow(self, frames: Iterator[Frame]) -> End:
        """Go on until it ends; the rows end with the last that was sure."""
        ended, sure = self._followed(frames)
        del self.rows[sure + 1 :]
        return ended

    def _followed(self, frames: Iterator[Frame]) -> tuple[End, int]:
        sure = 0
        for frame in frames:
            if self._shots.update(frame.rgb_at(*CutDetector.SIZE_WH)):
                return "cut", sure
            seen = self._tracker.update(self._gray(frame))
            self.rows.append((frame.time, seen.box / self._scale, seen.confidence))
            middle = (seen.box[:2] + seen.box[2:]) / 2
            if ((middle < 0) | (middle >= self._size)).any():
                return "left", sure
            if seen.confidence >= LOST:
                sure = len(self.rows) - 1
            elif abs(frame.time.exact - self.rows[sure][0].exact) > LOST_S:
                return "lost", sure
        return "end", sure

    def _gray(self, frame: Frame) -> Array:
        return cv2.cvtColor(frame.rgb_at(*self._size), cv2.COLOR_RGB2GRAY)
