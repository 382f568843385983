"""Faces put together by person, when nobody says who they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe.embedding import MATCH_THRESHOLD

Array = NDArray[Any]

GROUPING_THRESHOLDS = {30: MATCH_THRESHOLD, 100: 0.51, 300: 0.49, 1000: 0.47}
"""Faces → mean distance below which two groups are one: `python -m bench.gallery.grouping`. At most
one face in a hundred is then put with others of another person, among many people with few faces
each, where it is hardest."""


def grouping_threshold(faces: int) -> float:
    """The mean distance below which two groups of so many faces in all are one person: it falls as
    there are more to be mistaken for, in straight lines over the logarithm."""
    at = np.interp(
        np.log(max(faces, 1)),
        np.log(list(GROUPING_THRESHOLDS)),
        list(GROUPING_THRESHOLDS.values()),
    )
    return float(at)


def grouped(embeddings: Array) -> tuple[list[list[int]], list[int]]:
    """Groups of rows of (n, 128), the largest first, and the rows that are like no other.

    The linkage is the average (Sokal and Michener 1958): two groups become one while the mean
    distance of their faces is below `grouping_threshold`. One face between two people does not join
    them, as it would with the nearest pair, and one poor face does not part a person, as it would
    with the farthest. Groups of one size, and the rows of a group, stand in the order of rows.

    Raises:
        ValueError: a vector is not finite.
    """
    vectors = np.asarray(embeddings, float)
    if not np.isfinite(vectors).all():
        raise ValueError("embeddings must be finite")
    if len(vectors) < 2:
        return [], list(range(len(vectors)))
    # These take a third of a second to import, and few ever group.
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    tree = linkage(pdist(vectors), "average")
    labels = fcluster(tree, grouping_threshold(len(vectors)), "distance")
    found: dict[int, list[int]] = {}
    for row, label in enumerate(labels.tolist()):
        found.setdefault(label, []).append(row)
    groups = sorted((rows for rows in found.values() if len(rows) > 1), key=lambda g: (-len(g), g))
    return groups, sorted(rows[0] for rows in found.values() if len(rows) == 1)
