"""Scores of the network for many faces: the one place that says how it is read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.emotion.network import ExpressionNet

BATCH = 256


def resized(images: NDArray[np.uint8], side: int) -> Tensor:
    """Gray faces (n, h, w) as the network takes them: (n, 1, side, side) float 0..255."""
    pixels = torch.from_numpy(np.ascontiguousarray(images)).float()[:, None]
    return functional.interpolate(pixels, (side, side), mode="bilinear", align_corners=False)


def predict_logits(net: ExpressionNet, images: NDArray[np.uint8], side: int) -> Tensor:
    """Logits averaged over each face and its mirror image, (n, 8)."""
    return mirror_mean(net, net, images, lambda faces: resized(faces, side), BATCH)


def predict_places(net: ExpressionNet, images: NDArray[np.uint8], side: int) -> Tensor:
    """The map that doubt is read from, averaged over each crop and its mirror image, (n, m)."""
    return mirror_mean(net, net.places, images, lambda faces: resized(faces, side), BATCH)


def mirror_mean(
    net: ExpressionNet,
    layer: Callable[[Tensor], Tensor],
    images: NDArray[np.uint8],
    resize: Callable[[NDArray[np.uint8]], Tensor],
    batch: int,
) -> Tensor:
    """A layer's output averaged over each face and its mirror image, (n, k), in batches."""
    net.eval()
    parts = []
    for at in range(0, len(images), batch):
        faces = resize(images[at : at + batch])
        faces = faces.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            parts.append((layer(faces) + layer(faces.flip(3))) / 2)
    return torch.cat(parts)
