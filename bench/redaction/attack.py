"""What an attacker gets from a redacted face: how often the right person comes first of a hundred.

python -m bench.redaction.attack LFW_SHEETS          all tables; about half an hour on one core
python -m bench.redaction.attack LFW_SHEETS --keep   and keep them, dated, in bench/results

A hundred people are hunted, drawn by the seed from those of whom there are eleven pictures and
more. One picture of each is the gallery, once clear and once redacted in the same way; the others,
thirty of a person at most, are probes, redacted. The gallery is drawn five times, and the share of
probes that find their own person is the mean of these. The bound is that of Clopper and Pearson,
one-sided, 95 %, for as many trials as there are probes. An effect is safe when it stays at or below
3/100 for every attacker, gallery and size of face; chance is 1/100. The attackers stand in
bench/redaction/attackers.py. What lies outside the mask, its outline and what the effect would
make of an even grey (the shading, the same for everyone, and the tone, which follows the rest of
the picture) are taken out first: they tell where a mask lies, not who is under it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click
import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from bench.description.material import table
from bench.keeping import keep_option, tell
from bench.redaction import attackers
from bench.redaction.attack_faces import TARGETS, Sitters, Sitting, read
from bench.redaction.attackers import EDGE
from bench.speed import machine
from mien.describe.embedding import Embedding
from mien.redact.effects import UNSAFE, Look

Array = NDArray[Any]

SEED = 20261124
WIDTHS = (48, 96, 180)
"""Of the faces' boxes, in pixels."""

DRAWS = 5
LIMIT = 3 / TARGETS
CONFIDENCE = 0.95

LOOKS = (
    Look("blur", "low"),
    Look("blur", "med"),
    Look("blur", "high"),
    Look("pixelate", "low"),
    Look("pixelate", "med"),
    Look("pixelate", "high"),
    Look("solid"),
    Look("black"),
)

FRAMES = 9
TREMBLING = 0.02
"""In video: so many frames of a face that keeps still, with masks that tremble by this share of
their half axes (standard deviation). The attacker takes the mean."""

STILL, MOVING = 96, (Look("blur", "low"), Look("blur", "med"), Look("pixelate", "med"))
"""The width of faces in video, and what hides them."""

SMALL, CELLS = 36, 12
"""The learner sees an aligned chip of so many pixels, averaged to so many cells a side."""

TREMBLING_EDGE = 0.85
"""What lies further out is not always under a mask that trembles."""


class Views(NamedTuple):
    """What the attackers see of n pictures."""

    samples: Array  # (n, k, 3)
    small: Array  # (n, 12, 12, 3)
    embedding: Array | None  # (m, 128) of those who are hunted

    @property
    def flat(self) -> Array:
        """(n, d) all that the learner sees."""
        parts = (self.samples, self.small)
        return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)


class Finding(NamedTuple):
    """How one attacker did."""

    attacker: str
    gallery: str
    share: float  # of the probes, the mean of all draws
    probes: int

    @property
    def bound(self) -> float:
        """Upper, one-sided (Clopper and Pearson, Biometrika 26(4), 1934)."""
        hits = math.ceil(self.share * self.probes - 1e-9)
        if hits >= self.probes:
            return 1.0
        return float(beta.ppf(CONFIDENCE, hits + 1, self.probes - hits))


class Draw(NamedTuple):
    """One gallery: rows among the hunted pictures, and for each probe its row in the gallery."""

    gallery: Array
    probes: Array
    person: Array


def draws(person: Array, seed: int) -> list[Draw]:
    """The galleries. `person` is that of each picture of the hunted."""
    rng, made = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        gallery = np.array([rng.choice(np.flatnonzero(person == who)) for who in np.unique(person)])
        probes = np.setdiff1d(np.arange(len(person)), gallery)
        made.append(Draw(gallery, probes, np.searchsorted(np.unique(person), person[probes])))
    return made


