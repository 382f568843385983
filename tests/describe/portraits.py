"""Real faces with labelled boxes and eyes, and what can be done to a picture and its faces.

Boxes and eye points were labelled once, so that no test here stands on a detector.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from mien.faces import Faces
from mien.models import file_of

Rgb = NDArray[Any]
Label = tuple[tuple[float, float, float, float], tuple[float, float, float, float]]

ASTRONAUT: Label = ((182, 58, 270, 178), (203, 102, 247, 105))
CARPHONE: dict[int, Label] = {
    0: ((66, 37, 112, 96), (78, 61, 99, 57)),
    42: ((51, 40, 101, 100), (62, 66, 82, 59)),  # a blink
    60: ((54, 34, 104, 99), (66, 53, 87, 51)),  # the mouth at its widest
    90: ((35, 38, 87, 94), (50, 62, 68, 53)),
}
SINGLE_FACE: dict[int, Label] = {
    0: ((217, 84, 379, 295), (258, 172, 331, 168)),
    27: ((209, 78, 379, 300), (248, 160, 334, 153)),  # a blink
}
FAMILY: dict[str, Label] = {
    "Family1-Dad1": ((26, 20, 173, 232), (52, 108, 116, 94)),
    "Family1-Dad2": ((37, 61, 136, 206), (69, 113, 118, 121)),
    "Family1-Dad3": ((14, 50, 114, 192), (33, 104, 82, 100)),
    "Family1-Daughter1": ((12, 25, 92, 135), (33, 68, 71, 68)),
    "Family1-Daughter2": ((8, 18, 90, 125), (26, 53, 64, 50)),
    "Family1-Daughter3": ((23, 42, 108, 132), (43, 83, 73, 68)),
    "Family1-Mom1": ((24, 40, 148, 205), (59, 102, 120, 108)),
    "Family1-Mom2": ((14, 35, 101, 154), (35, 84, 76, 84)),
    "Family1-Son1": ((34, 29, 143, 155), (67, 74, 118, 75)),
    "Family1-Son2": ((31, 43, 109, 143), (53, 81, 89, 76)),
    "Family2-Lady1": ((62, 69, 243, 322), (107, 178, 187, 171)),
    "Family2-Lady2": ((48, 47, 211, 259), (113, 134, 188, 132)),
    "Family2-Man1": ((23, 24, 177, 256), (70, 111, 145, 114)),
    "Family2-Man2": ((55, 38, 241, 298), (109, 134, 200, 140)),
}


class Portrait(NamedTuple):
    """A picture and the faces in it."""

    rgb: Rgb
    faces: Faces


def labelled(*labels: Label) -> Faces:
    """Faces of these boxes and eyes; nose and mouth unknown, as from a detector without them."""
    points = np.full((len(labels), 5, 2), np.nan)
    for row, (_, eyes) in enumerate(labels):
        points[row, :2] = np.reshape(eyes, (2, 2))
    boxes = np.array([box for box, _ in labels], float).reshape(-1, 4)
    return Faces(boxes, np.ones(len(labels)), points=points)


def read(path: Path) -> Rgb:
    """The picture in a file, RGB."""
    bgr = cv2.imread(str(path))
    assert bgr is not None, path
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def frames(path: Path, indices: set[int]) -> dict[int, Rgb]:
    """These frames of a clip."""
    with av.open(str(path)) as container:
        decoded = enumerate(container.decode(video=0))
        found = {i: frame.to_ndarray(format="rgb24") for i, frame in decoded if i in indices}
    assert found.keys() == indices
    return found


def astronaut() -> Portrait:
    """A woman who smiles into the camera."""
    return Portrait(read(file_of("sample-astronaut")), labelled(ASTRONAUT))


def carphone() -> dict[int, Portrait]:
    """Some frames of a man who talks in a car, by number; the face is 50 pixels wide."""
    pictures = frames(file_of("sample-carphone"), set(CARPHONE))
    return {index: Portrait(pictures[index], labelled(CARPHONE[index])) for index in pictures}


def mirrored(portrait: Portrait) -> Portrait:
    """Left and right swapped."""
    rgb, faces = portrait
    width = rgb.shape[1]
    boxes = faces.box_xyxy.copy()
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    assert faces.points is not None
    points = faces.points[:, [1, 0, 2, 4, 3]].copy()
    points[..., 0] = width - points[..., 0]
    return Portrait(np.ascontiguousarray(rgb[:, ::-1]), Faces(boxes, faces.score, points=points))


def turned(portrait: Portrait, degrees: float) -> Portrait:
    """The picture turned clockwise about its centre, corners cut; boxes hold the turned ones."""
    rgb, faces = portrait
    height, width = rgb.shape[:2]
    # OpenCV turns counterclockwise, and has the centre of the first pixel at (0, 0)
    matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), -degrees, 1.0)
    picture = cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_CUBIC)
    assert faces.points is not None
    points = turn_points(faces.points, rgb, degrees)
    boxes = []
    for left, top, right, bottom in faces.box_xyxy:
        corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]])
        corners = turn_points(corners, rgb, degrees)
        middle, half = corners.mean(axis=0), max(right - left, bottom - top) / 2
        boxes.append([*(middle - half), *(middle + half)])
    return Portrait(picture, Faces(np.array(boxes), faces.score, points=points))


def turn_points(points: Rgb, rgb: Rgb, degrees: float) -> Rgb:
    """Points (..., 2) of a picture where `turned` puts them."""
    centre = np.array([rgb.shape[1], rgb.shape[0]]) / 2
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray((points - centre) @ turn.T + centre)


def scaled(portrait: Portrait, factor: float) -> Portrait:
    """The picture at another size."""
    rgb, faces = portrait
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=how)
    return Portrait(
        small, faces.scaled(small.shape[1] / rgb.shape[1], small.shape[0] / rgb.shape[0])
    )
