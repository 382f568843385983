"""Thresholds of identification by size of group, what they miss, and how persons count.

python -m bench.gallery.thresholds --data FOLDER [--embeddings people.npz]
    [--only missed] [--keep]

FOLDER is what bench/gallery/people.py reads; its embeddings are kept in the file, if one is named.
How the rates are counted, and extrapolated, stands in bench/gallery/strangers.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from bench.description.material import table
from bench.gallery.people import People, people_of
from bench.gallery.strangers import (
    BASE,
    GRID,
    Near,
    distances,
    hill,
    interval,
    near,
    one_face_each,
    rate,
    rates,
    threshold,
)
from bench.keeping import keep_option, tell
from mien.describe.embedding import MATCH_THRESHOLD, confidence
from mien.gallery.persons import Persons, weights
from mien.gallery.thresholds import STRANGERS_NAMED, identify_threshold, tries
from mien.storage import FaceChunk

Array = NDArray[Any]

SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
ENROLLED = (1, 3, 5, 10)  # faces a person has
COUNTED = (1, 2, 3, 5, 10, 20)
WAYS = ("best face", "mean", "the better")
TABLES = ("thresholds", "concentration", "ways", "missed", "groups", "pairs")
REPEATS = 4  # draws of enrolled faces


def sharpness(people: People) -> Array:
    """(n,) quality of a template: 1 - blur, the one grade that weighs in the mean here."""
    return np.asarray(1 - people.quality[:, 0])


def thresholds(found: Near, rng: np.random.Generator) -> Iterator[str]:
    """The table by size of group."""
    exponent = hill(found.nearest, np.ones(len(found.female)))
    rows = []
    for group in SIZES:
        at, sure = threshold(found, group, STRANGERS_NAMED)
        low, high = interval(found, group, STRANGERS_NAMED, rng)
        used = min(low, MATCH_THRESHOLD)
        place = int(np.searchsorted(GRID, used))
        chances = rates(found, min(group, BASE))
        named = [
            rate(found, chances, group, gender.astype(float), exponent).at[place]
            for gender in (found.female, ~found.female)
        ]
        shown = [f"{group:,}", f"{at[0]:.3f}", f"{at[1]:.3f}", f"{at.min():.3f}"]
        shown += [f"{low:.3f}–{high:.3f}", "measured" if sure[at.argmin()] else "extrapolated"]
        rows.append((*shown, f"{confidence(used):.2f}", *(f"{share:.2%}" for share in named)))
    header = ("group", "women", "men", "lower of both", "95 %", "", "confidence",
              "women named", "men named")  # fmt: skip
    yield f"\nDistance at which {STRANGERS_NAMED:.0%} of strangers get a name:\n"
    yield from table(header, rows)
    yield f"\nThe rate falls with the distance to the power of {exponent:.0f}."


def splits(people: People, faces: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """Rows enrolled and rows asked with, ten at most, of everybody who has one more than that."""
    for name in np.unique(people.name):
        rows = rng.permutation(np.flatnonzero(people.name == name))
        if len(rows) > faces:
            yield rows[:faces], rows[faces : faces + 10]


def scores(people: People, enrolled: Array, asked: Array) -> Array:
    """(3, m) distances of rows asked with from the person with the rows enrolled, by WAYS."""
    faces = people.embedding[enrolled]
    mean = np.average(faces, axis=0, weights=weights(1 - people.quality[enrolled, 0]))
    apart = distances(people.embedding[asked], np.stack([*faces, mean]).astype(np.float32))
    best, middle = apart[:, :-1].min(axis=1), apart[:, -1]
    return np.stack([best, middle, np.minimum(best, middle)])


def ways(people: People, rng: np.random.Generator) -> Iterator[str]:
    """What the score of a person costs in false matches, and brings."""
    strangers = one_face_each(people, rng)
    rows = []
    for faces in COUNTED:
        same, other, single = [], [], []
        for _ in range(REPEATS):
            for enrolled, asked in splits(people, faces, rng):
                others = strangers[people.name[strangers] != people.name[enrolled[0]]]
                same.append([_share_below(line) for line in scores(people, enrolled, asked)])
                other.append([_share_below(line) for line in scores(people, enrolled, others)])
                single.append(_share_below(scores(people, enrolled[:1], others)[0]))
        found, false, one = (np.mean(part, axis=0) for part in (same, other, single))
        at = [int(np.searchsorted(GRID, d)) for d in (0.53, 0.465, 0.42, 0.39)]
        shown = [f"{false[2][place] / one[place]:.1f}" for place in at]
        for wanted in (1e-3, 1e-4):
            places = [int(np.searchsorted(line, wanted)) - 1 for line in false]
            hits = (line[place] for line, place in zip(found, places, strict=True))
            shown.append(" / ".join(f"{hit:.1%}" for hit in hits))
        rows.append((str(faces), str(len(same) // REPEATS), *shown, str(tries(faces))))
    header = ("faces", "persons", "× false at 0.53", "at 0.465", "at 0.42", "at 0.39",
              f"found at 1e-3: {' / '.join(WAYS)}", "at 1e-4", "tries")  # fmt: skip
    yield "\nFalse matches of the better of best face and mean, as times those of one face:\n"
    yield from table(header, rows)


def _share_below(apart: Array) -> Array:
    return np.searchsorted(np.sort(apart), GRID) / len(apart)


def missed(people: People, rng: np.random.Generator) -> Iterator[str]:
    """Share of the faces of enrolled people that get no name, by the people's gender."""
    rows = []
    for faces in ENROLLED:
        shares: dict[bool, list[list[float]]] = {True: [], False: []}
        for _ in range(REPEATS):
            for enrolled, asked in splits(people, faces, rng):
                apart = scores(people, enrolled, asked)[2]
                limits = [identify_threshold(size * tries(faces)) for size in SIZES]
                gone = [float(np.mean(apart >= limit)) for limit in limits]
                shares[bool(people.female[enrolled[0]])].append(gone)
        for female, some in shares.items():
            each = np.array(some).reshape(REPEATS, -1, len(SIZES)).mean(axis=0)
            rows.append(
                (str(faces), "women" if female else "men", str(len(each)), *_spans(each, rng))
            )
    yield "\nFaces of enrolled people that get no name, by size of group and faces of a person:\n"
    yield from table(("faces", "", "people", *(f"{size:,}" for size in SIZES)), rows)


