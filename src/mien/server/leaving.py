"""Who waits for an answer, and whether they have gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType

from mien.server.errors import GoneError, LateError

Gone = Callable[[], Awaitable[object]]
"""Returns once whoever asked has gone; see `Call.gone`."""


class Client:
    """Whoever waits for an answer; an asynchronous context manager, within which they are watched.

    Args:
        gone: tells when they go; None for one who stays.
    """

    def __init__(self, gone: Gone | None = None) -> None:
        self._gone, self._left = gone, False
        self._watch: asyncio.Task[None] | None = None
        self._bound: asyncio.Timeout | None = None

    def is_there(self) -> bool:
        """Whether anyone waits still. May be asked in any thread."""
        return not self._left

    async def __aenter__(self) -> Client:
        if self._gone is not None:
            self._watch = asyncio.create_task(self._note(self._gone))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])

    @asynccontextmanager
    async def patience(self, seconds: float) -> AsyncIterator[None]:
        """Bound what is awaited within.

        Raises:
            GoneError: the client has gone.
            LateError: it took longer.
        """
        if self._left:
            raise GoneError
        try:
            async with asyncio.timeout(seconds) as self._bound:
                yield
        except TimeoutError:
            raise (GoneError if self._left else LateError) from None
        finally:
            self._bound = None

    async def _note(self, gone: Gone) -> None:
        await gone()
        self._left = True
        if self._bound is not None:
            self._bound.reschedule(asyncio.get_running_loop().time())
