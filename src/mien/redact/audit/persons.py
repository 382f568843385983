"""Who the runs show, and a picture of each: one more pass over the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe.embedding import chip
from mien.faces import Faces
from mien.media import Source, open_video
from mien.media.writer import image_bytes
from mien.redact.audit.look import FrameAuditor
from mien.redact.audit.runs import Run
from mien.timecode import Time
from mien.track.stitch import final_ids
from mien.track.tracklet import Tracklet

Array = NDArray[Any]

MOST_PICTURES = 100
"""Runs that get a picture, the longest first; some ten kilobytes each."""

AROUND, ASPECT, WIDE = 6.0, 16 / 9, 480
"""Height of what a picture shows to the face's, its width to its height, its width in pixels."""

FRAME = (255, 59, 48)
"""sRGB of the box."""

CLEAR_WIDTH = 64.0
"""Faces of so many pixels weigh fully when persons are told apart, smaller ones less."""


def with_persons(runs: Sequence[Run], output: Source, auditor: FrameAuditor) -> list[Run]:
    """The runs with the persons they show, and the longest of them with pictures; those that no
    detector was certain of have no person.

    Only the best moment of each is looked at. Where the mesh sees no face in it, the run is a
    person of its own, unless it goes on where another has just ended.
    """
    moments: dict[Time, list[int]] = {}
    for number, run in enumerate(runs):
        moments.setdefault(run.best.time, []).append(number)
    pictured = _worth_a_picture(runs)
    done: dict[int, tuple[Run, Array | None]] = {}
    if not runs:
        return []
    with open_video(output) as video:
        for frame in video.frames():
            for number in moments.pop(frame.time, ()):
                done[number] = _seen(runs[number], frame.rgb, auditor, number in pictured)
            if not moments:
                break
    return _told_apart([done[number] for number in range(len(runs))])


def with_picture(runs: Sequence[Run], output: Array, auditor: FrameAuditor) -> list[Run]:
    """The runs of a photo (H, W, 3) uint8; each of which a detector was certain is a person."""
    pictured = _worth_a_picture(runs)
    done = [_seen(run, output, auditor, n in pictured)[0] for n, run in enumerate(runs)]
    persons = iter(range(1, len(runs) + 1))
    return [replace(run, person=next(persons)) if run.certain else run for run in done]


def _worth_a_picture(runs: Sequence[Run]) -> set[int]:
    """Which runs get one: those that detectors were certain of first, then the longest."""

    def rank(number: int) -> tuple[bool, int, float, int]:
        run = runs[number]
        return not run.certain, -run.frames, -run.best.weight, number

    return set(sorted(range(len(runs)), key=rank)[:MOST_PICTURES])


def picture_of(rgb: Array, box: Array) -> bytes:
    """A JPEG of a face (4,) and its surroundings in a picture, a box drawn around it."""
    height, width = rgb.shape[:2]
    high = min(AROUND * max(float(box[3] - box[1]), 12.0), height)
    wide = min(high * ASPECT, width)
    centre = (box[:2] + box[2:]) / 2
    low = np.clip(centre - [wide / 2, high / 2], 0, [width - wide, height - high])
    left, top = np.floor(low).astype(int)
    part = rgb[top : top + max(1, round(high)), left : left + max(1, round(wide))]
    scale = WIDE / part.shape[1]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = WIDE, max(1, round(part.shape[0] * scale))
    part = cv2.resize(part, size, interpolation=how)
    edges = np.rint((box - np.tile([left, top], 2)) * scale).astype(int).tolist()
    drawn = cv2.rectangle(part, edges[:2], edges[2:], FRAME, 2, cv2.LINE_AA)
    return image_bytes(np.asarray(drawn))


def _seen(run: Run, rgb: Array, auditor: FrameAuditor, pictured: bool) -> tuple[Run, Array | None]:
    """A run with its picture, and its embedding."""
    box = run.best.box_xyxy
    if pictured:
        run = replace(run, picture=picture_of(rgb, box))
    mesh = auditor.mesh.describe(rgb, Faces(box[None], np.ones(1))).mesh
    assert mesh is not None
    if not np.isfinite(mesh[0]).all():
        return run, None
    return run, auditor.embedding.embed([chip(rgb, mesh[0])])[0]


def _told_apart(seen: Sequence[tuple[Run, Array | None]]) -> list[Run]:
    pieces = [
        Tracklet(
            number,
            runs=((run.first, run.last),),
            first_box=run.first_box,
            last_box=run.last_box,
            velocity=np.zeros(2),
            embedding=embedding,
            weight=0.0 if embedding is None else _weight(run.best.box_xyxy),
        )
        for number, (run, embedding) in enumerate(seen)
        if run.certain
    ]
    persons = final_ids(pieces)
    return [replace(run, person=persons.get(n, -1) + 1) for n, (run, _) in enumerate(seen)]


def _weight(box: Array) -> float:
    return float(np.clip((box[2] - box[0]) / CLEAR_WIDTH, 0.05, 1))
