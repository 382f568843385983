"""Work whose finished parts are kept in a folder, to go on from after a death, and to share.

A part is found again under what it was made of: the kind and the settings of the work, the size and
time of each file that they name, and the item. Work that gives the same result whenever it is done,
as that on segments does, can so go on in another process, and several can be at it at once:

    engine = KeepingEngine(folder, hold=lock)      # whose work it is
    for result in engine.map(work, items): ...

    Helper().help(folder, lock)                    # another process that has nothing else to do

Nobody stands above them. The next parts are on offer in the folder, a lock for each says whether
somebody is at it, and a part that is there is whole.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import fields, is_dataclass, replace
from itertools import islice
from os import PathLike
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple, TypeVar, cast

from mien.atomic import replacing
from mien.errors import OutputError, UsageError
from mien.version import __version__

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 8
"""Parts that are on offer at a time. What is done before its turn waits in the folder, so memory
does not grow with it."""

LOOK_S = 0.05
"""How often to look whether others have done a part that is waited for."""

Hold = Callable[[str], AbstractContextManager[object] | None]
"""Takes the lock of a name until its block is left; None while somebody has it."""


class KeepingEngine:
    """Does the work for one item after the other, in this process, and keeps each result.

    Another version of mien finds nothing of what was kept.

    Args:
        folder: of this piece of work and no other; made when it is needed. Its files are pickles:
            nobody else may write there.
        on_part: called after each item that was worked on here.
        hold: takes the lock of a part. With it, parts are offered to helpers; what one has done, or
            is at, is not done here.
    """

    def __init__(
        self,
        folder: Path,
        *,
        on_part: Callable[[], None] = lambda: None,
        hold: Hold | None = None,
    ) -> None:
        self._folder, self._on_part, self._hold = folder, on_part, hold
        self._failed: set[str] = set()

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result for each item, in the order of the items; see `Engine.map`.

        Raises:
            UsageError: the work is neither a plain function nor a dataclass: what it depends on
                cannot be told.
            OutputError: the folder cannot be written.
        """
        made_of, fresh = _made_of(work), _fresh(work)
        todo = (
            _Part(self._folder, number, _digest(made_of, item), item)
            for number, item in enumerate(items)
        )
        ahead = deque[_Part]()
        self._begin()
        try:
            while part := self._next(ahead, todo, fresh):
                while not part.is_done():
                    if not any(self._do(work, each, turn=part) for each in (part, *ahead)):
                        time.sleep(LOOK_S)  # others are at all of them
                part.withdraw()
                yield cast(Result, part.result())
        finally:
            self._withdraw()

    def _begin(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"there is no place for the parts: {error.strerror}") from error
        self._withdraw()  # what one who died had on offer

    def _next(
        self, ahead: deque[_Part], todo: Iterator[_Part], work: Callable[[Any], Any]
    ) -> _Part | None:
        """The part whose turn it is; those behind it are on offer."""
        for part in islice(todo, 1 + AHEAD - len(ahead) if self._hold else 1):
            if self._hold and not part.is_done():
                part.offer(work)
            ahead.append(part)
        return ahead.popleft() if ahead else None

    def _do(self, work: Callable[[Any], Any], part: _Part, *, turn: _Part) -> bool:
        """Do a part that nobody has done or is at; False if there was nothing to do. What fails
        before its turn is tried again when that has come, and raises then."""
        if part.is_done() or (part is not turn and part.digest in self._failed):
            return False
        held = self._hold(part.digest) if self._hold else nullcontext()
        if held is None:
            return False
        with held:
            if part.is_done():
                return True
            try:
                result = work(part.item)
            except Exception:
                if part is turn:
                    raise
                self._failed.add(part.digest)
                return False
            part.keep(result)
        self._on_part()
        return True

    def _withdraw(self) -> None:
        for path in self._folder.glob(f"*{OFFERED}"):
            path.unlink(missing_ok=True)


class Helper:
    """Does parts that are on offer in folders of others, one at a time.

    What it cannot do it leaves to those whose work it is, and does not try again: they meet the
    error.
    """

    def __init__(self) -> None:
        self._failed: set[str] = set()
        self._known: tuple[str, Callable[[Any], Any]] = "", id

    def help(self, folder: Path, hold: Hold) -> bool:
        """Do the first part on offer that nobody is at; False if there is none.

        Args:
            folder: of an engine.
            hold: takes the lock of a part, as that of the engine does.

        Raises:
            Exception: as the work does.
        """
        for path in sorted(folder.glob(f"*{OFFERED}")):
            part = _Part.at(path)
            if part.digest in self._failed or (held := hold(part.digest)) is None:
                continue
            with held:
                task = None if part.is_done() else part.on_offer()
                if task is not None:
                    self._do(part, *task)
                    return True
        return False

    def _do(self, part: _Part, work: Callable[[Any], Any], item: Any) -> None:
        made_of = _made_of(work)
        if self._known[0] != made_of:
            self._known = made_of, work
        try:
            result = self._known[1](item)  # the work as it was used before: its models are loaded
        except Exception:
            self._failed.add(part.digest)
            raise
        with suppress(OSError):  # the folder is gone, or full: those whose work it is find out
            part.keep(result)


OFFERED = ".open"


def offered(folder: Path) -> int:
    """How many parts are on offer in a folder, those that somebody is at among them."""
    return sum(1 for _ in folder.glob(f"*{OFFERED}"))


class _Part(NamedTuple):
    """One item, and the files that tell of it."""

    folder: Path
    number: int
    digest: str
    item: Any = None

    @classmethod
    def at(cls, offer: Path) -> _Part:
        """The part that an offer is of."""
        number, _, digest = offer.stem.partition("-")
        return cls(offer.parent, int(number), digest)

    @property
    def _kept(self) -> Path:
        return self.folder / f"{self.digest}.part"

    @property
    def _offer(self) -> Path:
        return self.folder / f"{self.number:08d}-{self.digest}{OFFERED}"

    def is_done(self) -> bool:
        return self._kept.exists()

    def result(self) -> Any:
        return pickle.loads(self._kept.read_bytes())

    def keep(self, result: Any) -> None:
        with replacing(self._kept, "wb") as file:
            pickle.dump(result, file, protocol=pickle.HIGHEST_PROTOCOL)
        self.withdraw()

    def offer(self, work: Callable[[Any], Any]) -> None:
        with replacing(self._offer, "wb") as file:
            pickle.dump((work, self.item), file, protocol=pickle.HIGHEST_PROTOCOL)

    def on_offer(self) -> tuple[Callable[[Any], Any], Any] | None:
        """The work and the item; None if it is withdrawn."""
        try:
            return cast(tuple[Callable[[Any], Any], Any], pickle.loads(self._offer.read_bytes()))
        except FileNotFoundError:
            return None

    def withdraw(self) -> None:
        self._offer.unlink(missing_ok=True)


def _fresh(work: Callable[[Item], Result]) -> Callable[[Item], Result]:
    """The work without what it has loaded, which others could not be given."""
    return work if isinstance(work, FunctionType) else replace(cast(Any, work))


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
