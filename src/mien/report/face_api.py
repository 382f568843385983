"""Faces of a photo as the entries that Face API v1.0 `detect` returned.

Names, units and roundings follow that API; left and right are as seen in the image. A value that no
model gave for a face is left out, never filled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from mien.atomic import replacing
from mien.describe.landmarks import landmarks27
from mien.describe.quality import blur_level, exposure_level, noise_level
from mien.errors import UsageError
from mien.faces import EMOTIONS, Faces

Entry = dict[str, Any]


def _age(faces: Faces, row: int) -> Any:
    return _number(_column(faces, "age")[row], 1)


def _gender(faces: Faces, row: int) -> Any:
    return "female" if _column(faces, "gender")[row] >= 0.5 else "male"


def _head_pose(faces: Faces, row: int) -> Any:
    yaw, pitch, roll = (_number(angle, 1) for angle in _column(faces, "pose_deg")[row])
    return {"pitch": pitch, "roll": roll, "yaw": yaw}


def _emotion(faces: Faces, row: int) -> Any:
    scores = dict(zip(EMOTIONS, _column(faces, "emotion")[row], strict=True))
    return {name: _number(scores[name], 3) for name in sorted(scores)}


def _blur(faces: Faces, row: int) -> Any:
    value = float(_column(faces, "quality")[row, 0])
    return {"blurLevel": blur_level(value), "value": _number(value, 2)}


def _exposure(faces: Faces, row: int) -> Any:
    value = float(_column(faces, "quality")[row, 1])
    return {"exposureLevel": exposure_level(value), "value": _number(value, 2)}


def _noise(faces: Faces, row: int) -> Any:
    value = float(_column(faces, "quality")[row, 2])
    return {"noiseLevel": noise_level(value), "value": _number(value, 2)}


ATTRIBUTES: dict[str, tuple[str, Callable[[Faces, int], Any]]] = {
    "age": ("age", _age),
    "gender": ("gender", _gender),
    "headPose": ("pose_deg", _head_pose),
    "emotion": ("emotion", _emotion),
    "blur": ("quality", _blur),
    "exposure": ("quality", _exposure),
    "noise": ("quality", _noise),
}
"""The attributes that a model or a measurement backs: the column of each, and its writer."""

UNBACKED = frozenset(
    {"smile", "facialHair", "glasses", "hair", "makeup", "occlusion", "accessories"}
)
"""Attributes of Face API v1.0 that nothing in mien backs yet; asking for one is an error."""


def parse_attributes(text: str, names: Collection[str] = ATTRIBUTES) -> tuple[str, ...]:
    """Those of the `names` that a list separated by commas holds, or all of them for "all".

    Raises:
        UsageError: a name that is unknown, or that nothing backs.
    """
    if text.strip().lower() == "all":
        return tuple(names)
    known = {name.lower(): name for name in (*names, *UNBACKED)}
    asked = [part.strip() for part in text.split(",") if part.strip()]
    for name in asked:
        if known.get(name.lower()) in UNBACKED:
            raise UsageError(f"no model backs the attribute '{name}' yet, so it cannot be given")
        if name.lower() not in known:
            raise UsageError(
                f"'{name}' is no attribute; choose from all, {', '.join(sorted(names))}"
            )
    return tuple(dict.fromkeys(known[name.lower()] for name in asked))


def columns_for(attributes: Collection[str]) -> tuple[str, ...]:
    """The columns of the record that these attributes are read from."""
    return tuple(dict.fromkeys(ATTRIBUTES[name][0] for name in attributes))


def detect_entries(
    faces: Faces, *, width: int, height: int, attributes: Collection[str] = ()
) -> list[Entry]:
    """One entry a face, the largest first: faceRectangle, and what is there of the rest.

    `faceLandmarks` is given when the mesh was fitted. Rectangles are whole pixels inside the
    picture of `width` × `height`.
    """
    return [_entry(faces, row, width, height, attributes) for row in _order(faces)]


def write_photo_document(
    faces: Faces,
    target: Path | TextIO,
    *,
    name: str,
    width: int,
    height: int,
    attributes: Collection[str] = (),
) -> None:
    """Write `detect_entries` with the name and size of the photo, as JSON.

    What Face API had no place for stands beside its fields: where `emotion` is asked for,
    `agreement`, the share of ten people expected to see the top expression; and in `problems`, why
    an attribute is not given for a face.

    Args:
        faces: what was found on the photo.
        target: a path, which gets the whole document or stays as it was, or an open text file.
        name: what the document calls the photo.
        width: of the photo in pixels, as displayed.
        height: likewise.
        attributes: names of `ATTRIBUTES`.

    Raises:
        OutputError: the path cannot be written.
    """
    entries = detect_entries(faces, width=width, height=height, attributes=attributes)
    for entry, row in zip(entries, _order(faces), strict=True):
        entry |= _beside(faces, row, attributes)
    document = {"source": name, "width": width, "height": height, "faces": entries}
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if isinstance(target, Path):
        with replacing(target) as file:
            file.write(text)
    else:
        target.write(text)


def _order(faces: Faces) -> list[int]:
    """The rows, the largest face first."""
    order: list[int] = np.argsort(-np.prod(faces.size_wh, axis=1), kind="stable").tolist()
    return order


def _beside(faces: Faces, row: int, attributes: Collection[str]) -> Entry:
    """What a photo's document says of a face that Face API had no place for."""
    beside: Entry = {}
    agreed = np.nan if faces.agreement is None else float(faces.agreement[row])
    if "emotion" in attributes and np.isfinite(agreed):
        beside["agreement"] = _number(agreed, 3)
    reasons = {problem.column: problem.reason for problem in faces.problems if problem.row == row}
    failed = [name for name in attributes if ATTRIBUTES[name][0] in reasons]
    if failed:
        beside["problems"] = {name: reasons[ATTRIBUTES[name][0]] for name in failed}
    return beside


def _entry(faces: Faces, row: int, width: int, height: int, attributes: Collection[str]) -> Entry:
    entry: Entry = {"faceRectangle": _rectangle(faces.box_xyxy[row], width, height)}
    if faces.mesh is not None and np.isfinite(faces.mesh[row]).all():
        entry["faceLandmarks"] = {
            name: {"x": _number(x, 1), "y": _number(y, 1)}
            for name, (x, y) in landmarks27(faces.mesh[row]).items()
        }
    known = {
        name: ATTRIBUTES[name][1](faces, row)
        for name in attributes
        if np.isfinite(_column(faces, ATTRIBUTES[name][0])[row]).all()
    }
    if known:
        entry["faceAttributes"] = known
    return entry


def _rectangle(box: Any, width: int, height: int) -> Entry:
    left, top = max(0, round(float(box[0]))), max(0, round(float(box[1])))
    right, bottom = min(width, round(float(box[2]))), min(height, round(float(box[3])))
    return {
        "top": top,
        "left": left,
        "width": max(1, right - left),
        "height": max(1, bottom - top),
    }


def _column(faces: Faces, name: str) -> Any:
    column = faces.columns.get(name)
    if column is None:
        raise ValueError(f"the stage that fills {name} did not run")
    return column


def _number(value: Any, digits: int) -> float:
    return round(float(value), digits) + 0.0  # + 0.0 turns -0.0 into 0.0
