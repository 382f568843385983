"""The processor behind emotion analysis as Kairos did it: who looks, how far away, how often.

It makes a timeline of everybody in every frame, and beside it what is read off the mesh, which is
too large to keep: the distance, and the landmarks where they are asked for.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.atomic import replacing
from mien.attention import LANDMARKS, distance_cm, landmarks48
from mien.errors import ConfigurationError, UsageError
from mien.faces import Array, Faces
from mien.inputs import open_document
from mien.jobs.codes import Code, TaskError
from mien.jobs.work import Output, Work
from mien.media import probe
from mien.media.image import ImageInfo
from mien.pipeline import analyze_image, analyze_video
from mien.timecode import Time
from mien.timeline.archive import read_timeline, write_timeline
from mien.timeline.timeline import Timeline, TimelineBuilder, VideoFacts

COLUMNS = ("mesh", "pose_deg", "gaze_deg", "openness")
"""What attention is read from."""

TOLD = ("emotion", "age", "gender", "attributes")
"""What else may be asked for."""

TIMELINE, MEASURES = "timeline.npz", "measures.npz"
MOMENT = Fraction(1, 1_000_000)
"""Seconds for which the one frame of a photo is shown: nothing, as far as anybody can see."""

BLOCK = 4096  # rows of which the mesh is read at a time


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What the processor has made of a video or photo.

    Attributes:
        timeline: everybody in every frame; of a photo, one frame.
        distance_cm: (n,) of each row of the timeline; NaN where there is no mesh.
        landmarks: (n, 48, 2) pixels, in the order of `LANDMARKS`; None where not asked for.
    """

    timeline: Timeline
    distance_cm: NDArray[Any]
    landmarks: NDArray[Any] | None


def configuration(columns: Collection[str], *, landmarks: bool) -> str:
    """The configuration of a task that tells of these columns, some of `TOLD`."""
    return json.dumps({"columns": sorted(columns), "landmarks": landmarks})


def columns_of_attention(text: str) -> Sequence[str]:
    """The columns that a configuration asks for; none if it cannot be read."""
    try:
        return [*COLUMNS, *_asked(text)[0]]
    except UsageError:
        return ()


def watch(work: Work) -> list[Output]:
    """Make `timeline.npz` and `measures.npz` of a video or photo.

    Raises:
        TaskError: the configuration cannot be used, or there is no file.
        MienError: as of `mien.analyze_video` and `mien.analyze_image`.
    """
    try:
        columns, landmarks = _asked(work.configuration)
    except UsageError as error:
        raise TaskError(Code.CONFIGURATION, str(error)) from error
    timeline = _analyzed(work, (*COLUMNS, *columns))
    outputs = [Output(name, work.folder / name) for name in (TIMELINE, MEASURES)]
    _write_measures(timeline, outputs[1].path, landmarks=landmarks)
    write_timeline(replace(timeline, faces=timeline.faces.without(["mesh"])), outputs[0].path)
    return outputs


def read_watched(timeline: str | PathLike[str], measures: str | PathLike[str]) -> Watched:
    """Read what `watch` made.

    Raises:
        InputError: a path cannot be opened.
        ConfigurationError: not such a file.
    """
    seen = read_timeline(timeline)
    with open_document(measures, "NPZ") as file:
        try:
            with np.load(file, allow_pickle=False) as found:
                arrays = {name: found[name] for name in found.files}
            return Watched(seen, arrays["distance_cm"], arrays.get("landmarks"))
        except (ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            raise ConfigurationError(f"{measures} holds no measures: {error}") from error


def _asked(text: str) -> tuple[tuple[str, ...], bool]:
    """The columns and whether landmarks are asked for; raises UsageError."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the configuration is not valid JSON: {error}") from error
    columns = given.get("columns", []) if isinstance(given, dict) else None
    if not isinstance(columns, list) or not all(name in TOLD for name in columns):
        raise UsageError(f"the configuration has an object with columns of {', '.join(TOLD)}")
    landmarks = given.get("landmarks", False)
    if not isinstance(landmarks, bool):
        raise UsageError("'landmarks' of the configuration must be true or false")
    return tuple(columns), landmarks


def _analyzed(work: Work, columns: Sequence[str]) -> Timeline:
    info = probe(work.video.path)
    if isinstance(info, ImageInfo):
        faces = analyze_image(work.video.path, columns=columns, threads=1)
        return of_photo(faces, info.width, info.height)
    return analyze_video(
        work.video.path,
        columns=columns,
        keep=("mesh",),
        threads=1,
        engine=work.engine,
        on_progress=work.progress,
    )


def of_photo(faces: Faces, width: int, height: int) -> Timeline:
    """A timeline of one frame, in which every face of a photo is a person of their own."""
    numbered = replace(faces, track_id=np.arange(len(faces)))
    facts = VideoFacts(width, height, Fraction(1), MOMENT)
    with TimelineBuilder(facts, keep=("mesh",)) as builder:
        builder.add(Time(0, MOMENT), 1, numbered)
        return builder.finish()


def _write_measures(timeline: Timeline, target: Path, *, landmarks: bool) -> None:
    parts = list(_measured(timeline, landmarks=landmarks))
    empty = np.empty((0, len(LANDMARKS), 2), np.float32)
    arrays: dict[str, Array] = {
        "distance_cm": np.concatenate([np.empty(0, np.float32), *(far for far, _ in parts)])
    }
    if landmarks:
        arrays["landmarks"] = np.concatenate([empty, *(points for _, points in parts)])
    with replacing(target, "wb") as file:
        save: Any = np.savez  # its stub knows no arrays by name
        save(file, **arrays)


def _measured(timeline: Timeline, *, landmarks: bool) -> Iterator[tuple[Array, Array]]:
    """Distances, and landmarks if they are wanted, of some rows at a time."""
    size, mesh = timeline.video, timeline.faces.mesh
    for first in range(0, len(timeline.faces), BLOCK):
        rows = slice(first, first + BLOCK)
        some = Faces(timeline.faces.box_xyxy[rows], timeline.faces.score[rows])
        if mesh is None:  # nobody had one
            nothing = np.full(len(some), np.nan, np.float32)
            yield nothing, np.full((len(some), len(LANDMARKS), 2), np.nan, np.float32)
            continue
        some = replace(some, mesh=mesh[rows])
        far = distance_cm(some, width=size.width, height=size.height).astype(np.float32)
        points = [[*landmarks48(each).values()] for each in mesh[rows]] if landmarks else []
        yield far, np.array(points, np.float32).reshape(-1, len(LANDMARKS), 2)
