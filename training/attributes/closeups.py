"""Close-ups: small networks, each reading one part of the crop in its full detail.

The network of the whole head halves its input twice before anything else, so that thin frames and
a small gap between the lips get lost. A close-up keeps the pixels of the crop, and costs little,
since its part is small. Its outputs are mixed with those of the whole network with their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.attributes.calibrate import COLOUR_OF
from training.attributes.faces import FACE_SIDE
from training.run import read_best

Logits = NDArray[np.float64]

BATCH = 128
MIDDLE, SPREAD = 120.0, 60.0
"""Grey levels taken off and divided by, before the first convolution."""

STEPS = ((5, 2), (3, 1), (3, 2), (3, 1), (3, 2), (3, 1))
"""Side of the kernel and stride of each convolution; each is normalised."""

NARROW = (24, 32, 48, 64, 96, 96)
WIDE = (32, 48, 64, 96, 128, 128)
"""Channels that the convolutions give."""


@dataclass(frozen=True, slots=True)
class CloseUp:
    """One part of the crop, and what is read from it.

    Attributes:
        window: left, top, width and height in pixels of 112; as far from the left edge as from the
            right one, so that the part of a mirror image is the mirror image of the part.
        size: width and height that the window is scaled to.
        outputs: names among those of the whole network.
        share: of the close-up in the mixture with the whole network, found on the calibration
            faces; both alike have a deviation of 1 there.
        channels: of each convolution of its network.
    """

    window: tuple[int, int, int, int]
    size: tuple[int, int]
    outputs: tuple[str, ...]
    share: float
    channels: tuple[int, ...] = NARROW

    def __post_init__(self) -> None:
        left, _, width, _ = self.window
        if 2 * left + width != FACE_SIDE:
            raise ValueError(f"the window {self.window} does not lie in the middle")

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the window, in shares of the crop."""
        left, top, width, height = self.window
        return (left + width / 2) / FACE_SIDE, (top + height / 2) / FACE_SIDE

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height of the window, likewise."""
        return self.window[2] / FACE_SIDE, self.window[3] / FACE_SIDE


CLOSE_UPS: Mapping[str, CloseUp] = {
    "eyes": CloseUp((10, 40, 92, 46), (92, 46), ("Eyeglasses",), 0.7),
    "mouth": CloseUp((24, 62, 64, 50), (64, 50), ("Mouth_Slightly_Open", "Smiling"), 0.9, WIDE),
    "hair": CloseUp((6, 2, 100, 92), (60, 56), tuple(COLOUR_OF), 2 / 3),
}


class CloseUpNet(nn.Module):  # type: ignore[misc, unused-ignore]
    """RGB parts (n, 3, h, w) of 0..255 to logits (n, outputs) of a close-up."""

    def __init__(self, close_up: CloseUp, *, dropout: float = 0.0) -> None:
        super().__init__()
        layers, channels = [], 3
        for wide, (kernel, stride) in zip(close_up.channels, STEPS, strict=True):
            convolution = nn.Conv2d(channels, wide, kernel, stride, kernel // 2, bias=False)
            layers.append(nn.Sequential(convolution, nn.BatchNorm2d(wide), nn.ReLU()))
            channels = wide
        self.body = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * channels, len(close_up.outputs))

    def forward(self, image: Tensor) -> Tensor:
        found = self.body((image - MIDDLE) / SPREAD)
        seen = torch.cat([found.mean(dim=(2, 3)), found.amax(dim=(2, 3))], dim=1)
        logits: Tensor = self.head(self.dropout(seen))
        return logits

    def convolutions(self) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
        """Every convolution with its normalisation, in forward order."""
        return [(layer[0], layer[1]) for layer in self.body]


def parts(images: NDArray[np.uint8], close_up: CloseUp) -> Tensor:
    """The part of RGB faces (n, 112, 112, 3) that is read, (n, 3, h, w) of 0..255."""
    left, top, width, height = close_up.window
    cut = np.ascontiguousarray(images[:, top : top + height, left : left + width])
    pixels = torch.from_numpy(cut).float().permute(0, 3, 1, 2)
    if close_up.size == (width, height):
        return pixels
    size = close_up.size[::-1]
    return functional.interpolate(pixels, size, mode="bilinear", align_corners=False)


def predict(net: CloseUpNet, close_up: CloseUp, images: NDArray[np.uint8]) -> Tensor:
    """Logits averaged over each part and its mirror image, (n, outputs)."""
    net.eval()
    found = []
    for at in range(0, len(images), BATCH):
        faces = parts(images[at : at + BATCH], close_up)
        faces = faces.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            found.append((net(faces) + net(faces.flip(3))) / 2)
    return torch.cat(found)


def load_close_ups(folder: Path) -> dict[str, CloseUpNet]:
    """The networks of a folder that has a run's folder for each of some of `CLOSE_UPS`."""
    return {
        name: read_best(folder / name / "best.pt", CloseUpNet(close_up))[0]
        for name, close_up in CLOSE_UPS.items()
        if (folder / name / "best.pt").exists()
    }


def read_all(nets: Mapping[str, CloseUpNet], images: NDArray[np.uint8]) -> dict[str, Logits]:
    """The logits (n, outputs) of each close-up, by its name."""
    return {
        name: predict(net, CLOSE_UPS[name], images).double().numpy() for name, net in nets.items()
    }


@dataclass(frozen=True, slots=True)
class Mixture:
    """What logits are multiplied by before they are added.

    Attributes:
        whole: (k,) of the whole network's outputs; 1 where no close-up reads the same.
        close: (outputs,) of those of each close-up, by its name.
    """

    whole: Logits
    close: Mapping[str, Logits]

    @classmethod
    def of(cls, logits: Logits, names: Sequence[str], read: Mapping[str, Logits]) -> Mixture:
        """The mixture that the shares of the close-ups ask for.

        Args:
            logits: (n, k) of the calibration faces, in the order of `names`.
            read: of the same faces, as `read_all` gives them.
        """
        whole, close = np.ones(len(names)), {}
        for name, found in read.items():
            share, at = CLOSE_UPS[name].share, places(name, names)
            whole[at] = (1 - share) / logits[:, at].std(axis=0)
            close[name] = share / found.std(axis=0)
        return cls(whole, close)

    def logits(self, logits: Logits, names: Sequence[str], read: Mapping[str, Logits]) -> Logits:
        """(n, k) the logits of both together."""
        mixed = logits * self.whole
        for name, found in read.items():
            mixed[:, places(name, names)] += found * self.close[name]
        return np.asarray(mixed)


def places(name: str, names: Sequence[str]) -> list[int]:
    """Where the outputs of a close-up stand among these."""
    return [names.index(output) for output in CLOSE_UPS[name].outputs]
