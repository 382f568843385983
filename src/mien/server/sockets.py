"""WebSockets as uvicorn speaks them (RFC 6455), with bounds on what one may hold in memory."""

from __future__ import annotations

import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

MOST_PARTS = 1000
"""Parts of one message. They are bounded together, but an empty one costs memory too."""

TOO_BIG = 1009

_SILENT = logging.getLogger("mien.server.sockets")
_SILENT.setLevel(logging.CRITICAL + 1)


class BoundedSocket(WebSocketsSansIOProtocol):
    """A WebSocket that holds little, whatever its client does.

    Reading waits while the application has a message in hand; a ping is answered only as long as
    the client takes what it is sent; a message has so many parts at most. The server's own lines of
    log, which have addresses and paths, are left out; the gate notes each socket.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.logger = self.conn.logger = _SILENT

    def handle_cont(self, event: Frame) -> None:
        """A further part of a message."""
        if len(self.frames) >= MOST_PARTS:
            self.conn.fail(TOO_BIG, "too many parts")
            self.handle_parser_exception()
            return
        super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer a ping."""
        if self.writable.is_set():
            super().handle_ping()
        else:  # what it was sent before is still here
            self.transport.abort()
