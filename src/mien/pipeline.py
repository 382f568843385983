"""The loop: decode → detect → track → describe → a Timeline. A photo goes the same way once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache, partial
from typing import Any, Protocol

from numpy.typing import NDArray

from mien.describe.demographics import Demographics
from mien.describe.embedding import Embedding
from mien.describe.emotion import Emotion
from mien.describe.gaze import Gaze
from mien.describe.mesh import Mesh
from mien.describe.openness import Openness
from mien.describe.pose import Pose
from mien.describe.quality import Quality
from mien.detect.cascade import ImageDetector
from mien.detect.video import VideoDetector
from mien.errors import DecodeError, UsageError
from mien.faces import Faces
from mien.media import Frame, Source, Video, open_video, read_image
from mien.timeline.timeline import Timeline, TimelineBuilder, VideoFacts
from mien.track.cuts import CutDetector
from mien.track.tracker import OnlineTracker

Rgb = NDArray[Any]


class Stage(Protocol):
    """Fills columns of the record from the picture and the columns it needs."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns it reads, beside those of detection."""

    @property
    def fills(self) -> tuple[str, ...]:
        """The columns it fills."""

    def describe(self, rgb: Rgb, faces: Faces) -> Faces:
        """A new record with the columns `fills`."""


STAGES: tuple[Any, ...] = (Mesh, Pose, Gaze, Openness, Embedding, Demographics, Quality, Emotion)
"""Every stage class. What a stage needs is declared by it; `stages_for` finds the order."""


def stages_for(
    columns: Collection[str], *, threads: int | None = None, ready: Sequence[Stage] = ()
) -> list[Stage]:
    """Load the stages that fill these columns and all that those stand on, in working order.

    A stage that is among those `ready` is taken from there, and its models are not opened again.

    Raises:
        UsageError: no stage fills one of the columns.
        ModelError: a model cannot be had.
    """
    detected = {"box_xyxy", "score", "points", "track_id"}
    makers = {column: stage for stage in STAGES for column in stage.fills}
    order: list[Any] = []

    def require(column: str) -> None:
        if column not in makers:
            if column in detected:
                return
            raise UsageError(f"no stage fills the column '{column}'")
        stage = makers[column]
        for needed in stage.needs:
            if needed not in stage.fills:
                require(needed)
        if stage not in order:
            order.append(stage)

    for column in columns:
        require(column)
    loaded = {type(stage): stage for stage in ready}
    return [loaded.get(stage) or stage.load(threads=threads) for stage in order]


def describe_all(stages: Sequence[Stage], rgb: Rgb, faces: Faces) -> Faces:
    """Run the stages over the faces of one picture, in order."""
    for stage in stages:
        faces = stage.describe(rgb, faces)
    return faces


def analyze_image(
    source: Source,
    *,
    columns: Collection[str] = (),
    profile: str = "balanced",
    threads: int | None = None,
) -> Faces:
    """Find the faces of a photo and describe them.

    Args:
        source: a path, the bytes of a file, or an open binary file.
        columns: the columns of `Faces` to fill beside box, score and points.
        profile: "fast", "balanced" or "accurate".
        threads: for inference; by default one for each core.

    Returns:
        The faces, the largest first; boxes in pixels of the picture as displayed.

    Raises:
        InputError: the source cannot be opened.
        MediaError: it is no usable picture.
        ModelError: a model cannot be had.
    """
    analyzer = PhotoAnalyzer(columns=columns, profile=profile, threads=threads)
    return analyzer.analyze(read_image(source))


class PhotoAnalyzer:
    """The detector and the stages, loaded once for many photos; arguments as of `analyze_image`.

    Raises:
        UsageError: there is no such column or profile.
        ModelError: a model cannot be had.
    """

    def __init__(
        self,
        *,
        columns: Collection[str] = (),
        profile: str = "balanced",
        threads: int | None = None,
    ) -> None:
        self._detector = ImageDetector.load(profile, threads=threads)
        self._stages = stages_for(columns, threads=threads)

    def analyze(self, rgb: Rgb) -> Faces:
        """The faces of a decoded photo (H, W, 3) uint8, the largest first, described."""
        return describe_all(self._stages, rgb, self._detector.detect(rgb))


def analyze_video(
    source: Source,
    *,
    columns: Collection[str] = (),
    keep: Collection[str] = (),
    profile: str = "balanced",
    reid: bool = True,
    threads: int | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Timeline:
    """Find, follow and describe every face of a video.

    Args:
        source: a path, the bytes of a file, or an open binary file.
        columns: the columns of `Faces` to fill beside box, score, points and track_id.
        keep: of the large columns (mesh, embedding), those that the timeline shall hold.
        profile: "fast", "balanced" or "accurate".
        reid: whether somebody who comes back after a long absence or a cut gets the id they had,
            by their looks; without it a new one.
        threads: for inference; by default one for each core.
        on_progress: called with the share of the video that is done, 0..1.

    Raises:
        InputError: the source cannot be opened.
        MediaError: it is no usable video. A `DecodeError` in the middle carries the timeline of
            what came before in its `partial`.
        ModelError: a model cannot be had.
    """
    with open_video(source) as video, TimelineBuilder(_facts(video), keep) as timeline:
        tracker = OnlineTracker(reid=reid)
        try:
            for frame, faces in follow(video, tracker, columns, profile, threads):
                timeline.add(frame.time, frame.duration, faces)
                on_progress(_share(video, frame))
        except DecodeError as error:
            error.partial = timeline.finish(tracker.finish())
            raise
        return timeline.finish(tracker.finish())


def follow(
    video: Video,
    tracker: OnlineTracker,
    columns: Collection[str] = (),
    profile: str = "balanced",
    threads: int | None = None,
) -> Iterator[tuple[Frame, Faces]]:
    """Yield every frame with its faces, under the tracker's provisional ids."""
    detector = VideoDetector.load(profile, threads=threads)
    stages = stages_for(columns, threads=threads)
    identify = cache(partial(stages_for, ("embedding",), threads=threads, ready=stages))
    cuts = CutDetector()
    for frame in video.frames():
        embed = partial(_embedded, identify, frame)
        cut = cuts.update(frame.rgb_at(*CutDetector.SIZE_WH))
        found = detector.detect(frame.rgb, whole=cut or tracker.in_doubt)
        faces = tracker.update(found, time=frame.time, embed=embed, cut=cut)
        yield frame, describe_all(stages, frame.rgb, faces)


def _embedded(load: Callable[[], list[Stage]], frame: Frame, faces: Faces) -> Faces:
    """The faces with `embedding`; the network is opened at the first face that needs it."""
    return describe_all(load(), frame.rgb, faces)


def _facts(video: Video) -> VideoFacts:
    info = video.info
    return VideoFacts(info.width, info.height, info.rate, info.time_base, info.rotation)


def _share(video: Video, frame: Frame) -> float:
    length = video.info.duration
    return min(1.0, frame.time.seconds / length.seconds) if length and length.pts > 0 else 0.0
