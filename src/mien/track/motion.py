"""Where each tracked box will be: one Kalman filter a track, all tracks in columns.

The centre moves at a constant velocity disturbed by white-noise acceleration (Bar-Shalom, Li and
Kirubarajan, "Estimation with Applications to Tracking and Navigation", 2001, section 6.2), in real
seconds, so that a variable frame rate and dropped frames need no special case. Uncertainty is
kept in face widths: a face near the camera moves more pixels. x and y share one covariance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ACCELERATION = 60.0
"""Spectral density of the acceleration, face widths² / s³: over a frame of 1/30 s a head's speed
drifts by 1.4 face widths a second, and half a second unseen leaves it within 1.6 face widths."""

BIRTH_SPEED = 6.0
"""Standard deviation of the unknown speed of a new face, face widths a second."""

JITTER, JITTER_LOW_SCORE = 0.07, 0.15
"""Standard deviation of a detected centre, in face widths: of a sure and of an unsure detection."""

SURPRISE = 9.0
"""Squared normalised innovation above which a filter admits that it was wrong and opens up."""

SIZE_GAIN = 0.4
"""Share of a newly seen size that is taken over, in the logarithm."""

FREEDOM = 4.0
"""Degrees of freedom of the Student-t likelihood of a position: heads start and stop abruptly, and
a Gaussian would call that impossible."""

SIZE_SPREAD = 0.2
"""Standard deviation of the logarithm of a size between two sightings."""

REFERENCE_VARIANCE = 0.01
"""Position variance, in face widths², at which a perfect match costs zero."""


class Motion:
    """The filters of n tracks. Rows are aligned with the tracker's list of tracks."""

    def __init__(self) -> None:
        self.centre = np.zeros((0, 2))
        self.velocity = np.zeros((0, 2))  # pixels a second
        self.log_size = np.zeros((0, 2))  # of width and height
        self.variance = np.zeros((0, 3))  # position, position × speed, speed; face widths, seconds

    def __len__(self) -> int:
        return len(self.centre)

    @property
    def box_xyxy(self) -> Array:
        """(n, 4) where the boxes are thought to be."""
        half = np.exp(self.log_size) / 2
        return np.concatenate([self.centre - half, self.centre + half], axis=1)

    def add(self, box_xyxy: Array) -> None:
        """Begin a track at each of these (k, 4) boxes, at rest."""
        centre, log_size = _split(box_xyxy)
        birth = np.tile([JITTER**2, 0.0, BIRTH_SPEED**2], (len(box_xyxy), 1))
        self.centre = np.concatenate([self.centre, centre])
        self.velocity = np.concatenate([self.velocity, np.zeros_like(centre)])
        self.log_size = np.concatenate([self.log_size, log_size])
        self.variance = np.concatenate([self.variance, birth])

    def keep(self, rows: Array) -> None:
        """Drop all other tracks."""
        self.centre, self.velocity = self.centre[rows], self.velocity[rows]
        self.log_size, self.variance = self.log_size[rows], self.variance[rows]

    def copy(self, source: int, target: int) -> None:
        """Give one track the state of another."""
        for column in (self.centre, self.velocity, self.log_size, self.variance):
            column[target] = column[source]

    def predict(self, seconds: float) -> None:
        """Move all tracks on in time."""
        self.centre = self.centre + self.velocity * seconds
        pp, pv, vv = self.variance.T
        grown = (
            pp + 2 * seconds * pv + seconds**2 * vv + ACCELERATION * seconds**3 / 3,
            pv + seconds * vv + ACCELERATION * seconds**2 / 2,
            vv + ACCELERATION * seconds,
        )
        self.variance = np.array(grown).T

    def update(self, rows: Array, box_xyxy: Array, sure: Array) -> None:
        """Correct the tracks `rows` by the boxes they were seen at; `sure` (k,) bool."""
        centre, log_size = _split(box_xyxy)
        width = np.exp(self.log_size[rows, :1])
        off = centre - self.centre[rows]
        noise = np.where(sure, JITTER**2, JITTER_LOW_SCORE**2)
        pp, pv, vv = variance = self.variance[rows].T
        surprise = ((off / width) ** 2).sum(axis=1) / (pp + noise) / SURPRISE
        pp, pv, vv = variance * np.maximum(surprise, 1)
        gain, drift = pp / (pp + noise), pv / (pp + noise)
        self.centre[rows] += gain[:, None] * off
        self.velocity[rows] += drift[:, None] * off
        self.variance[rows] = np.array([pp - gain * pp, pv - gain * pv, vv - drift * pv]).T
        self.log_size[rows] += SIZE_GAIN * (log_size - self.log_size[rows])

    def cost(self, box_xyxy: Array) -> Array:
        """(n, k) −2 log likelihood of each track being seen at each box.

        Zero is a perfect match of a well-known position. A track that has not been seen for a
        while spreads its likelihood over a wide area and so costs more wherever it is matched.
        """
        centre, log_size = _split(box_xyxy)
        variance = self.variance[:, :1] + JITTER**2
        off = (centre[None] - self.centre[:, None]) / np.exp(self.log_size)[:, None, :1]
        distance = np.einsum("nkc,nkc->nk", off, off) / variance
        size = (log_size[None] - self.log_size[:, None]) / SIZE_SPREAD
        spread = (FREEDOM + 2) * np.log1p(distance / FREEDOM)
        spread += FREEDOM * np.log1p(np.einsum("nkc,nkc->nk", size, size) / (2 * FREEDOM))
        cost: Array = spread + 2 * np.log(np.maximum(variance / REFERENCE_VARIANCE, 1))
        return cost


def _split(box_xyxy: Array) -> tuple[Array, Array]:
    """Centre and logarithm of the size, in float64."""
    boxes = np.asarray(box_xyxy, np.float64)
    size = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
    return (boxes[:, :2] + boxes[:, 2:]) / 2, np.log(size)
