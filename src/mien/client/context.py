"""The entry to all that an account has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mien.client.assets import Assets
from mien.client.credentials import Credentials
from mien.client.jobs import Jobs
from mien.client.wire import Wire
from mien.errors import NoSuchProcessorError

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class MediaProcessor:
    """What a task can be."""

    id: str
    name: str
    version: str
    description: str


class MediaProcessors:
    """The processors of the service."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def latest(self, name: str) -> MediaProcessor:
        """The newest processor of a name, in any case.

        Raises:
            NoSuchProcessorError: there is none.
            ServiceError: the service refuses, or cannot be reached.
        """
        known = list(self)
        found = [each for each in known if each.name.lower() == name.strip().lower()]
        if not found:
            names = ", ".join(sorted({each.name for each in known}))
            raise NoSuchProcessorError(
                f"there is no media processor '{name}'; take one of {names}", what=name
            )
        return max(found, key=lambda each: [int(part) for part in each.version.split(".")])

    def __iter__(self) -> Iterator[MediaProcessor]:
        for told in self._wire.json("GET", "/processors"):
            yield MediaProcessor(told["id"], told["name"], told["version"], told["description"])


class MediaContext:
    """What an account has on one service: assets, media_processors, jobs.

    Args:
        url: of the service, such as http://127.0.0.1:8000.
        credentials: `MediaServicesCredentials` or `TokenCredentials`.
        transport: carries the requests, for tests; by default the network.

    Raises:
        UsageError: no URL of http or https.
    """

    def __init__(
        self, url: str, credentials: Credentials, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._wire = Wire(url, credentials, transport)
        self.assets = Assets(self._wire)
        self.media_processors = MediaProcessors(self._wire)
        self.jobs = Jobs(self._wire)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()
