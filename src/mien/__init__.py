"""mien: find, follow, read, recognise and hide faces in photos and video, on your own machines.

Importing this package opens no file and loads no model; the public names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien.version import __version__

if TYPE_CHECKING:
    from mien.errors import MienError
    from mien.faces import EMOTIONS, Faces
    from mien.pipeline import analyze_image, analyze_video
    from mien.pipeline.live import analyze_live
    from mien.redact.video import redact_video
    from mien.timeline.media_analytics import write_media_analytics
    from mien.timeline.timeline import Timeline

__all__ = [
    "EMOTIONS",
    "Faces",
    "MienError",
    "Timeline",
    "__version__",
    "analyze_image",
    "analyze_live",
    "analyze_video",
    "redact_video",
    "write_media_analytics",
]

_HOMES = {
    "EMOTIONS": "mien.faces",
    "Faces": "mien.faces",
    "MienError": "mien.errors",
    "Timeline": "mien.timeline.timeline",
    "analyze_image": "mien.pipeline",
    "analyze_live": "mien.pipeline.live",
    "analyze_video": "mien.pipeline",
    "redact_video": "mien.redact.video",
    "write_media_analytics": "mien.timeline.media_analytics",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mien' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