def _spans(each: Array, rng: np.random.Generator) -> list[str]:
    """Mean of each column and its 95 % interval over people."""
    drawn = [each[rng.integers(0, len(each), len(each))].mean(axis=0) for _ in range(1000)]
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    middle = each.mean(axis=0)
    return [f"{m:.1%} ({a:.1%}–{b:.1%})" for m, a, b in zip(middle, low, high, strict=True)]


def real_groups(people: People, rng: np.random.Generator) -> Iterator[str]:
    """Groups of people with all their faces but one, ten at most, searched as the gallery does."""
    rows = []
    counts = {
        name: int(n) for name, n in zip(*np.unique(people.name, return_counts=True), strict=True)
    }
    several = np.array([name for name, count in counts.items() if count > 1])
    for size in (10, 100, 1_000):
        named: dict[bool, list[bool]] = {True: [], False: []}
        result: dict[str, list[bool]] = {"right": [], "other": []}
        limits = []
        for _ in range(max(3 * REPEATS, 400 // size)):
            members = rng.permutation(several)[:size]
            group, asked = _enrol(people, members, rng)
            limit = identify_threshold(group.tries)
            limits.append(limit)
            numbers, apart = group.search(people.embedding[asked], 1)
            for row, number, far in zip(asked, numbers[:, 0], apart[:, 0], strict=True):
                right = bool(members[number] == people.name[row])
                result["right"].append(right and far < limit)
                result["other"].append(not right and far < limit)
            strangers = one_face_each(people, rng)
            strangers = strangers[~np.isin(people.name[strangers], members)]
            _, apart = group.search(people.embedding[strangers], 1)
            for female in (True, False):
                of = people.female[strangers] == female
                named[female] += list(apart[of, 0] < limit)
        shown = [f"{size:,}", f"{np.mean(limits):.3f}"]
        shown += [f"{np.mean(named[gender]):.2%}" for gender in (True, False)]
        rows.append((*shown, *(f"{np.mean(result[what]):.2%}" for what in ("right", "other"))))
    header = ("persons", "threshold", "women named", "men named", "members right", "another's name")
    yield "\nGroups of real people with one to ten faces each, of LFW's mixture:\n"
    yield from table(header, rows)


def _enrol(people: People, members: Array, rng: np.random.Generator) -> tuple[Persons, Array]:
    """A group with members' faces, and a row of each that is not in it."""
    rows, asked, whose = [], [], []
    for number, name in enumerate(members):
        of = rng.permutation(np.flatnonzero(people.name == name))[:11]
        asked.append(of[0])
        rows += list(of[1:])
        whose += [number] * (len(of) - 1)
    quality = sharpness(people)[rows]
    numbers = np.arange(len(rows))
    chunk = FaceChunk(numbers, np.array(whose), people.embedding[rows], quality, lost=0)
    return Persons(len(rows), [chunk]), np.array(asked)


def nearest_pairs(people: People, count: int = 20) -> Iterator[str]:
    """The nearest faces of two people, to be looked at: are they two?"""
    best: dict[tuple[str, str], tuple[float, int, int]] = {}
    for row in range(len(people)):
        apart = distances(people.embedding[row : row + 1], people.embedding[row + 1 :])[0]
        for other in np.flatnonzero(apart < 0.4) + row + 1:
            a, b = sorted((str(people.name[row]), str(people.name[other])))
            if a != b:
                found = (float(apart[other - row - 1]), row, int(other))
                best[a, b] = min(best.get((a, b), found), found)
    nearest = sorted((found[0], *names) for names, found in best.items())[:count]
    yield "\nThe nearest two of different name, over all faces:\n"
    yield from table(("distance", "", ""), ((f"{apart:.3f}", a, b) for apart, a, b in nearest))


def concentration(found: Near) -> Iterator[str]:
    """How few of the strangers are given most of the wrong names."""
    rows = []
    for group in (100, 1_000):
        place = int(np.searchsorted(GRID, identify_threshold(group)))
        each = np.sort(rates(found, group)[:, place])[::-1]
        held = np.cumsum(each) / each.sum()
        shares = (held[round(part * len(each)) - 1] for part in (0.01, 0.05, 0.2))
        most = np.mean(each[: round(0.01 * len(each))])
        rows.append((f"{group:,}", *(f"{share:.0%}" for share in shares), f"{most:.0%}"))
    header = ("group", "of 1 % of strangers", "of 5 %", "of 20 %",
              "how often one of that 1 % is named")  # fmt: skip
    yield "\nShare of all wrong names, by those who are given the most:\n"
    yield from table(header, rows)


def report(people: People, seed: int, only: Sequence[str]) -> Iterator[str]:
    """The tables, as Markdown."""
    persons, first = np.unique(people.name, return_index=True)
    women = int(people.female[first].sum())
    yield f"Measured on {date.today()}.\n"
    yield f"{len(people)} faces of {len(persons)} people, {women} of them women; seed {seed}."
    for name in only or TABLES:
        yield from _one_table(name, people, np.random.default_rng(seed))


def _one_table(name: str, people: People, rng: np.random.Generator) -> Iterator[str]:
    match name:
        case "thresholds":
            yield from thresholds(near(people, rng), rng)
        case "concentration":
            yield from concentration(near(people, rng))
        case "ways":
            yield from ways(people, rng)
        case "missed":
            yield from missed(people, rng)
        case "groups":
            yield from real_groups(people, rng)
        case _:
            yield from nearest_pairs(people)


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path),
              required=True, help="Folder of scores.csv and the sheets.")  # fmt: skip
@click.option("--embeddings", type=click.Path(dir_okay=False, path_type=Path),
              help="Where the faces' embeddings are kept, and read from.")  # fmt: skip
@click.option("--only", type=click.Choice(TABLES), multiple=True, help="These tables alone.")
@click.option("--seed", default=0, show_default=True, help="Of everything that is drawn.")
@keep_option
def main(data: Path, embeddings: Path | None, only: tuple[str, ...], seed: int, keep: bool) -> None:
    """Print the tables."""
    tell(report(people_of(data, embeddings).apart(), seed, only), "thresholds", keep=keep)


if __name__ == "__main__":
    main()
