"""How often strangers come near a group: measured while there are people enough, and beyond.

Each person has one face, drawn anew in each of some draws. For a stranger and a distance, the share
of the other women and of the other men nearer than that gives the chance that a group of any size,
half of women and half of men, has somebody so near. The mean over all women, and over all men, as
strangers is the rate of false names. It is not N times the rate of pairs: some strangers come near
many, and most near none.

Beyond BASE people the rate grows at most in proportion to the group, since 1 - (1 - f)^N is concave
in N. The rate at BASE people below what MEASURED strangers or more are left for is taken from the
tail of the distances to the nearest of all others. It is taken to be a power of the distance, as
near the least distance there can be, 0, with one exponent for women and men, by Hill's estimator
(Hill 1975).
Intervals are bootstrapped over people; those who are each other's nearest are drawn together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bench.gallery.people import People

Array = NDArray[Any]

GRID = np.arange(0.20, 0.56, 0.0005)  # distances
BASE = 2_000  # people of the largest group whose rate is measured
TAIL = 0.01  # share of the strangers, the nearest, that the tail is fitted to
MEASURED = 10  # strangers that a measured rate stands on at least
DRAWS = 8


@dataclass(frozen=True)
class Near:
    """Of p people as strangers, each with one face.

    Attributes:
        female: (p,) bool.
        shares: (draws, 2, p, g) share of the other women, and of the other men, nearer than each
            distance of GRID.
        nearest: (draws, p) distance of the nearest of the same gender.
        cluster: (p,) number of the cluster of people who are each other's nearest.
    """

    female: Array
    shares: Array
    nearest: Array
    cluster: Array


def one_face_each(people: People, rng: np.random.Generator) -> Array:
    """A row of each person, in the order of names."""
    order = rng.permutation(len(people))
    _, first = np.unique(people.name[order], return_index=True)
    return np.asarray(order[first])


def distances(a: Array, b: Array) -> Array:
    """(n, m) distances of (n, 128) and (m, 128), in float32."""
    squares = np.einsum("nd,nd->n", a, a)[:, None] + np.einsum("nd,nd->n", b, b)
    return np.asarray(np.sqrt(np.maximum(squares - 2 * a @ b.T, 0)))


def near(people: People, rng: np.random.Generator, draws: int = DRAWS) -> Near:
    """Count who is near whom."""
    shares, nearest, ties = [], [], []
    for _ in range(draws):
        some = people[one_face_each(people, rng)]
        apart = distances(some.embedding, some.embedding)
        np.fill_diagonal(apart, np.inf)
        shares.append(np.stack([_shares(apart, some.female == value) for value in (True, False)]))
        apart[some.female[:, None] != some.female] = np.inf
        nearest.append(apart.min(axis=1))
        ties.append(apart.argmin(axis=1))
    count = len(some)
    tail = np.array([n < np.quantile(n, 2 * TAIL) for n in nearest])
    first = np.concatenate([np.flatnonzero(mask) for mask in tail])
    second = np.concatenate([tie[mask] for tie, mask in zip(ties, tail, strict=True)])
    graph = coo_array((np.ones(len(first)), (first, second)), (count, count))
    _, cluster = connected_components(graph, directed=False)
    return Near(some.female, np.array(shares), np.array(nearest), cluster)


def _shares(apart: Array, among: Array) -> Array:
    """(p, g) of the people `among`, without oneself."""
    part = np.sort(apart[:, among], axis=1)
    counts = np.stack([np.searchsorted(row, GRID) for row in part])
    return np.asarray(counts / (among.sum() - among)[:, None], np.float32)


def rates(found: Near, group: int) -> Array:
    """(p, g) chance that a group of at most BASE has somebody so near, by stranger."""
    half = group / 2
    women, men = found.shares[:, 0], found.shares[:, 1]
    chance: Array = 1 - ((1 - women) ** half * (1 - men) ** half).mean(axis=0)
    return chance


@dataclass(frozen=True)
class Rate:
    """The rate of false names for strangers of one gender, at each distance of GRID.

    Attributes:
        at: (g,) rate at the size of the group.
        measured: (g,) bool, whether no extrapolation is in it.
    """

    at: Array
    measured: Array


def rate(found: Near, chances: Array, group: int, weight: Array, exponent: float) -> Rate:
    """The rate for strangers who weigh so much, from `rates` for min(group, BASE), and the exponent
    of the tail."""
    counted = np.average(chances, axis=0, weights=weight)
    if group <= BASE:
        enough = counted * np.count_nonzero(weight) >= MEASURED
        return Rate(counted, enough)
    start = int(np.searchsorted(counted, TAIL))
    tail = counted[start] * (GRID / GRID[start]) ** exponent
    enough = counted * np.count_nonzero(weight) >= MEASURED
    base = np.where(enough, counted, np.minimum(tail, MEASURED / np.count_nonzero(weight)))
    return Rate(np.minimum(base * group / BASE, 1.0), enough)


def hill(nearest: Array, weight: Array) -> float:
    """The exponent of the tail of the nearest distances, over all draws."""
    weights = np.broadcast_to(weight, nearest.shape).ravel()
    flat = nearest.ravel()
    order = np.argsort(flat)
    flat, weights = flat[order], weights[order]
    share = np.cumsum(weights) / weights.sum()
    end = int(np.searchsorted(share, TAIL))
    logs = np.log(flat[end] / flat[:end])
    return float(weights[:end].sum() / (weights[:end] * logs).sum())


def threshold(
    found: Near, group: int, share: float, weight: Array | None = None
) -> tuple[Array, Array]:
    """Largest distances at which at most `share` of women, and of men, get a name; and whether
    each is measured: (2,) and (2,)."""
    chances = rates(found, min(group, BASE))
    return _threshold(found, chances, group, share, weight)


def _threshold(
    found: Near, chances: Array, group: int, share: float, weight: Array | None
) -> tuple[Array, Array]:
    everyone = np.ones(len(found.female)) if weight is None else weight
    exponent = hill(found.nearest, everyone)
    at, sure = np.empty(2), np.empty(2, bool)
    for place, gender in enumerate((found.female, ~found.female)):
        value = rate(found, chances, group, everyone * gender, exponent)
        last = int(np.searchsorted(value.at, share, side="right")) - 1
        at[place], sure[place] = GRID[last], value.measured[last]
    return at, sure


def interval(
    found: Near, group: int, share: float, rng: np.random.Generator, rounds: int = 400
) -> tuple[float, float]:
    """95 % of the bootstrapped thresholds, the lower of women's and men's, lie between these."""
    chances = rates(found, min(group, BASE))
    clusters = found.cluster.max() + 1
    drawn = []
    for _ in range(rounds):
        times = np.bincount(rng.integers(0, clusters, clusters), minlength=clusters)
        at, _ = _threshold(found, chances, group, share, times[found.cluster].astype(float))
        drawn.append(at.min())
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)
