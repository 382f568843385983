"""Faces of a photo as the entries that Face API v1.0 `detect` returned.

Names, units and roundings follow that API; left and right are as seen in the image. A value that no
model gave for a face is left out, never filled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np

from mien.atomic import replacing
from mien.describe.attributes import NEEDED, SCORES, Terms, named, terms
from mien.describe.fitness import recognition_quality
from mien.describe.landmarks import landmarks27
from mien.describe.quality import blur_level, exposure_level, noise_level
from mien.errors import UsageError
from mien.faces import EMOTIONS, Faces

Entry = dict[str, Any]
Writer = Callable[[Faces, int], Any]
"""What the document says of the face in a row; None where that cannot be told."""


class Attribute(NamedTuple):
    """The columns of the record that an attribute is read from, and its writer."""

    columns: tuple[str, ...]
    write: Writer


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


def _smile(faces: Faces, row: int) -> Any:
    smile = _terms(faces, row).smile
    return None if smile is None else _number(smile, 3)


def _term(field: str) -> Writer:
    """The writer of a field of `Terms`."""
    return lambda faces, row: _wire(getattr(_terms(faces, row), field))


def _quality_for_recognition(faces: Faces, row: int) -> Any:
    pose, quality = (_column(faces, name)[row] for name in ("pose_deg", "quality"))
    return recognition_quality(faces.size_wh[row], pose, quality)


ATTRIBUTES: dict[str, Attribute] = {
    "age": Attribute(("age",), _age),
    "gender": Attribute(("gender",), _gender),
    "headPose": Attribute(("pose_deg",), _head_pose),
    "smile": Attribute(("attributes",), _smile),
    "facialHair": Attribute(("attributes",), _term("facial_hair")),
    "glasses": Attribute(("attributes",), _term("glasses")),
    "emotion": Attribute(("emotion",), _emotion),
    "hair": Attribute(("attributes",), _term("hair")),
    "makeup": Attribute(("attributes",), _term("makeup")),
    "occlusion": Attribute(("attributes",), _term("occlusion")),
    "accessories": Attribute(("attributes",), _term("accessories")),
    "blur": Attribute(("quality",), _blur),
    "exposure": Attribute(("quality",), _exposure),
    "noise": Attribute(("quality",), _noise),
    "mask": Attribute(("attributes",), _term("mask")),
    "qualityForRecognition": Attribute(("pose_deg", "quality"), _quality_for_recognition),
}
"""Every attribute of Face API v1.0. Which detection and recognition model goes with which is a
matter of the service."""


def parse_attributes(text: str, names: Collection[str] = ATTRIBUTES) -> tuple[str, ...]:
    """Those of the `names` that a list separated by commas holds, or all of them for "all".

    Raises:
        UsageError: a name that is unknown.
    """
    if text.strip().lower() == "all":
        return tuple(names)
    known = {name.lower(): name for name in names}
    asked = [part.strip() for part in text.split(",") if part.strip()]
    for name in asked:
        if name.lower() not in known:
            raise UsageError(
                f"'{name}' is no attribute; choose from all, {', '.join(sorted(names))}"
            )
    return tuple(dict.fromkeys(known[name.lower()] for name in asked))


def columns_for(attributes: Collection[str]) -> tuple[str, ...]:
    """The columns of the record that these attributes are read from."""
    return tuple(dict.fromkeys(c for name in attributes for c in ATTRIBUTES[name].columns))


def detect_entries(
    faces: Faces, *, width: int, height: int, attributes: Collection[str] = ()
) -> list[Entry]:
    """One entry a face, the largest first: faceRectangle, and what is there of the rest.

    `faceLandmarks` is given when the mesh was fitted. Rectangles are whole pixels inside the
    picture of `width` × `height`.
    """
    return [_entry(faces, row, width, height, attributes) for row in _order(faces)]


def photo_document(
    faces: Faces, *, width: int, height: int, attributes: Collection[str] = ()
) -> Entry:
    """`detect_entries` with the size of the photo.

    What Face API had no place for stands beside its fields: where `emotion` is asked for,
    `agreement`, the share of ten people expected to see the top expression; and in `problems`, why
    an attribute is not given for a face.

    Args:
        faces: what was found on the photo.
        width: of the photo in pixels, as displayed.
        height: likewise.
        attributes: names of `ATTRIBUTES`.
    """
    entries = detect_entries(faces, width=width, height=height, attributes=attributes)
    for entry, row in zip(entries, _order(faces), strict=True):
        entry |= _beside(faces, row, attributes)
    return {"width": width, "height": height, "faces": entries}


def write_photo_document(
    faces: Faces,
    target: Path | TextIO,
    *,
    name: str,
    width: int,
    height: int,
    attributes: Collection[str] = (),
) -> None:
    """Write `photo_document` with the name of the photo, as JSON.

    Args:
        faces: as of `photo_document`.
        target: a path, which gets the whole document or stays as it was, or an open text file.
        name: what the document calls the photo.
        width: as of `photo_document`.
        height: likewise.
        attributes: likewise.

    Raises:
        OutputError: the path cannot be written.
    """
    found = photo_document(faces, width=width, height=height, attributes=attributes)
    document = {"source": name, **found}
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
    failed = {
        name: reasons[column]
        for name in attributes
        for column in ATTRIBUTES[name].columns
        if column in reasons and not np.isfinite(_read(faces, row, name, column)).all()
    }
    return beside | ({"problems": failed} if failed else {})


def _entry(faces: Faces, row: int, width: int, height: int, attributes: Collection[str]) -> Entry:
    entry: Entry = {"faceRectangle": _rectangle(faces.box_xyxy[row], width, height)}
    if faces.mesh is not None and np.isfinite(faces.mesh[row]).all():
        entry["faceLandmarks"] = {
            name: {"x": _number(x, 1), "y": _number(y, 1)}
            for name, (x, y) in landmarks27(faces.mesh[row]).items()
        }
    known = {name: _known(faces, row, ATTRIBUTES[name]) for name in attributes}
    if known := {name: value for name, value in known.items() if value is not None}:
        entry["faceAttributes"] = known
    return entry


def _known(faces: Faces, row: int, attribute: Attribute) -> Any:
    """The value of an attribute, or None where it cannot be told of the face."""
    # What is read of the column "attributes" knows of NaN.
    whole = [_column(faces, name)[row] for name in attribute.columns if name != "attributes"]
    return attribute.write(faces, row) if all(np.isfinite(c).all() for c in whole) else None


def _read(faces: Faces, row: int, name: str, column: str) -> Any:
    """What an attribute is read from in a column, for one face."""
    values = _column(faces, column)[row]
    if column == "attributes":
        return values[[SCORES.index(score) for score in NEEDED[name]]]
    return values


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


def _terms(faces: Faces, row: int) -> Terms:
    return terms(named(_column(faces, "attributes")[row]))


def _wire(value: Any) -> Any:
    """A value of `Terms` as JSON has it: names in camel case, shares with two decimals, and without
    what cannot be told."""
    if isinstance(value, float):
        return _number(value, 2)
    if isinstance(value, tuple):
        return [_wire(each) for each in value]
    if is_dataclass(value):
        known = ((each.name, getattr(value, each.name)) for each in fields(value))
        return {_camel(name): _wire(each) for name, each in known if each is not None}
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _number(value: Any, digits: int) -> float:
    return round(float(value), digits) + 0.0  # + 0.0 turns -0.0 into 0.0
