"""The Face API v1.0 of Azure: detect, verify, identify, find similar, group, and what is stored.

The wire is that of the service, its statuses, codes and messages included; where its documents
contradict each other, docs/reference/face_api.md says what was chosen.
"""

from mien.server.dialects.face_v1.app import FACE_V1

__all__ = ["FACE_V1"]
