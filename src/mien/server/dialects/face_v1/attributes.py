"""Which attributes may be asked for, by detection and recognition model."""

from __future__ import annotations

from collections.abc import Sequence

from mien.report.face_api import ATTRIBUTES
from mien.server.errors import Refusal

QUALITY = "qualityForRecognition"

SUPPORTED: dict[str, tuple[str, ...]] = {
    "detection_01": tuple(name for name in ATTRIBUTES if name != "mask"),
    "detection_02": (),
    "detection_03": ("headPose", "mask", QUALITY),
}
"""Names by detection model: the API's rules."""

GRADED = ("recognition_03", "recognition_04")
"""The recognition models that `QUALITY` is given with."""


def chosen(words: Sequence[str], model: str, recognition: str) -> tuple[str, ...]:
    """The attributes of these names, compared without case.

    Args:
        words: the names asked for.
        model: the detection model.
        recognition: the recognition model.

    Raises:
        Refusal: 400, the models do not give one of them; the message lists those they give.
    """
    given = [name for name in SUPPORTED[model] if name != QUALITY or recognition in GRADED]
    supported = {name.lower(): name for name in given}
    if words and not supported:
        raise Refusal(400, "BadArgument", f"'returnFaceAttributes' is not supported by {model}.")
    if any(word.lower() not in supported for word in words):
        raise Refusal(
            400,
            "BadArgument",
            "Invalid argument returnFaceAttributes. Supported values are: "
            f"{_listed(given)} in a comma-separated format.",
        )
    return tuple(dict.fromkeys(supported[word.lower()] for word in words))


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
