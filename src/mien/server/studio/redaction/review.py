"""An analysed video while somebody goes through it: who is there, what is hidden, what doubtful."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import MienError
from mien.faces import Faces
from mien.media import Frame
from mien.media.seek import Reel
from mien.pipeline.drawn import Followed, follow_box
from mien.redact.choices import Chosen, Covered, PlanOfChoices, chosen_from, covered_with
from mien.redact.doubt import Doubt, doubts_of
from mien.redact.drawings import Follow, Laid, in_one_frame
from mien.redact.edited import look_of, margin_of
from mien.redact.effects import Look
from mien.redact.preview import preview
from mien.redact.thumbs import best_rows, square
from mien.timeline.archive import read_timeline
from mien.timeline.edits import Drawing, Edit, Edited, Key, replay
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

MOST_VIEWS = 4
"""States of the log that a review remembers: undo and redo go back to them."""

MOST_FRAMES = 4
MOST_REVIEWS = 4
THUMB_SIDE = 160


class StoppedError(MienError):
    """The service is about to stop."""


@dataclass(frozen=True, eq=False)
class View:
    """A review at one state of its log.

    Attributes:
        number: of the last edit.
        edited: the analysis with the edits done.
        chosen: what is hidden and what is kept.
        pending: by the edits whose boxes are still being followed, the work at each.
        failed: those whose boxes cannot be followed, and why.
    """

    number: int
    edited: Edited
    chosen: Chosen
    pending: dict[int, list[_Work]]
    failed: dict[int, str]

    def following(self, edit: int) -> float | None:
        """How far a drawn box is followed, 0..1; None once that is over."""
        return min((work.share for work in self.pending.get(edit, ())), default=None)

    @property
    def is_stale(self) -> bool:
        """Whether more is known by now."""
        return any(work.future.done() for some in self.pending.values() for work in some)

    @cached_property
    def look(self) -> Look:
        """How to hide."""
        return look_of(self.edited.effect)

    @cached_property
    def margin(self) -> float:
        """How far masks reach beyond a face."""
        return margin_of(self.edited.effect)

    @cached_property
    def doubts(self) -> list[Doubt]:
        """Moments at which somebody should look."""
        laid = [each for each in self.drawn if each.drawing.edit not in self.pending]
        return doubts_of(self.edited.timeline, choices=self.edited.choices, drawn=laid)

    @cached_property
    def best(self) -> dict[int, int]:
        """Of each id, the row of the best sighting."""
        return best_rows(self.edited.timeline)

    @property
    def drawn(self) -> list[Laid]:
        """What was drawn and is hidden."""
        return list(self.chosen.drawn.values())

    def plan(self, look: Look, margin: float) -> PlanOfChoices:
        """What to hide."""
        return PlanOfChoices(self.chosen, look.shape, margin)


class Review:
    """An analysed video.

    Args:
        video: its file.
        timeline: the archive of an analysis of it, with `cautious`.
        following: runs what follows a box.
        closing: set when the service is about to stop.
    """

    def __init__(
        self, video: Path, timeline: Path, following: ThreadPoolExecutor, closing: threading.Event
    ) -> None:
        self.timeline: Timeline = read_timeline(timeline)
        self.reel = Reel(video)
        self._following, self._closing = following, closing
        self._guard, self._drawing = threading.Lock(), threading.Lock()
        self._views: OrderedDict[int, View] = OrderedDict()
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self._followed: dict[Key, _Work] = {}
        self._found: _Found | None = None

    def view(self, edits: Sequence[Edit]) -> View:
        """The review after these edits: the whole log."""
        number = edits[-1].number if edits else 0
        with self._guard:
            found = self._views.get(number)
            if found is None or found.is_stale:
                found = self._views[number] = self._made(number, edits)
                while len(self._views) > MOST_VIEWS:
                    self._views.popitem(last=False)
            self._views.move_to_end(number)
            return found

    def _made(self, number: int, edits: Sequence[Edit]) -> View:
        edited = replay(self.timeline, edits)
        pending: dict[int, list[_Work]] = {}
        failed: dict[int, str] = {}
        owners = {key: each.edit for each in edited.boxes for key in each.keys}

        def follow(key: Key) -> Followed:
            edit, work = owners[key], self._work(key)
            if not work.future.done():
                pending.setdefault(edit, []).append(work)
            elif (error := work.future.exception()) is None:
                return work.future.result()
            elif not isinstance(error, MienError):
                raise error
            else:
                failed[edit] = str(error)
            return in_one_frame(key, self.timeline)

        found = self._covered(edited, follow)
        return View(number, edited, chosen_from(found, edited.choices), pending, failed)

    def _covered(self, edited: Edited, follow: Follow) -> Covered:
        """What covers everyone. Choices, names and effects do not change it, so the last is kept as
        long as faces and drawings are the same."""
        faces, known = edited.timeline.faces, self._found
        done = all(work.future.done() for work in self._followed.values())
        if known is not None and known.is_of(edited, done):
            for drawing in edited.boxes:  # for those that could not be followed
                for key in drawing.keys:
                    if key.tracked:
                        follow(key)
            return known.covered
        covered = covered_with(edited.timeline, edited.boxes, follow)
        done = done and all(work.future.done() for work in self._followed.values())
        self._found = _Found(faces, edited.boxes, covered) if done else None
        return covered

    def _work(self, key: Key) -> _Work:
        if key not in self._followed:
            work = _Work()

            def run() -> Followed:
                return follow_box(self.reel, key.time.exact, key.box, on_progress=work.told(self))

            work.future = self._following.submit(run)
            self._followed[key] = work
        return self._followed[key]

    def check_open(self) -> None:
        """Raises StoppedError when the service is about to stop."""
        if self._closing.is_set():
            raise StoppedError("the service is about to stop")

    def frame(self, number: int) -> Frame:
        """A frame, decoded; the last few are kept."""
        with self._drawing:
            if number in self._frames:
                self._frames.move_to_end(number)
                return self._frames[number]
        found = self.reel.frame(self.timeline.time(number).exact)
        with self._drawing:
            self._frames[number] = found
            while len(self._frames) > MOST_FRAMES:
                self._frames.popitem(last=False)
        return found

    def after(self, number: int, width: int, view: View, look: Look, margin: float) -> Array:
        """(h, w, 3) uint8: a frame as it will be hidden, at most so wide."""
        frame = self.frame(number)
        with self._drawing:  # the frame's own memory is changed for a moment
            return fitted(preview(frame, view.plan(look, margin), look), width)

    def thumb(self, view: View, row: int) -> Array:
        """(s, s, 3) uint8: the sighting of a row."""
        timeline = view.edited.timeline
        rgb = self.frame(int(timeline.frame[row])).rgb
        return fitted(square(rgb, timeline.faces.box_xyxy[row]), THUMB_SIDE)


@dataclass(frozen=True, eq=False)
class _Found:
    """What covers these faces and drawings."""

    faces: Faces
    boxes: tuple[Drawing, ...]
    covered: Covered

    def is_of(self, edited: Edited, done: bool) -> bool:
        """Whether it is what covers an edited analysis, all of whose drawings are followed."""
        mine, other = self.faces, edited.timeline.faces
        return (
            done
            and self.boxes == edited.boxes
            and np.array_equal(mine.box_xyxy, other.box_xyxy)
            and np.array_equal(_ids(mine), _ids(other))
        )


def _ids(faces: Faces) -> Array:
    return np.empty(0) if faces.track_id is None else faces.track_id


class _Work:
    """A box that is being followed."""

    def __init__(self) -> None:
        self.future: Future[Followed] = Future()
        self.share = 0.0

    def told(self, review: Review) -> Callable[[float], None]:
        def tell(share: float) -> None:
            review.check_open()
            self.share = share

        return tell


class Reviews:
    """The reviews that are open; the last few are kept in memory, and nothing on disk.

    Args:
        closing: set when the service is about to stop.
    """

    def __init__(self, closing: threading.Event) -> None:
        self._closing = closing
        self._guard = threading.Lock()
        self._open: OrderedDict[tuple[str, str], Review] = OrderedDict()
        self._following = ThreadPoolExecutor(1, thread_name_prefix="mien following")

    def get(self, video: Path, timeline: Path) -> Review:
        """The review of a video by an analysis; files are named by ids that stand for their bytes.

        Raises:
            InputError, MediaError, ConfigurationError: one of them cannot be read.
        """
        name = (video.name, timeline.name)
        with self._guard:
            if name in self._open:
                self._open.move_to_end(name)
                return self._open[name]
        made = Review(video, timeline, self._following, self._closing)
        with self._guard:
            made = self._open.setdefault(name, made)
            while len(self._open) > MOST_REVIEWS:
                self._open.popitem(last=False)
        return made


def fitted(rgb: Array, width: int) -> Array:
    """The picture, made smaller where it is wider than this."""
    height, wide = rgb.shape[:2]
    if wide <= width:
        return rgb
    size = width, max(1, round(height * width / wide))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
