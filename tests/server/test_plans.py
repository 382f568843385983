"""What counts as a picture and what as a video, over HTTP: two counters of a plan."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image

from mien.server.limits import PLANS, Plan
from mien.storage.usage import MONTH_S
from tests.server.inside import HEADER, Inside, inside

OCTETS = {"Content-Type": "application/octet-stream"}
VIDEO = b"\0\0\0\x18ftypmp42" + bytes(100)
"""What is taken for one, until it is worked on."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PLANS, "free", Plan(1000, 60, images=4, videos=3))
        with inside(tmp_path_factory.mktemp("plans"), plan="free", job_workers=0) as found:
            yield found


@pytest.fixture
def account(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


@pytest.fixture
def client(service: Inside, account: str) -> httpx.Client:
    """Of an account that nobody else has."""
    made = service.client(account)
    made.base_url = service.url
    return made


def used(service: Inside, account: str) -> tuple[int, int]:
    """Pictures and videos so far."""
    id, usage = service.account_id(account), service.storage.usage
    return usage.used(id, "images", window_s=MONTH_S), usage.used(id, "video", window_s=MONTH_S)


def photo() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (200, 200)).save(data, "JPEG")
    return data.getvalue()


def test_each_task_of_a_job_is_a_video_and_no_call_about_it_a_picture(
    service: Inside, client: httpx.Client, account: str
) -> None:
    asset = client.post("/media/v1/assets", json={}).json()["id"]

    def submit(tasks: int, input: str) -> httpx.Response:
        task = {"processor": "Azure Media Face Detector", "inputAssets": [input]}
        return client.post("/media/v1/jobs", json={"tasks": [task] * tasks})

    gone = "00000000-0000-0000-0000-000000000000"
    assert submit(1, gone).json()["error"]["code"] == "AssetNotFound"
    assert used(service, account) == (0, 0), "what is refused is not counted"
    assert submit(2, asset).status_code == 201
    assert used(service, account) == (0, 2)
    refused = submit(2, asset)
    assert (refused.status_code, refused.json()["error"]["statusCode"]) == (403, 403)
    assert "30 days" in refused.json()["error"]["message"]
    assert len(client.get("/media/v1/jobs").json()) == 1
    assert submit(1, asset).status_code == 201
    for _ in range(10):
        assert client.get("/Media/v1/jobs").status_code == 200
    assert used(service, account) == (0, 3)
    url = "/face/v1.0/detect?returnFaceId=false"
    assert client.post(url, content=photo(), headers=OCTETS).status_code == 200
    assert used(service, account) == (1, 3)


def test_a_video_of_the_emotion_api_is_one_and_asking_for_it_is_free(
    service: Inside, client: httpx.Client, account: str
) -> None:
    sent = client.post("/Emotion/v1.0/recognizeInVideo", content=VIDEO, headers=OCTETS)
    assert sent.status_code == 202
    for _ in range(10):
        assert client.get(sent.headers["operation-location"]).status_code == 200
    assert used(service, account) == (0, 1)
    for _ in range(4):
        client.post("/emotion/v1.0/recognize", content=photo(), headers=OCTETS)
    assert used(service, account) == (4, 1)
    late = client.post("/emotion/v1.0/recognize", content=photo(), headers=OCTETS)
    assert late.status_code == 403
    again = client.post("/emotion/v1.0/recognizeInVideo", content=VIDEO, headers=OCTETS)
    assert again.status_code == 202, "videos are counted apart"


def test_the_media_of_kairos_is_what_it_shows(
    service: Inside, client: httpx.Client, account: str
) -> None:
    key = service.storage.accounts.keys(account=service.account_id(account))[-1].name
    head = {"app_id": key, "app_key": client.headers[HEADER]}

    def send(data: bytes) -> httpx.Response:
        return client.post("/kairos/v2/media?timeout=0", files={"source": data}, headers=head)

    assert send(VIDEO).status_code == 202
    assert used(service, account) == (0, 1)
    shown = send(photo())
    assert shown.status_code == 202
    assert used(service, account) == (1, 1)
    for _ in range(10):
        client.get(f"/kairos/v2/media/{shown.json()['id']}", headers=head)
        client.get(f"/kairos/v2/analytics/{shown.json()['id']}", headers=head)
    assert used(service, account) == (1, 1)
    assert client.post("/kairos/gallery/list_all", json={}, headers=head).status_code == 200
    assert used(service, account) == (2, 1)
