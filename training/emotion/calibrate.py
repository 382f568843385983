"""Turn logits into shares that mean what they say: one mapping for the label, one for agreement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.emotion.data import LABELS, NO_MAJORITY, majority

FOLDS = 5
# Keep offsets of expressions with few faces near zero: strength of a squared penalty, a face.
LABEL_PENALTY = 2e-3
AGREEMENT_PENALTY = 1e-3


@dataclass(frozen=True, slots=True)
class Calibration:
    """Both mappings, fitted.

    Attributes:
        slope, offsets: scores = softmax(slope · logits + offsets), to the majority label; where
            it is known how likely there is a face at all, evened out as far as there is none.
        agreement_slope, agreement_offsets: agreement = sigmoid(slope · log-odds of the top
            score + offset of the top label), to the share of all ten votes for that label.
    """

    slope: float
    offsets: tuple[float, ...]
    agreement_slope: float
    agreement_offsets: tuple[float, ...]

    def scores(self, logits: Tensor, face: Tensor | None = None) -> Tensor:
        """Scores (n, 8) of logits (n, 8), where there is a face with this probability (n,)."""
        return evened((self.slope * logits + torch.tensor(self.offsets)).softmax(dim=1), face)

    def agreement(self, scores: Tensor) -> Tensor:
        top, label = scores.max(dim=1)
        offsets = torch.tensor(self.agreement_offsets)[label]
        return torch.sigmoid(self.agreement_slope * torch.logit(top, 1e-6) + offsets)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def evened(scores: Tensor, face: Tensor | None) -> Tensor:
    """Scores where there is a face, equal shares where there is none, as likely as each is."""
    if face is None:
        return scores
    return face[:, None] * scores + (1 - face[:, None]) / scores.shape[1]


def fit(logits: Tensor, votes: NDArray[np.int64], face: Tensor | None = None) -> Calibration:
    """Fit both mappings on faces that the network was not trained on.

    Args:
        logits: (n, 8).
        votes: (n, 10).
        face: (n,) how likely each crop shows a face, when scores are evened out by it.
    """
    slope, offsets = _fit_label(logits, votes, face)
    half = Calibration(slope, offsets, 1.0, (0.0,) * len(LABELS))
    agreement_slope, agreement_offsets = _fit_agreement(half.scores(logits, face), votes)
    return Calibration(slope, offsets, agreement_slope, agreement_offsets)


def _fit_label(
    logits: Tensor, votes: NDArray[np.int64], face: Tensor | None
) -> tuple[float, tuple[float, ...]]:
    labels = torch.from_numpy(majority(votes))
    decided = labels != NO_MAJORITY
    seen = None if face is None else face[decided]

    def loss(slope: Tensor, offsets: Tensor) -> Tensor:
        scores = evened((slope * logits[decided] + offsets).softmax(dim=1), seen)
        penalty = LABEL_PENALTY * offsets.square().sum()
        return functional.nll_loss(scores.clamp_min(1e-12).log(), labels[decided]) + penalty

    return _minimise(loss)


def _fit_agreement(scores: Tensor, votes: NDArray[np.int64]) -> tuple[float, tuple[float, ...]]:
    top, label = scores.max(dim=1)
    share = vote_share(votes, label.numpy())
    log_odds = torch.logit(top, 1e-6)

    def loss(slope: Tensor, offsets: Tensor) -> Tensor:
        predicted = slope * log_odds + offsets[label]
        spread = (offsets - offsets.mean()).square().sum()
        return (
            functional.binary_cross_entropy_with_logits(predicted, share)
            + AGREEMENT_PENALTY * spread
        )

    return _minimise(loss)


def vote_share(votes: NDArray[np.int64], labels: NDArray[np.int64]) -> Tensor:
    """The share of all people asked who gave this label, (n,) float32."""
    chosen = votes[np.arange(len(votes)), labels] / votes.sum(axis=1)
    return torch.from_numpy(chosen.astype(np.float32))


def _minimise(loss: Callable[[Tensor, Tensor], Tensor]) -> tuple[float, tuple[float, ...]]:
    """The slope and offsets with the least loss."""
    slope = torch.ones((), requires_grad=True)
    offsets = torch.zeros(len(LABELS), requires_grad=True)
    optimiser = torch.optim.LBFGS([slope, offsets], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss(slope, offsets)
        value.backward()  # type: ignore[no-untyped-call, unused-ignore]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call, unused-ignore]
    return slope.item(), tuple(offsets.tolist())


def cross_fitted(
    logits: Tensor, votes: NDArray[np.int64], seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores (n, 8) and agreement (n,) of each face by a calibration fitted on the other folds.

    So that figures of calibration are not those of the faces it was fitted on.
    """
    fold_of = np.random.default_rng(seed).permutation(len(votes)) % FOLDS
    scores = np.zeros((len(votes), len(LABELS)), np.float32)
    agreement = np.zeros(len(votes), np.float32)
    for fold in range(FOLDS):
        inside = fold_of == fold
        fitted = fit(logits[~inside], votes[~inside])
        found = fitted.scores(logits[inside])
        scores[inside], agreement[inside] = found.numpy(), fitted.agreement(found).numpy()
    return scores, agreement
