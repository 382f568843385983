"""What becomes of a job, told as it happens: server-sent events, and signed messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mien.client import Job, JobState, MediaContext
from tests.server.live import Live, ask

PRESET = '{"version":"1.0"}'


class Ears:
    """A server that hears messages, and refuses the first of each job."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.refused: set[str] = set()

        ears = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                tag = json.loads(body)["Properties"]["JobId"]
                if tag not in ears.refused:
                    ears.refused.add(tag)
                    self.send_error(503)
                    return
                ears.heard.append((headers, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/told"


@pytest.fixture
def ears() -> Iterator[Ears]:
    made = Ears()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def job_on(context: MediaContext, path: Path, preset: str = PRESET) -> Job:
    asset = context.assets.create("in")
    asset.files.create(path.name).upload(path)
    job = context.jobs.create("told")
    detector = context.media_processors.latest("Azure Media Face Detector")
    job.tasks.add_new("task", detector, preset).input_assets.append(asset)
    return job


def events_of(
    live: Live, key: str, job: str, after: int | None = None
) -> tuple[str, list[dict[str, Any]]]:
    """The media type, and every event until the stream ends."""
    parts = urlsplit(live.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    headers = {"Authorization": f"Bearer {key}"}
    if after is not None:
        headers["Last-Event-ID"] = str(after)
    try:
        connection.request("GET", f"/media/v1/jobs/{job}/events", headers=headers)
        response = connection.getresponse()
        text = response.read().decode()
        kind = response.headers["content-type"]
    finally:
        connection.close()
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            found.append({**fields, "data": json.loads(fields["data"])})
    return kind, found


def test_events_come_as_they_happen_and_end_with_the_job(
    live: Live, key: str, context: MediaContext, people: Path
) -> None:
    job = job_on(context, people)
    job.submit()
    assert job.id is not None
    kind, events = events_of(live, key, job.id)
    assert kind.startswith("text/event-stream")
    states = [each["data"]["currentState"] for each in events if each["event"] == "job"]
    assert states == ["Queued", "Scheduled", "Processing", "Finished"]
    tasks = [each["data"]["currentState"] for each in events if each["event"] == "task"]
    assert tasks == states
    assert [each["data"]["progress"] for each in events if each["event"] == "progress"][-1] == 100
    numbers = [int(each["id"]) for each in events if "id" in each]
    assert numbers == sorted(set(numbers))
    _, rest = events_of(live, key, job.id, after=numbers[-3])
    assert [int(each["id"]) for each in rest if "id" in each] == numbers[-2:]
    history = [(each.code, each.task_id is None) for each in job.historical_events]
    assert [code for code, of_job in history if of_job] == states


def test_the_states_are_told_signed_and_again_after_a_refusal(
    live: Live, key: str, context: MediaContext, people: Path, ears: Ears
) -> None:
    job = job_on(context, people, "{'version':'1.0','options':{'mode':'nonsense'}}")
    job.notify(ears.url)
    job.submit()
    assert job.wait() is JobState.Error
    for _ in range(300):
        if len(ears.heard) == 4:
            break
        threading.Event().wait(0.1)
    answer = ask(
        live.url, "GET", "/media/v1/signingkey", headers={"Ocp-Apim-Subscription-Key": key}
    )
    signing_key = base64.b64decode(answer.json["signingKey"])
    assert len(signing_key) == 64
    states = []
    for headers, body in ears.heard:
        digest = hmac.new(signing_key, body, hashlib.sha256).hexdigest().upper()
        assert headers["ms-signature"] == f"sha256={digest}"
        message = json.loads(body)
        assert message["EventType"] == 1
        assert message["Properties"]["JobId"] == job.id
        assert headers["ms-mediaservices-accountid"] == message["Properties"]["AccountId"]
        states.append(message["Properties"]["NewState"])
    assert states == ["Queued", "Scheduled", "Processing", "Error"]
    assert len({json.loads(body)["ETag"] for _, body in ears.heard}) == 4


def test_a_job_is_canceled_over_http(context: MediaContext, people: Path) -> None:
    job = job_on(context, people)
    job.submit()
    job.cancel()
    assert job.wait() is JobState.Canceled
    assert job.output_media_assets == []
    assert job.tasks[0].state is JobState.Canceled
    job.delete()
    assert job.id not in [each.id for each in context.jobs]
