"""Tables in Markdown, as they stand on the model cards, from the JSON of `mien fairness`.

python -m bench.fairness_folder --data DATA OUT
mien fairness OUT --json fairness.json
python -m bench.fairness_tables fairness.json gender_error
python -m bench.fairness_tables fairness.json age_decade_error age_far_error --by age --by gender
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from bench.description.material import table
from mien.fairness.groups import TITLES
from mien.fairness.measures import Slice
from mien.fairness.words import counted, figure, interval


def rows(document: Any, names: Sequence[str], by: Collection[str]) -> Iterator[list[str]]:
    """A line for each group that any of the measures has in the dimensions `by`: its name, then of
    each measure what it stands on and the value with its interval.

    Raises:
        ValueError: the document has no such measure.
    """
    measures = {one["name"]: one for one in document["measures"]}
    if unknown := [name for name in names if name not in measures]:
        raise ValueError(f"there is no {unknown[0]}; there are {', '.join(measures)}")
    cells: dict[tuple[str, str], list[Slice | None]] = {}
    for at, name in enumerate(names):
        for one in measures[name]["slices"]:
            if one["dimension"] in by:
                found = cells.setdefault((one["dimension"], one["group"]), [None] * len(names))
                found[at] = _slice(one)
    for (dimension, group), slices in cells.items():
        line = [TITLES.get(dimension, dimension), "" if dimension == "all" else group]
        for name, one in zip(names, slices, strict=True):
            line.append("–" if one is None else counted(one))
            unit = measures[name]["unit"]
            line.append(
                "–" if one is None else f"{figure(one.value, unit)} ({interval(one, unit)})"
            )
        yield line


def heads(document: Any, names: Sequence[str]) -> list[str]:
    """The first line of the table."""
    titles = {one["name"]: one["title"] for one in document["measures"]}
    found = ["", ""]
    for name in names:
        paired = name in ("false_match", "false_non_match")
        found += ["pairs, persons" if paired else "faces", titles[name]]
    return found


def _slice(found: Any) -> Slice:
    def number(name: str) -> float:
        value = found[name]
        return float("nan") if value is None else float(value)

    trials = found["pairs"] if "pairs" in found else found["faces"]
    return Slice(
        found["dimension"], found["group"], trials, number("value"), number("low"), number("high"),
        found.get("events"), found.get("persons"),
    )  # fmt: skip


@click.command(help=__doc__)
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("names", nargs=-1, required=True, metavar="MEASURE…")
@click.option("--by", multiple=True, type=click.Choice(list(TITLES)), help="Only by these.")
def main(document: Path, names: tuple[str, ...], by: tuple[str, ...]) -> None:
    """Print the table."""
    read = json.loads(document.read_text(encoding="utf-8"))
    lines = list(rows(read, names, ("all", *(by or TITLES))))
    shared = all(line[at] == line[2] for line in lines for at in range(4, len(line), 2))
    kept = [at for at in range(2 + 2 * len(names)) if at < 4 or at % 2 or not shared]
    for line in table([heads(read, names)[at] for at in kept],
                      ([line[at] for at in kept] for line in lines)):  # fmt: skip
        click.echo(line)


if __name__ == "__main__":
    main()
