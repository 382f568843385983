"""The expression network: dlib's face ResNet on one gray channel, normalised, with a new head.

What differs from the file the start weights come from, and why:

* one gray channel in (sum of the RGB filters: exact for gray pictures, and RGB agrees by design);
* batch normalisation after every convolution, set so that the start function is kept: without
  it the network trains slowly and stops early;
* strided convolutions are padded by one and the last block keeps its size, so that inputs of
  64 to 112 pixels still leave a map of at least 2 x 2 (the original was made for 150).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.emotion.dlib_weights import FoldedConvolution

STEM_CHANNELS = 32
# (channels in, channels out, stride) of each of the 14 residual blocks.
BLOCKS: tuple[tuple[int, int, int], ...] = (
    *((32, 32, 1),) * 3,
    (32, 64, 2),
    *((64, 64, 1),) * 3,
    (64, 128, 2),
    *((128, 128, 1),) * 2,
    (128, 256, 2),
    *((256, 256, 1),) * 2,
    (256, 256, 1),
)
FEATURES = 256
EXPRESSIONS = 8
MAP_BLOCKS = 10
"""Blocks before the map that doubt is read from: the last one that still has many places."""


class Block(nn.Module):  # type: ignore[misc, unused-ignore]
    """Two convolutions with a shortcut without weights, as dlib builds it."""

    def __init__(self, inputs: int, outputs: int, stride: int, drop: float) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.extra = outputs - inputs
        self.stride = stride
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        branch = functional.relu(self.first_norm(convolve(self.first, x)), inplace=True)
        branch = self.second_norm(convolve(self.second, branch))
        if self.training and self.drop > 0:
            branch = drop_branch(branch, self.drop)
        return functional.relu(branch + self.shortcut(x), inplace=True)

    def shortcut(self, x: Tensor) -> Tensor:
        """The input, averaged over 2 x 2 and given zero channels at the end where sizes differ."""
        if self.stride == 2:
            x = functional.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)
        return functional.pad(x, (0, 0, 0, 0, 0, self.extra)) if self.extra else x


def convolve(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """The convolution of a map; one of 2 x 2 places as a product of matrices.

    Most of a 3 x 3 filter lies beyond such a map, and the gradient of the convolution takes several
    times as long as that of the product does.
    """
    if x.shape[2:] != (2, 2) or layer.stride != (1, 1):
        return cast(Tensor, layer(x))
    weight, (count, channels) = layer.weight, x.shape[:2]
    seen = [weight[:, :, 1 - j : 3 - j, 1 - i : 3 - i] for j in (0, 1) for i in (0, 1)]
    dense = torch.stack(seen).permute(0, 1, 3, 4, 2).reshape(4 * len(weight), 4 * channels)
    places = functional.linear(x.permute(0, 2, 3, 1).reshape(count, 4 * channels), dense)
    return places.view(count, 2, 2, len(weight)).permute(0, 3, 1, 2)


def drop_branch(branch: Tensor, share: float) -> Tensor:
    """Stochastic depth: leave out the branch for a share of the faces, scale up the others."""
    keep = torch.rand(len(branch), 1, 1, 1) >= share
    return branch * (keep / (1 - share))


class ExpressionNet(nn.Module):  # type: ignore[misc, unused-ignore]
    """Gray faces (n, 1, s, s) of 0..255 to logits (n, 8).

    Args:
        drop_depth: share of faces for which the last block's branch is left out; earlier
            blocks drop proportionally less.
        dropout: share of the 256 features left out before the head.
        mirrored: whether its answer is the mean over a face and its mirror image, which takes
            twice the time.
    """

    def __init__(
        self, *, drop_depth: float = 0.0, dropout: float = 0.0, mirrored: bool = True
    ) -> None:
        super().__init__()
        self.mirrored = mirrored
        self.stem = nn.Conv2d(1, STEM_CHANNELS, 7, 2, bias=False)
        self.stem_norm = nn.BatchNorm2d(STEM_CHANNELS)
        last = len(BLOCKS) - 1
        self.blocks = nn.Sequential(
            *(Block(*sizes, drop=drop_depth * at / last) for at, sizes in enumerate(BLOCKS))
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(FEATURES, EXPRESSIONS)

    @property
    def ways(self) -> tuple[ExpressionNet, ...]:
        """What reads a face, and what reads its mirror image, if anything does."""
        return (self, self) if self.mirrored else (self,)

    def forward(self, image: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.dropout(self.features(image))))

    def features(self, image: Tensor) -> Tensor:
        """The averaged map before the head, (n, 256)."""
        return cast(Tensor, self.blocks(self._stemmed(image))).mean(dim=(2, 3))

    def places(self, image: Tensor) -> Tensor:
        """The map after `MAP_BLOCKS` blocks, flat, (n, 128 · h · w)."""
        return cast(Tensor, self.blocks[:MAP_BLOCKS](self._stemmed(image))).flatten(1)

    def _stemmed(self, image: Tensor) -> Tensor:
        x = functional.relu(self.stem_norm(self.stem(image)), inplace=True)
        return functional.max_pool2d(x, 3, 2)

    def convolutions(self) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
        """Every convolution with its normalisation, in forward order."""
        pairs = [(self.stem, self.stem_norm)]
        for block in self.blocks:
            assert isinstance(block, Block)
            pairs += [(block.first, block.first_norm), (block.second, block.second_norm)]
        return pairs


class ExpressionPair(nn.Module):  # type: ignore[misc, unused-ignore]
    """Two networks that were trained apart: one reads a face, the other its mirror image.

    The mean of both takes no longer than that of one network on both.
    """

    def __init__(self, first: ExpressionNet, second: ExpressionNet) -> None:
        super().__init__()
        self.first, self.second = first, second

    @property
    def ways(self) -> tuple[ExpressionNet, ...]:
        """What reads a face, and what reads its mirror image."""
        return self.first, self.second


class Convolutional(Protocol):
    """A network that tells its convolutions."""

    def convolutions(self) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
        """Every convolution with its normalisation, in forward order."""


def load_folded(net: Convolutional, layers: Sequence[FoldedConvolution]) -> None:
    """Load convolutions of the network's own shapes; normalisations only add the bias."""
    for (convolution, norm), layer in zip(net.convolutions(), layers, strict=True):
        convolution.weight.data = torch.from_numpy(layer.weight).float()
        norm.running_mean = torch.zeros_like(norm.bias)
        norm.running_var = torch.full_like(norm.bias, 1 - norm.eps)
        norm.weight.data = torch.ones_like(norm.bias)
        norm.bias.data = torch.from_numpy(layer.bias).float()


def settle(net: ExpressionNet, images: Tensor) -> None:
    """Set the normalisations' statistics from these faces without changing the function.

    Scale and shift undo what the new mean and variance do, so that a network without
    normalisation can be trained with it from where it stands.
    """
    hooks = [norm.register_forward_pre_hook(_settle_one) for _, norm in net.convolutions()]
    training = net.training
    net.eval()
    with torch.no_grad():
        net.features(images)
    net.train(training)
    for hook in hooks:
        hook.remove()


def _settle_one(norm: nn.BatchNorm2d, inputs: tuple[Tensor]) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean, variance = inputs[0].mean(dim=(0, 2, 3)), inputs[0].var(dim=(0, 2, 3))
    gain = norm.weight.data / torch.sqrt(norm.running_var + norm.eps)
    norm.bias.data += gain * (mean - norm.running_mean)
    norm.weight.data = gain * torch.sqrt(variance + norm.eps)
    norm.running_mean, norm.running_var = mean, variance
