"""What is told of the faces of a photo: as the policy has it, and as JSON, table and picture."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np

from mien.faces import POINTS, Array, Faces
from mien.media.writer import image_bytes
from mien.report.annotator import draw
from mien.report.captions import captions_of_picture
from mien.report.csv_writer import write_csv
from mien.report.face_api import ATTRIBUTES, Entry, columns_for, photo_document
from mien.report.style import Style
from mien.report.table import TABLE_ATTRIBUTES, photo_table
from mien.server.policy import Policy

GAZE, OPENNESS, LANDMARKS = "gaze", "openness", "faceLandmarks"
BESIDE = {GAZE: ("gaze_deg",), OPENNESS: ("openness",), LANDMARKS: ("mesh",)}
"""What is told beside the attributes of Face API, and the columns that it is read from."""

GUESSED = {"attributes": ("age", "gender")}
"""A column holds scores that tell of these too: of youth, of being male."""

DERIVED = "qualityForRecognition"
"""Is told by others, which do not tell of it."""


def offered(policy: Policy) -> tuple[str, ...]:
    """What the policy lets be told of a face."""
    return tuple(name for name in (*ATTRIBUTES, *BESIDE) if policy.allows(name))


def columns_of(names: Collection[str]) -> frozenset[str]:
    """The columns of `Faces` that this is read from."""
    beside = (column for name in names if name in BESIDE for column in BESIDE[name])
    return frozenset((*columns_for(_attributes(names)), *beside))


def largest_first(faces: Faces) -> Faces:
    """The faces in the order in which they are numbered."""
    order = np.argsort(-np.prod(faces.size_wh, axis=1), kind="stable")
    return faces[order]


def document(
    faces: Faces, width: int, height: int, *, names: Collection[str], mesh: bool = False
) -> Entry:
    """The document of a photo (`mien.report.face_api.photo_document`), and beside its fields: box,
    score, the five points, gaze and openness, each as far as it is known; the mesh on request.

    Args:
        faces: in any order; the largest comes first, and is number 1.
        width: of the photo in pixels, as displayed.
        height: likewise.
        names: what may be told of them.
        mesh: whether its 478 points are wanted.
    """
    faces = largest_first(faces)
    told = faces if LANDMARKS in names else faces.without(["mesh", "points"])
    found = photo_document(told, width=width, height=height, attributes=_attributes(names))
    for row, entry in enumerate(found["faces"]):
        entry |= _beside(told, row, names)
        if mesh and told.mesh is not None and np.isfinite(told.mesh[row]).all():
            entry["mesh"] = _numbers(told.mesh[row], 1)
    return found | {"offered": list(names)}


def table(faces: Faces, width: int, height: int, *, names: Collection[str]) -> str:
    """The table of a photo as CSV.

    A column that also tells of something that may not be told is left out.
    """
    told = {name for name in TABLE_ATTRIBUTES if name in names}
    columns = {column for name in told for column in TABLE_ATTRIBUTES[name]}
    off = {*ATTRIBUTES, *BESIDE} - {*names, DERIVED}
    columns -= {column for name in off for column in TABLE_ATTRIBUTES.get(name, ())}
    columns -= {column for column, guessed in GUESSED.items() if off & {*guessed}}
    columns |= {"points"} if LANDMARKS in names else set()
    text = StringIO()
    write_csv(photo_table(largest_first(faces), width=width, height=height, columns=columns), text)
    return text.getvalue()


def picture(rgb: Array, faces: Faces, *, names: Collection[str]) -> bytes:
    """A JPEG of a photo (H, W, 3) with its faces drawn on it, numbered from 1."""
    hidden = [name for name in ("age", "gender", "emotion") if name not in names]
    hidden += ["mesh"] if LANDMARKS not in names else []
    shown = largest_first(faces).without(hidden)
    shown = replace(shown, track_id=np.arange(1, len(faces) + 1))
    drawn = np.array(rgb, order="C")
    style = Style.of(rgb.shape[1], rgb.shape[0], shown)
    draw(
        *(drawn, shown, captions_of_picture(shown, style), style),
        names=range(len(faces)),
        guessed=[False] * len(faces),
    )
    return image_bytes(drawn)


def _attributes(names: Collection[str]) -> Sequence[str]:
    return tuple(name for name in ATTRIBUTES if name in names)


def _beside(faces: Faces, row: int, names: Collection[str]) -> Entry:
    """What is known of a face that the document has no place for."""
    told: Entry = {"box": _numbers(faces.box_xyxy[row], 1)}
    told |= _known("score", faces.score[row], 3)
    if faces.points is not None:
        known = zip(POINTS, faces.points[row], strict=True)
        told["points"] = {
            name: _numbers(place, 1) for name, place in known if np.isfinite(place).all()
        }
    if GAZE in names and faces.gaze_deg is not None:
        told |= _known("gaze", faces.gaze_deg[row], 1, ("yaw", "pitch"))
    if OPENNESS in names and faces.openness is not None:
        parts = ("leftEye", "rightEye", "mouth")
        told |= _known("openness", faces.openness[row], 2, parts)
    return told


def _known(name: str, values: Array, digits: int, parts: Sequence[str] = ()) -> Entry:
    """An entry with a value, or with several by name; none where it is not known."""
    if not np.isfinite(values).all():
        return {}
    numbers = _numbers(values, digits)
    return {name: dict(zip(parts, numbers, strict=True)) if parts else numbers}


def _numbers(values: Array, digits: int) -> Any:
    return (np.asarray(values, float).round(digits) + 0.0).tolist()  # + 0.0 turns -0.0 into 0.0
