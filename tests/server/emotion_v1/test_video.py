"""RecognizeInVideo and its operations over HTTP, row by row of what is documented of them."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema
import pytest

from mien.faces import EMOTIONS
from mien.jobs import Queue
from mien.server.dialects.emotion_v1 import EMOTION_V1, video
from mien.storage.usage import MONTH_S
from mien.timeline.media_analytics import schema_of
from mien.timeline.presets import parse_preset
from tests.server.clips import HEIGHT, NOBODY, WIDTH, WOMAN, smiling
from tests.server.emotion_v1 import JSON, KEY, OCTETS, PREFIX
from tests.server.inside import Inside, inside
from tests.server.live import Answer, Live, ask
from tests.server.web import Web

DONE_S = 120.0
GUID = "c5c24a82-6845-4031-9d5d-978df9175426"
TICKS = 1001
"""Of a frame, at 30000 in a second."""


class Wire:
    """Requests with a key."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.headers = url, {KEY: key}

    def post(self, body: Any, query: str = "", path: str = "/recognizeInVideo") -> Answer:
        """Send bytes as they are, anything else as JSON."""
        kind = OCTETS if isinstance(body, bytes | Iterator) else JSON
        sent = json.dumps(body).encode() if kind == JSON else body
        headers = self.headers | {"Content-Type": kind}
        return ask(self.url, "POST", f"{PREFIX}{path}?{query}", sent, headers)

    def get(self, path: str, body: bytes | None = None) -> Answer:
        return ask(self.url, "GET", PREFIX + path, body, self.headers)

    def finished(self, accepted: Answer) -> dict[str, Any]:
        """Ask until an operation is over."""
        path = "/operations/" + accepted.headers["operation-location"].rsplit("/")[-1]
        until = time.monotonic() + DONE_S
        while True:
            found: dict[str, Any] = self.get(path).json
            assert found["status"] in ("NotStarted", "Running", "Succeeded", "Failed")
            if found["status"] in ("Succeeded", "Failed"):
                return found
            assert "processingResult" not in found
            assert 0 <= found["progress"] <= 100
            assert time.monotonic() < until
            time.sleep(0.2)


@pytest.fixture(scope="module")
def wire(live: Live, key: str) -> Wire:
    return Wire(live.url, key)


@pytest.fixture(scope="module")
def aggregate(wire: Wire) -> tuple[Answer, dict[str, Any]]:
    """The answer to a video, and the operation once it is over."""
    answer = wire.post(smiling())
    assert answer.status == 202
    return answer, wire.finished(answer)


def test_it_is_accepted_with_an_empty_body_and_an_absolute_url(
    wire: Wire, aggregate: tuple[Answer, dict[str, Any]]
) -> None:
    answer, _ = aggregate
    assert answer.body == b""
    where = answer.headers["operation-location"]
    assert re.fullmatch(rf"{wire.url}/emotion/v1\.0/operations/[0-9a-f-]{{36}}", where)
    assert where.split("/")[6] == where.rsplit("/", 1)[-1]  # as one client has it


def test_an_operation_that_has_succeeded(aggregate: tuple[Answer, dict[str, Any]]) -> None:
    _, found = aggregate
    assert (found["status"], found["progress"]) == ("Succeeded", 100)
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(moment, found["createdDateTime"])
    assert re.fullmatch(moment, found["lastActionDateTime"])
    assert found["createdDateTime"] < found["lastActionDateTime"]
    assert found["resourceLocation"] is None
    assert "message" not in found
    assert isinstance(found["processingResult"], str)


def test_the_aggregate_result(aggregate: tuple[Answer, dict[str, Any]]) -> None:
    result = json.loads(aggregate[1]["processingResult"])
    jsonschema.validate(result, schema_of("aggregateEmotion"))
    head = {name: value for name, value in result.items() if name != "fragments"}
    assert head == {
        **{"version": 1, "timescale": 30000, "offset": 0, "framerate": 29.97},
        **{"width": WIDTH, "height": HEIGHT},
    }
    first, second = result["fragments"]
    assert (first["start"], second["start"]) == (0, NOBODY * TICKS)
    for fragment in (first, second):
        assert fragment["interval"] == 15 * TICKS
        assert [len(events) for events in fragment["events"]] == [1, 1, 1, 1]
        assert fragment["duration"] == 4 * fragment["interval"]
    (nothing,), (smile,) = first["events"][0], second["events"][-1]
    for event in (nothing, smile):
        assert list(event) == ["windowFaceDistribution", "windowMeanScores"]
        assert all(list(each) == list(EMOTIONS) for each in event.values())
    assert set(nothing["windowMeanScores"].values()) == {0}
    assert smile["windowFaceDistribution"] == {name: int(name == "happiness") for name in EMOTIONS}
    assert smile["windowMeanScores"]["happiness"] > 0.9
    assert sum(smile["windowMeanScores"].values()) == pytest.approx(1, abs=1e-4)


