"""Attackers: each turns pictures into vectors, of which the nearest in a gallery is its answer.

They see what is inside the mask and nothing else: what lies outside is not hidden by an effect, and
would tell of hair and clothes. They know where the face is and what the mask's ellipse is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.stats import rankdata

from bench.redaction.attack_faces import Sitting
from mien.describe.embedding import Embedding

Array = NDArray[Any]

COLUMNS, ROWS = 10, 14
"""Samples of the mask's frame that the filters see."""

EDGE = 0.95
"""What lies further out than this share of the mask may be mixed with what is outside."""

COMPONENTS = 80
SHRINKAGE = 0.01
SAME = 1e-5
"""Distances that differ by less are a tie; a tie is broken by lot."""

BATCH = 32


def blanked(rgb: Array, within: Array) -> Array:
    """The picture with the mean of what is `within` (h, w uint8) in the place of all else."""
    shown = np.empty_like(rgb)
    shown[:] = cv2.mean(rgb, within)[:3]
    return cv2.copyTo(rgb, within, shown)


def inside(sitting: Sitting, shown: Array, edge: float = EDGE) -> Array:
    """(k, 3) float32 samples of a blanked picture in the mask's own frame, each a mean."""
    x, y = np.meshgrid(np.linspace(-1, 1, COLUMNS), np.linspace(-1, 1, ROWS))
    within = x**2 + y**2 <= edge**2
    half = sitting.mask.half_wh[0]
    at = np.stack([x[within], y[within]], axis=1) * half
    angle = np.radians(float(sitting.mask.angle_deg[0]))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    places = (at @ turn + sitting.mask.centre_xy - 0.5).astype(np.float32)
    means = cv2.blur(shown, (int(2 * half[0] / COLUMNS) | 1,) * 2)
    picked = cv2.remap(means, places[:, :1], places[:, 1:], cv2.INTER_LINEAR)
    return np.asarray(picked.reshape(-1, 3), np.float32)


def filtered(samples: Array) -> Array:
    """Matched filter: brightness and contrast taken out, so that distance is correlation."""
    flat = samples.reshape(len(samples), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    normed: Array = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-3)
    return normed


def equalised(samples: Array) -> Array:
    """The same of gray values after histogram equalisation."""
    gray = samples @ np.array([0.299, 0.587, 0.114], np.float32)
    return filtered(rankdata(gray, axis=1).astype(np.float32))


def parrot(views: Array, person: Array) -> Callable[[Array], Array]:
    """A learned projection: PCA, then LDA with each direction weighted by how much of its spread is
    between people (Ioffe, ECCV 2006). It is taught on people who are not hunted, redacted in the
    same way (the "parrot attack": Newton, Sweeney, Malin, IEEE TKDE 17(2), 2005).
    """
    mean = views.mean(axis=0)
    _, spread, axes = np.linalg.svd(views - mean, full_matrices=False)
    count = min(COMPONENTS, int((spread > spread[0] * 1e-4).sum()))
    if spread[0] < 1e-3 or not count:  # all pictures are the same
        return lambda some: np.zeros((len(some), 1))
    project = axes[:count].T
    known = (views - mean) @ project
    _, place, number = np.unique(person, return_inverse=True, return_counts=True)
    means = np.zeros((len(number), count))
    np.add.at(means, place, known)
    means /= number[:, None]
    within = np.atleast_2d(np.cov((known - means[place]).T))
    within += SHRINKAGE * np.trace(within) / count * np.eye(count)
    ratio, directions = eigh(np.atleast_2d(np.cov(known.T)), within)
    weight = np.sqrt(np.clip(1 - 1 / np.maximum(ratio, 1e-9), 0, 1))
    basis = project @ directions * weight
    return lambda some: (some - mean) @ basis


def embedded(chips: Sequence[Array], stage: Embedding) -> Array:
    """(n, 128) by mien's own embedder."""
    starts = range(0, len(chips), BATCH)
    return np.concatenate([stage.embed(list(chips[start : start + BATCH])) for start in starts])


def right(gallery: Array, probes: Array, person: Array, rng: np.random.Generator) -> float:
    """Share of probes whose nearest of the gallery is their own; `person` is its row there."""
    square = (probes**2).sum(axis=1)[:, None] + (gallery**2).sum(axis=1) - 2 * probes @ gallery.T
    apart = np.sqrt(np.maximum(square, 0))
    tied = apart <= apart.min(axis=1, keepdims=True) + SAME * (1 + apart.mean())
    lot = rng.random(apart.shape) * tied
    return float(np.mean(lot.argmax(axis=1) == person))
