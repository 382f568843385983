"""Where work is done that can be done in parts: in processes of this machine (`local.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from mien.engines.local import LocalEngine
from mien.errors import UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")

__all__ = ["Engine", "LocalEngine", "engine_named"]


class Engine(Protocol):
    """Does one piece of work for each of many items, somewhere."""

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result for each item, in the order of the items.

        Work, items and results must be picklable. An error of the work is raised where its result
        would have come. Closing the iterator ends all work.
        """


def engine_named(name: str) -> Engine | None:
    """The engine that a user names: "local" or "local:3" (workers); "none" is this process alone.

    Raises:
        UsageError: there is no such engine.
    """
    kind, colon, workers = name.partition(":")
    if name == "none":
        return None
    if kind != "local" or (colon and not workers.isdecimal()):
        raise UsageError(f"there is no engine '{name}'; take none, local or local:N for N workers")
    return LocalEngine(int(workers) if colon else None)
