"""One fragment of a Media Analytics document, turned into columns as soon as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces import EMOTIONS

Array = NDArray[Any]

MAX_WHOLE = (1 << 62) - 1
MAX_SHARE = 16
"""A box further out than this many pictures is not in shares of the picture at all."""
WINDOWS = ("windowFaceDistribution", "windowMeanScores")


class Refusal(ValueError):
    """Why a document is refused; the reader says it with the name of the file."""


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """Times in ticks, and the rows of all its events; `mode` is None where there are none."""

    number: int  # counted from 1, in the order of the file
    start: int
    duration: int
    interval: int  # 0 where it is not known
    count: int  # number of events, that is of intervals
    mode: str | None
    event: Array  # (n,) int64: the interval each row is in
    id: Array  # (n,) int64, or (0,) for windows
    box: Array  # (n, 4) float64, or (0, 4)
    scores: Array  # (n, 8) float32, or (0, 8); NaN without scores
    windows: Array  # (n, 2, 8) float64, or (0, 2, 8)

    @property
    def end(self) -> int:
        """Where its time is over, events included."""
        return self.start + max(self.duration, self.interval * self.count)


class FragmentReader:
    """An object hook for `json`: of a long document only the columns stay in memory."""

    def __init__(self) -> None:
        self._number = 0

    def take(self, value: dict[str, Any]) -> object:
        """Fragments become `Fragment`s, other objects stay as they are.

        Raises:
            Refusal: a fragment breaks the format.
        """
        if "start" not in value or value.keys().isdisjoint(("duration", "events")):
            return value
        if "id" in value or "fragments" in value:
            return value
        self._number += 1
        return _fragment(value, self._number)


def whole(value: object, name: str, *, low: int = 0, high: int = MAX_WHOLE) -> int:
    """A whole number within limits; 3.0 is one.

    Raises:
        Refusal: it is something else.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal(f"{name} must be a whole number, got {shown(value)}")
    if not low <= value <= high:
        raise Refusal(f"{name} must be {low} to {high}, got {shown(value)}")
    return value


def number(value: object, name: str, low: float, high: float) -> float:
    """A number within limits.

    Raises:
        Refusal: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refusal(f"{name} must be a number, got {shown(value)}")
    if not low <= value <= high:
        raise Refusal(f"{name} must be {low} to {high}, got {shown(value)}")
    return float(value)


def shown(value: object) -> str:
    """A value for a message, cut short. (Python refuses to print integers of many digits.)"""
    if isinstance(value, int) and abs(value) > 10**30:
        return "a number of more than 30 digits"
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 40 else text[:40] + "…"


def _fragment(value: dict[str, Any], number: int) -> Fragment:
    place = f"fragment {number}"
    events = value.get("events") or []
    if not isinstance(events, list):
        raise Refusal(f"{place}: events must be a list, got {shown(events)}")
    start = whole(value["start"], f"{place}: start")
    duration, interval = _times(value, len(events), place)
    if start + max(duration, interval * len(events)) > MAX_WHOLE:
        raise Refusal(f"{place} ends beyond tick {MAX_WHOLE}")
    modes: list[str] = []
    order: list[int] = []
    rows: list[Any] = []
    for index, where, event in _each(events, place):
        modes.append(_mode(event))
        if modes[-1] != modes[0] and "aggregateEmotion" in (modes[-1], modes[0]):
            raise Refusal(f"{where} mixes windows with faces")
        order.append(index)
        rows.append(_windows(event, where) if WINDOWS[0] in event else _face(event, where))
    mode = "perFaceEmotion" if "perFaceEmotion" in modes else next(iter(modes), None)
    faces = rows if mode != "aggregateEmotion" else []
    windows = rows if mode == "aggregateEmotion" else []
    return Fragment(
        number=number,
        start=start,
        duration=duration,
        interval=interval,
        count=len(events),
        mode=mode,
        event=np.array(order, np.int64),
        id=np.array([row[0] for row in faces], np.int64),
        box=np.array([row[1] for row in faces], np.float64).reshape(-1, 4),
        scores=np.array([row[2] for row in faces], np.float32).reshape(-1, 8),
        windows=np.array(windows, np.float64).reshape(-1, 2, 8),
    )


def _times(value: dict[str, Any], count: int, place: str) -> tuple[int, int]:
    """Duration and interval, one worked out from the other where it is missing."""
    duration, interval = value.get("duration"), value.get("interval")
    if duration is not None:
        duration = whole(duration, f"{place}: duration")
    if interval is not None:
        interval = whole(interval, f"{place}: interval", low=1)
    if duration is None and interval is not None and count:
        duration = interval * count
    if duration is None:
        raise Refusal(f"{place} has no duration")
    if interval is None and count:
        interval, rest = divmod(duration, count)
        if rest or not interval:
            raise Refusal(f"{place} has events and no interval")
    return duration, interval or 0


def _each(events: list[Any], place: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for index, entry in enumerate(events):
        if not isinstance(entry, list):
            raise Refusal(f"{place}, event {index + 1} must be a list of faces, got {shown(entry)}")
        for position, event in enumerate(entry):
            where = f"{place}, event {index + 1}, face {position + 1}"
            if not isinstance(event, dict):
                raise Refusal(f"{where} must be an object, got {shown(event)}")
            yield index, where, event


def _mode(event: dict[str, Any]) -> str:
    if WINDOWS[0] in event:
        return "aggregateEmotion"
    return "perFaceEmotion" if event.get("scores") is not None else "faces"


def _face(event: dict[str, Any], where: str) -> tuple[int, list[float], list[float]]:
    name = whole(event.get("id"), f"{where}: id")
    box = [_share(event.get(key), f"{where}: {key}") for key in ("x", "y", "width", "height")]
    if box[2] <= 0 or box[3] <= 0:
        raise Refusal(f"{where}: width and height must be above zero")
    told = event.get("scores")
    scores = [np.nan] * len(EMOTIONS) if told is None else _scores(told, f"{where}: scores")
    return name, box, scores


def _windows(event: dict[str, Any], where: str) -> list[list[float]]:
    return [_scores(event.get(key), f"{where}: {key}") for key in WINDOWS]


def _scores(value: object, where: str) -> list[float]:
    if not isinstance(value, dict):
        raise Refusal(f"{where} must be an object of eight scores, got {shown(value)}")
    return [number(value.get(name), f"{where}: {name}", 0, 1) for name in EMOTIONS]


def _share(value: object, where: str) -> float:
    try:
        return number(value, where, -MAX_SHARE, MAX_SHARE)
    except Refusal as error:
        hint = "; coordinates are shares of the picture, not pixels"
        raise Refusal(f"{error}{hint if isinstance(value, (int, float)) else ''}") from error
