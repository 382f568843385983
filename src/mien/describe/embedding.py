"""The identity vector: dlib's 128-d network on a chip aligned by the mesh."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe import crops
from mien.describe.columns import column, usable_rows
from mien.faces import Faces
from mien.models import Session, open_session

Array = NDArray[Any]

SIZE = 150
PADDING = 0.25
MESH_POINTS = (263, 362, 33, 133, 2)
TEMPLATE = np.array(
    [[0.8596, 0.2135], [0.6461, 0.2290], [0.1206, 0.2137], [0.3341, 0.2291], [0.4901, 0.6278]]
)
"""Where dlib's five-point chip has the corners of the eyes and the base of the nose."""

FALSE_MATCH_THRESHOLDS = {1e-2: 0.605, 1e-3: 0.532, 1e-4: 0.467, 1e-5: 0.414}
"""False match rate over 29.6 million pairs of different people of LFW → the distance below which
two faces match. The 3,000 pairs of one person match at these in 99.0, 93.2, 74.4 and 48.2 %."""

MATCH_THRESHOLD = FALSE_MATCH_THRESHOLDS[1e-3]

CONFIDENCE_ANCHORS = ((0.0, 1.0), (0.414, 0.75), (0.532, 0.5), (0.605, 0.35), (0.9, 0.0))
"""Distance → confidence: 0.5 at MATCH_THRESHOLD, 0.75 where one stranger in 100,000 comes as near,
0.35 where one in a hundred does, straight lines between."""

BATCH = 32  # chips a run; a bound on memory


class Embedding:
    """Fills `embedding` (n, 128): the mean over the chip and its mirror image, as the network gives
    it, not normalised. Compare with `distance`.

    Dropping the mirror image halves the time and costs two points of recall at one false match in a
    thousand (93.2 → 91.2 % of LFW's pairs); the thresholds hold for the mean only.
    """

    needs = ("mesh",)
    fills = ("embedding",)

    def __init__(self, session: Session, *, mirror: bool = True) -> None:
        self._session = session
        self.mirror = mirror

    @classmethod
    def load(
        cls, *, threads: int | None = None, mirror: bool = True, batches: bool = False
    ) -> Embedding:
        """Open the network; raises what `mien.models.open_session` does.

        Args:
            threads: as `mien.models.open_session` takes it.
            mirror: see the class.
            batches: open `dlib-resnet-batch`, whose vectors are the same within 1e-5: a fifth
                to a quarter faster for 16 chips a run and more, slower for less than four.
        """
        name = "dlib-resnet-batch" if batches else "dlib-resnet"
        return cls(open_session(name, threads=threads), mirror=mirror)

    def plain(self) -> Embedding:
        """The same network without the mirror image."""
        return Embedding(self._session, mirror=False)

    def describe(self, rgb: Array, faces: Faces) -> Faces:
        """The same faces with `embedding`. A face without a mesh gets NaN and a `Problem`."""
        mesh = column(faces, "mesh")
        rows, problems = usable_rows(faces, "mesh", "embedding", places=MESH_POINTS)
        embedding = np.full((len(faces), 128), np.nan, np.float32)
        step = BATCH // 2 if self.mirror else BATCH
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            embedding[some] = self.embed([chip(rgb, mesh[row]) for row in some])
        return replace(faces, embedding=embedding).with_problems(problems)

    def embed(self, chips: list[Array]) -> Array:
        """(n, 128) vectors of aligned chips of 150 x 150 pixels, in one run of the network."""
        batch = np.stack(chips)
        if self.mirror:
            batch = np.concatenate([batch, batch[:, :, ::-1]])
        (found,) = self._session.run(
            np.ascontiguousarray(batch.transpose(0, 3, 1, 2), dtype=np.float32)
        )
        mean: Array = found.reshape(-1, len(chips), 128).mean(axis=0)
        return mean


def chip(rgb: Array, mesh: Array) -> Array:
    """(150, 150, 3) aligned chip of one face, given its mesh (478, 3)."""
    target = (TEMPLATE + PADDING) / (1 + 2 * PADDING) * SIZE
    matrix = crops.similarity(mesh[list(MESH_POINTS), :2].astype(float), target)
    return crops.cut(rgb, matrix, SIZE)


def distance(a: Array, b: Array) -> Array:
    """Euclidean distance of embeddings (..., 128), the metric of every threshold here.

    It is the raw vectors' distance, not the angle: at one threshold the angle gives women 3.4 times
    the false matches of men, this equal ones.
    """
    apart: Array = np.linalg.norm(np.asarray(a, float) - np.asarray(b, float), axis=-1)
    return apart


def confidence(distances: Array | float) -> Array:
    """How sure one may be that two faces at these distances are one person: 0..1, 0.5 at
    MATCH_THRESHOLD, falling with the distance. A scale for people, not a probability.
    """
    at, value = zip(*CONFIDENCE_ANCHORS, strict=True)
    return np.asarray(np.interp(distances, at, value))
