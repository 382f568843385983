"""When not to believe the scores: whether a crop shows a face at all, and what of it is covered.

Three straight-line decisions on a map in the middle of the trained network, which itself does not
change. They are fitted on faces of the training part against what is made of them: crops without a
face (`no_faces`), and faces of which the eyes, the mouth or one side are covered (`covers`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.emotion import augment, covers, data
from training.emotion.network import ExpressionNet
from training.emotion.no_faces import no_faces
from training.emotion.predict import predict_places
from training.schedule import Strength

COUNT = 6000
"""Crops of each sort: faces, no faces, covered faces."""
PENALTY = 3e-3
"""Strength of the squared penalty on the weights, for places scaled to a deviation of 1."""
OUTPUTS = ("face", *covers.PARTS)
LOST = (0.01, 0.015, 0.02)
"""Share of the validation faces on the wrong side of 0.5, for each of `OUTPUTS`. Most of them
belong there: heads from the side, faces cut off or lying down; hands, dark glasses, hair."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """The fitted decisions.

    Attributes:
        weight, bias: (m, 3), (3,): map → log-odds that there is a face, that its eyes are covered,
            that its mouth is.
    """

    weight: Tensor
    bias: Tensor

    def logits(self, places: Tensor) -> Tensor:
        """(n, 3) in the order of `OUTPUTS`."""
        return places @ self.weight + self.bias

    def face(self, places: Tensor) -> Tensor:
        """The probability that a crop shows a face, (n,)."""
        return self.logits(places)[:, 0].sigmoid()


def fit(net: ExpressionNet, side: int, part: data.Part, known: Tensor, seed: int = 1) -> Doubt:
    """Fit on faces of the training part.

    Args:
        net: trained.
        side: of its input.
        part: the training part.
        known: (n, m) the map of validation faces, which sets where 0.5 lies (`LOST`).
        seed: of all that is made.
    """
    rng = np.random.default_rng(seed)
    faces, others, covered, lacks = samples(part.images, COUNT, rng)
    clear, bare, hidden = (predict_places(net, crops, side) for crops in (faces, others, covered))
    labels = torch.from_numpy(lacks)
    there = _fit_one(clear, bare)
    parts = [
        _fit_one(hidden[labels[:, at]], torch.cat([clear, hidden[~labels[:, at]]]))
        for at in range(len(covers.PARTS))
    ]
    weights, biases = zip(there, *parts, strict=True)
    return shifted(Doubt(torch.stack(weights, dim=1), torch.stack(biases)), known)


def samples(
    images: NDArray[np.uint8], count: int, rng: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """Faces, crops without one, covered faces, and what of these is hidden (count, 2)."""
    faces, others = (images[rng.choice(len(images), count)] for _ in range(2))
    hidden, labels = covers.covered(changed(others, rng), rng)
    return changed(faces, rng), no_faces(others, count, rng), hidden, labels


def changed(images: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """The faces as training sees them, but none covered or blended, (n, 48, 48) uint8."""
    strength = Strength()
    pixels = torch.from_numpy(augment.degrade(images, strength.degraded, rng)).float()[:, None]
    pixels = augment.place(pixels, data.FACE_SIDE, strength, rng)
    pixels = augment.relight(pixels, strength.light, rng)
    return np.asarray(pixels[:, 0].round().clamp(0, 255).to(torch.uint8).numpy())


def _fit_one(yes: Tensor, no: Tensor) -> tuple[Tensor, Tensor]:
    """Logistic regression with a penalty, both sorts weighed alike: weights (m,) and bias."""
    places, truth = torch.cat([yes, no]), torch.cat([torch.ones(len(yes)), torch.zeros(len(no))])
    share = torch.where(truth > 0, 0.5 / len(yes), 0.5 / len(no))
    mean, scale = places.mean(dim=0), places.std(dim=0) + 1e-3
    places = (places - mean) / scale
    weight = torch.zeros(places.shape[1], requires_grad=True)
    bias = torch.zeros((), requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        told = functional.binary_cross_entropy_with_logits(
            places @ weight + bias, truth, weight=share, reduction="sum"
        )
        loss = told + PENALTY * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call, unused-ignore]
    with torch.no_grad():
        return weight / scale, bias - (mean / scale) @ weight


def shifted(doubt: Doubt, places: Tensor) -> Doubt:
    """The same decisions, each moved so that a share of `LOST` of these faces is on the wrong side.

    So the level of 0.5 means the same for every network.
    """
    logits = doubt.logits(places)
    shares = (LOST[0], *(1 - share for share in LOST[1:]))
    levels = [torch.quantile(logits[:, at], share) for at, share in enumerate(shares)]
    return Doubt(doubt.weight, doubt.bias - torch.stack(levels))
