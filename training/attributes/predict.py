"""Scores of the network for many faces: the one place that says how it is read."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.attributes.network import AttributeNet
from training.emotion.predict import mean_of_ways

BATCH = 128

WINDOW = (11, 19, 90)
"""Left, top and side of the part of a crop that the network reads, in pixels of 112: from above the
hair to the chin. The background around it costs time and tells nothing."""


def resized(images: NDArray[np.uint8], side: int) -> Tensor:
    """RGB faces (n, 112, 112, 3) as the network takes them: (n, 3, side, side) of 0..255."""
    left, top, width = WINDOW
    images = images[:, top : top + width, left : left + width]
    pixels = torch.from_numpy(np.ascontiguousarray(images)).float().permute(0, 3, 1, 2)
    return functional.interpolate(pixels, (side, side), mode="bilinear", align_corners=False)


def predict_logits(net: AttributeNet, images: NDArray[np.uint8], side: int) -> Tensor:
    """Logits averaged over the ways in which the network reads a face, (n, 46)."""
    return mean_of_ways(net.eval().ways, images, lambda faces: resized(faces, side), BATCH)
