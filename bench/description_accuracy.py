"""Measure the figures of docs/concepts/description.md and quality.md, and print them as Markdown.

python -m bench.description_accuracy                  all of them, some minutes
python -m bench.description_accuracy --part quality   one part
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import click

from bench.description import angles, eyes, grades, identity, mesh
from bench.description.material import SITTERS, missing, portraits

PARTS = ("mesh", "angles", "identity", "quality")


def tables(parts: tuple[str, ...] = PARTS) -> Iterator[str]:
    """The report, line by line, as Markdown."""
    found, absent = portraits(), missing()
    yield f"Measured on {date.today()} on {len(found)} of {len(SITTERS)} portraits."
    if absent:
        yield f"Left out: {', '.join(absent)}, for {next(iter(absent.values()))}."
    if "mesh" in parts:
        yield from mesh.report()
        yield from eyes.report(found)
    if "angles" in parts:
        yield from angles.report(found)
    if "identity" in parts:
        yield from identity.report(found)
    if "quality" in parts:
        yield from grades.report(found)


@click.command(help=__doc__)
@click.option("--part", "parts", type=click.Choice(PARTS), multiple=True, help="Only this part.")
def main(parts: tuple[str, ...]) -> None:
    """Print the tables."""
    for line in tables(parts or PARTS):
        click.echo(line)


if __name__ == "__main__":
    main()
