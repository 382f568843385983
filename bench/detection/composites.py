"""Pictures with known truth: real heads pasted into faceless backgrounds, and close-ups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.detection.corpus import Picture, Truth, pictures, read
from bench.detection.recipes import (
    CLOSEUPS,
    HEADS,
    SCATTERS,
    TEXTURES,
    WALLS,
    Closeup,
    Scatter,
    Wall,
)
from bench.detection.scoring import ious

Array = NDArray[Any]
Recipe = Scatter | Closeup | Wall

HEAD_LIFT = 0.08  # of the face's height: a head reaches further above its face than below
HEAD_AXES = (0.72, 0.72)  # half axes of the head's ellipse, in widths and heights of the face
FEATHER = 0.18  # the rim of that ellipse over which a head fades out
CLEARANCE = 1.5  # boxes grown by this do not touch
MAX_TRIES = 2000
GUTTER = 6  # pixels between pictures on a wall


@dataclass(frozen=True, eq=False)
class Placed:
    """One head to paste: where from, its size, tilt and brightness, and where to."""

    rgb: Array
    face_xyxy: Array
    scale: float
    tilt_deg: float
    gain: float
    centre: Array

    @property
    def truth_xyxy(self) -> Array:
        """The bounds of the ellipse that fills the face's box, scaled and rotated."""
        return np.concatenate([self.centre - self.half_wh, self.centre + self.half_wh])

    @property
    def half_wh(self) -> Array:
        """Half the width and height of those bounds."""
        return rotated_half_wh(self.face_xyxy, self.tilt_deg) * self.scale


def rotated_half_wh(box_xyxy: Array, tilt_deg: float) -> Array:
    """Half the bounds of the ellipse inside a box, after a rotation about its centre."""
    a, b = (box_xyxy[2:] - box_xyxy[:2]) / 2
    cosine, sine = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    return np.array([np.hypot(a * cosine, b * sine), np.hypot(a * sine, b * cosine)])


def recipes() -> tuple[Recipe, ...]:
    """Every composite of the corpus."""
    return SCATTERS + CLOSEUPS + WALLS


def compose(recipe: Recipe) -> tuple[Array, Truth]:
    """Make one composite: (H, W, 3) uint8 RGB and the boxes in it.

    Raises:
        ModelError: a picture it is made from cannot be fetched.
    """
    rng = np.random.default_rng(recipe.seed)
    ignore = np.zeros((0, 4))
    if isinstance(recipe, Scatter):
        rgb, faces = scatter(recipe, rng)
    elif isinstance(recipe, Closeup):
        rgb, faces = closeup(recipe, rng)
    else:
        rgb, faces, ignore = wall(recipe, rng)
    width, height = recipe.size_wh
    faces = faces.clip(0, [width, height, width, height])
    return _through_jpeg(rgb, recipe.quality), Truth(faces=faces, ignore=ignore)


def scatter(recipe: Scatter, rng: np.random.Generator) -> tuple[Array, Array]:
    """Strew heads over a background: the picture, and the (n, 4) boxes of their faces."""
    canvas: Array = _background(recipe, rng).astype(np.float32)
    placed = _place(recipe, rng)
    for head in placed:
        _paste(canvas, head, recipe.blur)
    canvas = 255 * (canvas.clip(0, 255) / 255) ** recipe.gamma
    return canvas.round().astype(np.uint8), np.stack([head.truth_xyxy for head in placed])


