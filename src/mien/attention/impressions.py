"""What is told of a person's whole visit: one impression a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.attention.tracking import Stretch, stretches, tracking
from mien.describe.attributes import GLASSES, SCORES
from mien.faces import EMOTIONS
from mien.timeline.timeline import Timeline

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Impression:
    """One person of a timeline, from first to last. NaN where nothing is known.

    Attributes:
        person: the confirmed id.
        duration_s: from the first frame with the person to the end of the last.
        dwell_s: seconds in view; shorter than the duration by the absences.
        attention: percent of the time in view in which the person looked at the camera.
        glances: how often they began to.
        emotion: (8,) mean of `Faces.emotion`, each frame by the time for which it is shown.
        age: years, likewise a mean.
        gender: probability of female, likewise.
        glasses: how likely glasses are worn, of whatever kind, likewise; 0..1.
    """

    person: int
    duration_s: float
    dwell_s: float
    attention: float
    glances: int
    emotion: Array
    age: float
    gender: float
    glasses: float


def impressions(timeline: Timeline) -> list[Impression]:
    """Everybody in a timeline, in the order of their ids.

    Columns of emotion, age, gender and attributes that are not there leave NaN.

    Raises:
        UsageError: a column of `pose_deg`, `gaze_deg` and `openness` is not there.
    """
    faces, seen = timeline.faces, tracking(timeline)
    glasses = glasses_of(faces.attributes)
    found = []
    for person, stretch in stretches(timeline).items():
        last = stretch.rows[-1]
        found.append(
            Impression(
                person=person,
                duration_s=float(int(stretch.end[-1] - stretch.start[0]) * stretch.tick),
                dwell_s=float(seen.dwell_s[last]),
                attention=float(seen.attention[last]),
                glances=int(seen.glances[last]),
                emotion=_mean(faces.emotion, stretch, len(EMOTIONS)),
                age=float(_mean(faces.age, stretch)[0]),
                gender=float(_mean(faces.gender, stretch)[0]),
                glasses=float(_mean(glasses, stretch)[0]),
            )
        )
    return found


def glasses_of(attributes: Array | None) -> Array | None:
    """(n,) how likely glasses of any kind are worn, of (n, k) attributes; NaN where not known."""
    if attributes is None:
        return None
    kinds = [SCORES.index(name) for name in GLASSES]
    likeliest: Array = attributes[:, kinds].max(axis=1)
    return likeliest


def _mean(column: Array | None, stretch: Stretch, width: int = 1) -> Array:
    """(width,) mean over time of a column's rows that have a value; NaN without one."""
    nothing = np.full(width, np.nan)
    if column is None:
        return nothing
    values = column[stretch.rows].astype(float).reshape(len(stretch.rows), -1)
    known = np.isfinite(values).all(axis=1)
    if not known.any():
        return nothing
    mean: Array = np.average(values[known], axis=0, weights=stretch.shown[known])
    return mean
