"""What a player of the pages is told: where the bytes are, and how its clock goes with ours."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from mien.jobs import AssetFile, Queue
from mien.media import open_video
from mien.server.studio.library import COPIER, Clip, Library
from mien.timeline.timeline import Timeline

Json = dict[str, Any]

MOST_KNOWN = 256


def player_answer(queue: Queue, library: Library, clip: Clip) -> Json:
    """How to play a video: its copy for browsers if there is one, else the video itself.

    Raises:
        InputError, MediaError: it cannot be opened.
    """
    copy = library.file(clip.newest(COPIER), "_web.mp4")
    if copy is not None:  # it begins with its first frame
        return {"content": content_url(copy), "lead": 0.0}
    return file_answer(queue, clip.file)


def file_answer(queue: Queue, file: AssetFile) -> Json:
    """How to play a file: where its bytes are, and how many seconds of it, as players count, come
    before the first frame.

    Raises:
        InputError, MediaError: it cannot be opened.
    """
    return {"content": content_url(file), "lead": _lead(queue.assets.path(file))}


@lru_cache(maxsize=MOST_KNOWN)
def _lead(path: Path) -> float:
    """Of a file of the storage, whose bytes do not change."""
    with open_video(path, threads=1) as video:
        return float(video.lead * video.info.time_base)


def content_url(file: AssetFile) -> str:
    """Where a page finds the bytes of a file."""
    return f"/studio/api/media/v1/assets/{file.asset}/files/{file.id}/content"


def video_answer(timeline: Timeline) -> Json:
    """The facts of a video that a player goes by."""
    video, base = timeline.video, timeline.video.time_base
    return {
        "width": video.width,
        "height": video.height,
        "frames": timeline.frame_count,
        "rate": float(video.rate),
        "seconds": timeline.duration.seconds,
        "start": timeline.time(0).seconds if timeline.frame_count else 0.0,
        "timeBase": f"{base.numerator}/{base.denominator}",
    }
