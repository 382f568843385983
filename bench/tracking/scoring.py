"""Scores tracks against the truth with py-motmetrics: IDF1, MOTA, identity switches.

A hypothesis matches a face if their boxes overlap by an IoU of 0.5 or more. The distances are
computed here, since py-motmetrics 1.4.0's own need a NumPy below 2; its accumulator and metrics
do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import motmetrics
import numpy as np
from numpy.typing import NDArray

from bench.tracking.scene import Scene, Truth
from mien.faces import Faces
from mien.track.association import assign
from mien.track.boxes import iou

Array = NDArray[Any]

MAX_DISTANCE = 0.5

METRICS = {
    "idf1": "IDF1",
    "mota": "MOTA",
    "num_switches": "switches",
    "num_fragmentations": "fragments",
    "recall": "recall",
    "precision": "precision",
}
"""What is computed, and its heading."""


@dataclass(frozen=True)
class Tracks:
    """What a tracker made of a scene: a record a frame, and provisional id → final id."""

    scene: Scene
    frames: Sequence[Faces]
    ids: dict[int, int]

    def final(self, k: int) -> tuple[Array, Array]:
        """Boxes (n, 4) and ids (n,) of frame k, without the faces that have no id."""
        faces = self.frames[k]
        assert faces.track_id is not None
        ids = np.array([self.ids.get(int(n), -1) for n in faces.track_id], int)
        return faces.box_xyxy[ids >= 0].astype(np.float64), ids[ids >= 0]


def accumulate(tracks: Tracks, *, reid: bool = True) -> motmetrics.MOTAccumulator:
    """Match every frame. Without `reid` a person who was away for a second and a half, or comes
    back after a cut, is another one in the truth too."""
    account = motmetrics.MOTAccumulator(auto_id=True)
    truths = list(tracks.scene.truths())
    names = [truth.identity for truth in truths] if reid else appearances(tracks.scene, truths)
    for k, truth in enumerate(truths):
        boxes, ids = tracks.final(k)
        distance = 1 - iou(truth.box_xyxy, boxes)
        # What was found of a face that is hardly visible is neither right nor wrong.
        spare = [column for row, column in assign(distance, MAX_DISTANCE) if not truth.counted[row]]
        kept = np.setdiff1d(np.arange(len(ids)), spare)
        distance = distance[np.ix_(truth.counted, kept)]
        distance[distance > MAX_DISTANCE] = np.nan
        account.update(names[k][truth.counted], ids[kept], distance)
    return account


def appearances(scene: Scene, truths: Sequence[Truth], away_s: float = 1.5) -> list[Array]:
    """(n,) a frame: a number for each stretch of a person's presence instead of each person."""
    away = float(away_s * scene.rate)
    last: dict[int, int] = {}
    number: dict[int, int] = {}
    count = 0
    out = []
    for k, truth in enumerate(truths):
        if k in scene.cuts:
            last.clear()
        for person in truth.identity.tolist():
            if person not in last or k - last[person] > away:
                number[person] = count = count + 1
            last[person] = k
        out.append(np.array([number[person] for person in truth.identity.tolist()], int))
    return out


def table(accounts: dict[str, motmetrics.MOTAccumulator]) -> dict[str, dict[str, float]]:
    """Metrics by name, and of all together under "OVERALL"."""
    frame = motmetrics.metrics.create().compute_many(
        list(accounts.values()),
        names=list(accounts),
        metrics=list(METRICS),
        generate_overall=True,
    )
    return {
        str(name): {heading: float(row[key]) for key, heading in METRICS.items()}
        for name, row in frame.iterrows()
    }
