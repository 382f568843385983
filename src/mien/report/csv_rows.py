"""The lines of a table, checked and turned into the frames of a video."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.faces import ROW_SHAPES, Faces
from mien.report.csv_layout import Layout
from mien.report.table import BOX_CELLS, FACE_CELLS, VALENCE, VIDEO_CELLS, seconds_of
from mien.report.valence import valence
from mien.timecode import Time
from mien.timeline.fragments import MAX_WHOLE, Refusal, shown
from mien.timeline.timeline import VideoFacts

Array = NDArray[Any]
Row = tuple[int, list[str]]
"""The number of a line, and its cells."""

PLAIN = "0123456789+-.eE"
WHOLE = re.compile(r"([-+]?[0-9]{1,20})(\.0*)?")
"""Also 7.0, as programs write whole numbers of a column that has empty cells."""
MAX_FACES = 1 << 14
"""Of one frame."""
ROUNDING = 1e-6
"""How far a float32 may be over its limit: a mean of ones is not always 1."""
SLACK = 0.001
"""How far seconds and valence may be off what they follow from: spreadsheets round."""
LIMITS = {
    "ticks": (0, MAX_WHOLE),
    "duration": (1, MAX_WHOLE),
    "frame": (0, MAX_WHOLE),
    "id": (-1, np.iinfo(np.int32).max),
    "picture_width": (1, 1 << 16),
    "picture_height": (1, 1 << 16),
    "rotation": (-360, 360),
    **dict.fromkeys(VIDEO_CELLS[3:], (1, MAX_WHOLE)),
}


class Moment(NamedTuple):
    """When a frame is, and its number."""

    ticks: int
    duration: int
    frame: int


class RowReader:
    """Reads the frames of a table whose first row is known.

    Raises:
        Refusal: that row does not say what video it is of.
    """

    def __init__(self, layout: Layout, number: int, cells: list[str]) -> None:
        self._layout = layout
        self._first = (number, cells)
        self._video_places = layout.places(*VIDEO_CELLS)
        self._time_places = layout.places("ticks", "duration", "frame")
        self._box_places = layout.places(*BOX_CELLS)
        self._id_place = layout.header.index("id") if layout.has("id") else None
        cells_of_faces = (*BOX_CELLS, *(c for n in layout.columns for c in FACE_CELLS[n]))
        derived = (VALENCE,) if layout.has(VALENCE) else ()
        self._face_places = layout.places(*cells_of_faces, *derived)
        self._check_width(number, cells)
        self._told = self._video_cells(cells)
        self.video = self._video(number, cells)

    def frames(self, rows: Iterator[Row]) -> Iterator[tuple[Time, int, Faces]]:
        """Time, duration and faces of each frame: of the first row and of all that follow.

        Raises:
            Refusal: a line breaks the table.
        """
        now = self._moment(*self._first)
        self._check_next(self._first[0], None, now)
        same: list[Row] = []
        for number, cells in self._with_first(rows):
            self._check_width(number, cells)
            if self._video_cells(cells) != self._told and self._video(number, cells) != self.video:
                raise Refusal(f"line {number} is of another video than line {self._first[0]}")
            moment = self._moment(number, cells)
            if moment.frame != now.frame:
                yield self._frame(now, same)
                self._check_next(number, now, moment)
                now, same = moment, []
            elif moment != now:
                raise Refusal(f"line {number} gives frame {now.frame} another time than before")
            same.append((number, cells))
            if len(same) > MAX_FACES:
                raise Refusal(f"frame {now.frame} has more than {MAX_FACES} lines")
        yield self._frame(now, same)

    def _with_first(self, rows: Iterator[Row]) -> Iterator[Row]:
        yield self._first
        yield from rows

    def _check_width(self, number: int, cells: list[str]) -> None:
        if len(cells) != len(self._layout.header):
            raise Refusal(
                f"line {number} has {len(cells)} cells, the header {len(self._layout.header)}"
            )

    def _video_cells(self, cells: list[str]) -> list[str]:
        return [cells[place] for place in self._video_places]

    def _video(self, number: int, cells: list[str]) -> VideoFacts:
        width, height, rotation, *rates = (
            self._whole(number, cells, place) for place in self._video_places
        )
        rate, base = Fraction(*rates[:2]), Fraction(*rates[2:])
        return VideoFacts(width, height, rate, base, rotation)

    def _moment(self, number: int, cells: list[str]) -> Moment:
        return Moment(*(self._whole(number, cells, place) for place in self._time_places))

    def _check_next(self, number: int, before: Moment | None, now: Moment) -> None:
        expected = 0 if before is None else before.frame + 1
        if now.frame < expected:
            raise Refusal(f"line {number}: frame {now.frame} comes late; sort the lines by frame")
        if now.frame > expected:
            raise Refusal(
                f"line {number}: frame {expected} is missing; a frame without faces keeps one "
                "line, whose cells of a face are empty"
            )
        if before is not None and now.ticks <= before.ticks:
            raise Refusal(f"line {number}: ticks {now.ticks} is not after {before.ticks}")

    def _frame(self, moment: Moment, rows: list[Row]) -> tuple[Time, int, Faces]:
        self._check_seconds(moment, rows)
        rows = [row for row in rows if self._is_face(*row)]
        places = self._face_places
        values = np.array([[self._float(*row, place) for place in places] for row in rows])
        values = values.reshape(len(rows), len(places))
        self._check_limits(rows, values)
        columns: dict[str, Array] = {}
        start = len(BOX_CELLS)
        for name in self._layout.columns:
            stop = start + len(FACE_CELLS[name])
            columns[name] = values[:, start:stop].reshape(len(rows), *_shape(name))
            start = stop
        columns.setdefault("score", np.full(len(rows), np.nan))
        if self._layout.has(VALENCE):
            self._check_valence(rows, values[:, -1], columns["emotion"])
        if self._id_place is not None:
            columns["track_id"] = self._ids(moment, rows)
        corner = values[:, :2].astype(np.float32)
        box = np.hstack([corner, corner + values[:, 2:4]])
        faces = Faces(box, **columns, problems=())
        return Time(moment.ticks, self.video.time_base), moment.duration, faces

    def _is_face(self, number: int, cells: list[str]) -> bool:
        """Whether a line is a face, or a frame without one.

        Raises:
            Refusal: it is half a face.
        """
        box = [cells[place] for place in self._box_places]
        if all(box):
            return True
        if any(box):
            raise Refusal(f"line {number} has half a box; give x, y, width and height, or none")
        beside = (
            self._face_places if self._id_place is None else [*self._face_places, self._id_place]
        )
        for place in beside:
            if cells[place]:
                name = self._layout.header[place]
                raise Refusal(f"line {number} has no box; leave its {name} empty too")
        return False

    def _ids(self, moment: Moment, rows: list[Row]) -> Array:
        assert self._id_place is not None
        names: dict[int, int] = {}
        ids = []
        for number, cells in rows:
            if not cells[self._id_place]:
                raise Refusal(f"line {number}: a face without id; write -1 if nobody knows whose")
            name = self._whole(number, cells, self._id_place)
            if name >= 0 and names.setdefault(name, number) != number:
                raise Refusal(
                    f"line {number}: id {name} is twice in frame {moment.frame}, "
                    f"also in line {names[name]}"
                )
            ids.append(name)
        return np.array(ids, np.int32)

    def _check_limits(self, rows: list[Row], values: Array) -> None:
        limits = np.array([self._layout.limits[place] for place in self._face_places])
        wrong = (values < limits[:, 0] - ROUNDING) | (values > limits[:, 1] + ROUNDING)
        wrong[:, 2:4] |= values[:, 2:4] <= 0
        if wrong.any():
            row, cell = np.argwhere(wrong)[0]
            number, cells = rows[row]
            place, (low, high) = self._face_places[cell], limits[cell]
            bounds = "above 0" if cell in (2, 3) else f"{low:g} to {high:g}"
            raise Refusal(
                f"line {number}: {self._layout.header[place]} must be {bounds}, "
                f"got {shown(cells[place])}"
            )

    def _check_seconds(self, moment: Moment, rows: list[Row]) -> None:
        if not self._layout.has("seconds"):
            return
        (place,) = self._layout.places("seconds")
        (exact,) = seconds_of(np.array([moment.ticks]), self.video.time_base)
        for number, cells in rows:
            told = self._float(number, cells, place)
            if not abs(told - exact) <= SLACK:
                raise Refusal(
                    f"line {number}: seconds {shown(cells[place])} is not ticks × time base, "
                    f"{exact:.3f}; change ticks, and leave seconds out"
                )

    def _check_valence(self, rows: list[Row], told: Array, emotion: Array) -> None:
        apart = np.abs(told - valence(emotion)) > SLACK
        if apart.any():
            number, _ = rows[int(apart.argmax())]
            raise Refusal(
                f"line {number}: valence does not follow from the expressions; leave valence out"
            )

    def _whole(self, number: int, cells: list[str], place: int) -> int:
        text, name = cells[place], self._layout.header[place]
        low, high = LIMITS[name]
        match = WHOLE.fullmatch(text)
        value = int(match[1]) if match else None
        if value is None or not low <= value <= high:
            raise Refusal(
                f"line {number}: {name} must be a whole number from {low} to {high}, "
                f"got {shown(text) if text else 'nothing'}"
            )
        return value

    def _float(self, number: int, cells: list[str], place: int) -> float:
        text = cells[place]
        if not text:
            return np.nan
        try:
            if not text.strip(PLAIN):  # float() also takes nan, inf, 1_000 and digits of any script
                return float(text)
        except ValueError:
            pass
        name = self._layout.header[place]
        hint = "; leave a cell without a value empty" if text.isalpha() else ""
        raise Refusal(f"line {number}: {name} must be a number, got {shown(text)}{hint}")


def _shape(name: str) -> tuple[int, ...]:
    cells = len(FACE_CELLS[name])
    return tuple(cells if size is None else size for size in ROW_SHAPES[name])
