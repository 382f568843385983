"""Work of this process whose finished parts are kept in a folder, to go on from after a death."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from os import PathLike
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar, cast

from mien.atomic import replacing
from mien.errors import UsageError
from mien.version import __version__

Item = TypeVar("Item")
Result = TypeVar("Result")


class KeepingEngine:
    """Does the work for one item after the other, in this process, and keeps each result.

    A result is found again under what it was made of: the kind and the settings of the work, the
    size and time of each file that they name, and the item. Work that gives the same result
    whenever it is done, as that on segments does, can so go on in another process. Another version
    of mien finds nothing.

    Args:
        folder: of this piece of work and no other; made when it is needed. Its files are pickles:
            nobody else may write there.
        on_part: called after each item that was worked on, and not for one that was found.
    """

    def __init__(self, folder: Path, *, on_part: Callable[[], None] = lambda: None) -> None:
        self._folder, self._on_part = folder, on_part

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result for each item, in the order of the items; see `Engine.map`.

        Raises:
            UsageError: the work is neither a plain function nor a dataclass: what it depends on
                cannot be told.
            OutputError: the folder cannot be written.
        """
        made_of = _made_of(work)
        for item in items:
            path = self._folder / f"{_digest(made_of, item)}.part"
            if path.exists():
                yield cast(Result, pickle.loads(path.read_bytes()))
                continue
            result = work(item)
            self._folder.mkdir(parents=True, exist_ok=True)
            with replacing(path, "wb") as file:
                pickle.dump(result, file, protocol=pickle.HIGHEST_PROTOCOL)
            self._on_part()
            yield result


def _made_of(work: object) -> str:
    """The work and its settings as text; it says nothing of what the work has loaded meanwhile."""
    if isinstance(work, FunctionType) and not work.__closure__:
        return f"{work.__module__}.{work.__qualname__}"
    if not is_dataclass(work) or isinstance(work, type):
        raise UsageError(f"work that is kept must be a plain function or a dataclass, not {work!r}")
    settings = {field.name: getattr(work, field.name) for field in fields(work) if field.init}
    told = [f"{name}={value!r}{_file_facts(value)}" for name, value in settings.items()]
    return f"{type(work).__module__}.{type(work).__qualname__}({', '.join(told)})"


def _file_facts(value: Any) -> str:
    """Size and time of the file that a value names; nothing where it names none."""
    if not isinstance(value, (str, PathLike)):
        return ""
    try:
        facts = os.stat(value)
    except (OSError, ValueError):
        return ""
    return f"[{facts.st_size}, {facts.st_mtime_ns}]"


def _digest(made_of: str, item: object) -> str:
    return hashlib.sha256(f"{__version__}\n{made_of}\n{item!r}".encode()).hexdigest()
