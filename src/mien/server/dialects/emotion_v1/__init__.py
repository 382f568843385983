"""The Emotion API v1.0 of Azure (Project Oxford): perceived expressions of the faces of a picture.

The wire is that of the service; where its documents are silent, docs/reference/emotion_api.md says
what was chosen.
"""

from mien.server.dialects.emotion_v1.app import EMOTION_V1

__all__ = ["EMOTION_V1"]
