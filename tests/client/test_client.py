"""The client against answers made up here: what breaks, what goes on, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mien.client import (
    JobState,
    MediaContext,
    MediaServicesCredentials,
    StateChange,
    TokenCredentials,
)
from mien.errors import InputNotFoundError, OutputError, ServiceError, UsageError

Answer = Callable[[httpx.Request], httpx.Response]
FILE = {
    "id": "f", "assetId": "a", "name": "../evil.mp4", "size": 10, "received": 10,
    "isPrimary": False, "created": "2026-01-31T12:00:00Z",
}  # fmt: skip
ASSET = {"id": "a", "name": "n", "created": "2026-01-31T12:00:00Z", "files": [FILE]}
DATA = b"0123456789"


def context(answer: Answer) -> MediaContext:
    return MediaContext(
        "http://service", MediaServicesCredentials("n", "k"), transport=httpx.MockTransport(answer)
    )


class Broken(httpx.SyncByteStream):
    """A body that breaks off."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self.data
        raise httpx.ReadError("it broke")


def test_a_download_that_breaks_goes_on_where_it_was_and_stays_in_its_folder(
    tmp_path: Path,
) -> None:
    ranges = []

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/content"):
            return httpx.Response(200, json=ASSET)
        ranges.append(request.headers.get("range"))
        begin = int((ranges[-1] or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        part = DATA[begin : begin + 4]
        if begin + 4 >= len(DATA):
            return httpx.Response(206, content=part)
        return httpx.Response(206 if begin else 200, stream=Broken(part))

    with context(answer) as opened:
        (path,) = opened.assets.get("a").download(tmp_path)
    assert path == tmp_path / "_._evil.mp4"
    assert path.read_bytes() == DATA
    assert ranges == [None, "bytes=4-", "bytes=8-"]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_an_upload_that_was_begun_before_goes_on(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    source.write_bytes(DATA)
    here = bytearray(DATA[:4])
    begun = {**FILE, "name": "a.mp4", "received": 4}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/files"):
            return refusal(409, "FileExists", "There is one.")
        if request.method == "PATCH":
            assert request.headers["upload-offset"] == str(len(here))
            here.extend(request.read())
            return httpx.Response(204)
        if request.url.path.endswith("/files/f"):
            return httpx.Response(200, json={**begun, "received": len(here)})
        return httpx.Response(200, json={**ASSET, "files": [begun]})

    shares: list[float] = []
    with context(answer) as opened:
        asset = opened.assets.get("a")
        asset.files.create("a.mp4").upload(source, on_progress=shares.append)
        source.write_bytes(DATA + b"more")
        with pytest.raises(ServiceError, match="There is one"):
            asset.files.create("a.mp4").upload(source)
        with pytest.raises(InputNotFoundError):
            asset.files.create("b.mp4").upload(tmp_path / "b.mp4")
    assert bytes(here) == DATA
    assert shares[-1] == 1.0


def refusal(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": message}})


@pytest.mark.parametrize(
    ("made", "said", "status"),
    [
        (lambda r: refusal(401, "Unspecified", "Access denied."), "Access denied", 401),
        (lambda r: httpx.Response(500, text="<html>"), "status 500", 500),
        (lambda r: httpx.Response(500, json=["x"]), "status 500", 500),
        (lambda r: httpx.Response(200, text="<html>"), "no service of mien", 200),
    ],
)
def test_what_the_service_says_is_an_error(made: Answer, said: str, status: int) -> None:
    with context(made) as opened, pytest.raises(ServiceError, match=said) as raised:
        opened.assets.create("a")
    assert raised.value.status == status


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectError("refused"), "cannot be reached"),
        (httpx.ReadTimeout("slow"), "in time"),
        (httpx.RemoteProtocolError("half"), "broke"),
    ],
)
def test_no_answer_is_an_error_without_a_status(error: Exception, said: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    with context(answer) as opened, pytest.raises(ServiceError, match=said) as raised:
        opened.jobs.get("j")
    assert raised.value.status is None


def test_both_credentials_show_the_key_and_hide_it() -> None:
    assert MediaServicesCredentials("n", "k").headers == {"Ocp-Apim-Subscription-Key": "k"}
    assert TokenCredentials("t", "i", "secret").headers == {"Authorization": "Bearer secret"}
    assert "secret" not in repr(TokenCredentials("t", "i", "secret"))
    assert "secret" not in repr(MediaServicesCredentials("n", "secret"))


TASK = {
    "id": "t", "name": "t", "processor": "p", "configuration": "", "inputAssets": ["a"],
    "outputAsset": "o", "state": "Finished", "stateNumber": 3, "progress": 100.0,
    "errorDetails": [],
}  # fmt: skip
JOB = {"id": "j", "name": "j", "priority": 0, "stateNumber": 3, "progress": 100.0, "tasks": [TASK]}


def entry(number: int, before: str | None, now: str) -> str:
    data = {"previousState": before, "currentState": now}
    return f"id: {number}\nevent: job\ndata: {json.dumps(data)}\n\n"


def test_waiting_goes_on_after_a_break_and_tells_each_state_once() -> None:
    asked: list[Any] = []
    streams = [
        ": hello\n\n" + entry(1, None, "Queued") + entry(3, "Queued", "Processing"),
        'event: progress\ndata: {"progress": 50.0}\n\n' + entry(7, "Processing", "Finished"),
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            asked.append(request.headers["last-event-id"])
            text = streams.pop(0).encode()
            if streams:
                return httpx.Response(200, stream=Broken(text))
            return httpx.Response(200, content=text)
        queued = {**JOB, "stateNumber": 0, "tasks": [{**TASK, "stateNumber": 0}]}
        return httpx.Response(200, json=JOB if asked else queued)

    told: list[StateChange] = []
    shares: list[float] = []
    with context(answer) as opened:
        job = opened.jobs.get("j")
        job.state_changed.append(told.append)
        assert job.wait(on_progress=shares.append) is JobState.Finished
        assert job.wait() is JobState.Finished
    assert asked == ["0", "3"]
    assert [(each.previous_state.name, each.current_state.name) for each in told] == [
        ("Queued", "Processing"),
        ("Processing", "Finished"),
    ]
    assert shares == [0.5]


def test_what_makes_no_sense_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=ASSET)

    with pytest.raises(UsageError, match="http"):
        MediaContext("service", MediaServicesCredentials("n", "k"))
    with context(answer) as opened:
        job = opened.jobs.create("j")
        with pytest.raises(UsageError, match="submit first"):
            job.refresh()
        file = opened.assets.get("a").files.create("new")
        with pytest.raises(ServiceError, match="upload first"):
            file.download(tmp_path)
        with pytest.raises(OutputError):
            opened.assets.get("a").files[0].download(tmp_path / "no" / "folder")
