"""One edit: what somebody did to the analysis of a video."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mien.errors import UsageError
from mien.timecode import Time

Box = tuple[float, float, float, float]
"""xyxy, half-open, in pixels of the picture as displayed."""

Choice = Literal["hide", "keep"]
Reach = Literal["frame", "before", "after", "all"]

CHOICES: tuple[Choice, ...] = ("hide", "keep")
REACHES: tuple[Reach, ...] = ("frame", "before", "after", "all")
EFFECTS = ("blur", "pixelate", "solid", "black", "outline")
STRENGTHS = ("low", "med", "high")
MASKS = ("ellipse", "box")
"""What `mien.redact` knows."""

LONGEST_TEXT = 256
MOST_PEOPLE = 10_000
"""Of one edit."""
FAR_PX = 1 << 20
"""No box reaches further."""
LARGEST = 1 << 62
"""Numbers stay within 64 bits."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A face: its box in the frame that is shown at a moment.

    Raises:
        UsageError: a time before the video, or a box that is none.
    """

    time: Time
    box: Box

    def __post_init__(self) -> None:
        check_time(self.time)
        check_box(self.box)


@dataclass(frozen=True, slots=True)
class OfDrawing:
    """A box that was drawn by hand, at a moment; `edit` is the number of the edit that drew it."""

    edit: int
    time: Time

    def __post_init__(self) -> None:
        _check_number(self.edit)
        check_time(self.time)


@dataclass(frozen=True, slots=True)
class Name:
    """Somebody gets a name; an empty one takes it away."""

    person: Anchor
    name: str

    def __post_init__(self) -> None:
        _check_text(self.name, "a name")


@dataclass(frozen=True, slots=True)
class Merge:
    """Two or more are one person, with the id of the first."""

    people: tuple[Anchor, ...]

    def __post_init__(self) -> None:
        if not 2 <= len(self.people) <= MOST_PEOPLE:
            raise UsageError(f"a merge is of 2 to {MOST_PEOPLE} people, not {len(self.people)}")


@dataclass(frozen=True, slots=True)
class Split:
    """From the frame of the anchor on it is another person, who has no name and no choice yet."""

    person: Anchor


@dataclass(frozen=True, slots=True)
class Choose:
    """Who is to be hidden and who is to be kept. Whoever was not chosen is hidden."""

    hide: tuple[Anchor, ...] = ()
    keep: tuple[Anchor, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.hide) + len(self.keep) <= MOST_PEOPLE:
            raise UsageError(f"a choice is of 1 to {MOST_PEOPLE} people; name whom to hide or keep")


@dataclass(frozen=True, slots=True)
class Draw:
    """A box where no face was found. `tracked`: what is in it is followed, both ways."""

    time: Time
    box: Box
    tracked: bool

    def __post_init__(self) -> None:
        check_time(self.time)
        check_box(self.box)


@dataclass(frozen=True, slots=True)
class Move:
    """A box has another place in the frame of `what`. `tracked`: it is followed from there."""

    what: Anchor | OfDrawing
    box: Box
    tracked: bool

    def __post_init__(self) -> None:
        check_box(self.box)


@dataclass(frozen=True, slots=True)
class Delete:
    """A box is wrong: in the frame of `what`, there and before, there and after, or in all."""

    what: Anchor | OfDrawing
    reach: Reach

    def __post_init__(self) -> None:
        _check_word(self.reach, REACHES, "the reach of a deletion")


@dataclass(frozen=True, slots=True)
class SetEffect:
    """How faces are hidden; see `mien.redact_video`. `margin` and `feather` are shares, 0..1."""

    effect: str
    strength: str = "med"
    mask: str = "ellipse"
    margin: float = 0.15
    feather: float = 0.0

    def __post_init__(self) -> None:
        _check_word(self.effect, EFFECTS, "the effect")
        _check_word(self.strength, STRENGTHS, "the strength")
        _check_word(self.mask, MASKS, "the mask")
        for name in ("margin", "feather"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"the {name} must be a share between 0 and 1")


@dataclass(frozen=True, slots=True)
class Check:
    """Somebody has looked at a moment of doubt."""

    time: Time
    box: Box
    reason: str

    def __post_init__(self) -> None:
        check_time(self.time)
        check_box(self.box)
        _check_text(self.reason, "a reason")


@dataclass(frozen=True, slots=True)
class Undo:
    """An edit is taken back; taking back an undo is a redo."""

    edit: int

    def __post_init__(self) -> None:
        _check_number(self.edit)


Action = Name | Merge | Split | Choose | Draw | Move | Delete | SetEffect | Check | Undo


@dataclass(frozen=True, slots=True)
class Edit:
    """An action, in the log.

    Attributes:
        number: 1, 2, 3 … of the log.
        at: when it was done.
        user: who did it.
        action: what was done.
    """

    number: int
    at: datetime
    user: str
    action: Action

    def __post_init__(self) -> None:
        _check_number(self.number)


def check_time(time: Time) -> None:
    """Refuse a time that no frame can have; raises UsageError."""
    base = time.time_base
    if not 0 <= time.pts < LARGEST or max(base.numerator, base.denominator) >= 1 << 32:
        raise UsageError("a time is 0 or more ticks of a time base, within 64 and 32 bits")


def check_box(box: Collection[float]) -> None:
    """Refuse what is no box; raises UsageError."""
    numbers = tuple(box)
    if len(numbers) != 4 or not all(math.isfinite(n) and abs(n) <= FAR_PX for n in numbers):
        raise UsageError("a box is four numbers of pixels: left, top, right, bottom")
    if not (numbers[0] < numbers[2] and numbers[1] < numbers[3]):
        raise UsageError("the right and bottom of a box lie beyond its left and top")


def _check_text(text: str, what: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise UsageError(f"{what} has at most {LONGEST_TEXT} characters, not {len(text)}")
    if any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in text):
        raise UsageError(f"{what} holds a control character; leave it out")


def _check_number(number: int) -> None:
    if not 1 <= number < LARGEST:
        raise UsageError(f"edits are numbered from 1, so there is no edit {number}")


def _check_word(word: str, words: tuple[str, ...], what: str) -> None:
    if word not in words:
        raise UsageError(f"{what} is one of {', '.join(words)}")
