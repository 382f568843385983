"""Time of a search right after an enrolment, and after a removal, in a gallery of many faces.

python -m bench.gallery.alternating [--faces 10000] [--rounds 100] [--keep]

A gallery of so many subjects with a face each, drawn as LFW's are distributed
(bench.gallery.generated), in SQLite. Again and again a subject is enrolled and somebody looked for,
somebody is looked for once more, and the subject is removed and somebody looked for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np

from bench.description.material import table
from bench.gallery.filling import LIMIT, MODEL, QUALITY, fill
from bench.gallery.generated import spread
from bench.keeping import keep_option, tell
from bench.speed import machine
from mien.gallery import Kind, NamedGalleries, Template
from mien.gallery.trainer import Trainer
from mien.storage import Storage, open_storage

NAME = "many"
HEAD = ("call", "p50, ms", "p95, ms", "most, ms")


def filled(storage: Storage, faces: int) -> tuple[str, list[Template]]:
    """An account with the gallery, and faces of some of its subjects to look for."""
    made, rng = spread(), np.random.default_rng(1)
    centres = made.people(faces, rng)
    account = storage.accounts.create("bench").id
    row = storage.collections.create(
        *(account, Kind.GALLERY, NAME),
        name=NAME,
        user_data=None,
        recognition_model=MODEL,
        limit=LIMIT,
    )
    fill(storage, account, row.pk, made.faces(centres, rng))
    asked = made.faces(centres[rng.integers(0, faces, 64)], rng)
    return account, [Template(each, QUALITY, MODEL) for each in asked]


def timed(call: Callable[[], object]) -> float:
    """Milliseconds that it takes."""
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def rounds(galleries: NamedGalleries, asked: list[Template], count: int) -> dict[str, list[float]]:
    """The milliseconds of each call, by what it is."""
    ms: dict[str, list[float]] = {}

    def look(template: Template) -> None:
        (found,) = galleries.recognize([template], NAME, threshold=0, top=10)
        if not found:
            raise SystemExit("a subject of the gallery was not recognized")

    look(asked[0])  # reads the gallery
    for number in range(count):
        subject, template = f"new {number}", asked[number % len(asked)]
        enrol = partial(galleries.enrol, NAME, subject, [template])
        remove = partial(galleries.remove_subject, NAME, subject)
        for what, call in (
            ("enrol", enrol),
            ("search after an enrolment", partial(look, template)),
            ("search again", partial(look, template)),
            ("remove", remove),
            ("search after a removal", partial(look, template)),
        ):
            ms.setdefault(what, []).append(timed(call))
    return ms


def measured(faces: int, count: int) -> Iterator[str]:
    """The table, as Markdown."""
    yield f"Measured on {date.today()}: {machine()}; load average before: {os.getloadavg()[0]:.1f}."
    with TemporaryDirectory() as name:
        folder = Path(name)
        with (
            open_storage(folder / "data", None, folder / "keys") as storage,
            Trainer(storage) as trainer,
        ):
            account, asked = filled(storage, faces)
            ms = rounds(NamedGalleries(storage, account, trainer), asked, count)
    yield f"{faces:,} faces; {count} rounds.\n"
    lines = ((what, *np.quantile(each, (0.5, 0.95)), max(each)) for what, each in ms.items())
    yield from table(HEAD, [(what, *(f"{one:.1f}" for one in each)) for what, *each in lines])


@click.command(help=__doc__)
@click.option("--faces", default=10_000, show_default=True)
@click.option("--rounds", "count", default=100, show_default=True)
@keep_option
def main(faces: int, count: int, keep: bool) -> None:
    """Print the table."""
    tell(measured(faces, count), "alternating", keep=keep)


if __name__ == "__main__":
    main()
