"""Who looks at the camera, for how long and how often; and what is told of a person's whole visit.

Arithmetic on the columns of `Faces` and `Timeline`: no network is run here, no picture is read.
What each measure means, and where it comes from: docs/concepts/attention.md.
"""

from mien.attention.impressions import Impression, impressions
from mien.attention.landmarks import LANDMARKS, landmarks48
from mien.attention.looks import distance_cm, looking, shut
from mien.attention.terms import EmotionScore, age_group, emotion_score
from mien.attention.tracking import Tracking, tracking

__all__ = [
    "LANDMARKS",
    "EmotionScore",
    "Impression",
    "Tracking",
    "age_group",
    "distance_cm",
    "emotion_score",
    "impressions",
    "landmarks48",
    "looking",
    "shut",
    "tracking",
]
