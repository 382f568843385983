"""Pictures with faces of known place and size, and pictures with none.

The astronaut's portrait, scaled, is pasted as it is: a face with its surroundings, so that the
network has no seam to look at.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ASTRONAUT = (178, 66, 272, 182)
"""Her face, cheek to cheek and fringe to chin, labelled by eye."""
ASTRONAUT_POINTS = ((203, 102), (247, 105), (224, 128), (205, 145), (243, 147))
"""Eyes, nose tip, corners of the mouth, labelled by eye; within 4 pixels."""
FACE_SIZE = ((272 - 178) * (182 - 66)) ** 0.5
BUST = (120, 10, 340, 230)
"""Her head with room around it, as a square."""


def iou(a: Array, b: Array) -> Array:
    """(n, m) intersection over union of boxes (n, 4) and (m, 4), written out plainly."""
    a, b = np.reshape(a, (-1, 1, 4)).astype(float), np.reshape(b, (1, -1, 4)).astype(float)
    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    both = np.where((width > 0) & (height > 0), width * height, 0.0)

    def area(box: Array) -> Array:
        out: Array = (box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1])
        return out

    overlap: Array = both / (area(a) + area(b) - both)
    return overlap


def found(boxes: Array, truth: Array) -> tuple[int, int]:
    """How many of the true faces are found (overlap 0.5), and how many boxes are none of them."""
    overlap = iou(truth, boxes)
    hit = overlap >= 0.5
    return int(hit.any(axis=1).sum()), int(len(boxes) - hit.any(axis=1).sum())


def bust(astronaut: Array, size: float) -> tuple[Array, Array]:
    """Her head and shoulders with a face of this size, and the box (4,) of the face in it."""
    left, top, right, bottom = BUST
    factor = size / FACE_SIZE
    side = round((right - left) * factor)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(astronaut[top:bottom, left:right], (side, side), interpolation=how)
    exact = side / (right - left)
    return picture, (np.array(ASTRONAUT) - [left, top, left, top]) * exact


def pasted(
    astronaut: Array, canvas: Array, size: float, count: int, seed: int
) -> tuple[Array, Array]:
    """`count` busts at places of a grid that the seed draws, and their boxes (count, 4)."""
    picture, box = bust(astronaut, size)
    side = len(picture)
    out = canvas.copy()
    rows, columns = out.shape[0] // side, out.shape[1] // side
    cells = np.random.default_rng(seed).permutation(rows * columns)[:count]
    assert len(cells) == count, f"{count} faces of {size} pixels do not fit"
    boxes = []
    for row, column in (divmod(int(cell), columns) for cell in cells):
        top, left = row * side, column * side
        out[top : top + side, left : left + side] = picture
        boxes.append(box + np.array([left, top, left, top]))
    return out, np.array(boxes)


def plain(height: int, width: int, value: int = 128) -> Array:
    """One grey."""
    return np.full((height, width, 3), value, np.uint8)


def texture(height: int, width: int, seed: int) -> Array:
    """Coloured noise of many sizes, smooth as nature is: its spectrum falls with frequency."""
    rng = np.random.default_rng(seed)
    out = np.zeros((height, width, 3), np.float32)
    for cells in (4, 8, 16, 32, 64, 128):
        coarse = rng.normal(size=(cells, cells, 3)).astype(np.float32) / np.sqrt(cells)
        out += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    scaled: Array = (128 + 60 * out / out.std()).clip(0, 255).astype(np.uint8)
    return scaled


def noise(height: int, width: int, seed: int) -> Array:
    """Each pixel by itself."""
    drawn: Array = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return drawn


def gradient(height: int, width: int) -> Array:
    """Dark at the left, red at the right, green below."""
    out = np.zeros((height, width, 3), np.uint8)
    out[..., 0] = np.linspace(0, 255, width)
    out[..., 1] = np.linspace(0, 255, height)[:, None]
    return out


def mirrored(boxes: Array, points: Array, width: int) -> tuple[Array, Array]:
    """Boxes and five points of the picture seen in a mirror."""
    flipped = boxes.copy()
    flipped[:, [0, 2]] = width - boxes[:, [2, 0]]
    swapped = points[:, [1, 0, 2, 4, 3]].copy()
    swapped[..., 0] = width - swapped[..., 0]
    return flipped, swapped
