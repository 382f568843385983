"""Scores of the network for many faces: the one place that says how it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    """Logits averaged over the ways in which the network reads a face, (n, 8)."""
    net.eval()
    return mean_of_ways(net.ways, images, lambda faces: resized(faces, side), BATCH)


def predict_places(
    net: ExpressionNet | ExpressionPair, images: NDArray[np.uint8], side: int
) -> Tensor:
    """The maps that doubt is read from, of each way side by side, (n, m) or (n, 2m)."""
    layers = [way.places for way in net.eval().ways]
    return torch.cat(each_way(layers, images, lambda faces: resized(faces, side), BATCH), dim=1)


def mean_of_ways(
    layers: Sequence[Layer],
    images: NDArray[np.uint8],
    resize: Callable[[NDArray[np.uint8]], Tensor],
    batch: int,
) -> Tensor:
    """The mean of what `each_way` gives, (n, k)."""
    return torch.stack(each_way(layers, images, resize, batch)).mean(dim=0)


def each_way(
    layers: Sequence[Layer],
    images: NDArray[np.uint8],
    resize: Callable[[NDArray[np.uint8]], Tensor],
    batch: int,
) -> list[Tensor]:
    """What the first layer makes of each face, and a second of its mirror image, (n, k) each."""
    read = []
    for at in range(0, len(images), batch):
        faces = resize(images[at : at + batch])
        faces = faces.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            views = faces, faces.flip(3)
            read.append([layer(view) for layer, view in zip(layers, views, strict=False)])
    return [torch.cat(way) for way in zip(*read, strict=True)]
