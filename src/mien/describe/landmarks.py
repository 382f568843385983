"""The 27 landmarks of Face API v1.0, read off the mesh."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

LANDMARKS: dict[str, tuple[int, ...]] = {
    "pupilLeft": (468,),
    "pupilRight": (473,),
    "noseTip": (1,),
    "mouthLeft": (61,),
    "mouthRight": (291,),
    "eyebrowLeftOuter": (70, 46),
    "eyebrowLeftInner": (55, 55, 65),
    "eyeLeftOuter": (33,),
    "eyeLeftTop": (159,),
    "eyeLeftBottom": (145,),
    "eyeLeftInner": (133,),
    "eyebrowRightInner": (285, 285, 295),
    "eyebrowRightOuter": (300, 276),
    "eyeRightInner": (362,),
    "eyeRightTop": (386,),
    "eyeRightBottom": (374,),
    "eyeRightOuter": (263,),
    "noseRootLeft": (122, 245),
    "noseRootRight": (351, 465),
    "noseLeftAlarTop": (198,),
    "noseRightAlarTop": (420,),
    "noseLeftAlarOutTip": (219,),
    "noseRightAlarOutTip": (439,),
    "upperLipTop": (0,),
    "upperLipBottom": (13,),
    "underLipTop": (14,),
    "underLipBottom": (17,),
}
"""Each landmark is the mean of these mesh points; one named twice counts twice. Chosen by eye on
portraits, and by where Face API had them on three faces: docs/concepts/description.md."""


def landmarks27(mesh: Array) -> dict[str, tuple[float, float]]:
    """The landmarks of one face, by their wire names, in pixels of the picture.

    Args:
        mesh: (478, 3), one row of `Faces.mesh`. A row of NaN gives NaN.
    """
    return {
        name: (float(mesh[list(points), 0].mean()), float(mesh[list(points), 1].mean()))
        for name, points in LANDMARKS.items()
    }
