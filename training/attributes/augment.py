"""Changes made to colour faces while training; see `training.emotion.augment` for the order.

Faces in use are cut by landmarks from any picture, those of the set were put upright by deep
funneling: so place and scale are varied by more than what the set itself shows.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from training.emotion import augment
from training.emotion.augment import Damage

LUMA = (0.299, 0.587, 0.114)
COLOUR, GRAY = 0.06, 0.04
"""Strength of the change of colour, and the share of faces that lose it."""

DAMAGE = Damage(("JPEG", "WEBP"), (0.4, 2.0), (32, 96))


def degrade(images: NDArray[np.uint8], share: float, rng: Generator) -> NDArray[np.uint8]:
    """Compress, blur, or shrink and enlarge a share of the faces, (n, h, w, 3) uint8."""
    return augment.degrade(images, share, rng, DAMAGE)


def tint(images: Tensor, strength: float, gray: float, rng: Generator) -> Tensor:
    """Change colour balance and saturation of each face; a share `gray` loses its colour.

    Args:
        images: (n, 3, h, w) of 0..255.
        strength: how far each channel is scaled, and the saturation by twice that.
    """
    count = len(images)
    balance = 1 + strength * rng.uniform(-1, 1, (count, 3, 1, 1))
    saturation = 1 + 2 * strength * rng.uniform(-1, 1, (count, 1, 1, 1))
    saturation[rng.random(count) < gray] = 0
    luma = (images * torch.tensor(LUMA)[None, :, None, None]).sum(dim=1, keepdim=True)
    coloured = luma + (images - luma) * torch.from_numpy(saturation.astype(np.float32))
    # What is gray stays gray: its balance is that of one channel.
    balance = np.where(saturation == 0, balance[:, :1], balance)
    return (coloured * torch.from_numpy(balance.astype(np.float32))).clamp(0, 255)
