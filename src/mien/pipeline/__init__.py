"""The data's way from a source to described faces.

A photo is `photo.py`. A video is cut into segments (`mien.media`); each is worked on by itself
(`segment.py`: decode, then find and follow, `follow.py`, then describe, `stages.py`), in this
process or by an engine; `video.py` puts the parts together.
"""

from mien.pipeline.photo import PhotoAnalyzer, analyze_image
from mien.pipeline.stages import STAGES, Stage, describe_all, stages_for
from mien.pipeline.video import analyze_video

__all__ = [
    "STAGES",
    "PhotoAnalyzer",
    "Stage",
    "analyze_image",
    "analyze_video",
    "describe_all",
    "stages_for",
]
