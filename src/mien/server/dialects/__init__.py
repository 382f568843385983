"""The wire formats the service speaks: one sub-application each. They never import each other."""

from __future__ import annotations

from mien.server.dialect import Dialect


def all_dialects(*, score_only: bool = False) -> tuple[Dialect, ...]:
    """Every API that the service speaks; or /score alone."""
    # here, since those folders import this one
    from mien.server.dialects.emotion_v1 import EMOTION_V1
    from mien.server.dialects.face_v1 import FACE_V1
    from mien.server.dialects.kairos import KAIROS
    from mien.server.dialects.media_v1 import MEDIA_V1
    from mien.server.dialects.score import SCORE

    if score_only:
        return (SCORE,)
    return (FACE_V1, EMOTION_V1, KAIROS, MEDIA_V1, SCORE)
