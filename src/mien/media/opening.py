"""How the copy of a video begins: what is known of the source, and both files open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from os import PathLike
from pathlib import Path

from av.container import InputContainer

from mien.atomic import replacing
from mien.errors import UsageError
from mien.media.container import open_container
from mien.media.encoder import told, video_format_for
from mien.media.limits import Limits
from mien.media.sound import Sound, apart
from mien.media.source import Source, open_source
from mien.media.video import Video, open_video
from mien.timecode import Time


def look_at(source: Source, path: str | PathLike[str], limits: Limits) -> tuple[Path, str, Video]:
    """Where the copy goes, what FFmpeg calls its container, and the source, closed again.

    Raises:
        UsageError: another suffix than those of `VIDEO_FORMATS`, or `path` is the source.
        InputError, MediaError: as of `open_video`.
    """
    target = Path(path)
    form = video_format_for(target)
    check_not_same(source, target)
    with open_video(apart(source), limits=limits, threads=1) as video:
        return target, form, video  # what is known of it stays


@contextmanager
def open_both(
    source: Source, target: Path, video: Video, limits: Limits
) -> Iterator[tuple[InputContainer, Sound, str]]:
    """Open a source for its packets, and for all beside the pictures; and the name to write to,
    whose file takes its place at the target when the block ends without an error.

    Raises:
        InputError, MediaError: as of `open_video`.
        OutputError: it cannot be written. What was at the target is there as it was.
    """
    with (
        open_source(apart(source)) as opened,
        open_container(opened, limits) as container,
        Sound(source, origin(video), subtitles=True, limits=limits) as beside,
        told(target),
        replacing(target, "wb") as file,
    ):
        yield container, beside, file.name


def origin(video: Video) -> Time:
    """The source's time that becomes 0 in its copy."""
    info = video.info
    zero = info.start.exact - video.lead * info.time_base
    return Time(zero.numerator, Fraction(1, zero.denominator))


def check_not_same(source: Source, path: Path) -> None:
    """Check that a file is not its own copy.

    Raises:
        UsageError: it is.
    """
    if isinstance(source, (str, os.PathLike)) and path.exists() and path.samefile(source):
        raise UsageError(f"{path} is the video itself; choose another name for its copy")
