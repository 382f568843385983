"""Follows the faces of a stretch of video, looking both ways in time.

Frames wait a little before they are handed out, so that what a later one tells can still be
entered: in frames that were passed over the faces lie between those of the looks around them; a new
face is followed back to where it first shows; one that was out of sight for a moment is bridged.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.detect.centerface import SCORE
from mien.detect.video import VideoDetector
from mien.faces import Faces
from mien.timecode import Time
from mien.track.boxes import iou
from mien.track.cuts import CutDetector
from mien.track.stitch import BRIDGE_S
from mien.track.tracker import OnlineTracker

Rgb = NDArray[Any]
Embed = Callable[[Rgb, Faces], Faces]

STRIDE = {"fast": 3, "balanced": 2, "accurate": 1, "paranoid": 1}
"""One frame of so many is looked at while faces move slowly, by profile."""

SLOW = 0.75
"""Overlap (IoU) of a face in two looks from which it moved slowly: then its path between them is a
line for all that matters. At 0.75 it has moved by a seventh of its width."""

SAME_FACE = 0.3
"""Overlap from which two boxes of one frame are one face; and from which a face that is followed
back is still the one that was expected there."""

WEAK = 0.2
"""The score that is enough, where a known face is expected, for those who must not lose it."""

MOST_HELD, HELD_PIXELS = 30, 1 << 27
"""Frames that wait at most, and their pixels: 16 frames of 4K, 190 MB in the decoder's format."""


class Picture(Protocol):
    """What is needed of a frame."""

    @property
    def time(self) -> Time: ...

    @property
    def duration(self) -> int: ...

    @property
    def is_key(self) -> bool: ...

    @property
    def rgb(self) -> Rgb: ...

    def rgb_at(self, width: int, height: int) -> Rgb: ...

    def forget(self) -> None:
        """Free the pixels; they are made anew when asked for."""