def look_at(
    sittings: Iterable[Sitting],
    hunted: Array,
    look: Look | None,
    stage: Embedding | None,
    frames: int = 1,
) -> Views:
    """Views of the pictures, redacted, or clear (None)."""
    rng, edge = np.random.default_rng(SEED), EDGE if frames == 1 else TREMBLING_EDGE
    samples, small, chips = [], [], []
    for sitting, wanted in zip(sittings, hunted, strict=True):
        shown = _shown(sitting, look, frames, rng)
        shown = attackers.blanked(shown, sitting.within(edge))
        samples.append(attackers.inside(sitting, shown, edge))
        whole = np.round(shown).astype(np.uint8)
        chip = sitting.chip(whole, SMALL)
        small.append(cv2.resize(chip, (CELLS, CELLS), interpolation=cv2.INTER_AREA))
        if wanted and stage is not None:
            chips.append(sitting.chip(whole))
    embedding = None if stage is None else attackers.embedded(chips, stage)
    return Views(np.array(samples), np.array(small, np.float32), embedding)


def _shown(sitting: Sitting, look: Look | None, frames: int, rng: np.random.Generator) -> Array:
    """(h, w, 3) float32 the picture without the shading that an effect gives to everyone."""
    if look is None:
        return sitting.rgb.astype(np.float32)
    if frames == 1:
        shown = sitting.redacted(look).astype(np.float32)
    else:
        masks = (sitting.trembling(rng, TREMBLING) for _ in range(frames))
        many = np.stack([sitting.redacted(look, mask) for mask in masks])
        shown = many.mean(axis=0, dtype=np.float32)
    return np.clip(shown - sitting.even(look) + 128, 0, 255)


class Hunt:
    """All attacks on faces of one size."""

    def __init__(
        self, sitters: Sitters, width: float, stage: Embedding | None, frames: int = 1
    ) -> None:
        self._sitters, self._stage, self._frames = sitters, stage, frames
        self._sittings = [Sitting.of(sitters, row, width) for row in range(len(sitters))]
        self._clear = look_at(self._sittings, sitters.hunted, None, stage, frames)
        self._rng = np.random.default_rng(SEED)
        self._draws = draws(sitters.person[sitters.hunted], SEED)

    def clear(self) -> list[Finding]:
        """How the attackers do where nothing is hidden."""
        return self._attack(self._clear, galleries=("clear",))

    def redacted(self, look: Look) -> list[Finding]:
        """How they do against an effect, with either gallery."""
        views = look_at(self._sittings, self._sitters.hunted, look, self._stage, self._frames)
        return self._attack(views, galleries=("clear", "redacted"))

    def _attack(self, views: Views, galleries: Sequence[str]) -> list[Finding]:
        return [
            self._find(attacker, gallery, *vectors)
            for gallery in galleries
            for attacker, vectors in self._vectors(views, gallery)
        ]

    def _vectors(self, views: Views, gallery: str) -> Iterator[tuple[str, tuple[Array, Array]]]:
        """What each attacker makes of the gallery's pictures and of the probes."""
        hunted, known = self._sitters.hunted, self._clear if gallery == "clear" else views
        if known.embedding is not None and views.embedding is not None:
            yield "embedder", (known.embedding, views.embedding)
        pair = known.samples[hunted], views.samples[hunted]
        yield "filter", (attackers.filtered(pair[0]), attackers.filtered(pair[1]))
        yield "equalised", (attackers.equalised(pair[0]), attackers.equalised(pair[1]))
        # what all redacted pictures have in common, and all clear ones, tells no one apart
        from_gallery, from_probes = (
            view.flat - view.flat[~hunted].mean(0) for view in (known, views)
        )
        person = self._sitters.person[~hunted]
        lessons = np.concatenate([from_gallery[~hunted], from_probes[~hunted]])
        learned = attackers.parrot(lessons, np.concatenate([person, person]))
        yield "parrot", (learned(from_gallery[hunted]), learned(from_probes[hunted]))

    def _find(self, attacker: str, gallery: str, known: Array, probes: Array) -> Finding:
        shares = [
            attackers.right(known[draw.gallery], probes[draw.probes], draw.person, self._rng)
            for draw in self._draws
        ]
        return Finding(attacker, gallery, float(np.mean(shares)), len(self._draws[0].probes))


