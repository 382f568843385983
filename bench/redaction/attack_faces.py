"""The faces of the attack: who is hunted, who the attacker learns from, and how they are redacted.

Tiles are of Labeled Faces in the Wild (Huang et al., University of Massachusetts, Amherst,
Technical Report 07-49, 2007), of 112 x 112 pixels, 16 x 16 a sheet, as bench.redaction.audit_rates
reads them.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe import crops
from mien.describe.embedding import MESH_POINTS, PADDING, SIZE, TEMPLATE
from mien.describe.mesh import Mesh
from mien.detect import ImageDetector
from mien.faces import Faces
from mien.media import read_image
from mien.media.planes import Plane
from mien.redact.effects import Look, hide
from mien.redact.heads import masks_of
from mien.redact.masks import Ellipse, Masks
from mien.redact.plan import MARGIN

Array = NDArray[Any]

TILE, SIDE = 112, 16
ENLARGED = 2
"""Tiles are looked at so many times as large: a face should not fill a picture for a detector."""

TARGETS = 100
PICTURES = 11
"""Of a hunted person there are at least so many: one for the gallery, ten and more to probe."""

PROBES = 30
LESSONS = 2
"""At most so many pictures of a person who is hunted, beside that of the gallery, and of one from
whom the attacker learns; a few people have hundreds."""

ROOM = 0.1
"""Beside the mask, in shares of it; the rest of the tile is cut off, as it says nothing."""


@dataclass(frozen=True, eq=False)
class Sitters:
    """n pictures, with the true place of the face in each."""

    rgb: Array  # (n, 112, 112, 3) uint8
    person: Array  # (n,) int
    hunted: Array  # (n,) bool
    centre_xy: Array  # (n, 2), and so on: the mask, in pixels of the tile
    half_wh: Array
    angle_deg: Array
    width: Array  # (n,) of the face's box
    points: Array  # (n, 5, 2) what the embedder's chip is aligned by

    def __len__(self) -> int:
        return len(self.rgb)

    def save(self, path: Path) -> None:
        """Write them, for `load`."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Sitters:
        """Those of `save`."""
        with np.load(path) as kept:
            return cls(**kept)


def choose(folder: Path, seed: int) -> tuple[Array, Array, Array]:
    """Numbers of tiles, their people, and whether these are hunted; drawn by the seed.

    Raises:
        ValueError: there are too few people with many pictures.
    """
    with open(folder / "scores.csv", encoding="utf-8") as file:
        names = [row["name"].rsplit("_", 1)[0] for row in csv.DictReader(file)]
    tiles: dict[str, list[int]] = defaultdict(list)
    for tile, name in enumerate(names):
        tiles[name].append(tile)
    rng = np.random.default_rng(seed)
    often = sorted(name for name, own in tiles.items() if len(own) >= PICTURES)
    if len(often) < TARGETS:
        raise ValueError(f"{len(often)} people have {PICTURES} pictures, and {TARGETS} are needed")
    targets = set(rng.permutation(often)[:TARGETS].tolist())
    rows: list[tuple[int, int, bool]] = []
    for person, name in enumerate(sorted(name for name, own in tiles.items() if len(own) > 1)):
        most = PROBES + 1 if name in targets else LESSONS
        chosen = rng.permutation(tiles[name])[:most].tolist()
        rows += [(tile, person, name in targets) for tile in chosen]
    columns = np.array(sorted(rows))
    return columns[:, 0], columns[:, 1], columns[:, 2].astype(bool)


