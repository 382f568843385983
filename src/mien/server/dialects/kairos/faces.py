"""A face of a picture as the API tells of it."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np

from mien.describe.attributes import LIKELY, named, terms
from mien.faces import Faces
from mien.server.dialects.kairos.pictures import Found
from mien.server.policy import Policy

Json = dict[str, Any]

COLUMNS = {
    "age": ("age",),
    "gender": ("gender",),
    "glasses": ("attributes",),
    "lips": ("attributes",),
    "headPose": ("pose_deg",),
    "faceLandmarks": ("mesh",),
}
"""What the policy may exclude, by its names, and the columns that each is read from."""

LOOKS = ("age", "gender", "glasses", "lips")
CHIN = 152
LEFT_EYE, RIGHT_EYE = 1, 0
"""Rows of `Faces.points`, of the person's own left and right eye."""

GLASSES = {
    "NoGlasses": "None",
    "ReadingGlasses": "Eye",
    "Sunglasses": "Sun",
    "SwimmingGoggles": "Eye",
}


def columns_for(policy: Policy, names: tuple[str, ...]) -> frozenset[str]:
    """The columns that are needed for those of these names that the policy allows."""
    return frozenset(c for name in names if policy.allows(name) for c in COLUMNS[name])


def rectangle(found: Found, row: int) -> Json:
    """Where a face is, in whole pixels."""
    left, top, right, bottom = (int(edge) for edge in found.faces.box_xyxy[row])
    return {"topLeftX": left, "topLeftY": top, "width": right - left, "height": bottom - top}


def quality(found: Found, row: int) -> Json:
    """How well a face shows, if that can be told."""
    value = float(found.quality[row])
    return {"quality": cut(value)} if math.isfinite(value) else {}


def confidence(found: Found, row: int) -> Json:
    """How sure it is that this is a face."""
    return {"confidence": cut(float(found.faces.score[row]))}


def attributes(found: Found, row: int, policy: Policy) -> Json:
    """The looks of a face: of each what is known and allowed."""
    faces, told = found.faces, dict[str, Any]()
    if faces.attributes is not None:
        seen = terms(named(faces.attributes[row]))
        if seen.lips_apart is not None:
            told["lips"] = "Apart" if seen.lips_apart >= LIKELY else "Together"
        if seen.glasses is not None:
            told["glasses"] = GLASSES[seen.glasses]
    if (female := _value(faces, "gender", row)) is not None:
        told["gender"] = {"type": "F" if female >= 0.5 else "M"}
    if (years := _value(faces, "age", row)) is not None:
        told["age"] = round(years)
    return {name: value for name, value in told.items() if policy.allows(name)}


def marks(found: Found, row: int, policy: Policy) -> Json:
    """Pose, centres of the eyes and tip of the chin: of each what is known and allowed."""
    faces, told = found.faces, dict[str, Any]()
    if policy.allows("headPose") and faces.pose_deg is not None:
        told |= _known(dict(zip(("yaw", "pitch", "roll"), faces.pose_deg[row], strict=True)))
    if not policy.allows("faceLandmarks"):
        return told
    points: Json = {}
    if faces.points is not None:
        points |= _point("leftEyeCenter", faces.points[row, LEFT_EYE])
        points |= _point("rightEyeCenter", faces.points[row, RIGHT_EYE])
    if faces.mesh is not None:
        points |= _point("chinTip", faces.mesh[row, CHIN])
    return told | _known(points)


def stamp(moment: datetime) -> str:
    """Milliseconds since 1970, as a text."""
    return str(math.floor(moment.timestamp() * 1000))


def cut(value: float) -> float:
    """Five decimals, cut and not rounded, so that what is below a threshold stays below it."""
    return math.floor(value * 100_000 + 1e-6) / 100_000


def _value(faces: Faces, name: str, row: int) -> float | None:
    column = faces.columns.get(name)
    return None if column is None or not np.isfinite(column[row]) else float(column[row])


def _point(name: str, xyz: Any) -> Json:
    return {f"{name}X": xyz[0], f"{name}Y": xyz[1]}


def _known(values: Json) -> Json:
    """Those that are numbers, rounded."""
    return {name: round(float(value)) for name, value in values.items() if np.isfinite(value)}
