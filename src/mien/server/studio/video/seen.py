"""Analyses that pages look at: read once, edited once for each state of the log, kept a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
from numpy.typing import NDArray

from mien.media.seek import Reel
from mien.media.writer import image_bytes
from mien.redact.thumbs import best_rows, square
from mien.timeline.archive import read_timeline
from mien.timeline.clock import Clock, clock_of
from mien.timeline.edits import Edit, Edited, replay
from mien.timeline.overview import Presence, presences
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

MOST_ANALYSES = 4
MOST_STATES = 4
"""Of the log of one analysis; undo and redo go back to them."""

SIDE = 160
"""Pixels of the picture of a person."""


@dataclass(frozen=True, eq=False)
class Seen:
    """An analysis after some edits; `number` is that of the last."""

    number: int
    edited: Edited

    @property
    def timeline(self) -> Timeline:
        """Everybody, as edited."""
        return self.edited.timeline

    @cached_property
    def clock(self) -> Clock:
        """Of its documents."""
        return clock_of(self.timeline)

    @cached_property
    def presences(self) -> dict[int, Presence]:
        """When everybody is in view, by id."""
        return {each.id: each for each in presences(self.timeline)}

    @cached_property
    def best(self) -> dict[int, int]:
        """The row of the best sighting, by id; of whom nobody saw, the first row."""
        found = best_rows(self.timeline)
        return {id: found.get(id, int(rows[0])) for id, rows in self.timeline.tracks().items()}


class Analyzed:
    """One analysis of a video.

    Args:
        video: its file.
        timeline: the archive.
    """

    def __init__(self, video: Path, timeline: Path) -> None:
        self._video = video
        self.timeline = read_timeline(timeline)
        self._guard = threading.Lock()
        self._states: OrderedDict[int, Seen] = OrderedDict()

    @cached_property
    def reel(self) -> Reel:
        """Its frames by time."""
        return Reel(self._video)

    def seen(self, edits: Sequence[Edit]) -> Seen:
        """It, after these edits: the whole log."""
        number = edits[-1].number if edits else 0
        with self._guard:
            found = self._states.get(number)
            if found is None:
                found = self._states[number] = Seen(number, replay(self.timeline, edits))
                if len(self._states) > MOST_STATES:
                    self._states.popitem(last=False)
            self._states.move_to_end(number)
            return found

    def picture(self, seen: Seen, row: int) -> bytes:
        """The face of a row, as JPEG; raises MediaError."""
        timeline = seen.timeline
        frame = self.reel.frame(timeline.time(int(timeline.frame[row])).exact)
        crop = square(frame.rgb, timeline.faces.box_xyxy[row])
        if not crop.size:  # the box lies beside the picture
            crop = frame.rgb
        scale = SIDE / max(crop.shape[:2])
        size = [max(1, round(scale * side)) for side in crop.shape[1::-1]]
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        return image_bytes(cv2.resize(crop, size, interpolation=method))


class Shelf:
    """The analyses that were looked at last."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: OrderedDict[Path, Analyzed] = OrderedDict()

    def get(self, video: Path, timeline: Path) -> Analyzed:
        """An analysis; raises InputError, ConfigurationError."""
        with self._guard:
            found = self._known.get(timeline)
        if found is None:
            found = Analyzed(video, timeline)
        with self._guard:
            found = self._known.setdefault(timeline, found)
            self._known.move_to_end(timeline)
            while len(self._known) > MOST_ANALYSES:
                self._known.popitem(last=False)
        return found
