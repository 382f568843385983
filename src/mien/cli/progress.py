"""A progress bar with the time left, on a terminal; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

STEPS = 1000
"""Progress is told as a share; the bar counts thousandths of it."""


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[float], None]]:
    """Give a function that takes the share done so far (0..1) and shows it on standard error."""
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    with click.progressbar(length=STEPS, label=label, file=sys.stderr, show_eta=True) as bar:
        yield lambda share: bar.update(max(0, int(share * STEPS) - bar.pos))
