"""Where the faces of a clip truly are, frame by frame; and the clips labelled by eye.

The labels of `truth/` were made by eye, before any detector had been run for them: every fifth
frame, more often where something moves fast, was looked at enlarged under a grid of coordinates,
and so was every frame around an entry, an exit and a cut. Then the boxes were drawn onto frames in
between, looked at, and a few edges moved; that was the last change. For 21 faces in them there are
other labels, made by eye and apart from these (bench/detection): the boxes overlap by 0.91 in the
median and 0.78 at least.

    box       hairline to chin and cheek to cheek, without the ears, as in bench/detection; of a
              head at an angle, the upright box around that. Behind a hand it goes where the face
              would be; it may reach past the picture.
    track     one stay in sight. It begins and ends with the first and last frame in which at least
              half of a face of 12 pixels or more can be seen; between two labelled frames a box
              moves in a straight line. Out of sight is who is turned away beyond the full profile,
              behind something, or out of the picture.
    ignore    "unclear": too blurred or too dark to say whether it is a face. It may be hidden, or
              not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bench.detection.corpus import corpus_catalogue
from mien.media import open_video
from mien.models import file_of

Array = NDArray[Any]

LABELS = Path(__file__).parent / "truth"

INNER = 0.7
"""What identifies a face: the ellipse in its box, with 0.7 of its axes. In a face seen from the
front it reaches from the outer corner of one eye to that of the other and from brow to lower lip.
The rim of 15 % that is left out is hair, ear, neck and background in part, and the error of a label
drawn by eye."""


def _grid(side: int = 25) -> Array:
    """(p, 2) points spread evenly over the unit circle."""
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    inside: Array = grid[np.sum(grid**2, axis=1) <= 1]
    return inside


POINTS = _grid()


@dataclass(frozen=True, eq=False)
class Shown:
    """The n faces of one frame, as ellipses, in pixels of the picture as displayed.

    Attributes:
        centre_xy, half_wh: (n, 2); half axes.
        angle_deg: (n,) clockwise as seen.
        track: (n,) which of the clip's tracks.
        seen: (n, p) which points of the inner area can be seen: in the picture, behind nothing.
        counted: (n,) whether it must be hidden: at least half of it can be seen, without a doubt.
    """

    centre_xy: Array
    half_wh: Array
    angle_deg: Array
    track: Array
    seen: Array
    counted: Array

    @classmethod
    def nobody(cls) -> Self:
        """An empty frame."""
        return cls(
            np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0, int),
            np.zeros((0, len(POINTS)), bool), np.zeros(0, bool),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.track)

    def __getitem__(self, rows: Array) -> Self:
        """The faces of these rows."""
        return type(self)(*(getattr(self, column.name)[rows] for column in fields(self)))

    @property
    def inner_xy(self) -> Array:
        """(n, p, 2) points spread over the inner area of each face."""
        return spread(self.centre_xy, self.half_wh * INNER, self.angle_deg)


def spread(centre_xy: Array, half_wh: Array, angle_deg: Array) -> Array:
    """(n, p, 2) points spread evenly over n ellipses."""
    angle = np.radians(angle_deg)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = np.moveaxis(POINTS[None] * half_wh[:, None], 2, 0)
    turned: Array = np.stack([x * cos - y * sin, x * sin + y * cos], axis=2)
    return turned + centre_xy[:, None]


def in_picture(points_xy: Array, width: int, height: int) -> Array:
    """(…) bool: which of the points lie in the picture."""
    x, y = points_xy[..., 0], points_xy[..., 1]
    inside: Array = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return inside


class Clip(Protocol):
    """A video file and what can be seen in it."""

    @property
    def name(self) -> str:
        """Of the clip."""

    @property
    def kind(self) -> str:
        """ "real" or "generated"."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def size_wh(self) -> tuple[int, int]:
        """Pixels, as displayed."""

    @property
    def frames(self) -> int:
        """How many."""

    def shown(self, frame: int) -> Shown:
        """The faces of a frame."""


@dataclass(frozen=True, eq=False)
class Track:
    """One stay of a face in sight.

    Attributes:
        name: of the person.
        ignore: why it is not asked for; None if it is.
        at: (m,) the frames that are labelled; rising.
        boxes: (m, 4) the box in each, xyxy.
    """

    name: str
    ignore: str | None
    at: Array
    boxes: Array

    def __post_init__(self) -> None:
        if not len(self.at) or not (np.diff(self.at) > 0).all():
            raise ValueError(f"{self.name}: labelled frames must rise")
        if not (self.boxes[:, 2:] > self.boxes[:, :2]).all():
            raise ValueError(f"{self.name}: a box has no area")

    def box(self, frame: int) -> Array | None:
        """(4,) where the face is in a frame, or None out of sight."""
        if not self.at[0] <= frame <= self.at[-1]:
            return None
        return np.array([np.interp(frame, self.at, side) for side in self.boxes.T])


@dataclass(frozen=True, eq=False)
class Labelled:
    """A real clip, labelled by eye. The model store fetches and verifies it."""

    source: str
    sha256: str
    licence: str
    frames: int
    size_wh: tuple[int, int]
    tracks: tuple[Track, ...]

    kind = "real"

    @property
    def name(self) -> str:
        """Of the clip."""
        return self.source.removeprefix("sample-").removesuffix("-clip")

    @cached_property
    def path(self) -> Path:
        """The file, fetched if need be.

        Raises:
            ModelError: it cannot be had.
        """
        with corpus_catalogue():
            return file_of(self.source)

    def shown(self, frame: int) -> Shown:
        """The faces of a frame."""
        here = [(n, box) for n, track in enumerate(self.tracks)
                if (box := track.box(frame)) is not None]  # fmt: skip
        if not here:
            return Shown.nobody()
        which, boxes = np.array([n for n, _ in here]), np.array([box for _, box in here])
        centre, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
        angle = np.zeros(len(here))
        seen = in_picture(spread(centre, half * INNER, angle), *self.size_wh)
        counted = np.array([self.tracks[n].ignore is None for n in which])
        return Shown(centre, half, angle, which, seen, counted)


def labelled(names: Sequence[str] = ()) -> tuple[Labelled, ...]:
    """The clips of `truth/`, or those of these names."""
    clips = tuple(_read(path) for path in sorted(LABELS.glob("*.toml")))
    return tuple(clip for clip in clips if not names or clip.name in names)


def spans_s(path: Path) -> Array:
    """(frames,) for how many seconds each frame of a video is shown."""
    with open_video(path) as video:
        times = [(frame.time.seconds, frame.duration * float(frame.time.time_base))
                 for frame in video.frames()]  # fmt: skip
    starts = [start for start, _ in times]
    return np.diff([*starts, sum(times[-1])])


def _read(path: Path) -> Labelled:
    fields = tomllib.loads(path.read_text(encoding="utf-8"))
    width, height = fields["size_wh"]
    tracks = tuple(_track(track) for track in fields.get("track", []))
    return Labelled(fields["source"], fields["sha256"], fields["licence"], fields["frames"],
                    (width, height), tracks)  # fmt: skip


def _track(fields: dict[str, Any]) -> Track:
    rows = np.array(fields["boxes"], float)
    return Track(fields["name"], fields.get("ignore"), rows[:, 0], rows[:, 1:])
