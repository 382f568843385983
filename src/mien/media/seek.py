"""The frames of a video by time, for those who go to and fro in it.

reel = Reel("clip.mp4")
reel.frame(Fraction(12))                     # the frame that is shown 12 s after the first began
for frame in reel.onwards(Fraction(12)):     # that one, and those that follow it
    ...
for frame in reel.backwards(Fraction(12)):   # those that begin before 12 s, the latest first
    ...

Frames and times are those of `open_video`. A video that cannot be entered in the middle
(`mien.media.segments.ENTERABLE`) is decoded from its beginning each time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from fractions import Fraction

from mien.errors import UsageError
from mien.media.frame import Frame
from mien.media.limits import Limits
from mien.media.segments import WHOLE, Segment, plan_segments
from mien.media.source import Source
from mien.media.video import ROUNDING_FORMATS, Video, VideoInfo, open_video
from mien.timecode import format_seconds

APART_S = 1
"""Least time between two places at which a video is entered; most key frames lie further apart."""

HELD_PIXELS = 1 << 26
"""Of the frames that are kept to be given backwards: 32 of 1920 x 1080, 100 MB in the decoder's
format."""

FEWEST_HELD = 8


class Reel:
    """Gives frames of one video by their time. It keeps no file open.

    Args:
        source: a path or the bytes of a file. An open file serves one walk at a time.
        limits: as of `open_video`.
        threads: of the decoder.

    Raises:
        As of `open_video`.
    """

    def __init__(
        self,
        source: Source,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        threads: int = 1,
    ) -> None:
        self._source, self._limits, self._threads = source, limits, threads
        self._segments = [*plan_segments(source, limits=limits, length_s=APART_S)]
        with self._opened(WHOLE) as video:
            self.info: VideoInfo = video.info
        begin, tick = self.info.start.pts, self.info.start.time_base
        # a container that rounds its times may state one that is up to a tick too early
        slack = int(self.info.container in ROUNDING_FORMATS)
        starts = (begin if each.start is None else each.start for each in self._segments)
        self._starts = [(start - begin + slack) * tick for start in starts]

    def frame(self, time: Fraction) -> Frame:
        """The frame that is shown at a time, in seconds after the first frame began.

        Raises:
            UsageError: the video has not begun then, or is over.
            DecodeError: it is damaged before that.
        """
        return next(self.onwards(time))

    def onwards(self, time: Fraction) -> Iterator[Frame]:
        """The frame that is shown at a time, and all that follow it.

        Raises:
            As of `frame`; DecodeError also where the video is damaged later on.
        """
        shown: Frame | None = None
        for segment in self._segments[self._number(time) :]:
            with self._opened(segment) as video:
                for frame in video.frames():
                    if shown is not None and frame.time.exact > time:
                        yield shown
                    shown = frame
        assert shown is not None
        end = shown.time.exact + shown.duration * shown.time.time_base
        if time > end:
            raise UsageError(
                f"the video is over at {format_seconds(end)}, and {format_seconds(time)} "
                "lies behind that"
            )
        yield shown

    def backwards(self, time: Fraction) -> Iterator[Frame]:
        """The frames that begin before a time, the latest first. Few are held at once, so that long
        parts without a key frame are decoded again and again.

        Raises:
            As of `frame`.
        """
        held = max(FEWEST_HELD, HELD_PIXELS // (self.info.width * self.info.height))
        number = min(self._number(time) + 1, len(self._segments) - 1)
        while number >= 0:
            last = deque[Frame](maxlen=held)
            with self._opened(self._segments[number]) as video:
                for frame in video.frames():
                    if frame.time.exact >= time:
                        break
                    last.append(frame)
            if len(last) < held:
                number -= 1
            while last:
                time = last[-1].time.exact
                yield last.pop()

    def _number(self, time: Fraction) -> int:
        """The segment that shows a time, or the one before it."""
        if time < 0:
            raise UsageError(f"a video begins at 0, and {format_seconds(time)} lies before that")
        return max(0, bisect_right(self._starts, time) - 1)

    def _opened(self, segment: Segment) -> Video:
        return open_video(self._source, limits=self._limits, threads=self._threads, segment=segment)
