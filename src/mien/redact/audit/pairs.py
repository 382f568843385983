"""The frames of two videos side by side, in stretches that can be worked on by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction

from mien.errors import MismatchError
from mien.media import Frame, Segment, Source, Video, open_video, plan_segments
from mien.timecode import format_seconds

TOLERANCE_S = Fraction(1, 1000)
"""Times that are no further apart are one: Matroska and others round them to milliseconds."""

WHOLE = Segment()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the output, and where to enter the source for it: at the last of its own segments
    that begins no later."""

    output: Segment = WHOLE
    source: Segment = WHOLE


def plan_stretches(source: Source, output: Source) -> Iterator[Stretch]:
    """The stretches of a pair of videos, each as soon as its end is known.

    Raises:
        InputError, MediaError: one of them cannot be opened, or is no usable video.
    """
    entries = _timed(source)
    here, following = WHOLE, next(entries, None)
    for start, segment in _timed(output):
        while following is not None and following[0] <= start + TOLERANCE_S:
            here, following = following[1], next(entries, None)
        yield Stretch(segment, replace(here, stop=None))


def _timed(video: Source) -> Iterator[tuple[Fraction, Segment]]:
    """The segments of a video, each with the time at which it is shown."""
    with open_video(video, threads=1) as opened:
        first = opened.info.start
    for segment in plan_segments(video):
        ticks = first.pts if segment.start is None else segment.start
        yield (ticks - first.pts) * first.time_base, segment


def side_by_side(
    source: Source, output: Source, stretch: Stretch, *, threads: int
) -> Iterator[tuple[Frame, Frame]]:
    """Each frame of the source with that of the output that is shown at the same time.

    Raises:
        MismatchError: the pictures differ in size, or the videos in number or times of frames.
        InputError, MediaError: as of `open_video`.
    """
    with ExitStack() as both:
        before = both.enter_context(open_video(source, segment=stretch.source, threads=threads))
        after = both.enter_context(open_video(output, segment=stretch.output, threads=threads))
        _check_sizes(before, after)
        originals = before.frames()
        original, end = next(originals, None), Fraction(0)
        for shown in after.frames():
            if shown.index == 0 and stretch.output.start is not None:
                begin = shown.time.exact - TOLERANCE_S
                while original is not None and original.time.exact < begin:
                    original = next(originals, None)
            _check_times(original, shown)
            assert original is not None
            yield original, shown
            end = shown.time.exact + shown.duration * shown.time.time_base
            original = next(originals, None)
        last = stretch.output.stop is None
        if original is not None and (last or original.time.exact < end - TOLERANCE_S):
            raise MismatchError(
                f"the source has a frame at {original.time} that the output has not; "
                "audit an output with the frames and times of its source"
            )


def _check_sizes(before: Video, after: Video) -> None:
    sizes = [(video.info.width, video.info.height) for video in (before, after)]
    if sizes[0] != sizes[1]:
        raise MismatchError(
            "the pictures of the source have {} x {} pixels and those of the output {} x {}; "
            "audit an output of the same size".format(*sizes[0], *sizes[1])
        )


def _check_times(original: Frame | None, shown: Frame) -> None:
    if original is None:
        said = "the source has ended"
    elif abs(original.time.exact - shown.time.exact) > TOLERANCE_S:
        said = f"the source has one at {format_seconds(original.time.exact)}"
    else:
        return
    raise MismatchError(
        f"the output has a frame at {shown.time}, where {said}; "
        "audit an output with the frames and times of its source"
    )
