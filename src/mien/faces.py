"""The record: the n faces of one frame, in aligned columns.

Every stage takes it and returns a new one. A value has three states: the column is None (the stage
did not run), the row is NaN (it ran and failed for that face; `problems` says why), or a number.
Conventions of sign, order and unit stand in docs/concepts/conventions.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

EMOTIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
"""The columns of `Faces.emotion`, in order."""

POINTS = ("left_eye", "right_eye", "nose_tip", "mouth_left", "mouth_right")
"""The rows of `Faces.points`, left and right as seen in the image."""

ROW_SHAPES: dict[str, tuple[int | None, ...]] = {
    "box_xyxy": (4,),
    "score": (),
    "points": (5, 2),
    "track_id": (),
    "mesh": (478, 3),
    "pose_deg": (3,),
    "embedding": (None,),
    "emotion": (8,),
    "agreement": (),
    "age": (),
    "gender": (),
    "gaze_deg": (2,),
    "openness": (3,),
    "quality": (3,),
    "attributes": (None,),
    "measured": (),
}


class Problem(NamedTuple):
    """Why a stage failed for one face: the row, the column it left NaN, and the reason."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """n faces of one frame. Arrays are read-only; a stage returns `replace(faces, age=...)`.

    Raises:
        ValueError: a column does not have the shape of the table above, so that a misaligned
            record cannot exist.
    """

    box_xyxy: Array  # (n, 4) float32, pixels of the full frame as displayed, half-open
    score: Array  # (n,) float32, 0..1; NaN where the box lies between two sightings
    points: Array | None = None  # (n, 5, 2) float32, pixels, in the order of POINTS
    track_id: Array | None = None  # (n,) int32, -1 = not confirmed
    mesh: Array | None = None  # (n, 478, 3) float32, pixels (z on the scale of x)
    pose_deg: Array | None = None  # (n, 3) float32: yaw, pitch, roll
    embedding: Array | None = None  # (n, d) float32, as the network gives it
    emotion: Array | None = None  # (n, 8) float32, rows sum to 1, in the order of EMOTIONS
    agreement: Array | None = None  # (n,) float32, share of ten people who would give the top one
    age: Array | None = None  # (n,) float32, years
    gender: Array | None = None  # (n,) float32, probability of female
    gaze_deg: Array | None = None  # (n, 2) float32: yaw, pitch in the camera's frame
    openness: Array | None = None  # (n, 3) float32: left eye, right eye, mouth; 0..1
    quality: Array | None = None  # (n, 3) float32: blur, exposure, noise; 0..1
    attributes: Array | None = None  # (n, k) float32, 0..1, see mien.describe.attributes.SCORES
    measured: Array | None = None  # (n,) float32, in video: whether emotion, age, gender, quality
    # and attributes were measured in this frame (1) or lie between (0)
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        for name in ROW_SHAPES:
            column = getattr(self, name)
            if column is None:
                continue
            dtype = np.int32 if name == "track_id" else np.float32
            column = np.asarray(column, dtype=dtype).view()
            _check_shape(name, column, len(self.box_xyxy))
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        for problem in self.problems:
            if not 0 <= problem.row < len(self):
                raise ValueError(f"a problem names row {problem.row} of {len(self)} faces")

    @classmethod
    def empty(cls) -> Faces:
        """No face."""
        return cls(np.zeros((0, 4)), np.zeros(0))

    @property
    def columns(self) -> dict[str, Array]:
        """The columns that are there, by name."""
        return {name: column for name in ROW_SHAPES if (column := getattr(self, name)) is not None}

    @property
    def size_wh(self) -> Array:
        """(n, 2) width and height of each box in pixels."""
        return self.box_xyxy[:, 2:] - self.box_xyxy[:, :2]

    def scaled(self, x: float, y: float) -> Faces:
        """The same faces in a picture scaled by these factors (z of the mesh scales with x)."""
        columns: dict[str, Array] = {"box_xyxy": self.box_xyxy * np.array([x, y, x, y], np.float32)}
        if self.points is not None:
            columns["points"] = self.points * np.array([x, y], np.float32)
        if self.mesh is not None:
            columns["mesh"] = self.mesh * np.array([x, y, x], np.float32)
        return replace(self, **columns)  # type: ignore[arg-type]

    def shifted(self, x: float, y: float) -> Faces:
        """The same faces in a picture whose origin lies (-x, -y) pixels away."""
        columns: dict[str, Array] = {"box_xyxy": self.box_xyxy + np.array([x, y, x, y], np.float32)}
        if self.points is not None:
            columns["points"] = self.points + np.array([x, y], np.float32)
        if self.mesh is not None:
            columns["mesh"] = self.mesh + np.array([x, y, 0], np.float32)
        return replace(self, **columns)  # type: ignore[arg-type]

    def without(self, columns: Iterable[str]) -> Faces:
        """The same faces without these columns."""
        return replace(self, **dict.fromkeys(columns))  # type: ignore[arg-type]

    def with_problems(self, problems: Iterable[Problem]) -> Faces:
        """The same faces with these problems added."""
        return replace(self, problems=(*self.problems, *problems))

    def __len__(self) -> int:
        return len(self.box_xyxy)

    def __getitem__(self, rows: slice | list[int] | Array) -> Faces:
        """The faces of these rows, by slice, index array or mask; problems move with their rows."""
        order = np.arange(len(self))[rows]
        if order.ndim != 1:
            raise ValueError("index Faces with a slice, a list or an array, not with one number")
        told: dict[int, list[Problem]] = {}
        for problem in self.problems:
            told.setdefault(problem.row, []).append(problem)
        problems = tuple(
            problem._replace(row=new)
            for new, old in enumerate(order.tolist())
            for problem in told.get(old, ())
        )
        picked = {name: column[order] for name, column in self.columns.items()}
        return Faces(**picked, problems=problems)

    @classmethod
    def concat(cls, parts: Iterable[Faces]) -> Faces:
        """The faces of all parts, in order. All non-empty parts must have the same columns.

        Raises:
            ValueError: the parts do not have the same columns.
        """
        kept = [part for part in parts if len(part)]
        if not kept:
            return cls.empty()
        names = kept[0].columns.keys()
        for part in kept[1:]:
            if part.columns.keys() != names:
                raise ValueError(f"columns differ: {sorted(names)} and {sorted(part.columns)}")
        starts = np.cumsum([0, *(len(part) for part in kept)])
        problems = tuple(
            problem._replace(row=problem.row + int(start))
            for part, start in zip(kept, starts, strict=False)
            for problem in part.problems
        )
        joined = {name: np.concatenate([getattr(part, name) for part in kept]) for name in names}
        return cls(**joined, problems=problems)


def _check_shape(name: str, column: Array, rows: int) -> None:
    want = (rows, *ROW_SHAPES[name])
    fits = column.ndim == len(want) and all(
        w in (None, got) for w, got in zip(want, column.shape, strict=True)
    )
    if not fits:
        shown = tuple("d" if w is None else w for w in want)
        raise ValueError(f"{name} must have shape {shown}, got {column.shape}")