def test_the_result_per_frame_of_a_video_by_url(wire: Wire, web: Web) -> None:
    answer = wire.post({"URL": web.url("smile.mp4")}, "outputStyle=PERFRAME", "/recognizeinvideo")
    assert answer.status == 202
    result = json.loads(wire.finished(answer)["processingResult"])
    jsonschema.validate(result, schema_of("perFaceEmotion"))
    first, second = result["fragments"]
    assert first == {"start": 0, "duration": NOBODY * TICKS}
    assert (second["interval"], len(second["events"])) == (TICKS, WOMAN)
    seen = [event for events in second["events"] for event in events]
    assert len(seen) > WOMAN - 10
    assert {event["id"] for event in seen} == {0}
    last = seen[-1]
    assert list(last) == ["id", "x", "y", "width", "height", "scores"]
    assert all(0 <= last[name] <= 1 for name in ("x", "y", "width", "height"))
    assert list(last["scores"]) == list(EMOTIONS)
    assert last["scores"]["happiness"] > 0.9


def test_the_body_of_a_get_is_passed_over(
    wire: Wire, aggregate: tuple[Answer, dict[str, Any]]
) -> None:
    oid = aggregate[0].headers["operation-location"].rsplit("/", 1)[-1]
    for path in (f"/operations/{oid}", f"/Operations/{oid.upper()}"):
        answer = wire.get(path, b"{}")
        assert (answer.status, answer.json["status"]) == (200, "Succeeded")


def test_what_is_no_video_fails_with_a_message(wire: Wire) -> None:
    found = wire.finished(wire.post(b"this is no video" * 100))
    assert found["status"] == "Failed"
    assert found["message"]
    assert "/" not in found["message"]  # no path of the service
    assert "processingResult" not in found


def test_operations_that_are_not_there(
    wire: Wire, live: Live, aggregate: tuple[Answer, dict[str, Any]]
) -> None:
    for path in (f"/operations/{GUID}", "/operations/1", "/operations/../x"):
        answer = wire.get(path)
        assert answer.status == 404
    assert wire.get(f"/operations/{GUID}").json == {
        "error": {"code": "OperationNotFound", "message": "Operation is not found."}
    }
    oid = aggregate[0].headers["operation-location"].rsplit("/", 1)[-1]
    stranger = Wire(live.url, live.key("a stranger"))
    assert stranger.get(f"/operations/{oid}").code == "OperationNotFound"


def test_an_operation_without_an_id(wire: Wire) -> None:
    answer = wire.get("/operations")
    assert answer.status == 400
    assert answer.json == {"error": {"code": "BadArgument", "message": "Operation ID is missing."}}


WRONG_SIZE = {
    "error": {"code": "InvalidVideoSize", "message": "Video size is too small or is too big."}
}


def test_a_video_of_no_bytes_or_too_many(wire: Wire, live: Live) -> None:
    answer = wire.post(b"")
    assert (answer.status, answer.json) == (400, WRONG_SIZE)
    parts = urlsplit(live.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.putrequest("POST", f"{PREFIX}/recognizeInVideo")
    for name, value in {
        **wire.headers,
        "Content-Type": OCTETS,
        "Content-Length": str(100 * 2**20 + 1),
        "Expect": "100-continue",
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())) == (400, WRONG_SIZE)
    connection.close()


@pytest.mark.parametrize("style", ["frame", "aggregated", "perFrame,aggregate"])
def test_an_output_style_that_is_none(style: str, wire: Wire) -> None:
    answer = wire.post(b"x", f"outputStyle={style}")
    assert answer.status == 400
    assert answer.json["error"] == {
        "code": "BadArgument",
        "message": "'outputStyle' is invalid. It is aggregate or perFrame.",
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "BadArgument"),
        ({"url": 7}, "BadArgument"),
        ({"url": "no url"}, "InvalidURL"),
        ({"url": "ftp://example.com/a.mp4"}, "InvalidURL"),
        ({"url": "http://10.0.0.1/a.mp4"}, "InvalidURL"),
    ],
)
def test_urls_that_are_refused(body: Any, code: str, wire: Wire) -> None:
    answer = wire.post(body)
    assert (answer.status, answer.code) == (400, code)


def test_a_url_that_gives_no_file(wire: Wire, web: Web) -> None:
    answer = wire.post({"url": web.url("missing.mp4")})
    assert (answer.status, answer.code) == (400, "InvalidURL")
    assert answer.json["error"]["message"].startswith("Failed to download video")


