"""Scores of the network for many faces: the one place that says how it is read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.emotion.network import ExpressionNet, ExpressionPair

BATCH = 256
Layer = Callable[[Tensor], Tensor]


def resized(images: NDArray[np.uint8], side: int) -> Tensor:
    """Gray faces (n, h, w) as the network takes them: (n, 1, side, side) float 0..255."""
    pixels = torch.from_numpy(np.ascontiguousarray(images)).float()[:, None]
    return functional.interpolate(pixels, (side, side), mode="bilinear", align_corners=False)


def predict_logits(
    net: ExpressionNet | ExpressionPair, images: NDArray[np.uint8], side: int
) -> Tensor:
    """Logits averaged over each face and its mirror image, (n, 8)."""
    net.eval()
    return mirror_mean(net.ways, images, lambda faces: resized(faces, side), BATCH)


def predict_places(
    net: ExpressionNet | ExpressionPair, images: NDArray[np.uint8], side: int
) -> Tensor:
    """The maps of each crop and of its mirror image that doubt is read from, (n, 2m)."""
    first, second = net.eval().ways
    layers = first.places, second.places
    return torch.cat(both_ways(layers, images, lambda faces: resized(faces, side), BATCH), dim=1)


def mirror_mean(
    layers: tuple[Layer, Layer],
    images: NDArray[np.uint8],
    resize: Callable[[NDArray[np.uint8]], Tensor],
    batch: int,
) -> Tensor:
    """The mean of what `both_ways` gives, (n, k)."""
    face, mirrored = both_ways(layers, images, resize, batch)
    return (face + mirrored) / 2


def both_ways(
    layers: tuple[Layer, Layer],
    images: NDArray[np.uint8],
    resize: Callable[[NDArray[np.uint8]], Tensor],
    batch: int,
) -> tuple[Tensor, Tensor]:
    """What the first layer makes of each face and the second of its mirror image, (n, k) each."""
    read = []
    for at in range(0, len(images), batch):
        faces = resize(images[at : at + batch])
        faces = faces.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            read.append((layers[0](faces), layers[1](faces.flip(3))))
    face, mirrored = zip(*read, strict=True)
    return torch.cat(face), torch.cat(mirrored)
