"""The wire formats the service speaks: one sub-application each. They never import each other."""

from __future__ import annotations

from mien.server.dialect import Dialect


def all_dialects() -> tuple[Dialect, ...]:
    """Every API that the service speaks."""
    from mien.server.dialects.face_v1 import FACE_V1  # here: that folder imports this one

    return (FACE_V1,)