def test_json_that_is_none_and_another_media_type(wire: Wire, live: Live) -> None:
    headers = wire.headers | {"Content-Type": JSON}
    answer = ask(live.url, "POST", f"{PREFIX}/recognizeInVideo", b"{", headers)
    assert answer.json["error"]["message"] == "Failed to deserialize JSON request."
    headers["Content-Type"] = "video/mp4"
    answer = ask(live.url, "POST", f"{PREFIX}/recognizeInVideo", b"x", headers)
    assert (answer.status, answer.json["error"]["message"]) == (415, "Invalid Media Type.")


@pytest.mark.parametrize("path", ["/recognizeInVideo", "/operations/1", "/operations"])
def test_without_a_key(path: str, live: Live) -> None:
    method = "POST" if path == "/recognizeInVideo" else "GET"
    assert ask(live.url, method, PREFIX + path).status == 401


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """One in which nobody works on jobs."""
    with inside(tmp_path_factory.mktemp("video"), job_workers=0) as found:
        yield found


def send(
    service: Inside, content: Any = b"x", *, style: str = "", **headers: str
) -> httpx.Response:
    client = service.client("a", EMOTION_V1)
    sent = {"Content-Type": OCTETS, **headers}
    query = {"outputStyle": style}
    return client.post("recognizeInVideo", content=content, headers=sent, params=query)


def test_an_operation_that_nobody_has_begun(service: Inside) -> None:
    where = send(service).headers["operation-location"]
    found = service.client("a", EMOTION_V1).get(where).json()
    assert (found["status"], found["progress"]) == ("NotStarted", 0)


def test_a_video_in_chunks_stops_at_the_limit(
    service: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "MOST_BYTES", 3_000_000)

    def chunks(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield bytes(1_000_000)

    assert send(service, chunks(3)).status_code == 202
    answer = send(service, chunks(4))
    assert (answer.status_code, answer.json()) == (400, WRONG_SIZE)


def test_a_video_by_url_stops_at_the_limit(
    tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "MOST_BYTES", 1000)
    with inside(tmp_path, job_workers=0, fetch_allow=("127.0.0.1",)) as service:
        client = service.client("a", EMOTION_V1)
        answer = client.post("recognizeInVideo", json={"url": web.url("smile.mp4")})
    assert (answer.status_code, answer.json()) == (400, WRONG_SIZE)


def test_a_result_is_gone_when_its_time_is_over(
    service: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = service.client("a", EMOTION_V1)
    where = send(service).headers["operation-location"]
    queue = Queue(service.storage, service.account_id("a"), origin=video.ORIGIN)
    queue.cancel(where.rsplit("/", 1)[-1])
    assert client.get(where).json()["status"] == "Failed"
    assert client.get(where).json()["message"] == "It was canceled."
    monkeypatch.setattr(video, "KEEP", timedelta(0))
    answer = client.get(where)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "OperationNotFound")


@pytest.mark.parametrize("style", ["aggregate", "perFrame"])
def test_at_most_64_faces_of_the_whole_video_are_told_of(service: Inside, style: str) -> None:
    where = send(service, style=style).headers["operation-location"]
    queue = Queue(service.storage, service.account_id("a"), origin=video.ORIGIN)
    (task,) = queue.get(where.rsplit("/", 1)[-1]).tasks
    assert parse_preset(task.configuration).max_faces == 64


def test_other_apis_do_not_see_the_jobs(service: Inside) -> None:
    where = send(service).headers["operation-location"]
    headers = {KEY: service.key("a")}
    oid = where.rsplit("/", 1)[-1]
    assert httpx.get(f"{service.url}/media/v1/jobs/{oid}", headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("faces.example.org", "http://faces.example.org"),
        ("faces.example.org:8080", "http://faces.example.org:8080"),
        ("[::1]:80", "http://[::1]:80"),
        ("a b", None),
        ("x/y", None),
    ],
)
def test_where_to_ask_is_where_the_request_went(
    host: str, told: str | None, service: Inside
) -> None:
    where = send(service, Host=host).headers["operation-location"]
    assert where.split("/emotion/")[0] == (told or service.url)


def test_the_public_url_comes_first(tmp_path: Path) -> None:
    with inside(tmp_path, job_workers=0, public_url="https://mien.example.org/") as service:
        where = send(service).headers["operation-location"]
    assert where.startswith("https://mien.example.org/emotion/v1.0/operations/")


def test_what_the_policy_refuses(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("emotion = false")
    with inside(tmp_path, job_workers=0, policy=tmp_path / "policy.toml") as service:
        answer = send(service)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "UnsupportedFeature"


def test_the_videos_of_a_plan(tmp_path: Path) -> None:
    with inside(tmp_path, job_workers=0, plan="free") as service:
        assert send(service).status_code == 202
        account = service.account_id("a")
        taken = service.storage.usage.take(account, "video", window_s=MONTH_S, limit=300, count=299)
        assert taken.allowed
        answer = send(service)
    assert answer.status_code == 403
    assert answer.json()["error"]["message"].startswith("Out of call volume quota.")
    assert answer.json()["error"]["statusCode"] == 403
