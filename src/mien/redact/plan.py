"""Which masks each frame of a video gets: from what was found in it, or from annotations.

Both answer `masks(time, duration)` for any frame, and `check(frames, end)` when all are known.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.errors import ConfigurationError, MismatchError
from mien.faces import Faces
from mien.media import VideoInfo
from mien.redact.heads import masks_of
from mien.redact.masks import Masks
from mien.timecode import Time
from mien.timeline.annotations import Annotations
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

MARGIN = 0.15
"""How far a mask reaches beyond the box of a face, in shares of its half sides."""

RATE_TOLERANCE = 0.01
"""By how much the frame rate of annotations may differ from the video's: it is written rounded, and
that of a video of variable rate is a guess."""

END_TOLERANCE_S = 1.0
"""The same for where they end."""


class Plan(Protocol):
    """What to hide."""

    def masks(self, time: Time, duration: int) -> Masks:
        """The masks of the frame that is shown at a time, for so many of its ticks."""

    def check(self, frames: int, end: Fraction) -> None:
        """Check that the plan is one for a video of so many frames that ends then, in seconds.

        Raises:
            MismatchError, ConfigurationError: it is not.
        """

    @property
    def is_empty(self) -> bool:
        """Whether no frame has a mask."""


class PlanOfTimeline:
    """Hides every face of a timeline; see `mien.redact.cover`."""

    def __init__(self, timeline: Timeline, margin: float = MARGIN) -> None:
        self._timeline, self._margin = timeline, margin

    @property
    def is_empty(self) -> bool:
        """Whether no frame has a mask."""
        return not len(self._timeline.faces)

    def masks(self, time: Time, duration: int) -> Masks:
        """The masks of a frame.

        Raises:
            MismatchError: the timeline has no frame at this time: it is of another video.
        """
        timeline, video = self._timeline, self._timeline.video
        return masks_of(timeline.at(self.number(time)), self._margin, video.width, video.height)

    def number(self, time: Time) -> int:
        """The number of the frame that begins at this time.

        Raises:
            MismatchError: the timeline has none.
        """
        timeline = self._timeline
        ticks = time.exact / timeline.video.time_base
        number = int(np.searchsorted(timeline.pts, int(ticks)))
        if number == timeline.frame_count or timeline.pts[number] != ticks:
            raise MismatchError(
                f"the video changed while it was redacted: it has a frame at {time}"
            )
        return number

    def check(self, frames: int, end: Fraction) -> None:
        """Check that the video had all frames of the timeline.

        Raises:
            MismatchError: it had not.
        """
        if frames != self._timeline.frame_count:
            raise MismatchError(
                f"the video changed while it was redacted: it had {self._timeline.frame_count} "
                f"frames and now has {frames}"
            )


class PlanOfAnnotations:
    """Hides the boxes that a document gives, as they stand there.

    Args:
        annotations: the document.
        name: of it, for messages.
        info: of the video.
        ids: whom to hide; None: everyone.
        keep_ids: whom to leave visible; all others are hidden.
        margin: see `MARGIN`.

    Raises:
        ConfigurationError: it is of another video, or holds windows instead of faces; both or
            unknown ids.
    """

    def __init__(
        self,
        annotations: Annotations,
        name: str,
        info: VideoInfo,
        *,
        ids: Collection[int] | None = None,
        keep_ids: Collection[int] | None = None,
        margin: float = MARGIN,
    ) -> None:
        self._annotations, self._name, self._margin = annotations, name, margin
        _check_same_video(annotations, name, info)
        self._hidden = _chosen(annotations, name, ids, keep_ids)

    @property
    def is_empty(self) -> bool:
        """Whether no frame has a mask."""
        return not self._hidden.any()

    def masks(self, time: Time, duration: int) -> Masks:
        """The masks of a frame."""
        middle = time.exact + Fraction(duration, 2) * time.time_base
        box = self._annotations.box_px[self._rows(middle, self._hidden)]
        faces, size = Faces(box, np.full(len(box), np.nan)), self._annotations
        return masks_of(faces, self._margin, size.width, size.height)

    def shown(self, time: Time) -> Array:
        """(k, 4) boxes of those who are left visible on purpose in the frame at this time."""
        return self._annotations.box_px[self._rows(time.exact, ~self._hidden)]

    def _rows(self, moment: Fraction, which: Array) -> Array:
        span = self._annotations.rows_at(moment)
        return np.arange(span.start, span.stop)[which[span]]

    def check(self, frames: int, end: Fraction) -> None:
        """Check that the document ends where the video does.

        Raises:
            ConfigurationError: it does not.
        """
        _check_end(self._annotations, self._name, end)


def _check_same_video(annotations: Annotations, name: str, info: VideoInfo) -> None:
    if annotations.mode == "aggregateEmotion":
        raise ConfigurationError(f"{name} holds windows instead of faces; analyse the video anew")
    theirs, ours = (annotations.width, annotations.height), (info.width, info.height)
    if theirs != ours:
        raise ConfigurationError(
            f"{name} is of another video: of {theirs[0]} x {theirs[1]} pixels, and this one has "
            f"{ours[0]} x {ours[1]}"
        )
    if abs(annotations.framerate / float(info.rate) - 1) > RATE_TOLERANCE:
        raise ConfigurationError(
            f"{name} is of another video: of {annotations.framerate:g} frames a second, and this "
            f"one has {float(info.rate):g}"
        )
    if info.duration is not None:
        _check_end(annotations, name, info.duration.exact)


def _check_end(annotations: Annotations, name: str, end: Fraction) -> None:
    if not len(annotations.fragments):
        return
    last = Fraction(int(annotations.fragments[-1, :2].sum()), annotations.timescale)
    if abs(last - end) > END_TOLERANCE_S:
        raise ConfigurationError(
            f"{name} is of another video: it ends at {float(last):.2f} s, and this one at "
            f"{float(end):.2f} s"
        )


def _chosen(
    annotations: Annotations,
    name: str,
    ids: Collection[int] | None,
    keep_ids: Collection[int] | None,
) -> Array:
    """(n,) bool: which rows are to be hidden."""
    if ids is not None and keep_ids is not None:
        raise ConfigurationError("give the ids to hide or the ids to keep, not both")
    named = ids if keep_ids is None else keep_ids
    if named is None:
        return np.ones(len(annotations.id), bool)
    if missing := sorted(set(named) - set(annotations.id.tolist())):
        raise ConfigurationError(
            f"{name} has no id {missing[0]}; it has {_listed(np.unique(annotations.id).tolist())}"
        )
    picked = np.isin(annotations.id, list(named))
    return picked if keep_ids is None else ~picked


def _listed(ids: list[int]) -> str:
    if not ids:
        return "none"
    text = ", ".join(map(str, ids[:20]))
    return text if len(ids) <= 20 else f"{text} and {len(ids) - 20} more"
