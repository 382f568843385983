"""A photo: detect → describe."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from numpy.typing import NDArray

from mien.detect.cascade import ImageDetector
from mien.faces import Faces
from mien.media import Source, read_image
from mien.pipeline.stages import describe_all, stages_for

Rgb = NDArray[Any]


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