def line(name: str, width: float, findings: Sequence[Finding]) -> tuple[str, ...]:
    """One row of the table; the last cell is the largest bound."""
    shares = {(f.gallery, f.attacker): f"{f.share:.1%}" for f in findings}
    cells = (shares.get(column, "") for column in COLUMNS)
    return name, f"{width:g}", *cells, f"{max(f.bound for f in findings):.1%}"


ATTACKERS = ("embedder", "filter", "equalised", "parrot")
COLUMNS = tuple((gallery, who) for gallery in ("clear", "redacted") for who in ATTACKERS)
HEAD = ("effect", "face, px", *(f"{who}, {gallery}" for gallery, who in COLUMNS), "bound")


def named(look: Look | None) -> str:
    """As a user writes it."""
    if look is None:
        return "nothing"
    plain = look.effect in ("solid", "black")
    return look.effect if plain else f"{look.effect} {look.strength}"


Rows = dict[Look | None, list[Finding]]


def attacked(path: Path, width: float, looks: Sequence[Look], frames: int = 1) -> Rows:
    """All findings on faces of one width, by effect; None is that nothing is hidden."""
    hunt = Hunt(Sitters.load(path), width, Embedding.load(threads=1, mirror=False), frames)
    rows: Rows = {None: hunt.clear()}
    for look in looks:
        rows[look] = hunt.redacted(look)
        print(*line(named(look), width, rows[look]), file=sys.stderr, flush=True)
    return rows


def report(folder: Path, processes: int) -> Iterator[str]:
    """The tables, as Markdown."""
    yield f"Measured on {date.today()}: {machine()}.\n"
    with TemporaryDirectory() as kept:
        path = Path(kept) / "faces.npz"
        sitters = read(folder, SEED)
        sitters.save(path)
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            runs = [pool.submit(attacked, path, width, LOOKS) for width in WIDTHS]
            moving = pool.submit(attacked, path, STILL, MOVING, FRAMES)
            found = {width: run.result() for width, run in zip(WIDTHS, runs, strict=True)}
            averaged = moving.result()
    probes = int(sitters.hunted.sum()) - TARGETS
    yield f"Seed {SEED}: {TARGETS} people hunted, {probes} probes, {DRAWS} galleries; the attacker "
    yield f"learns from {int((~sitters.hunted).sum())} pictures of others. Limit {LIMIT:.1%}.\n"
    order = [(look, width) for look in (None, *LOOKS) for width in WIDTHS]
    yield from table(HEAD, (line(named(look), w, found[w][look]) for look, w in order))
    yield from ("", f"The mean of {FRAMES} frames whose masks tremble by {TREMBLING:.0%}:", "")
    yield from table(HEAD, (line(named(look), STILL, averaged[look]) for look in MOVING))
    yield ""
    for look in LOOKS:
        told = "unsafe" if (look.effect, look.strength) in UNSAFE else "safe"
        worst = max(finding.bound for width in WIDTHS for finding in found[width][look])
        seen = "safe" if worst <= LIMIT else "unsafe"
        yield f"- {named(look)}: {seen}" + f"; UNSAFE HAS IT AS {told}" * (told != seen)


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--processes", default=1, help="So many sizes of faces at once [1].")
@keep_option
def main(folder: Path, processes: int, keep: bool) -> None:
    """Print the tables."""
    tell(report(folder, processes), "redaction-attack", keep=keep)


if __name__ == "__main__":
    main()
