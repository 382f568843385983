"""The 48 landmarks of Kairos' media API, read off the mesh."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

LANDMARKS: dict[str, tuple[int, ...]] = {
    "leftEyeBrowOuterLeft": (70, 46),
    "leftEyeBrowInnerLeft": (63, 63, 105, 53, 53, 52),
    "leftEyeBrowInnerRight": (66, 66, 105, 65, 65, 52),
    "leftEyeBrowOuterRight": (107, 55),
    "righteEyeBrowOuterLeft": (336, 285),
    "rightEyeBrowInnerLeft": (296, 296, 334, 295, 295, 282),
    "rightEyeBrowInnerRight": (293, 293, 334, 283, 283, 282),
    "rightEyeBrowOuterRight": (300, 276),
    "noseBetweenEyes": (6,),
    "noseBridge": (197, 195),
    "noseBody": (5,),
    "noseTipTop": (4,),
    "leftNostrilOuterLeft": (98,),
    "leftNostrilOuterRight": (97,),
    "noseTipBottom": (2,),
    "rightNostrilInnerLeft": (326,),
    "rightNostrilOuterRight": (327,),
    "leftEyeCornerLeft": (33,),
    "leftEyeTopInnerLeft": (160,),
    "leftEyeTopInnerRight": (158,),
    "leftEyeCornerRight": (133,),
    "leftEyeBottomInnerRight": (153,),
    "leftEyeBottomInnerLeft": (144,),
    "rightEyeCornerLeft": (362,),
    "rightEyeTopInnerLeft": (385,),
    "rightEyeTopInnerRight": (387,),
    "rightEyeCornerRight": (263,),
    "rightEyeBottomInnerRight": (373,),
    "rightEyeBottomInnerLeft": (380,),
    "upperLipTopCornerLeft": (61,),
    "upperLipTopOuterLeft": (40,),
    "upperLipTopInnerLeft": (37,),
    "upperLipTopCenter": (0,),
    "upperLipTopInnerRight": (267,),
    "upperLipTopOuterRight": (270,),
    "upperLipTopCornerRight": (291,),
    "lowerLipBottomCornerRight": (321,),
    "lowerLipBottomInnerRight": (314,),
    "lowerLipBottomCenter": (17,),
    "lowerLipBottomInnerLeft": (84,),
    "lowerLipBottomCornerLeft": (91,),
    "upperLipBottomOuterLeft": (78,),
    "upperLipBottomInnerLeft": (81,),
    "upperLipBottomCenter": (13,),
    "uppeLipMBottomInnerRight": (311,),
    "upperLipBottomOuterRight": (308,),
    "lowerLipInnerRight": (402,),
    "lowerLipTopInnerLeft": (178,),
}
"""In the order and spelling of the answers that users of Kairos have published, two slips included;
left and right as seen in the image. Each is the mean of these mesh points; one named twice counts
twice."""


def landmarks48(mesh: Array) -> dict[str, tuple[float, float]]:
    """The landmarks of one face, by their wire names, in pixels of the picture.

    Args:
        mesh: (478, 3), one row of `Faces.mesh`. A row of NaN gives NaN.
    """
    return {
        name: (float(mesh[list(points), 0].mean()), float(mesh[list(points), 1].mean()))
        for name, points in LANDMARKS.items()
    }
