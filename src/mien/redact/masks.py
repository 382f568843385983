"""The regions to hide in one frame, and which samples of a plane they touch."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = Literal["ellipse", "box"]

COLUMNS: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {
    "centre_xy": ((2,), np.float32),
    "half_wh": ((2,), np.float32),
    "angle_deg": ((), np.float32),
    "id": ((), np.int64),
}


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """The n regions to hide in one frame, in pixels of the picture as displayed.

    As an "ellipse", a mask is the turned ellipse; as a "box", the smallest upright box around the
    rectangle on the ellipse's axes. It may reach past the picture. Arrays are read-only.

    Raises:
        ValueError: a column has not the shape given here, a number is not finite, or a half axis
            not above 0: such a mask would hide nothing.
    """

    centre_xy: Array  # (n, 2) float32, pixels
    half_wh: Array  # (n, 2) float32, pixels: half axes, margin included
    angle_deg: Array  # (n,) float32, clockwise as seen in the picture
    id: Array  # (n,) int64, -1 = not confirmed

    def __post_init__(self) -> None:
        rows = len(self.centre_xy)
        for name, (shape, dtype) in COLUMNS.items():
            column = np.asarray(getattr(self, name), dtype=dtype).view()
            if column.shape != (rows, *shape):
                raise ValueError(f"{name} must have shape {(rows, *shape)}, got {column.shape}")
            if not np.isfinite(column).all():
                raise ValueError(f"{name} has numbers that are not finite")
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        if not (self.half_wh > 0).all():
            raise ValueError("half_wh must be above 0")

    @classmethod
    def empty(cls) -> Masks:
        """Nothing to hide."""
        return cls(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.int64))

    @classmethod
    def concat(cls, parts: Iterable[Masks]) -> Masks:
        """The masks of all parts, in order."""
        kept = list(parts)
        if not kept:
            return cls.empty()
        return cls(*(np.concatenate([getattr(part, name) for part in kept]) for name in COLUMNS))

    def __len__(self) -> int:
        return len(self.centre_xy)

    def __getitem__(self, rows: slice | list[int] | Array) -> Masks:
        """The masks of these rows, by slice, index array or boolean array."""
        order = np.arange(len(self))[rows]
        if order.ndim != 1:
            raise ValueError("index Masks with a slice, a list or an array, not with one number")
        return Masks(*(getattr(self, field.name)[order] for field in fields(self)))

    def outlines(self, shape: Shape) -> list[Outline]:
        """The masks one by one, as ellipses or boxes."""
        columns = (self.centre_xy, self.half_wh, self.angle_deg)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        form: Callable[..., Outline] = Ellipse if shape == "ellipse" else Box.around
        return [form(*centre, *half, math.radians(angle)) for centre, half, angle in rows]


class Grid(NamedTuple):
    """How the samples of a plane lie on the picture.

    Sample k of a row covers the pixels k * step - slack to (k + 1) * step. Chroma of a picture with
    an odd side may begin with half a sample where the picture is shown mirrored; `slack` is there
    for that.
    """

    columns: int
    rows: int
    step_x: int
    step_y: int
    slack_x: int
    slack_y: int


class Region(NamedTuple):
    """The samples of a plane that a mask touches, in the smallest patch that holds them."""

    at: tuple[slice, slice]  # rows, columns
    inside: Array  # (h, w) bool
    x: Array  # (w,) float64, middles of the samples, pixels
    y: Array  # (h,)


class Outline(ABC):
    """A convex shape, given by its reach and by its extent at each height."""

    __slots__ = ("half_height", "half_width", "size", "x", "y")

    def __init__(self, x: float, y: float, half_width: float, half_height: float, size: float):
        self.x, self.y = x, y
        self.half_width, self.half_height = half_width, half_height  # of the upright box around it
        self.size = size  # of a square or circle as large

    @abstractmethod
    def spans(self, top: Array, bottom: Array) -> tuple[Array, Array]:
        """How far it reaches to the left and right between these heights, all within its own."""

    @abstractmethod
    def norm(self, x: Array, y: Array) -> Array:
        """(h, w) float32, 0 in its middle, 1 on its edge, growing outwards in proportion."""

    @abstractmethod
    def shrunk(self, by: float) -> Outline | None:
        """The same with an edge that lies so many pixels further in; None if nothing is left."""

    @abstractmethod
    def grown(self, factor: float) -> Outline:
        """The same, so many times as large."""

    def region(self, grid: Grid) -> Region | None:
        """The samples that it touches, however little; None if none."""
        rows = _touched(self.y, self.half_height, grid.step_y, grid.slack_y, grid.rows)
        columns = _touched(self.x, self.half_width, grid.step_x, grid.slack_x, grid.columns)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        edges = np.arange(rows.start, rows.stop + 1) * float(grid.step_y)
        top = np.maximum(edges[:-1] - grid.slack_y, self.y - self.half_height)
        bottom = np.minimum(edges[1:], self.y + self.half_height)
        left, right = self.spans(top, bottom)
        count = columns.stop - columns.start
        first = np.floor(left * (1 / grid.step_x)) - columns.start
        last = np.ceil((right + grid.slack_x) * (1 / grid.step_x)) - columns.start
        last = np.maximum(last, first + 1)
        signed, unsigned = (np.int16, np.uint16) if count < 2**15 else (np.int32, np.uint32)
        place = np.arange(count, dtype=signed)  # the smallest type is the fastest
        begin = np.minimum(np.maximum(first, 0), count).astype(signed)
        end = np.minimum(np.maximum(last, begin), count).astype(signed)
        # what lies before the begin is negative, and large when taken as unsigned
        inside = (place - begin[:, None]).view(unsigned) < (end - begin).view(unsigned)[:, None]
        if not inside.any():
            return None
        x = (place + (columns.start + 0.5)) * grid.step_x
        y = edges[:-1] + grid.step_y / 2
        return Region((rows, columns), inside, x, y)


def _touched(middle: float, half: float, step: int, slack: int, count: int) -> slice:
    """The samples of an axis that the pixels from middle - half to middle + half touch."""
    first = math.floor(min(max((middle - half) / step, -1.0), count + 1.0))
    last = math.ceil(min(max((middle + half + slack) / step, -1.0), count + 1.0))
    # what has an edge exactly between two samples still has a width
    return slice(max(first, 0), min(max(last, first + 1), count))


class Box(Outline):
    """An upright box, of these half sides."""

    __slots__ = ()

    def __init__(self, x: float, y: float, a: float, b: float) -> None:
        super().__init__(x, y, a, b, 2 * math.sqrt(a * b))

    @classmethod
    def around(cls, x: float, y: float, a: float, b: float, angle: float) -> Box:
        """The box around the rectangle on the axes of an ellipse turned by the angle (radians)."""
        cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
        return cls(x, y, a * cos + b * sin, a * sin + b * cos)

    def spans(self, top: Array, bottom: Array) -> tuple[Array, Array]:
        left = np.full(len(top), self.x - self.half_width)
        return left, left + 2 * self.half_width

    def norm(self, x: Array, y: Array) -> Array:
        across, down = np.abs(x - self.x) / self.half_width, np.abs(y - self.y) / self.half_height
        larger: Array = np.maximum(across.astype(np.float32), down.astype(np.float32)[:, None])
        return larger

    def shrunk(self, by: float) -> Box | None:
        a, b = self.half_width - by, self.half_height - by
        return Box(self.x, self.y, a, b) if min(a, b) > 0 else None

    def grown(self, factor: float) -> Box:
        return Box(self.x, self.y, self.half_width * factor, self.half_height * factor)


class Ellipse(Outline):
    """An ellipse of half axes a and b, turned clockwise by an angle (radians).

    It is p dx² + 2 q dx dy + r dy² = 1.
    """

    __slots__ = ("a", "angle", "b", "p", "q", "r")

    def __init__(self, x: float, y: float, a: float, b: float, angle: float) -> None:
        cos, sin = math.cos(angle), math.sin(angle)
        width, height = math.hypot(a * cos, b * sin), math.hypot(a * sin, b * cos)
        super().__init__(x, y, width, height, 2 * math.sqrt(a * b))
        self.a, self.b, self.angle = a, b, angle
        self.p = (cos / a) ** 2 + (sin / b) ** 2
        self.q = cos * sin * (1 / a**2 - 1 / b**2)
        self.r = (sin / a) ** 2 + (cos / b) ** 2

    def spans(self, top: Array, bottom: Array) -> tuple[Array, Array]:
        # it is widest to the right at this height, to the left at the opposite one
        widest = self.half_width * -self.q / self.r
        return self._edge(widest, top, bottom, -1), self._edge(widest, top, bottom, 1)

    def _edge(self, widest: float, top: Array, bottom: Array, side: int) -> Array:
        """The furthest place to one side between these heights."""
        dy = np.minimum(np.maximum(self.y + side * widest, top), bottom) - self.y
        root = np.sqrt(np.maximum(self.p - np.square(dy * (1 / (self.a * self.b))), 0))
        edge: Array = (root * (side / self.p)) - dy * (self.q / self.p) + self.x
        return edge

    def norm(self, x: Array, y: Array) -> Array:
        dx, dy = x - self.x, y - self.y
        mixed = np.multiply.outer((2 * self.q * dy).astype(np.float32), dx.astype(np.float32))
        mixed += (self.p * dx * dx).astype(np.float32)
        mixed += (self.r * dy * dy).astype(np.float32)[:, None]
        root: Array = np.sqrt(np.maximum(mixed, 0))
        return root

    def shrunk(self, by: float) -> Ellipse | None:
        a, b = self.a - by, self.b - by
        return Ellipse(self.x, self.y, a, b, self.angle) if min(a, b) > 0 else None

    def grown(self, factor: float) -> Ellipse:
        return Ellipse(self.x, self.y, self.a * factor, self.b * factor, self.angle)
