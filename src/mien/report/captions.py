"""What stands beside a face, how large it is, and where it goes.

A person's captions keep one place as long as they are seen, so that nothing jumps: where one or two
people are seen, the emotions in a panel at a side of the box, of more people the strongest one in a
line below it. A place is taken if there is room in most frames; else the tag above is all there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces import EMOTIONS, Faces
from mien.media.lettering import capitals, lettering
from mien.timeline.timeline import Timeline

Array = NDArray[Any]
Rect = tuple[int, int, int, int]

SAMPLES = 24
"""Frames of a track that its place is chosen by."""

MOSTLY = 0.8
"""A place is taken if it is free in this share of them."""

TOUCH = 0.12
"""And it is free if no more than this share of it lies on other faces and their captions."""


FEW = 2
"""Up to so many people have panels; of more they would hide the picture."""


class Place(IntEnum):
    """Where the emotions of a face are shown, best first."""

    RIGHT = 0
    LEFT = 1
    BELOW = 2
    NOWHERE = 3


@dataclass(frozen=True)
class Style:
    """All measures, in pixels, from the size of the picture."""

    width: int
    height: int

    @cached_property
    def font(self) -> int:
        """Height of the letters' font in tags and in the time."""
        return int(np.clip(round(min(self.width, self.height) / 38), 11, 64))

    @cached_property
    def small(self) -> int:
        """The same, in panels and lines."""
        return max(10, round(0.8 * self.font))

    @cached_property
    def stroke(self) -> int:
        """Of the boxes."""
        return max(1 if min(self.width, self.height) < 240 else 2, round(self.font / 8))

    @cached_property
    def pad(self) -> int:
        """Between the edge of a plate and what is on it."""
        return max(4, round(0.38 * self.font))

    @cached_property
    def gap(self) -> int:
        """Between a box and its captions."""
        return self.stroke // 2 + 3

    @cached_property
    def row(self) -> int:
        """From one emotion to the next in a panel."""
        return round(1.3 * self.small)

    @cached_property
    def words(self) -> int:
        """Width of the longest name of an emotion."""
        return max(_width(name, self.small) for name in EMOTIONS)

    @cached_property
    def bar_wh(self) -> tuple[int, int]:
        """A full bar."""
        return round(3.8 * self.small), max(3, round(0.36 * self.small))

    @cached_property
    def tag_height(self) -> int:
        """Of the plate with id, gender and age."""
        top, bottom = capitals(self.font)
        return bottom - top + 2 * self.pad

    @cached_property
    def line_wh(self) -> tuple[int, int]:
        """The plate with one emotion."""
        top, bottom = capitals(self.small)
        return self.words + self.bar_wh[0] + 3 * self.pad, bottom - top + 2 * self.pad

    @cached_property
    def panel_wh(self) -> tuple[int, int]:
        """The plate with all of them."""
        width, height = self.line_wh
        return width, height + (len(EMOTIONS) - 1) * self.row

    def tag_width(self, text: str) -> int:
        """Of the plate with this text."""
        return _width(text, self.font) + 2 * self.pad

    def tag(self, box: Array, text: str) -> Rect:
        """Above the box, or in it where the picture ends."""
        x = int(box[0]) - self.stroke // 2
        y = int(box[1]) - self.tag_height - self.gap
        return self._inside(x, y, self.tag_width(text), self.tag_height)

    def emotions(self, box: Array, place: Place) -> Rect:
        """The panel or line, moved into the picture where it reaches past its edge."""
        x1, y1, x2, y2 = (int(value) for value in box)
        if place is Place.BELOW:
            return self._inside((x1 + x2 - self.line_wh[0]) // 2, y2 + self.gap, *self.line_wh)
        width, height = self.panel_wh
        x = x2 + self.gap if place is Place.RIGHT else x1 - self.gap - width
        return self._inside(x, y1 - self.stroke // 2, width, height)

    def _inside(self, x: int, y: int, width: int, height: int) -> Rect:
        x = max(0, min(x, self.width - width))
        y = max(0, min(y, self.height - height))
        return x, y, x + width, y + height

    def suits(self, size_wh: Array, place: Place) -> bool:
        """Whether a face of this size is large enough for what would stand beside it."""
        if place is Place.BELOW:
            return bool(size_wh[0] >= self.line_wh[0] / 2)
        return bool(size_wh[1] >= self.panel_wh[1] / 2)


@dataclass(frozen=True, slots=True)
class Caption:
    """How a person is captioned, the same in all frames."""

    place: Place
    tag: str
    """Id, gender and age, as far as they are known and there is room; maybe empty."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A face of one frame among the others."""

    box: Array
    taken: Array
    """(m, 4) where other faces are, and what stands beside them."""

    others: int
    """How many other faces there are."""


def captions_of_picture(faces: Faces, style: Style) -> list[Caption]:
    """For each face of a photo."""
    names = faces.track_id if faces.track_id is not None else np.full(len(faces), -1)
    shown = faces.emotion is not None
    captions: dict[int, Caption] = {}
    for row in _largest_first(faces.size_wh):
        others = np.delete(faces.box_xyxy, row, axis=0)
        taken = _rects(faces.box_xyxy, captions, style)
        scene = Scene(faces.box_xyxy[row], np.concatenate([others, taken]), len(others))
        place = _place([scene], style) if shown else Place.NOWHERE
        tag = _tag(int(names[row]), faces[[row]], style)
        captions[row] = Caption(place, tag)
    return [captions[row] for row in range(len(faces))]


def captions_of_tracks(timeline: Timeline, style: Style) -> dict[int, Caption]:
    """For each confirmed id."""
    tracks = timeline.tracks()
    boxes = timeline.faces.box_xyxy
    sizes = {name: np.median(_size_wh(boxes[rows]), axis=0) for name, rows in tracks.items()}
    shown = timeline.faces.emotion is not None
    captions: dict[int, Caption] = {}
    for name in sorted(tracks, key=lambda name: (-float(np.prod(sizes[name])), name)):
        rows = tracks[name]
        place = Place.NOWHERE
        if shown:
            place = _place(list(_samples(timeline, rows, captions, style)), style)
        captions[name] = Caption(place, _tag(name, _rows_of(timeline.faces, rows), style))
    return captions


def _samples(
    timeline: Timeline, rows: Array, captions: dict[int, Caption], style: Style
) -> Iterator[Scene]:
    """Some frames spread over a track."""
    ids, boxes = timeline.faces.track_id, timeline.faces.box_xyxy
    assert ids is not None
    picked = rows[np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).astype(int)]
    for row in picked.tolist():
        frame = int(timeline.frame[row])
        span = timeline.rows(frame, frame + 1)
        here = np.arange(span.start, span.stop)
        here = here[(ids[here] >= 0) & (here != row)]
        known = {n: captions[name] for n, name in enumerate(ids[here].tolist()) if name in captions}
        taken = np.concatenate([boxes[here], _rects(boxes[here], known, style)])
        yield Scene(boxes[row], taken, len(here))


def _rects(boxes: Array, captions: dict[int, Caption], style: Style) -> Array:
    """(m, 4) where the emotions of those rows stand that have a place for them."""
    rects = [
        style.emotions(boxes[row], caption.place)
        for row, caption in captions.items()
        if caption.place is not Place.NOWHERE
    ]
    return np.array(rects, np.float32).reshape(len(rects), 4)


def _place(samples: Sequence[Scene], style: Style) -> Place:
    size = np.median([_size_wh(scene.box) for scene in samples], axis=0)
    few = np.median([scene.others for scene in samples]) < FEW
    sides: tuple[Place, ...] = (Place.RIGHT, Place.LEFT) if few else ()
    for place in (*sides, Place.BELOW):
        if style.suits(size, place):
            free = [_is_free(scene, place, style) for scene in samples]
            if np.mean(free) >= MOSTLY:
                return place
    return Place.NOWHERE


def _is_free(scene: Scene, place: Place, style: Style) -> bool:
    rect = np.array(style.emotions(scene.box, place), float)
    if place is Place.BELOW:  # where the picture ends it may move up over the chin
        return _shared(rect, scene.taken) <= TOUCH
    return _shared(rect, np.concatenate([scene.taken, scene.box[None]])) <= TOUCH


def _shared(rect: Array, boxes: Array) -> float:
    """The largest share of a rectangle that lies on one of these boxes."""
    start = np.maximum(rect[:2], boxes[:, :2])
    end = np.minimum(rect[2:], boxes[:, 2:])
    area = np.prod(np.clip(end - start, 0, None), axis=1).max(initial=0)
    return float(area / np.prod(rect[2:] - rect[:2]))


def _tag(name: int, faces: Faces, style: Style) -> str:
    """Id, gender and age; what has no room over the face is left out, but never the id.

    `faces` are those of one person; what is written is the median of what is known.
    """
    gender, age = _median(faces.gender), _median(faces.age)
    about = [] if gender is None else ["female" if gender >= 0.5 else "male"]
    about += [] if age is None else [f"{age:.0f}"]
    parts = [*([str(name)] if name >= 0 else []), *([", ".join(about)] if about else [])]
    text = " · ".join(parts)
    room = 1.5 * float(np.median(faces.size_wh[:, 0]))
    if about and style.tag_width(text) > room:
        return parts[0] if name >= 0 else ""
    return text


def _median(column: Array | None) -> float | None:
    if column is None or not np.isfinite(column).any():
        return None
    return float(np.nanmedian(column))


def _rows_of(faces: Faces, rows: Array) -> Faces:
    """The columns that a tag is made of."""
    columns = {name: getattr(faces, name) for name in ("gender", "age")}
    picked = {name: c[rows] for name, c in columns.items() if c is not None}
    return Faces(faces.box_xyxy[rows], faces.score[rows], **picked)


def _width(text: str, size: int) -> int:
    return int(lettering(text, size).shape[1])


def _size_wh(boxes: Array) -> Array:
    return boxes[..., 2:] - boxes[..., :2]


def _largest_first(size_wh: Array) -> list[int]:
    order: list[int] = np.argsort(-np.prod(size_wh, axis=1), kind="stable").tolist()
    return order
