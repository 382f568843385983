"""Videos and photos with what was found drawn on them.

write_annotated("clip.mp4", timeline, "clip_annotated.mp4")
write_image("photo_annotated.jpg", annotate_picture(rgb, faces))
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.faces import EMOTIONS, Faces
from mien.media import Source, Video, open_video
from mien.media.sound import Sound
from mien.media.writer import Encoding, create_video_like
from mien.picture import check_rgb
from mien.report.annotator import draw
from mien.report.captions import Caption, captions_of_picture, captions_of_tracks
from mien.report.style import Style
from mien.timecode import Time
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

CALM_S = Fraction(1, 2)
"""Bars show the mean of what is known in this time around the frame: from one frame to the next
they would only flicker. The documents keep the value of each frame."""

UNSEEN_S = Fraction(1, 4)
"""A box is dashed where it was put between two sightings that are further apart, by more than one
frame. Analysis passes over single frames as a rule; to dash those would make every box flicker."""


def annotate_picture(rgb: Array, faces: Faces) -> Array:
    """A copy of a photo with its faces drawn on it.

    Args:
        rgb: (H, W, 3) uint8.
        faces: its faces. Whatever columns are there are shown: id, gender, age, emotion, and 27
            landmarks of the mesh. Colours go by the id, or by the order where there is none.

    Raises:
        UsageError: it is no picture.
    """
    check_rgb(rgb)
    drawn = np.array(rgb, order="C")
    style = Style.of(rgb.shape[1], rgb.shape[0], faces)
    names = range(len(faces)) if faces.track_id is None else faces.track_id.tolist()
    guessed = np.isnan(faces.score).tolist()
    draw(drawn, faces, captions_of_picture(faces, style), style, names=names, guessed=guessed)
    return drawn


def write_annotated(
    source: Source,
    timeline: Timeline,
    path: str | PathLike[str],
    *,
    names: Mapping[int, str] = MappingProxyType({}),
    encoding: Encoding = Encoding(),  # noqa: B008 - frozen
    on_progress: Callable[[float], None] = lambda share: None,
) -> tuple[str, ...]:
    """Write a video with its faces drawn on it: every frame at its own time, with the sound.

    Faces without a confirmed id are left out, as in the documents.

    Args:
        source: the video that the timeline was made of.
        timeline: what was found; what it holds is shown, as by `annotate_picture`.
        path: ending in .mp4, .m4v, .mov or .mkv.
        names: by id, of those who have one; it stands in place of the id.
        encoding: how to compress.
        on_progress: called with the share that is done, 0..1.

    Returns:
        A sentence for each thing that is not as it was, such as sound that had to be encoded anew.

    Raises:
        UsageError: another suffix, `path` is the source, or the timeline is of another video: it
            lacks one of the frames or has others.
        InputError, MediaError: as of `open_video`; DecodeError where the video is damaged.
        OutputError: it cannot be written. Nothing is left of it then.
    """
    _check_not_same(source, Path(path))
    with ExitStack() as open_things:
        video = open_things.enter_context(open_video(source))
        info = video.info
        pages = Pages(video, timeline, names)
        sound = open_things.enter_context(Sound(source, info.start)) if info.has_audio else None
        with create_video_like(info, path, sound=sound, encoding=encoding) as writer:
            for frame in video.frames():
                writer.write(pages.drawn(frame.rgb, frame.time), frame.time, frame.duration)
                on_progress((frame.index + 1) / timeline.frame_count)
            pages.check_complete()
        return writer.notes


class Pages:
    """The frames of a video with the timeline drawn on them."""

    def __init__(
        self,
        video: Video,
        timeline: Timeline,
        names: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        info, facts = video.info, timeline.video
        if (info.width, info.height) != (facts.width, facts.height):
            raise UsageError(
                f"the timeline is of a video of {facts.width} x {facts.height} pixels, and this is "
                f"one of {info.width} x {info.height}; analyse this one"
            )
        self._timeline = timeline
        self._style = Style.of(info.width, info.height, timeline.faces)
        self._captions: dict[int, Caption] = captions_of_tracks(timeline, self._style, names)
        self._reach = int(CALM_S / 2 / facts.time_base)
        self._unseen = int(UNSEEN_S / facts.time_base)
        self._done = 0

    def drawn(self, rgb: Array, time: Time) -> Array:
        """A copy of the frame shown at this time, with its faces."""
        index = self._index(time)
        faces = self._timeline.at(index)
        ids = np.full(len(faces), -1) if faces.track_id is None else faces.track_id
        faces, names = faces[ids >= 0], ids[ids >= 0].tolist()
        copy = np.array(rgb, order="C")
        captions = [self._captions[name] for name in names]
        calm, guessed = self._calm(faces, names, index)
        draw(copy, calm, captions, self._style, names=names, guessed=guessed, time=time)
        self._done += 1
        return copy

    def _index(self, time: Time) -> int:
        pts = self._timeline.pts
        ticks = time.exact / self._timeline.video.time_base
        index = int(np.searchsorted(pts, float(ticks)))
        near = [k for k in (index - 1, index, index + 1) if 0 <= k < len(pts) and pts[k] == ticks]
        if not near:
            raise UsageError(
                f"the timeline has no frame at {time}, where the video has one: it is of another "
                "video, or of a part of it; analyse this one"
            )
        return near[0]

    def check_complete(self) -> None:
        """Check that the video had all frames of the timeline.

        Raises:
            UsageError: it had not.
        """
        if self._done != self._timeline.frame_count:
            raise UsageError(
                f"the video has {self._done} frames and the timeline {self._timeline.frame_count}: "
                "it is of another video; analyse this one"
            )

    def _calm(self, faces: Faces, names: list[int], index: int) -> tuple[Faces, list[bool]]:
        """The faces with the means of their emotions around this frame, and whether the box of
        each was put where nobody saw it."""
        pts, whole = self._timeline.pts, self._timeline.faces
        now = int(pts[index])
        first, last = np.searchsorted(pts, [now - self._reach, now + self._reach + 1]).tolist()
        span = self._timeline.rows(min(first, max(index - 1, 0)), max(last, index + 2))
        ids = np.full(0, -1) if whole.track_id is None else whole.track_id[span]
        frames = self._timeline.frame[span]
        close = np.abs(pts[frames] - now) <= self._reach
        emotion = np.full((len(names), len(EMOTIONS)), np.nan, np.float32)
        guessed = []
        for row, name in enumerate(names):
            own = ids == name
            guessed.append(self._is_unseen(frames[own & np.isfinite(whole.score[span])], index))
            if whole.emotion is not None:
                emotion[row] = _mean_of_known(whole.emotion[span][own & close])
        return (faces if whole.emotion is None else replace(faces, emotion=emotion)), guessed

    def _is_unseen(self, seen: Array, index: int) -> bool:
        """Whether a frame lies in a gap between sightings, of more than one frame and longer than
        `UNSEEN_S`."""
        before, after = seen[seen <= index], seen[seen >= index]
        if not len(before) or not len(after):
            return True
        first, last = int(before[-1]), int(after[0])
        pts = self._timeline.pts
        return last - first > 2 and int(pts[last] - pts[first]) > self._unseen


def _mean_of_known(values: Array) -> Array:
    """(8,) the mean of the rows without NaN; NaN if there are none."""
    known = values[np.isfinite(values).all(axis=1)]
    return known.mean(axis=0) if len(known) else np.full(values.shape[1], np.nan, np.float32)


def _check_not_same(source: Source, path: Path) -> None:
    if isinstance(source, (str, os.PathLike)) and path.exists() and path.samefile(source):
        raise UsageError(f"{path} is the video that would be drawn on; choose another name")
