"""The stages that describe faces, and the order in which they work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from mien.describe.attribute_stage import Attributes
from mien.describe.demographics import Demographics
from mien.describe.embedding import Embedding
from mien.describe.emotion import Emotion
from mien.describe.gaze import Gaze
from mien.describe.mesh import Mesh
from mien.describe.openness import Openness
from mien.describe.pose import Pose
from mien.describe.quality import Quality
from mien.errors import UsageError
from mien.faces import Faces

Rgb = NDArray[Any]


class Stage(Protocol):
    """Fills columns of the record from the picture and the columns it needs."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns it reads, beside those of detection."""

    @property
    def fills(self) -> tuple[str, ...]:
        """The columns it fills."""

    def describe(self, rgb: Rgb, faces: Faces) -> Faces:
        """A new record with the columns `fills`."""


STAGES: tuple[Any, ...] = (
    *(Mesh, Pose, Gaze, Openness, Embedding, Demographics, Quality, Emotion),
    Attributes,
)
"""Every stage class. What a stage needs is declared by it; `stages_for` finds the order."""


def stages_for(
    columns: Collection[str], *, threads: int | None = None, ready: Sequence[Stage] = ()
) -> list[Stage]:
    """Load the stages that fill these columns and all that those stand on, in working order.

    A stage that is among those `ready` is taken from there, and its models are not opened again.

    Raises:
        UsageError: no stage fills one of the columns.
        ModelError: a model cannot be had.
    """
    detected = {"box_xyxy", "score", "points", "track_id"}
    makers = {column: stage for stage in STAGES for column in stage.fills}
    order: list[Any] = []

    def require(column: str) -> None:
        if column not in makers:
            if column in detected:
                return
            raise UsageError(f"no stage fills the column '{column}'")
        stage = makers[column]
        for needed in stage.needs:
            if needed not in stage.fills:
                require(needed)
        if stage not in order:
            order.append(stage)

    for column in columns:
        require(column)
    loaded = {type(stage): stage for stage in ready}
    return [loaded.get(stage) or stage.load(threads=threads) for stage in order]


def describe_all(stages: Sequence[Stage], rgb: Rgb, faces: Faces) -> Faces:
    """Run the stages over the faces of one picture, in order."""
    for stage in stages:
        faces = stage.describe(rgb, faces)
    return faces
