"""One source after the other: a failure of one is told, and does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from mien.errors import MienError, ModelError, UsageError

Source = TypeVar("Source")
Target = TypeVar("Target")


class SomeFailedError(MienError):
    """Some of several sources failed, each with its own sentence before."""


def work_on_each(
    pairs: Sequence[tuple[Source, Target]],
    work: Callable[[Source, Target], None],
    done: str,
    *,
    own: tuple[type[MienError], ...] = (),
) -> None:
    """Work on every source and its target.

    Args:
        pairs: at least one.
        done: what is done to a file, for the sentence at the end: "analysed".
        own: kinds of usage error that concern one source alone.

    Raises:
        MienError: the only source failed, or some of several, or what would fail for every one.
    """
    if len(pairs) == 1:
        work(*pairs[0])
        return
    failed = 0
    for source, target in pairs:
        try:
            work(source, target)
        except MienError as error:
            if isinstance(error, (UsageError, ModelError)) and not isinstance(error, own):
                raise  # it would be the same for every source
            click.echo(f"mien: {error}", err=True)
            failed += 1
    click.echo(f"{len(pairs) - failed} of {len(pairs)} files done", err=True)
    if failed:
        raise SomeFailedError(f"{failed} of {len(pairs)} files could not be {done}; see above")
