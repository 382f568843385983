"""Runs the application: a web server that stops when told to, after what it has begun."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from mien.errors import UsageError
from mien.server.logs import LOG
from mien.server.protocol import patient
from mien.server.settings import Settings
from mien.server.sockets import BoundedSocket

HEAD_BYTES = 2**15
"""Of the head of a request; a longer one is answered 400."""
BACKLOG = 512


def serve(
    app: ASGIApp,
    settings: Settings,
    *,
    ready: Callable[[str], None],
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Answer requests until SIGTERM or SIGINT; then finish those in flight, and return.

    Args:
        app: what `create_app` made.
        settings: where to listen, with what certificate, and how long to drain.
        ready: told the address, once requests are answered there.
        stopping: called when no more connections are taken, before those that there are end.

    Raises:
        UsageError: the address cannot be listened on, or the certificate cannot be used.
    """
    limits = settings.limits
    config = uvicorn.Config(
        app,
        http=patient(limits.header_s),
        ws=BoundedSocket,
        ws_max_size=limits.live_bytes,
        ws_per_message_deflate=False,  # a small message could become a large one
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=HEAD_BYTES,
        limit_concurrency=limits.connections,
        timeout_keep_alive=round(limits.idle_s),
        timeout_graceful_shutdown=round(limits.drain_s),
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )
    try:
        config.load()
    except OSError as error:  # of which the faults of TLS are some
        raise UsageError(f"the certificate and its key cannot be used: {error}") from error
    with _listen(settings) as listening:
        address = _address(settings, listening)
        _Server(config, ready, stopping, address).run([listening])


class _Server(uvicorn.Server):
    """Says when it is ready, and when it stops."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[str], None],
        stopping: Callable[[], None],
        address: str,
    ) -> None:
        super().__init__(config)
        self._ready, self._stopping, self._address = ready, stopping, address

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what has begun."""
        self._stopping()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started:
            LOG.info("serving", extra={"fields": {"address": self._address}})
            self._ready(self._address)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UsageError(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror or error}"
        ) from error


def _address(settings: Settings, listening: socket.socket) -> str:
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{listening.getsockname()[1]}"
