"""The groups that faces are sorted into, and how a pair of faces is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.describe.quality import blur_level
from mien.fairness.labels import GENDERS, OLDEST_DECADE
from mien.fairness.looking import Seen
from mien.fairness.skin import TONES, tone_of

Array = NDArray[Any]

DECADES = tuple(range(0, OLDEST_DECADE + 1, 10))
YAWS = (15.0, 30.0, 45.0)
"""Limits of the groups of pose, degrees to either side."""
BLURS = ("Low", "Medium", "High")


class Dimension(NamedTuple):
    """One way to sort faces.

    Attributes:
        name: as the documents have it.
        title: as people read it.
        groups: their names, in order.
        place: of a face, its index among them; None where it is not known.
        worse: a pair is in the later group of its two faces; else only where both are in the same.
    """

    name: str
    title: str
    groups: tuple[str, ...]
    place: Callable[[Seen], int | None]
    worse: bool = False


def _gender(seen: Seen) -> int | None:
    return None if seen.label.gender is None else GENDERS.index(seen.label.gender)


def _decade(seen: Seen) -> int | None:
    return None if seen.label.age is None else DECADES.index(seen.label.age.decade)


def _tone(seen: Seen) -> int | None:
    tone = seen.label.skin_tone or tone_of(seen.skin)
    return None if tone is None else TONES.index(tone)


def _yaw(seen: Seen) -> int | None:
    return None if np.isnan(seen.yaw) else int(np.searchsorted(YAWS, abs(seen.yaw), "right"))


def _blur(seen: Seen) -> int | None:
    return None if np.isnan(seen.blur) else BLURS.index(blur_level(seen.blur))


def _decade_name(first: int) -> str:
    return f"{first} and over" if first == OLDEST_DECADE else f"{first}–{first + 9}"


DIMENSIONS = (
    Dimension("gender", "gender", GENDERS, _gender),
    Dimension("age", "age", tuple(_decade_name(first) for first in DECADES), _decade),
    Dimension("skin_tone", "skin tone", TONES, _tone),
    Dimension(
        "pose", "pose", ("under 15°", "15° to 30°", "30° to 45°", "45° and more"), _yaw, True
    ),
    Dimension("blur", "blur", ("low", "medium", "high"), _blur, True),
)

TITLES = {one.name: one.title for one in DIMENSIONS} | {"group": "group"}
"""Of all dimensions, as people read them."""

NOT_KNOWN = "not known"
"""The group of those that no group is known of."""


def dimensions_of(seen: Sequence[Seen]) -> tuple[Dimension, ...]:
    """`DIMENSIONS`, and the groups that the labels name themselves, if they do."""
    names = tuple(sorted({one.label.group for one in seen if one.label.group is not None}))
    if not names:
        return DIMENSIONS
    index = {name: at for at, name in enumerate(names)}

    def place(one: Seen) -> int | None:
        return None if one.label.group is None else index[one.label.group]

    return (*DIMENSIONS, Dimension("group", "group", names, place))


def places(dimension: Dimension, seen: Sequence[Seen]) -> Array:
    """(n,) the group of each face, -1 where it is not known."""
    found = (dimension.place(one) for one in seen)
    return np.array([-1 if place is None else place for place in found], np.int64)
