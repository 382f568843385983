"""The best picture of each face of a video: large, sharp and frontal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.media import Source, open_video
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

TRIED = 5
"""Views of each face that are looked at, the largest and most frontal of different moments."""

APART_S = 0.4
"""How far they lie apart in time."""

ROOM = 1.5
"""Side of the picture, in sizes of the face."""

SIDE = 96
"""Side at which sharpness is compared, so that a large face is not taken for a blurred one."""

TURNED = 2.0
"""How much a face loses that is turned: its size counts exp(-TURNED × how far the nose lies beside
the middle of the eyes, in distances between them)."""


@dataclass(slots=True, eq=False)
class _View:
    score: float
    rgb: Array


def best_views(source: Source, timeline: Timeline) -> Iterator[tuple[int, Array]]:
    """Yield each id, rising, and its best view: (s, s, 3) uint8, cut off at the picture's edge.

    Raises:
        InputError, MediaError: as of `open_video`.
    """
    wanted = _wanted(timeline)
    best: dict[int, _View] = {}
    last = max(wanted, default=-1)
    if last < 0:
        return
    with open_video(source) as video:
        for frame in video.frames():
            for row in wanted.get(frame.index, ()):
                _compare(best, timeline, row, frame.rgb)
            if frame.index >= last:
                break
    for name in sorted(best):
        yield name, best[name].rgb


def best_rows(timeline: Timeline) -> dict[int, int]:
    """Of each id, rising, the sighting that is largest and most frontal; its row."""
    best = {}
    for name, rows in timeline.tracks().items():
        seen = rows[np.isfinite(timeline.faces.score[rows])]
        if len(seen):
            best[name] = int(seen[np.argmax(_worth(timeline, seen))])
    return best


def _compare(best: dict[int, _View], timeline: Timeline, row: int, rgb: Array) -> None:
    faces = timeline.faces
    assert faces.track_id is not None
    name, crop = int(faces.track_id[row]), square(rgb, faces.box_xyxy[row])
    if not crop.size:
        return
    score = float(_worth(timeline, np.array([row]))[0]) * np.sqrt(_sharpness(crop))
    if name not in best or score > best[name].score:
        best[name] = _View(score, crop)


def _wanted(timeline: Timeline) -> dict[int, list[int]]:
    """The rows to look at, by frame."""
    wanted: dict[int, list[int]] = {}
    for rows in timeline.tracks().values():
        seen = rows[np.isfinite(timeline.faces.score[rows])]
        chosen: list[int] = []
        for row in seen[np.argsort(-_worth(timeline, seen), kind="stable")].tolist():
            now = timeline.seconds[timeline.frame[row]]
            times = timeline.seconds[timeline.frame[chosen]]
            if not len(chosen) or (np.abs(times - now) >= APART_S).all():
                chosen.append(row)
            if len(chosen) == TRIED:
                break
        for row in chosen:
            wanted.setdefault(int(timeline.frame[row]), []).append(row)
    return wanted


def _worth(timeline: Timeline, rows: Array) -> Array:
    """(k,) by size within the picture and by how frontal."""
    faces, video = timeline.faces, timeline.video
    box = faces.box_xyxy[rows].astype(np.float64)
    inside = np.clip(box, 0, np.tile([video.width, video.height], 2))
    size = np.sqrt((inside[:, 2:] - inside[:, :2]).clip(min=0).prod(axis=1))
    if faces.points is None:
        return np.asarray(size)
    left, right, nose = (faces.points[rows, k].astype(np.float64) for k in range(3))
    across = right - left
    apart = np.maximum(np.linalg.norm(across, axis=1), 1e-6)
    beside = np.abs(((nose - (left + right) / 2) * across).sum(axis=1)) / apart**2
    worth: Array = size * np.exp(-TURNED * np.nan_to_num(beside, nan=1.0).clip(max=2))
    return worth


def square(rgb: Array, box: Array) -> Array:
    """The picture of a face: a square around its box, cut off at the picture's edge."""
    centre, half = (box[:2] + box[2:]) / 2, ROOM * float((box[2:] - box[:2]).max()) / 2
    height, width = rgb.shape[:2]
    x1, y1 = np.floor(centre - half).astype(int).clip(0)
    x2, y2 = np.ceil(centre + half).astype(int).clip(0, [width, height])
    return np.array(rgb[y1:y2, x1:x2])


def _sharpness(crop: Array) -> float:
    """Variance of the Laplacian at one size."""
    gray = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    same = cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(same, cv2.CV_64F).var())
