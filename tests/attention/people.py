"""Timelines of people who look at the camera, look away and blink, of known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mien.faces import Faces
from mien.timeline.timeline import Timeline
from tests.timeline.made import box, facts, made

LOOKS, AWAY, SHUT, OPEN = (0.0, 0.0), (40.0, 0.0), 0.0, 0.8
UNKNOWN = (np.nan, np.nan)


def watched(
    gaze: Sequence[tuple[float, float]],
    *,
    eyes: Sequence[float] | None = None,
    frames: Sequence[int] | None = None,
    ids: Sequence[int] | None = None,
    count: int | None = None,
    **columns: Any,
) -> Timeline:
    """A clip at ten frames a second, by default with one person in every frame.

    `gaze` is the yaw and pitch of each row; the head is straight. `eyes` is how far both eyes are
    open.
    """
    rows = len(gaze)
    at = list(range(rows)) if frames is None else list(frames)
    people = [0] * rows if ids is None else list(ids)
    eyes = [OPEN] * rows if eyes is None else eyes
    timeline = made(
        [1] * (count or max(at, default=-1) + 1),
        [box(frame, person) for frame, person in zip(at, people, strict=True)],
        video=facts(10),
    )
    directions = np.array(gaze, float).reshape(-1, 2)
    given: dict[str, Any] = {
        "pose_deg": np.repeat(directions[:, :1] * 0, 3, axis=1),  # straight, or as unknown
        "gaze_deg": directions,
        "openness": np.repeat(np.array(eyes, float)[:, None], 3, axis=1),
    }
    return replace(timeline, faces=replace(timeline.faces, **{**given, **columns}))


def faces(**columns: Any) -> Faces:
    """Faces with these columns, as many as there are rows in them."""
    count = len(next(iter(columns.values())))
    return Faces(np.tile([0.0, 0.0, 100.0, 100.0], (count, 1)), np.ones(count), **columns)
