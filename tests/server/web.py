"""A web server on this machine that serves pictures, and misbehaves where a test wants it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.server import clips, people

PAGES: dict[str, Callable[[], bytes]] = {
    "/woman.jpg": people.woman,
    "/man.jpg": people.man,
    "/both.jpg": people.both,
    "/nobody.jpg": people.nobody,
    "/page.html": lambda: b"<html>" + b" " * 2000,
    "/smile.mp4": clips.smiling,
    "/small.jpg": lambda: people.woman()[:1023],
    "/large.jpg": lambda: people.woman() + b"\0" * (6 * 2**20),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = PAGES.get(self.path)
        body = b"" if page is None else page()
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Web:
    """The addresses of the pictures."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"

    def url(self, name: str) -> str:
        return f"{self._root}/{name}"


@contextmanager
def pictures_served() -> Iterator[Web]:
    """Serve the pictures while the context is open."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Web(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
