"""Where work is done that can be done in parts: in processes of this machine (`local.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from mien.engines.local import LocalEngine

Item = TypeVar("Item")
Result = TypeVar("Result")

__all__ = ["Engine", "LocalEngine"]


class Engine(Protocol):
    """Does one piece of work for each of many items, somewhere."""

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result for each item, in the order of the items.

        Work, items and results must be picklable. An error of the work is raised where its result
        would have come. Closing the iterator ends all work.
        """
