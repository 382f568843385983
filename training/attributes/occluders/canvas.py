"""Painting surfaces and strokes into a layer, and laying a layer on a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.attributes.occluders.head import SKULL, Head
from training.attributes.occluders.light import Light

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

FINE = 4
"""Bits of a pixel that OpenCV draws to."""


@dataclass(slots=True, eq=False)
class Surface:
    """A grid of points in head coordinates, its colours and how it takes light.

    Attributes:
        points: (r, c, 3) in head coordinates.
        colour: (r, c, 3) or (3,) its own colour, 0..1.
        opacity: 0..1, one number or (r, c).
        gloss: strength of the spot where it mirrors the light, 0..1.
        sharp: how small that spot is.
        depth: (r, c) or one number: a factor on the light, for folds and hollows.
        around: whether it goes around the head, so that its far half is not seen.
    """

    points: Floats
    colour: Floats
    opacity: float | Floats = 1.0
    gloss: float = 0.0
    sharp: float = 12.0
    depth: float | Floats = 1.0
    around: bool = False


def paint(layer: Pixels, surfaces: list[Surface], head: Head, light: Light) -> None:
    """Paint surfaces into a layer (S, S, 4), those farther away first."""
    corners, colours, far = [], [], []
    for surface in surfaces:
        seen = head.seen(surface.points)
        colour = _lit(surface, seen, light)
        quads = np.stack([seen[:-1, :-1], seen[:-1, 1:], seen[1:, 1:], seen[1:, :-1]], axis=2)
        middle = (colour[:-1, :-1] + colour[:-1, 1:] + colour[1:, 1:] + colour[1:, :-1]) / 4
        near = _faces_viewer(quads, head) if surface.around else np.ones(quads.shape[:2], bool)
        corners.append(quads[near][..., :2])
        far.append(quads[near][..., 2].mean(axis=1))
        colours.append(middle[near])
    xy = ((np.concatenate(corners) - 0.5) * 2**FINE).round().astype(np.int32)
    rgba = np.concatenate(colours).tolist()
    depth = np.concatenate(far)
    behind = depth > head.seen(SKULL[0])[2]
    order = np.argsort(-depth, kind="stable")
    for at in order[behind[order]].tolist():
        cv2.fillConvexPoly(layer, xy[at], rgba[at], cv2.LINE_8, FINE)
    if behind.any():
        cv2.fillConvexPoly(layer, head.outline(), (0, 0, 0, 0), cv2.LINE_8, FINE)
    for at in order[~behind[order]].tolist():
        cv2.fillConvexPoly(layer, xy[at], rgba[at], cv2.LINE_8, FINE)


def _faces_viewer(quads: Floats, head: Head) -> NDArray[np.bool_]:
    """(r, c) whether the outer side of quads (r, c, 4, 3) of pixels is seen."""
    out = quads.mean(axis=2) - head.seen(SKULL[0])
    normals = np.cross(quads[:, :, 2] - quads[:, :, 0], quads[:, :, 3] - quads[:, :, 1])
    normals = np.where(np.sum(normals * out, axis=2, keepdims=True) < 0, -normals, normals)
    return np.asarray(normals[..., 2] < 0)


def _lit(surface: Surface, seen: Floats, light: Light) -> Floats:
    """(r, c, 4) levels and opacity of a surface's points."""
    normals = grid_normals(seen)
    shade = light.shade(normals) * surface.depth
    colour = np.broadcast_to(surface.colour, (*seen.shape[:2], 3)) * light.white
    level = colour * shade[..., None]
    if surface.gloss:
        spot = surface.gloss * light.gloss(normals, surface.sharp)
        level = level + spot[..., None] * (light.white * 1.1 - level)
    opacity = np.broadcast_to(np.asarray(surface.opacity) * 255.0, seen.shape[:2])
    return np.asarray(np.clip(np.concatenate([level, opacity[..., None]], axis=2), 0, 255))


def grid_normals(seen: Floats) -> Floats:
    """(r, c, 3) unit normals of a grid of points in the picture, towards the viewer."""
    down, right = np.gradient(seen, axis=0), np.gradient(seen, axis=1)
    normals = np.cross(down, right)
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-9)
    return np.where(normals[..., 2:] > 0, -normals, normals)


def stroke(layer: Pixels, line: Floats, colour: Floats, width: float, opacity: float = 1) -> None:
    """Draw a line through pixels (n, 2) of the layer, levels 0..255, `width` in its pixels."""
    xy = ((line - 0.5) * 2**FINE).round().astype(np.int32)
    rgba = [*np.clip(colour, 0, 255).tolist(), 255.0 * opacity]
    cv2.polylines(layer, [xy], False, rgba, max(1, round(width)), cv2.LINE_8, FINE)


def laid(
    picture: Floats, layer: Pixels, light: Light, blur: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The picture (s, s, 3) with a layer of a multiple of its size on it, and what that hides.

    The layer gets the picture's noise, and its blur times `blur`.

    Returns:
        (s, s, 3) levels, and (s, s) opacity of the layer, 0..1.
    """
    side = picture.shape[0]
    alpha = layer[..., 3:].astype(np.float32) / 255
    colour = cv2.resize(layer[..., :3] * alpha, (side, side), interpolation=cv2.INTER_AREA)
    opacity = cv2.resize(alpha, (side, side), interpolation=cv2.INTER_AREA)
    both = cv2.GaussianBlur(np.dstack([colour, opacity]), (0, 0), max(light.blur * blur, 0.3))
    hides = np.asarray(both[..., 3], np.float64)
    grain = cv2.GaussianBlur(rng.normal(size=(side, side, 3)), (0, 0), 0.6) * 2.1
    grain = light.noise * (0.8 * grain.mean(axis=2, keepdims=True) * 1.7 + 0.35 * grain)
    made = picture * (1 - hides[..., None]) + both[..., :3] + hides[..., None] * grain
    return np.clip(made, 0, 255), hides


def shadowed(
    picture: Floats, layer: Pixels, where: Floats, light: Light, strength: float, wide: float
) -> Floats:
    """The picture with the shadow that a layer throws, where there is something to throw it on.

    Args:
        where: (s, s) 0..1, the head.
        strength: how much darker it is at most.
        wide: pixels of the picture by which it lies off and by which it is soft.
    """
    side = picture.shape[0]
    opacity = layer[..., 3].astype(np.float32) / 255
    alpha = cv2.resize(opacity, (side, side), interpolation=cv2.INTER_AREA)
    off = -light.towards[:2] * wide + [0, 0.4 * wide]
    moved = cv2.warpAffine(alpha, np.array([[1, 0, off[0]], [0, 1, off[1]]]), (side, side))
    soft = cv2.GaussianBlur(np.maximum(moved, 0.6 * alpha), (0, 0), max(0.7 * wide, 0.4))
    return np.asarray(picture * (1 - strength * soft * where)[..., None])