@dataclass(slots=True, eq=False)
class Step:
    """A frame on its way, and its faces.

    Attributes:
        cut: whether it begins a new shot.
        faces: in sight, with provisional ids. `score` is NaN for those of a frame that was passed
            over: they lie between two sightings.
        hidden: out of sight for a moment; they too lie between two sightings.
    """

    frame: Picture
    cut: bool
    faces: Faces = field(default_factory=Faces.empty)
    hidden: Faces = field(default_factory=Faces.empty)


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One face in the frame in which it was last, or first, seen."""

    step: Step
    face: Faces


class Follower:
    """Follows the faces of one stretch of video; use one for each.

    Args:
        detector: finds the faces of a frame.
        tracker: gives them their ids, and keeps the pieces.
        embed: fills `embedding` for some faces of a picture.
        stride: one frame of so many is looked at while faces move slowly.
        held: how many frames may wait.
        cautious: whether weak signs of a face count, where one that is known is expected.
    """

    def __init__(
        self,
        detector: VideoDetector,
        tracker: OnlineTracker,
        embed: Embed,
        *,
        stride: int = 1,
        held: int = MOST_HELD,
        cautious: bool = False,
    ) -> None:
        self.cuts = CutDetector()
        self._detector, self._tracker, self._embed = detector, tracker, embed
        self._stride, self._held = stride, held
        self._cautious, self._enough = cautious, WEAK if cautious else SCORE
        self._steps: deque[Step] = deque()
        self._passed: list[Step] = []
        self._looked: Step | None = None  # the last one that was looked at
        self._calm = False  # whether faces moved slowly up to there
        self._sighted: dict[int, Sighting] = {}  # the last of each id, in the waiting frames

    def follow(self, frames: Iterable[Picture]) -> Iterator[Step]:
        """Yield every frame, in order, with its faces under the tracker's provisional ids.

        The whole of the last frame is looked at, so that a face that comes up shortly before the
        end is not left to what follows.
        """
        for frame, last in with_last(frames):
            step = Step(frame, self.cuts.update(frame.rgb_at(*CutDetector.SIZE_WH)))
            self._steps.append(step)
            if not last and self._may_pass(step):
                self._detector.pass_over()
                self._passed.append(step)
                continue
            self._look(step, whole=step.cut or last)
            while len(self._steps) > self._held:
                yield self._hand_out()
        while self._steps:
            yield self._hand_out()

    def _hand_out(self) -> Step:
        """The oldest frame, of which nothing more will be learnt."""
        step = self._steps.popleft()
        for number in [n for n, last in self._sighted.items() if last.step is step]:
            del self._sighted[number]
        return step

    def _may_pass(self, step: Step) -> bool:
        waiting = len(self._passed) + 1 < self._stride
        return waiting and self._calm and not step.cut and not self._tracker.in_doubt

    def _look(self, step: Step, *, whole: bool) -> None:
        """Find the faces of a frame, and settle the frames that were passed over before it."""
        before, passed, self._passed = self._looked, self._passed, []
        found = self._detector.detect(
            step.frame.rgb, whole=whole, doubt=self._tracker.in_doubt, key=step.frame.is_key
        )
        if self._cautious and not step.cut:
            found = self._with_weak(step.frame.rgb, found)
        self._calm = before is not None and not step.cut and slow(before.faces, found)
        if before is not None and not self._calm:
            for missed in passed:
                self._track(missed, self._detector.again(missed.frame.rgb, before.faces)[1])
                self._look_back(missed)
        self._track(step, found)
        if before is not None and self._calm:
            for missed in passed:
                share = _share(before, missed, step)
                missed.faces = between(before.faces, step.faces, share)
        self._look_back(step)

    def _with_weak(self, rgb: Rgb, found: Faces) -> Faces:
        """What was found, and what looks a little like a face where one that is lost is thought."""
        lost = self._tracker.predicted()
        _, weak = self._detector.again(rgb, lost, score=self._enough)
        taken = (iou(weak.box_xyxy, found.box_xyxy) >= SAME_FACE).any(axis=1)
        return found if taken.all() else Faces.concat([found, weak[np.flatnonzero(~taken)]])

    def _track(self, step: Step, found: Faces) -> None:
        """Give the faces of a frame their ids."""
        embed = partial(self._embed, step.frame.rgb)
        step.faces = self._tracker.update(found, time=step.frame.time, embed=embed, cut=step.cut)
        self._looked = step

    def _look_back(self, step: Step) -> None:
        """Enter in the frames before what the faces of this one tell of them."""
        step.frame.forget()
        for row, number in enumerate(_ids(step.faces)):
            if number < 0:
                continue
            names = self._tracker.names(number)
            seen = [self._sighted[name] for name in names if name in self._sighted]
            before = max(seen, key=lambda sighting: sighting.step.frame.time, default=None)
            now = self._sighted[number] = Sighting(step, step.faces[[row]])
            absent = self._absent(before, step, names)
            if absent:
                first = self._follow_back(now, absent)
                if before is not None:
                    self._bridge(before, first, absent)

    def _absent(self, before: Sighting | None, step: Step, names: set[int]) -> list[Step]:
        """The waiting frames of the shot, after the last sighting, in which the face is not."""
        waiting = list(self._steps)
        shot = waiting[: waiting.index(step) + 1]
        cuts = [at for at, each in enumerate(shot) if each.cut]
        start = 0 if before is None else shot.index(before.step) + 1
        absent = shot[max([start, *cuts]) : -1]
        return [each for each in absent if not names.intersection(_ids(each.faces))]

    def _follow_back(self, now: Sighting, absent: list[Step]) -> Sighting:
        """Look for a face in the frames before, as long as it is there; gives the first one."""
        face, motion = now.face, np.zeros(4, np.float32)
        first = now
        for earlier in reversed(absent):
            expected = replace(face, box_xyxy=face.box_xyxy + motion)
            _, there = self._detector.again(earlier.frame.rgb, expected, score=self._enough)
            earlier.frame.forget()
            if not _one_face(expected, there) or _any_same(there, earlier.faces):
                break
            motion = there.box_xyxy - face.box_xyxy
            face = replace(there, track_id=face.track_id)
            first = Sighting(earlier, face)
            earlier.faces = Faces.concat([earlier.faces, face])
            self._tracker.reach_back(_ids(face)[0], earlier.frame.time, face.box_xyxy[0])
        return first

    def _bridge(self, before: Sighting, after: Sighting, absent: list[Step]) -> None:
        """Enter a face in the frames between two sightings in which it was out of sight."""
        times = [sighting.step.frame.time.exact for sighting in (before, after)]
        hidden = [each for each in absent if times[0] < each.frame.time.exact < times[1]]
        if times[1] - times[0] > BRIDGE_S:
            return
        last = replace(before.face, track_id=after.face.track_id)
        for each in hidden:
            face = between(last, after.face, _share(before.step, each, after.step))
            each.hidden = Faces.concat([each.hidden, face])
        self._tracker.close_gap(_ids(after.face)[0])


def with_last(frames: Iterable[Picture]) -> Iterator[tuple[Picture, bool]]:
    """Each frame, and whether it is the last."""
    before: Picture | None = None
    for frame in frames:
        if before is not None:
            yield before, False
        before = frame
    if before is not None:
        yield before, True


def slow(before: Faces, now: Faces) -> bool:
    """Whether both looks saw the same number of faces, each nearly where it was."""
    if len(before) != len(now):
        return False
    overlap = iou(before.box_xyxy, now.box_xyxy)
    nearest = overlap.max(axis=0, initial=0), overlap.max(axis=1, initial=0)
    return bool((nearest[0] >= SLOW).all() and (nearest[1] >= SLOW).all())


def between(first: Faces, last: Faces, share: float) -> Faces:
    """The faces that both have, by `track_id`, at a share of the way between; `score` is NaN."""
    ids = _ids(last)
    rows = [(row, ids.index(number)) for row, number in enumerate(_ids(first)) if number in ids]
    rows = [(row, other) for row, other in rows if ids[other] >= 0]
    a, b = first[[row for row, _ in rows]], last[[other for _, other in rows]]
    points = None
    if a.points is not None and b.points is not None:
        points = a.points + np.float32(share) * (b.points - a.points)
    box = a.box_xyxy + np.float32(share) * (b.box_xyxy - a.box_xyxy)
    return Faces(box, np.full(len(rows), np.nan), points=points, track_id=b.track_id)


def _share(first: Step, middle: Step, last: Step) -> float:
    begin, end = first.frame.time.exact, last.frame.time.exact
    return float((middle.frame.time.exact - begin) / (end - begin))


def _ids(faces: Faces) -> list[int]:
    return [] if faces.track_id is None else faces.track_id.tolist()


def _one_face(expected: Faces, there: Faces) -> bool:
    return bool((iou(expected.box_xyxy, there.box_xyxy) >= SAME_FACE).any())


def _any_same(face: Faces, others: Faces) -> bool:
    return bool((iou(face.box_xyxy, others.box_xyxy) > SAME_FACE).any())
