"""From a picture to its faces: boxes, scores and five points. Importing it loads no model."""

from mien.detect.blazeface import BlazeFace
from mien.detect.cascade import PROFILES, ImageDetector, Profile
from mien.detect.centerface import CenterFace
from mien.detect.coarse import CoarseFirst

__all__ = ["PROFILES", "BlazeFace", "CenterFace", "CoarseFirst", "ImageDetector", "Profile"]
