"""A timeline as one file, with every column as it is: for programs of mien, not for people.

A zip of NumPy arrays (NPZ): `facts` (JSON: the video, and the problems), `pts`, `durations`,
`frame`, `cuts`, and `faces.<name>` for each column. It holds no pickles, so reading one runs
nothing.
"""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mien.atomic import replacing
from mien.errors import ConfigurationError
from mien.faces import ROW_SHAPES, Faces, Problem
from mien.inputs import open_document
from mien.timeline.timeline import Timeline, VideoFacts

FORMAT = 1
TIMES = ("pts", "durations", "frame", "cuts")


def write_timeline(timeline: Timeline, target: str | PathLike[str]) -> None:
    """Write a timeline; `target` gets the whole file or stays as it was.

    Raises:
        OutputError: the path cannot be written.
    """
    video = timeline.video
    facts = {
        "format": FORMAT,
        "width": video.width,
        "height": video.height,
        "rate": str(video.rate),
        "time_base": str(video.time_base),
        "rotation": video.rotation,
        "problems": [[p.row, p.column, p.reason] for p in timeline.faces.problems],
    }
    arrays: dict[str, NDArray[Any]] = {name: getattr(timeline, name) for name in TIMES}
    arrays |= {f"faces.{name}": column for name, column in timeline.faces.columns.items()}
    with replacing(Path(target), "wb") as file:
        save: Any = np.savez  # its stub knows no arrays by name
        save(file, facts=np.frombuffer(json.dumps(facts).encode(), np.uint8), **arrays)


def read_timeline(source: str | PathLike[str] | IO[bytes]) -> Timeline:
    """Read what `write_timeline` wrote.

    Raises:
        InputError: the path cannot be opened.
        ConfigurationError: no such file, or one of another version of mien.
    """
    if not isinstance(source, (str, PathLike)):
        return _read(source, getattr(source, "name", "it"))
    with open_document(source, "timeline") as file:
        return _read(file, source)


def _read(file: IO[bytes], name: object) -> Timeline:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            facts = json.loads(arrays["facts"].tobytes())
            if facts["format"] != FORMAT:
                raise ConfigurationError(f"{name} is of another version of mien; make it anew")
            columns = {
                column: arrays[f"faces.{column}"]
                for column in ROW_SHAPES
                if f"faces.{column}" in arrays
            }
            problems = tuple(Problem(*each) for each in facts["problems"])
            video = VideoFacts(
                facts["width"],
                facts["height"],
                Fraction(facts["rate"]),
                Fraction(facts["time_base"]),
                facts["rotation"],
            )
            pts, durations, frame, cuts = (arrays[each] for each in TIMES)
            faces = Faces(**columns, problems=problems)
            return Timeline(video, pts, durations, frame, faces, cuts)
    except ConfigurationError:
        raise
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, OSError) as error:
        raise ConfigurationError(f"{name} holds no timeline: {error}") from error
