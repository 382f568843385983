"""Which attributes may be asked for, by detection model."""

from __future__ import annotations

from collections.abc import Sequence

from mien.report.face_api import ATTRIBUTES
from mien.server.errors import Refusal

SUPPORTED: dict[str, tuple[str, ...]] = {
    "detection_01": tuple(ATTRIBUTES),
    "detection_02": (),
    "detection_03": ("headPose",),
}
"""Names by detection model; the API's rules, less what nothing in mien backs."""


def chosen(words: Sequence[str], model: str) -> tuple[str, ...]:
    """The attributes of these names, compared without case.

    Raises:
        Refusal: 400, the model does not give one of them; the message lists those it gives.
    """
    supported = {name.lower(): name for name in SUPPORTED[model]}
    if words and not supported:
        raise Refusal(400, "BadArgument", f"'returnFaceAttributes' is not supported by {model}.")
    if any(word.lower() not in supported for word in words):
        raise Refusal(
            400,
            "BadArgument",
            "Invalid argument returnFaceAttributes. Supported values are: "
            f"{_listed(SUPPORTED[model])} in a comma-separated format.",
        )
    return tuple(dict.fromkeys(supported[word.lower()] for word in words))


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
