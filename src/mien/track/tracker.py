"""The online tracker: gives every face of every frame the id of its track.

Detections are matched to tracks by the likelihood of the motion (`motion.py`) and, where that
leaves a choice, of the appearance; the sure detections first and the unsure ones, often half-hidden
faces, to what is left (ByteTrack: Zhang et al., ECCV 2022; motion with appearance: DeepSORT, Wojke
et al., ICIP 2017). An embedding is asked for when a track is new, when a match is in doubt, and
about once a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.faces import Faces
from mien.timecode import Time
from mien.track.appearance import FOR, NEUTRAL, OTHER_PERSON, distances, evidence, trust
from mien.track.association import assign, contested
from mien.track.boxes import covered, iou
from mien.track.motion import Motion
from mien.track.settings import TrackerSettings
from mien.track.stitch import final_ids
from mien.track.track import Track
from mien.track.tracklet import Tracklet

Array = NDArray[Any]
Embed = Callable[[Faces], Faces]
Pairs = list[tuple[int, int]]  # (row of the track, row of the detection)

CLEAR_VIEW = 0.1
"""A face that no other overlaps more than this (IoU) is in clear view."""

CLEAR_TRUST = 0.4
"""Trust in an embedding from which it may contradict a track."""


@dataclass(frozen=True, eq=False)
class _Looks:
    """What n detections look like, beside t tracks."""

    wanted: Array  # (n,) bool: whose embedding was asked for
    embedding: Array  # (n, d), NaN where there is none
    trust: Array  # (n,)
    distance: Array  # (t, n) between embeddings, NaN where either is missing


@dataclass(frozen=True, eq=False)
class _Sighting:
    """The n detections of a frame, weighed against the t tracks."""

    boxes: Array  # (n, 4) float64
    score: Array  # (n,)
    usable: Array  # (n,) bool
    sure: Array  # (n,) bool
    motion: Array  # (t, n) cost by motion alone
    looks: _Looks | None = None

    @cached_property
    def overlap(self) -> Array:
        """(n,) with the nearest other detection."""
        return covered(self.boxes)

    @cached_property
    def cost(self) -> Array:
        """(t, n) cost by motion and appearance."""
        if self.looks is None:
            return self.motion
        both: Array = self.motion + evidence(self.looks.distance, self.looks.trust)
        return both


class OnlineTracker:
    """Follows faces from frame to frame.

    Args:
        reid: whether `finish` joins tracks of one person over the whole video by appearance.
        part: whether this is a part of a video that is followed apart from the others: then pieces
            that touch its ends are kept even if they are not confirmed.
        settings: the numbers.

    Attributes:
        cuts: the times at which new shots began.
    """

    def __init__(
        self, *, reid: bool = True, part: bool = False, settings: TrackerSettings | None = None
    ) -> None:
        self.settings = settings or TrackerSettings()
        self._reid, self._part = reid, part
        self._next_id = 0
        self._tracks: list[Track] = []
        self._motion = Motion()
        self._ended: list[Tracklet] = []
        self._start: Time | None = None
        self._seconds = self._before = 0.0
        self._shot_frames = 0
        self.cuts: list[Time] = []

    @property
    def in_doubt(self) -> bool:
        """Whether a track is unconfirmed or out of sight, so that a closer look would pay."""
        return any(not t.confirmed or t.seen_at < self._seconds for t in self._tracks)

    def update(
        self, faces: Faces, *, time: Time, embed: Embed | None = None, cut: bool = False
    ) -> Faces:
        """Give the faces of the next frame their tracks.

        Args:
            faces: n detections, in any order; an `embedding` column that is there is used.
            time: when the frame is shown; never earlier than the frame before.
            embed: returns the faces it is given with `embedding` filled; called at most once, with
                the rows that need it. Without it faces are followed by motion alone.
            cut: whether the frame is the first of a new shot, which ends all tracks.

        Returns:
            The faces with `track_id`: the provisional id, unique in the video and within the
            frame, or −1 for a face below `low_score` or on top of another.

        Raises:
            UsageError: the time lies before that of the frame before.
            ValueError: `embed` did not return as many faces, with embeddings.
        """
        self._move_to(time)
        if cut:
            self._end(np.ones(len(self._tracks), bool))
            self.cuts.append(time)
            self._shot_frames = 0
        self._shot_frames += 1
        sighting = self._look(faces, embed)
        pairs = self._match(sighting)
        self._correct(pairs, sighting)
        pairs += self._begin(pairs, sighting)
        track_id = np.full(len(faces), -1, np.int32)
        for row, column in pairs:
            self._note(row, column, sighting, time)
            track_id[column] = self._tracks[row].id
        self._end(self._given_up())
        return replace(faces, track_id=track_id)

    def reach_back(self, number: int, time: Time, box: Array) -> None:
        """Begin the last run of sightings of a live track earlier, at a frame in which its face was
        found afterwards."""
        self._live(number).reach_back(time, box)

    def close_gap(self, number: int) -> None:
        """Count a live track as there in the frames between its last two sightings."""
        self._live(number).close_gap()

    def names(self, number: int) -> set[int]:
        """All provisional ids that a live track has had."""
        return {number, *self._live(number).also}

    def _live(self, number: int) -> Track:
        return next(track for track in self._tracks if track.id == number)

    @property
    def confirmed(self) -> frozenset[int]:
        """The provisional ids of the live tracks that are confirmed."""
        return frozenset(track.id for track in self._tracks if track.confirmed)

    def forget(self) -> None:
        """Let go of what has been: tracks that have ended, when the live ones were seen, cuts. For
        a stream without an end, of which nobody will ask for `tracklets`."""
        self._ended.clear()
        self.cuts.clear()
        for track in self._tracks:
            del track.runs[:-1]

    def predicted(self) -> Faces:
        """Where the confirmed tracks are thought to be that the last frame did not show.

        Returns:
            Box, score (of the last sighting) and provisional `track_id`.
        """
        rows = [
            row
            for row, track in enumerate(self._tracks)
            if track.confirmed and track.seen_at < self._seconds
        ]
        tracks = [self._tracks[row] for row in rows]
        return Faces(
            self._motion.box_xyxy[rows],
            np.array([track.score for track in tracks]),
            track_id=np.array([track.id for track in tracks], np.int32),
        )

    def tracklets(self) -> list[Tracklet]:
        """End all tracks and return the confirmed ones of the whole run, by provisional id."""
        self._end(np.ones(len(self._tracks), bool))
        return sorted(self._ended, key=lambda tracklet: tracklet.id)

    def finish(self) -> dict[int, int]:
        """End all tracks and settle the ids.

        Returns:
            Provisional id → final id: 0, 1, 2 … by first appearance. Unconfirmed tracks are left
            out.
        """
        return final_ids(self.tracklets(), cuts=self.cuts, reid=self._reid)

    def _move_to(self, time: Time) -> None:
        if self._start is None:
            self._start = time
        seconds = _seconds(time) - _seconds(self._start)
        if seconds < self._seconds:
            raise UsageError(f"frames must come in order: {time} lies before the frame before it")
        self._before, self._seconds = self._seconds, seconds
        self._motion.predict(seconds - self._before)

    def _look(self, faces: Faces, embed: Embed | None) -> _Sighting:
        """Weigh the detections against the tracks, asking for embeddings where they matter."""
        settings = self.settings
        boxes = faces.box_xyxy.astype(np.float64)
        usable = (faces.score >= settings.low_score) & np.isfinite(boxes).all(axis=1)
        boxes[~usable] = 0
        sure = usable & (faces.score >= settings.sure_score)
        cost = self._motion.cost(boxes)
        cost[[not track.confirmed for track in self._tracks]] += settings.unconfirmed_cost
        cost[:, ~usable] = np.inf
        plain = _Sighting(boxes, faces.score, usable, sure, cost)
        wanted = self._doubted(plain) | self._due(plain)
        embedding = _embeddings(faces, wanted, embed)
        if embedding is None:
            return plain
        distance = distances(self._known(embedding.shape[1]), embedding)
        return replace(
            plain, looks=_Looks(wanted, embedding, trust(faces, plain.overlap), distance)
        )

    def _known(self, size: int) -> Array:
        """(t, size) the mean embedding of each track, NaN where there is none."""
        known = np.full((len(self._tracks), size), np.nan)
        for row, track in enumerate(self._tracks):
            if track.appearance.count:
                known[row] = track.appearance.mean
        return known

    def _doubted(self, sighting: _Sighting) -> Array:
        """(n,) the sure detections that motion alone cannot place and a known face might."""
        settings, cost = self.settings, sighting.motion
        known = np.array([track.appearance.count > 0 for track in self._tracks], bool)
        near: Array = (cost[known] < settings.limit - FOR).any(axis=0)
        if not near.any():
            return near
        sure_cost = np.where(sighting.sure, cost, np.inf)
        unclear = contested(sure_cost, settings.limit, settings.margin)
        doubted: Array = sighting.sure & near & (unclear | (cost.min(axis=0) > settings.doubt))
        return doubted

    def _due(self, sighting: _Sighting) -> Array:
        """(n,) the detections in clear view of tracks whose appearance should be looked at."""
        due = np.zeros(len(sighting.sure), bool)
        hits = self.settings.confirm_hits - 1
        rows = [
            row
            for row, track in enumerate(self._tracks)
            if track.look_at <= self._seconds and track.hits >= hits
        ]
        if not rows or not len(due):
            return due
        column = sighting.motion[rows].argmin(axis=1)
        due[column[sighting.motion[rows, column] < self.settings.doubt]] = True
        clear: Array = due & sighting.sure & (sighting.overlap < CLEAR_VIEW)
        return clear

    def _match(self, sighting: _Sighting) -> Pairs:
        """First the sure detections, by motion and appearance; then the others, by motion."""
        sure = assign(np.where(sighting.sure, sighting.cost, np.inf), self.settings.limit)
        low = np.zeros((0, 2), int)
        if not sighting.sure.all():
            left = sighting.motion.copy()
            left[sure[:, 0]] = np.inf
            left[:, sighting.sure] = np.inf
            low = assign(left, self.settings.low_limit)
        kept = [
            (row, column) for row, column in sure.tolist() if self._agrees(row, column, sighting)
        ]
        pairs = [*kept, *((row, column) for row, column in low.tolist())]
        return pairs if sighting.looks is None else self._come_back(pairs, sighting, sighting.looks)

    def _come_back(self, pairs: Pairs, sighting: _Sighting, looks: _Looks) -> Pairs:
        """Give a young track to the one out of sight whose person it shows, now that it is known.

        A face that comes out from behind something is first seen in part, and begins a track.
        """
        matched = {row for row, _ in pairs}
        settled = []
        for row, column in pairs:
            young = self._tracks[row]
            away = {
                float(looks.distance[t, column]): t
                for t, track in enumerate(self._tracks)
                if t not in matched and track.confirmed and track.seen_at < young.born_at
                if sighting.motion[t, column] < self.settings.limit - FOR
                if looks.distance[t, column] < NEUTRAL
            }
            if young.appearance.count == 0 and away:
                back = away[min(away)]
                self._tracks[back].absorb(young)
                self._motion.copy(row, back)
                matched.add(back)
                row = back
            settled.append((row, column))
        return settled

    def _agrees(self, row: int, column: int, sighting: _Sighting) -> bool:
        """False at the second clear view in a row that shows another person than the track's."""
        track, looks = self._tracks[row], sighting.looks
        if looks is None or np.isnan(looks.distance[row, column]) or track.appearance.count < 2:
            return True
        clear = looks.trust[column] > CLEAR_TRUST and sighting.overlap[column] < CLEAR_VIEW
        other = clear and looks.distance[row, column] > OTHER_PERSON
        track.conflicts = track.conflicts + 1 if other else 0
        return track.conflicts < 2

    def _correct(self, pairs: Pairs, sighting: _Sighting) -> None:
        """Correct the motion of the matched tracks."""
        if pairs:
            rows, columns = np.array(pairs).T
            self._motion.update(rows, sighting.boxes[columns], sighting.sure[columns])

    def _begin(self, pairs: Pairs, sighting: _Sighting) -> Pairs:
        """Begin a track on every detection left that is not a matched face found twice."""
        free = sighting.usable.copy()
        taken = [column for _, column in pairs]
        free[taken] = False
        born: Pairs = []
        if not free.any():
            return born
        # In an order of the faces' own, so that the order of the rows does not matter.
        keys = np.column_stack([sighting.boxes, -sighting.score])
        for column in sorted(np.flatnonzero(free).tolist(), key=lambda c: tuple(keys[c, ::-1])):
            box = sighting.boxes[[column]]
            if taken and iou(box, sighting.boxes[taken]).max() > self.settings.duplicate_iou:
                continue
            taken.append(column)
            born.append((len(self._tracks), column))
            self._tracks.append(Track(self._next_id, box[0], self._seconds))
            self._next_id += 1
        if born:
            self._motion.add(sighting.boxes[[column for _, column in born]])
        return born

    def _note(self, row: int, column: int, sighting: _Sighting, time: Time) -> None:
        """Enter a sighting in its track."""
        track, score = self._tracks[row], float(sighting.score[column])
        track.see(sighting.boxes[column], score, time, self._seconds, self._before)
        if sighting.sure[column]:
            track.count(score, self.settings)
        looks = sighting.looks
        if looks is None:
            return
        if np.isfinite(looks.embedding[column, 0]):
            known = row < len(looks.distance)  # not if it was born in this frame
            distance = float(looks.distance[row, column]) if known else float("nan")
            weight = float(looks.trust[column])
            track.learn(looks.embedding[column], distance, weight, self.settings)
        elif looks.wanted[column]:
            track.look_at = self._seconds + self.settings.refresh_s

    def _given_up(self) -> Array:
        """(t,) the tracks that have been out of sight for too long."""
        settings, at_least = self.settings, 2.5 * (self._seconds - self._before)
        patience = {
            True: max(settings.coast_s, at_least),
            False: max(settings.tentative_coast_s, at_least),
        }
        unseen = [self._seconds - t.seen_at > patience[t.confirmed] for t in self._tracks]
        return np.array(unseen, bool)

    def _end(self, gone: Array) -> None:
        """End these tracks and keep what is worth keeping of them."""
        if not gone.any():
            return
        for row in np.flatnonzero(gone):
            track = self._tracks[row]
            confirmed = track.confirmed or self._fills_short_shot(track)
            if confirmed or (self._part and self._touches_an_end(track)):
                velocity = self._motion.velocity[row]
                self._ended.append(track.tracklet(velocity, confirmed=confirmed))
        self._tracks = [self._tracks[row] for row in np.flatnonzero(~gone)]
        self._motion.keep(~gone)

    def _touches_an_end(self, track: Track) -> bool:
        """Whether it was seen in the first frames of all, or in the last ones so far."""
        within = self.settings.tentative_coast_s
        return track.hits > 0 and (
            track.born_at <= within or track.seen_at >= self._seconds - within
        )

    def _fills_short_shot(self, track: Track) -> bool:
        """Whether it was surely there in every frame of a shot too short to confirm a track."""
        short = self._shot_frames < self.settings.confirm_hits
        whole = track.hits == self._shot_frames
        return short and whole and track.sure_score >= self.settings.sure_score * track.hits


def _seconds(time: Time) -> float:
    """As `Time.seconds`, without the cost of making a fraction."""
    return time.pts * time.time_base.numerator / time.time_base.denominator


def _embeddings(faces: Faces, wanted: Array, embed: Embed | None) -> Array | None:
    """(n, d) embeddings, NaN where there is none; None if there are none at all."""
    if faces.embedding is not None:
        return faces.embedding.astype(np.float64)
    if embed is None or not wanted.any():
        return None
    rows = np.flatnonzero(wanted)
    found = embed(faces[rows]).embedding
    if found is None or len(found) != len(rows):
        raise ValueError(f"embed() must return the {len(rows)} faces it was given, with embedding")
    embedding = np.full((len(faces), found.shape[1]), np.nan)
    embedding[rows] = found
    return embedding
