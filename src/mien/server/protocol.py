"""HTTP/1.1 as uvicorn reads it, with a bound on how long the head of a request may take."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

FULL = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class PatientProtocol(H11Protocol):
    """Closes connections that do not send the head of a request in `header_s`.

    uvicorn closes one that is idle between two requests, but waits for ever for the first request,
    and for the rest of a head once its first byte has come. h11 reads, because unlike httptools it
    bounds the size of a head.
    """

    header_s = 15.0

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on; the wait is over when a whole head has come."""
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._wait()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The service stops: a connection that has sent no request is closed at once."""
        self._stop()
        super().shutdown()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over, unless there are too many; uvicorn bounds requests only."""
        self._stop()
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self.transport.write(FULL)
            self.transport.close()
            return
        super().handle_websocket_upgrade(event)

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(self.header_s, self._close)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()


def patient(header_s: float) -> type[Any]:
    """The protocol with this bound in seconds."""
    return type("PatientProtocol", (PatientProtocol,), {"header_s": header_s})
