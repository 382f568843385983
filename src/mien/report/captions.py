"""What stands beside a face, how large it is, and where it goes.

A person's captions keep one place as long as they are seen, so that nothing jumps: where one or two
people are seen, the emotions in a panel at a side of the box, of more people the strongest one in a
line below it. A place is taken if there is room in most frames; else the tag above is all there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from unicodedata import combining, normalize

import numpy as np
from numpy.typing import NDArray

from mien.faces import Faces
from mien.media.lettering import KNOWN
from mien.report.style import Place, Rect, Style
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

SAMPLES = 24
"""Frames of a track that its place is chosen by."""

MOSTLY = 0.8
"""A place is taken if it is free in this share of them."""

TOUCH = 0.12
"""And it is free if it shares no more than this of itself, or of them, with other faces and their
captions."""

WIDEST_TAG = 1.5
"""In widths of the face."""

FEW = 2
"""Up to so many people have panels; of more they would hide the picture."""


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
    ids = faces.track_id if faces.track_id is not None else np.full(len(faces), -1)
    names: list[int] = ids.tolist()
    known: dict[int, Caption] = {}
    for row in np.argsort(-np.prod(faces.size_wh, axis=1), kind="stable").tolist():
        scene = _scene(faces.box_xyxy, names, row, known, style)
        short = str(names[row]) if names[row] >= 0 else ""
        known[row] = _caption(short, faces[[row]], [scene], style)
    return [known[row] for row in range(len(faces))]


def captions_of_tracks(
    timeline: Timeline, style: Style, called: Mapping[int, str] = MappingProxyType({})
) -> dict[int, Caption]:
    """For each confirmed id, which stands in the tag; in its place what somebody is `called`, as
    far as there are letters for it."""
    tracks, faces = timeline.tracks(), timeline.faces
    areas = {
        name: float(np.median(np.prod(_size_wh(faces.box_xyxy[rows]), axis=1)))
        for name, rows in tracks.items()
    }
    captions: dict[int, Caption] = {}
    for name in sorted(tracks, key=lambda name: (-areas[name], name)):
        scenes = list(_scenes(timeline, tracks[name], captions, style))
        short = _in_letters(called.get(name, "")) or str(name)
        captions[name] = _caption(short, _described(faces, tracks[name]), scenes, style)
    return captions


def _caption(short: str, faces: Faces, scenes: Sequence[Scene], style: Style) -> Caption:
    """Of one person, of whom these are all faces, or those of one photo."""
    place = Place.NOWHERE if faces.emotion is None else _place(scenes, style)
    return Caption(place, _tag(short, faces, scenes, style))


def _scenes(
    timeline: Timeline, rows: Array, captions: Mapping[int, Caption], style: Style
) -> Iterator[Scene]:
    """Some frames spread over a track."""
    ids, boxes = timeline.faces.track_id, timeline.faces.box_xyxy
    assert ids is not None
    picked = rows[np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).astype(int)]
    for row in picked.tolist():
        frame = int(timeline.frame[row])
        span = timeline.rows(frame, frame + 1)
        here = np.arange(span.start, span.stop)
        here = here[ids[here] >= 0]
        names = ids[here].tolist()
        known = {n: captions[name] for n, name in enumerate(names) if name in captions}
        yield _scene(boxes[here], names, int(np.searchsorted(here, row)), known, style)


def _scene(
    boxes: Array, names: Sequence[int], row: int, known: Mapping[int, Caption], style: Style
) -> Scene:
    """One row among the faces of a frame, of some of which the captions are known."""
    others = [n for n in range(len(boxes)) if n != row]
    taken = [tuple(boxes[n].tolist()) for n in others]
    for n in others:
        caption = known.get(n) or Caption(Place.NOWHERE, str(names[n]) if names[n] >= 0 else "")
        if caption.tag:
            taken.append(style.tag(boxes[n], caption.tag))
        if caption.place is not Place.NOWHERE:
            taken.append(style.emotions(boxes[n], caption.place))
    return Scene(boxes[row], np.array(taken, np.float32).reshape(-1, 4), len(others))


def _place(scenes: Sequence[Scene], style: Style) -> Place:
    size = np.median([_size_wh(scene.box) for scene in scenes], axis=0)
    few = np.median([scene.others for scene in scenes]) < FEW
    sides: tuple[Place, ...] = (Place.RIGHT, Place.LEFT) if few else ()
    for place in (*sides, Place.BELOW):
        rects = [style.emotions(scene.box, place) for scene in scenes]
        # where the picture ends, the line may move up over the chin
        own = place is not Place.BELOW
        if style.suits(size, place) and _is_free(rects, scenes, own=own):
            return place
    return Place.NOWHERE


def _is_free(rects: Sequence[Rect], scenes: Sequence[Scene], *, own: bool) -> bool:
    """Whether there is room for these in most scenes; `own`: the face itself counts, too."""
    free = [
        _shared(rect, np.concatenate([scene.taken, scene.box[None]]) if own else scene.taken)
        <= TOUCH
        for rect, scene in zip(rects, scenes, strict=True)
    ]
    return bool(np.mean(free) >= MOSTLY)


def _shared(rect: Rect, boxes: Array) -> float:
    """The largest share that a rectangle has in common with one of these, of the smaller one."""
    ours = np.array(rect, float)
    overlap = np.minimum(ours[2:], boxes[:, 2:]) - np.maximum(ours[:2], boxes[:, :2])
    area = np.prod(np.clip(overlap, 0, None), axis=1)
    smaller = np.minimum(np.prod(_size_wh(ours)), np.prod(_size_wh(boxes), axis=1))
    return float((area / np.maximum(smaller, 1)).max(initial=0))


def _tag(short: str, faces: Faces, scenes: Sequence[Scene], style: Style) -> str:
    """Id or name, gender and age, the medians of what is known; without room for all, the first."""
    gender, age = _median(faces.gender), _median(faces.age)
    about = [] if gender is None else ["female" if gender >= 0.5 else "male"]
    about += [] if age is None else [f"{age:.0f}"]
    whole = " · ".join(part for part in (short, ", ".join(about)) if part)
    if whole == short:
        return short
    room = WIDEST_TAG * float(np.median(faces.size_wh[:, 0]))
    rects = [style.tag(scene.box, whole) for scene in scenes]
    fits = style.tag_width(whole) <= room and _is_free(rects, scenes, own=False)
    return whole if fits else short


def _in_letters(name: str) -> str:
    """A name in the letters there are, accents left out; empty if others would be missing."""
    bare = "".join(c for c in normalize("NFKD", name) if not combining(c))
    return bare if set(bare) <= KNOWN else ""


def _median(column: Array | None) -> float | None:
    if column is None or not np.isfinite(column).any():
        return None
    return float(np.nanmedian(column))


def _described(faces: Faces, rows: Array) -> Faces:
    """Those rows, with the columns that captions are made of."""
    columns = {name: getattr(faces, name) for name in ("gender", "age", "emotion")}
    picked = {name: c[rows] for name, c in columns.items() if c is not None}
    return Faces(faces.box_xyxy[rows], faces.score[rows], **picked)


def _size_wh(boxes: Array) -> Array:
    return boxes[..., 2:] - boxes[..., :2]