def read(folder: Path, seed: int) -> Sitters:
    """Read the tiles, and find the face and its mesh in each, before anything is hidden.

    Those in which there is none are left out.
    """
    detector, mesh = ImageDetector.load("balanced"), Mesh.load()
    kept: list[tuple[Any, ...]] = []
    number = -1
    sheet: Array = np.zeros((0, 0, 3), np.uint8)
    for tile, person, hunted in zip(*choose(folder, seed), strict=True):
        if tile // SIDE**2 != number:
            number = int(tile) // SIDE**2
            sheet = read_image(folder / f"{number:03d}.webp")
        y, x = (TILE * k for k in divmod(int(tile) % SIDE**2, SIDE))
        rgb = sheet[y : y + TILE, x : x + TILE]
        large = cv2.resize(rgb, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
        face = _nearest(detector.detect(large), large.shape[1] / 2)
        face = mesh.describe(large, face).scaled(1 / ENLARGED, 1 / ENLARGED)
        if not len(face) or face.problems:
            continue
        assert face.mesh is not None
        mask = masks_of(face, MARGIN, TILE, TILE)
        columns = (mask.centre_xy[0], mask.half_wh[0], mask.angle_deg[0], face.size_wh[0, 0])
        kept.append((rgb, person, hunted, *columns, face.mesh[0, list(MESH_POINTS), :2]))
    return Sitters(*(np.array(column) for column in zip(*kept, strict=True)))


def _nearest(faces: Faces, middle: float) -> Faces:
    """The face nearest to the middle of the picture, as the set has its people there."""
    if not len(faces):
        return faces
    away = np.hypot(*((faces.box_xyxy[:, :2] + faces.box_xyxy[:, 2:]) / 2 - middle).T)
    return faces[[int(away.argmin())]]


@dataclass(frozen=True, eq=False)
class Sitting:
    """One picture at the size of the attack, cut to the mask and a little room around it."""

    rgb: Array  # (h, w, 3), sides are multiples of four
    mask: Masks
    points: Array  # (5, 2)

    @classmethod
    def of(cls, sitters: Sitters, row: int, width: float) -> Sitting:
        """The picture scaled so that the face's box is so wide."""
        scale = width / float(sitters.width[row])
        half, angle = sitters.half_wh[row] * scale, sitters.angle_deg[row]
        reach = Ellipse(0, 0, float(half[0]), float(half[1]), float(np.radians(angle)))
        sides = np.array([reach.half_width, reach.half_height]) * 2 * (1 + ROOM)
        wide, high = (int(side) // 4 * 4 + 4 for side in sides)
        centre = sitters.centre_xy[row]
        matrix = np.column_stack([np.eye(2) * scale, np.array([wide, high]) / 2 - centre * scale])
        to_index = matrix.copy()  # OpenCV has the centre of the first pixel at (0, 0)
        to_index[:, 2] += scale / 2 - 0.5
        how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        rgb = cv2.warpAffine(
            sitters.rgb[row], to_index, (wide, high), flags=how, borderMode=cv2.BORDER_REPLICATE
        )
        mask = Masks([[wide / 2, high / 2]], [half], [angle], [0])  # type: ignore[arg-type]
        return cls(rgb, mask, crops.apply(matrix, sitters.points[row]))

    @cached_property
    def _stored(self) -> Array:
        return cv2.cvtColor(self.rgb, cv2.COLOR_RGB2YUV_I420)

    def redacted(self, look: Look, mask: Masks | None = None) -> Array:
        """The picture as a player shows it, hidden in its planes (4:2:0, limited range)."""
        return self._hidden(self._stored.copy(), look, mask)

    def even(self, look: Look) -> Array:
        """What the effect makes of the picture when an even grey is in the place of the face: the
        shading, and the tone that follows the colours of the rest of the picture, not the face."""
        yuv = self._stored.copy()
        self._hidden(yuv, Look("solid"), None)
        return self._hidden(yuv, look, None)

    def _hidden(self, yuv: Array, look: Look, mask: Masks | None) -> Array:
        """The picture in RGB, hidden in place."""
        high, wide = self.rgb.shape[:2]
        luma = yuv[:high]
        cb, cr = yuv[high:].reshape(2, high // 2, wide // 2)
        planes = [Plane(luma, 16, 235), Plane(cb, 128, 240), Plane(cr, 128, 240)]
        hide(planes, wide, high, self.mask if mask is None else mask, look)
        return cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB_I420)

    def trembling(self, rng: np.random.Generator, share: float) -> Masks:
        """The mask, moved and resized at random by so much of its half axes (standard deviation),
        as a tracker's box trembles from frame to frame."""
        moved = self.mask.centre_xy + rng.normal(0, share, (1, 2)) * self.mask.half_wh
        sized = self.mask.half_wh * np.exp(rng.normal(0, share, (1, 2)))
        return Masks(moved, sized, self.mask.angle_deg, self.mask.id)

    def within(self, edge: float) -> Array:
        """(h, w) uint8 1 where the mask is, but for a rim."""
        (outline,) = self.mask.outlines("ellipse")
        high, wide = self.rgb.shape[:2]
        norm = outline.norm(np.arange(wide) + 0.5, np.arange(high) + 0.5)
        return (norm <= edge).view(np.uint8)

    def chip(self, rgb: Array, size: int = SIZE) -> Array:
        """(size, size, 3) the embedder's chip, aligned by the true landmarks."""
        target = (TEMPLATE + PADDING) / (1 + 2 * PADDING) * size
        return crops.cut(rgb, crops.similarity(self.points.astype(float), target), size)
