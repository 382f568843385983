"""Messages to programs: where they may go, what they say, and when they are sent again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mien.jobs import NewTask, Notify, Queue
from mien.server.errors import UrlError
from mien.server.fetch import Fetcher
from mien.server.settings import Limits
from mien.server.webhooks import message_of, signature
from mien.storage import Storage, rows
from mien.storage import notifications as module
from mien.storage.notifications import FINAL, TRIES
from tests.stores import account, place, storage

__all__ = ["account", "place", "storage"]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = int(self.path.removeprefix("/"))
        self.send_response(status if body == b"told" and self.headers["x-mine"] == "1" else 400)
        if status == 302:
            self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server that answers /STATUS with that status."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def post(url: str, *allow: str) -> None:
    fetcher = Fetcher(Limits(), allow=allow)
    asyncio.run(fetcher.post(url, b"told", {"X-Mine": "1", "Content-Type": "text/plain"}))


def test_a_message_goes_where_it_may(address: str) -> None:
    post(f"{address}/200", "127.0.0.1")
    post(f"{address}/204", "127.0.0.1")


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_another_status_is_a_failure_and_no_redirect_is_followed(address: str, status: int) -> None:
    with pytest.raises(UrlError, match=str(status)):
        post(f"{address}/{status}", "127.0.0.1")


def test_a_private_address_is_not_told(address: str) -> None:
    with pytest.raises(UrlError, match="does not fetch from"):
        post(f"{address}/200")
    for url in ("file:///etc/passwd", "ftp://example.com/", "http://user@example.com/", "x"):
        with pytest.raises(UrlError):
            Fetcher(Limits()).check(url)
    Fetcher(Limits()).check("https://example.com/told?key=1")


def test_the_signature_is_that_of_media_services() -> None:
    body = b'{"MessageVersion": "1.1"}'
    told = signature(b"k" * 64, body)
    assert told == "sha256=" + hmac.new(b"k" * 64, body, hashlib.sha256).hexdigest().upper()


def submitted(queue: Queue, target: int = 2) -> str:
    asset = queue.assets.create()
    queue.assets.put(asset.id, "a.mp4", [], 0)
    task = NewTask("t", "Azure Media Redactor", "", (asset.id,))
    return queue.submit("j", [task], notify=Notify("http://x.example/", target)).id


def test_states_are_told_in_their_order_and_each_once(storage: Storage, account: str) -> None:
    queue, told = Queue(storage, account), storage.notifications
    job = submitted(queue)
    queue.cancel(job)
    states = []
    while ids := told.due(10):
        assert ids == [job]
        one = told.next(job)
        assert one is not None
        states.append((one.event.previous, one.event.state.name))
        assert message_of(one)["Properties"]["AccountName"] == "first"
        told.told(one.event)
    assert [name for _, name in states] == ["Queued", "Canceling", "Canceled"]
    assert told.next(job) is None


def test_only_final_states_are_told_where_that_was_asked(storage: Storage, account: str) -> None:
    queue, told = Queue(storage, account), storage.notifications
    job = submitted(queue, FINAL)
    assert told.due(10) == [job]
    assert told.next(job) is None
    assert told.due(10) == []
    queue.cancel(job)
    one = told.next(job)
    assert one is not None
    assert one.event.state.name == "Canceled"


def test_what_fails_is_tried_again_later_and_passed_over_in_the_end(
    storage: Storage, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, told = Queue(storage, account), storage.notifications
    job = submitted(queue)
    at = rows.now()
    for count in range(TRIES):
        one = told.next(job)
        assert one is not None
        assert one.tries == count
        assert told.failed(one) == (count + 1 < TRIES)
        if count + 1 < TRIES:
            wait = min(5 * 2**count, 3600)
            monkeypatch.setattr(module, "now", partial(int, at + (wait - 1) * 1_000_000))
            assert told.due(1) == []
            at += (wait + 1) * 1_000_000
            monkeypatch.setattr(module, "now", partial(int, at))
            assert told.due(1) == [job]
    assert told.next(job) is None, "the only event was passed over"
