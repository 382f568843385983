"""The attribute network: dlib's face ResNet in colour, normalised, with a new head.

What makes it trainable (normalisation, padding) is as in `training.emotion.network`.
"""

from __future__ import annotations

import numpy as np
from torch import nn

from training.attributes.data import TRAINED
from training.emotion.dlib_weights import PIXEL_SCALE, RGB_MEANS, FoldedConvolution
from training.emotion.network import FEATURES, STEM_CHANNELS, ExpressionNet


class AttributeNet(ExpressionNet):
    """RGB faces (n, 3, s, s) of 0..255 to logits (n, 46), in the order of `TRAINED`.

    Args:
        drop_depth, dropout, mirrored: as in `ExpressionNet`.
    """

    def __init__(
        self, *, drop_depth: float = 0.0, dropout: float = 0.0, mirrored: bool = True
    ) -> None:
        super().__init__(drop_depth=drop_depth, dropout=dropout, mirrored=mirrored)
        self.stem = nn.Conv2d(3, STEM_CHANNELS, 7, 2, bias=False)
        self.head = nn.Linear(FEATURES, len(TRAINED))


def colour_stem(stem: FoldedConvolution) -> FoldedConvolution:
    """The stem for RGB of 0..255: dlib's subtraction of the mean and scale folded in, exactly."""
    weight = stem.weight / PIXEL_SCALE
    means = np.array(RGB_MEANS)[None, :, None, None]
    return FoldedConvolution(weight, stem.bias - (weight * means).sum(axis=(1, 2, 3)))