def closeup(recipe: Closeup, rng: np.random.Generator) -> tuple[Array, Array]:
    """Cut a face out with its surroundings: the picture, and the (1, 4) box of the face."""
    name, index = recipe.head
    rgb, face = _pixels(name), _picture(name).truth.faces[index]
    if recipe.within is not None:
        x0, y0, x1, y1 = recipe.within
        rgb, face = rgb[y0:y1, x0:x1], face - [x0, y0, x0, y0]
    tilt = rng.uniform(-recipe.tilt_deg, recipe.tilt_deg)
    width, height = recipe.size_wh
    half = rotated_half_wh(face, tilt)
    scale = recipe.share * height / (2 * half[1])
    slack = np.maximum(0, np.array([width, height]) / 2 - half * scale)
    centre = np.array([width, height]) / 2 + rng.uniform(-0.5, 0.5, 2) * slack
    placed = Placed(rgb, face, scale, tilt, 1.0, centre)
    small, to_canvas = _matrix(placed)
    out = cv2.warpAffine(
        small, to_canvas, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(out), placed.truth_xyxy[None]


def wall(recipe: Wall, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Hang real pictures in rows: the picture, its (n, 4) faces and its (m, 4) ignored ones."""
    width, height = recipe.size_wh
    canvas = np.full((height, width, 3), 96, np.uint8)
    faces, ignore = [np.zeros((0, 4))], [np.zeros((0, 4))]
    x = y = row = 0
    for rgb, truth in _to_hang(recipe, rng):
        high, wide = rgb.shape[:2]
        if x + wide > width:
            x, y, row = 0, y + row, 0
        if y + high > height:
            break
        canvas[y : y + high, x : x + wide] = rgb
        corner = np.array([x, y, x, y])
        faces.append(truth.faces + corner)
        ignore.append(truth.ignore + corner)
        x, row = x + wide + GUTTER, max(row, high + GUTTER)
    return canvas, np.concatenate(faces), np.concatenate(ignore)


def _to_hang(recipe: Wall, rng: np.random.Generator) -> list[tuple[Array, Truth]]:
    """Scaled pictures that cover about the wall's area, the tall ones first."""
    width, height = recipe.size_wh
    known = [p for p in pictures() if len(p.truth.faces) and not p.is_shared]
    hung: list[tuple[Array, Truth]] = []
    room = width * height
    for mirrored in (False, True):
        for which in rng.permutation(len(known)):
            high, wide, scale = _hung_size(known[which], recipe.face_px)
            fits = high <= height / 2 and wide <= width / 2 and high * wide <= room
            if scale < 1 and fits and _has_whole_faces(known[which]):
                hung.append(_hung(known[which], recipe.face_px, mirrored=mirrored))
                room -= high * wide
    return sorted(hung, key=lambda pair: -len(pair[0]))


def _hung_size(picture: Picture, face_px: float) -> tuple[int, int, float]:
    """Height, width and scale at which its middle face has that size."""
    high, wide = _pixels(picture.name).shape[:2]
    faces = picture.truth.faces
    scale = face_px / float(np.median(np.sqrt((faces[:, 2:] - faces[:, :2]).prod(1))))
    return round(high * scale), round(wide * scale), scale


def _has_whole_faces(picture: Picture) -> bool:
    # The next picture on the wall could complete a face that the edge cuts.
    high, wide = _pixels(picture.name).shape[:2]
    faces = picture.truth.faces
    return bool((faces[:, :2] > 0).all() and (faces[:, 2:] < [wide, high]).all())


def _hung(picture: Picture, face_px: float, *, mirrored: bool) -> tuple[Array, Truth]:
    rgb, truth = _pixels(picture.name), picture.truth
    high, wide, scale = _hung_size(picture, face_px)
    small = np.asarray(cv2.resize(rgb, (wide, high), interpolation=_kernel(scale)))
    by = np.tile([wide / rgb.shape[1], high / rgb.shape[0]], 2)
    faces, ignore = truth.faces * by, truth.ignore * by
    if mirrored:
        small = small[:, ::-1]
        faces, ignore = (
            np.stack([wide - b[:, 2], b[:, 1], wide - b[:, 0], b[:, 3]], 1) for b in (faces, ignore)
        )
    return small, Truth(faces=faces, ignore=ignore)


def _background(recipe: Scatter, rng: np.random.Generator) -> Array:
    width, height = recipe.size_wh
    rgb = _pixels(recipe.background)
    if recipe.background in TEXTURES:
        rows, columns = -(-height // rgb.shape[0]), -(-width // rgb.shape[1])
        row = np.concatenate([rgb[:, :: (-1) ** k] for k in range(columns)], 1)
        return np.concatenate([row[:: (-1) ** k] for k in range(rows)], 0)[:height, :width]
    scale = max(width / rgb.shape[1], height / rgb.shape[0]) * rng.uniform(1.0, 1.2)
    wide = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=_kernel(scale))
    x = rng.integers(0, wide.shape[1] - width + 1)
    y = rng.integers(0, wide.shape[0] - height + 1)
    return np.asarray(wide[y : y + height, x : x + width])


def _place(recipe: Scatter, rng: np.random.Generator) -> list[Placed]:
    """Sizes and people first, largest first, so that a composite can always be filled."""
    low, high = np.log(recipe.face_px)
    sizes = np.sort(np.exp(rng.uniform(low, high, recipe.count)))[::-1]
    order = [
        int(k) for _ in range(0, recipe.count, len(HEADS)) for k in rng.permutation(len(HEADS))
    ]
    placed: list[Placed] = []
    for size, which in zip(sizes, order, strict=False):
        rgb, face = _face(*HEADS[which])
        tilt = rng.uniform(-recipe.tilt_deg, recipe.tilt_deg)
        scale = size / (2 * np.sqrt(rotated_half_wh(face, tilt).prod()))
        head = Placed(rgb, face, scale, tilt, rng.uniform(*recipe.gain), np.zeros(2))
        placed.append(_find_room(recipe, head, placed, rng))
    return placed


def _find_room(
    recipe: Scatter, head: Placed, others: list[Placed], rng: np.random.Generator
) -> Placed:
    taken = np.array([_grown(other) for other in others]).reshape(-1, 4)
    for _ in range(MAX_TRIES):
        moved = replace(head, centre=_anywhere(recipe, head.half_wh, rng))
        if not ious(_grown(moved)[None], taken)[0].any():
            return moved
    raise RuntimeError(f"{recipe.name}: no room for a face of {head.half_wh * 2} pixels")


def _anywhere(recipe: Scatter, half_wh: Array, rng: np.random.Generator) -> Array:
    size = np.array(recipe.size_wh, float)
    centre = rng.uniform(half_wh, size - half_wh)
    if recipe.at_border:
        axis, far = rng.integers(0, 2, 2)
        beyond = rng.uniform(0.1, 0.2) * 2 * half_wh[axis]
        inner = half_wh[axis] - beyond
        centre[axis] = size[axis] - inner if far else inner
    return np.asarray(centre)


def _grown(head: Placed) -> Array:
    half = head.half_wh * CLEARANCE
    return np.concatenate([head.centre - half, head.centre + half])


def _paste(canvas: Array, head: Placed, blur: float) -> None:
    """Blend one head into the canvas, in place."""
    height, width = canvas.shape[:2]
    small, to_canvas = _matrix(head)
    alpha = _head_alpha(small.shape, head)
    layer = np.dstack([small.astype(np.float32) * alpha[..., None] * head.gain, alpha])
    if blur:
        enlarged = max(1.0, head.scale)
        sigma = blur * 2 * float(np.sqrt(head.half_wh.prod())) / enlarged
        layer = cv2.GaussianBlur(layer, (0, 0), sigma)
    # Only the part of the canvas that the head can reach is touched.
    reach = float(head.half_wh.max()) * 2
    x0, y0 = np.maximum(0, np.floor(head.centre - reach)).astype(int)
    x1, y1 = np.minimum([width, height], np.ceil(head.centre + reach)).astype(int)
    to_patch = to_canvas - [[0, 0, x0], [0, 0, y0]]
    warped = cv2.warpAffine(layer, to_patch, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR)
    patch = canvas[y0:y1, x0:x1]
    patch[...] = patch * (1 - warped[..., 3:]) + warped[..., :3]


def _matrix(head: Placed) -> tuple[Array, Array]:
    """The source at about its final scale, and the matrix from there to the canvas.

    Shrinking first, by areas, keeps the rotation from aliasing.
    """
    shrink = min(1.0, head.scale)
    small = head.rgb
    if shrink < 1:
        small = np.asarray(
            cv2.resize(small, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        )
    by = np.array([small.shape[1] / head.rgb.shape[1], small.shape[0] / head.rgb.shape[0]])
    centre = (head.face_xyxy[:2] + head.face_xyxy[2:]) / 2 * by
    matrix = cv2.getRotationMatrix2D((0, 0), head.tilt_deg, head.scale / shrink)
    # Boxes count pixel edges and warpAffine pixel centres, half a pixel apart.
    matrix[:, 2] = head.centre - 0.5 - matrix[:, :2] @ (centre - 0.5)
    return small, matrix


def _head_alpha(shape: tuple[int, ...], head: Placed) -> Array:
    """The ellipse of the head on the shrunken source: 1 inside, fading to 0 at its rim."""
    shrink = min(1.0, head.scale)
    x0, y0, x1, y1 = head.face_xyxy * shrink
    width, height = x1 - x0, y1 - y0
    y, x = np.mgrid[: shape[0], : shape[1]]
    across = (x + 0.5 - (x0 + x1) / 2) / (HEAD_AXES[0] * width)
    along = (y + 0.5 - (y0 + y1) / 2 + HEAD_LIFT * height) / (HEAD_AXES[1] * height)
    edge = np.clip((1 - np.hypot(across, along)) / FEATHER, 0, 1)
    return np.asarray(edge * edge * (3 - 2 * edge), np.float32)


def _picture(name: str) -> Picture:
    return next(picture for picture in pictures() if picture.name == name)


@cache
def _pixels(name: str) -> Array:
    return read(_picture(name))


@cache
def _face(name: str, index: int) -> tuple[Array, Array]:
    """The surroundings of a labelled face, and its box in them."""
    rgb, box = _pixels(name), _picture(name).truth.faces[index]
    reach = (box[2:] - box[:2]).max()
    x0, y0 = np.maximum(0, box[:2] - reach).astype(int)
    x1, y1 = (box[2:] + reach).astype(int)
    return rgb[y0:y1, x0:x1], box - [x0, y0, x0, y0]


def _kernel(scale: float) -> int:
    return cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA


def _through_jpeg(rgb: Array, quality: int) -> Array:
    done, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError("the composite could not be encoded")
    bgr: Array = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return np.ascontiguousarray(bgr[..., ::-1])
