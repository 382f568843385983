"""The labelled pictures of the corpus: what they are, where they come from, and their pixels.

Real pictures are read as mien reads them, so that a fault of reading shows up here too.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mien.media import open_video, read_image
from mien.models import file_of

Array = NDArray[Any]
Flag = Literal["cut", "hidden", "unclear"]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True, eq=False)
class Truth:
    """The labels of one picture.

    Attributes:
        faces: (n, 4) float64 boxes that must be found, xyxy in pixels of the picture as displayed.
        ignore: (m, 4) float64 boxes that may be found.
        flags: why each of those is not required.
    """

    faces: Array
    ignore: Array
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """One real picture, or one frame of a clip, and its labels.

    Attributes:
        source: a catalogue entry, or `shared/FILE`.
        frame: index of the frame of a clip; None for a still picture.
        sha256: of the shared file; the catalogue holds the others.
    """

    name: str
    source: str
    truth: Truth
    frame: int | None = None
    sha256: str | None = None

    @property
    def is_shared(self) -> bool:
        """Whether it lies in the shared folder, which not every machine has."""
        return self.source.startswith("shared/")


class MissingPictureError(Exception):
    """A picture of the shared folder is not there, or is not the one that was labelled."""


@cache
def pictures() -> tuple[Picture, ...]:
    """All labelled pictures, in the order of labels.toml."""
    table = tomllib.loads((HERE / "labels.toml").read_text(encoding="utf-8"))
    return tuple(_picture(fields) for fields in table["picture"])


def shared_folder() -> Path:
    """Where the shared pictures are: MIEN_SHARED, or `shared` beside the repository."""
    return Path(os.environ.get("MIEN_SHARED") or ROOT.parent / "shared") / "media"


def read(picture: Picture) -> Array:
    """The pixels of a picture: (H, W, 3) uint8 RGB.

    Raises:
        MissingPictureError: a shared picture is missing or differs from the labelled one.
        ModelError: the model store cannot fetch the file.
    """
    if picture.is_shared:
        return read_image(_shared_file(picture))
    with corpus_catalogue():
        path = file_of(picture.source)
    if picture.frame is None:
        return read_image(path)
    return _frames(path)[picture.frame]


@contextmanager
def corpus_catalogue() -> Iterator[None]:
    """Let the model store know the corpus's own catalogue beside mien's."""
    before = os.environ.get("MIEN_CATALOGUE")
    os.environ["MIEN_CATALOGUE"] = str(HERE / "catalogue.toml")
    try:
        yield
    finally:
        if before is None:
            del os.environ["MIEN_CATALOGUE"]
        else:
            os.environ["MIEN_CATALOGUE"] = before


def _picture(fields: dict[str, Any]) -> Picture:
    ignored = fields.get("ignore", [])
    truth = Truth(
        faces=_boxes(fields.get("faces", [])),
        ignore=_boxes([face["box"] for face in ignored]),
        flags=tuple(face["why"] for face in ignored),
    )
    return Picture(
        name=fields["name"],
        source=fields["source"],
        truth=truth,
        frame=fields.get("frame"),
        sha256=fields.get("sha256"),
    )


def _boxes(rows: list[list[float]]) -> Array:
    return np.asarray(rows, np.float64).reshape(-1, 4)


def _shared_file(picture: Picture) -> Path:
    path = shared_folder() / picture.source.removeprefix("shared/")
    if not path.is_file():
        raise MissingPictureError(f"{path} is not there")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != picture.sha256:
        raise MissingPictureError(f"{path} is not the picture that was labelled")
    return path


@cache
def _frames(path: Path) -> dict[int, Array]:
    """The labelled frames of a clip, decoded in one pass."""
    with corpus_catalogue():
        wanted = {
            picture.frame
            for picture in pictures()
            if picture.frame is not None and file_of(picture.source) == path
        }
    with open_video(path) as video:
        frames = islice(video.frames(), max(wanted) + 1)
        return {frame.index: frame.rgb for frame in frames if frame.index in wanted}
