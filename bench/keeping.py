"""What a benchmark tells, on the terminal and as a file with today's date in bench/results/."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click

RESULTS = Path(__file__).parent / "results"

keep_option = click.option(
    "--keep", is_flag=True, help="Keep the tables in bench/results/ under today's date."
)


def tell(lines: Iterable[str], name: str, *, keep: bool) -> None:
    """Print lines as they come, and with `keep` write them to ``NAME-DATE.md`` at the end."""
    told = []
    for line in lines:
        click.echo(line)
        told.append(line)
    if keep:
        write("\n".join(told), f"{name}-{date.today()}.md")


def write(text: str, name: str) -> None:
    """Write a file of the results, with a line break at its end."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(text + "\n", encoding="utf-8")
