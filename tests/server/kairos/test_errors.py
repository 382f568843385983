"""Every code of the error table, with its status."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from mien.faces import Array, Faces
from mien.redact.audit import Audit
from mien.server.dialects.kairos.errors import STATUSES, TEXTS
from mien.server.inference import Seen, Stream, Wants
from mien.server.json_body import JSON
from mien.server.settings import Limits
from mien.timecode import Time
from tests.server import people
from tests.server.inside import Inside, inside
from tests.server.kairos.client import Client, failure, in_base64, new_key
from tests.server.web import Web

SMALL = 60_000
NAMES = {"subject_id": "s", "gallery_name": "g"}
CALLS: dict[str, dict[str, str]] = {
    "/enroll": {"image": "x", **NAMES},
    "/verify": {"image": "x", **NAMES},
    "/recognize": {"image": "x", "gallery_name": "g"},
    "/detect": {"image": "x"},
    "/gallery/view": {"gallery_name": "g"},
    "/gallery/view_subject": NAMES,
    "/gallery/remove": {"gallery_name": "g"},
    "/gallery/remove_subject": NAMES,
}
"""Every call with parameters, and those that it requires."""


class Corrupt:
    """Sees one face, which no network can describe."""

    def see(self, data: bytes, wants: Wants) -> Seen:
        columns: dict[str, Any] = {
            "embedding": np.full((1, 128), np.nan),
            "pose_deg": np.full((1, 3), np.nan),
            "quality": np.full((1, 3), np.nan),
        }
        faces = Faces(np.array([[0, 0, 50, 50]]), np.ones(1), **columns)
        return Seen(faces, 100, 100, "full")

    def scores(self, crops: Array) -> Array:
        raise NotImplementedError

    def audit(self, before: bytes, after: bytes, kept: Array) -> Audit:
        raise NotImplementedError

    def stream(self, *, emotion: bool) -> Stream:
        raise NotImplementedError

    def follow(self, stream: Stream, data: bytes, time: Time) -> Seen:
        raise NotImplementedError


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, web: Web) -> Iterator[Inside]:
    limits = Limits(image_bytes=SMALL, json_bytes=10_000)
    with inside(
        tmp_path_factory.mktemp("errors"), limits=limits, fetch_allow=("127.0.0.1",)
    ) as found:
        yield found


@pytest.fixture(scope="module")
def client(service: Inside) -> Iterator[Client]:
    with Client(service.url, new_key(service.storage, "errors")) as made:
        yield made


def picture(ending: str = ".jpg") -> bytes:
    return people.encoded(np.full((64, 64, 3), 90, np.uint8), ending)


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("bad", ["a\nb", "\0", "a\x7f", "\ud800"])
def test_1000_characters_that_no_name_may_have(client: Client, path: str, bad: str) -> None:
    for name in {"gallery_name", "subject_id"} & CALLS[path].keys():
        body = json.dumps({**CALLS[path], "image": in_base64(picture()), name: bad})
        answer = client.http.post(path, content=body, headers={"content-type": JSON})
        assert failure(answer)[:2] == (200, 1000)
    form = {"gallery_name": (None, b"\xff"), "subject_id": (None, b"s"), "image": (None, b"x")}
    if "gallery_name" in CALLS[path]:
        assert failure(client.http.post(path, files=form))[:2] == (200, 1000)


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/x-www-form-urlencoded"])
def test_1001_another_content_type(client: Client, path: str, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    found = failure(client.http.post(path, content=b"{}", headers=headers))
    assert found == (200, 1001, "invalid content type header was sent")


@pytest.mark.parametrize("path", CALLS)
def test_1002_a_parameter_is_missing(client: Client, path: str) -> None:
    for name in CALLS[path]:
        for absent in ({}, {name: None}, {name: ""}):
            body = {key: value for key, value in CALLS[path].items() if key != name} | absent
            assert client.fails(path, **body) == (200, 1002, f"{TEXTS[1002]}: {name}")
    assert client.fails(path) == (200, 1002, f"{TEXTS[1002]}: {', '.join(_order(client, path))}")


def _order(client: Client, path: str) -> list[str]:
    """The required parameters in the order in which they are named."""
    named = client.fails(path)[2].partition(": ")[2].split(", ")
    assert sorted(named) == sorted(CALLS[path])
    return named


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/detect", {"minHeadScale": 0.01}),
        ("/detect", {"minHeadScale": 0.51}),
        ("/detect", {"minHeadScale": "half"}),
        ("/detect", {"minHeadScale": [0.1]}),
        ("/detect", {"selector": "SIDEWAYS"}),
        ("/detect", {"selector": "ROLL, SIDEWAYS"}),
        ("/detect", {"selector": 5}),
        ("/detect", {"image": 5}),
        ("/detect", {"image": ["x"]}),
        ("/enroll", {"multiple_faces": "maybe"}),
        ("/enroll", {"subject_id": ["s"]}),
        ("/enroll", {"subject_id": "s" * 257}),
        ("/enroll", {"gallery_name": {"a": 1}}),
        ("/recognize", {"threshold": 1.1}),
        ("/recognize", {"threshold": -0.1}),
        ("/recognize", {"threshold": "high"}),
        ("/recognize", {"max_num_results": 0}),
        ("/recognize", {"max_num_results": 1.5}),
        ("/recognize", {"max_num_results": 10**30}),
        ("/recognize", {"minHeadScale": 1e300}),
        ("/gallery/remove_subject", {"face_id": {}}),
    ],
)
def test_1003_a_parameter_is_wrong(client: Client, path: str, wrong: dict[str, Any]) -> None:
    status, code, text = client.fails(path, **CALLS[path] | wrong)
    assert (status, code) == (200, 1003)
    assert text.startswith(f"{TEXTS[1003]}: ")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b'"x"', b"null", b"{} {}", b'{"a": NaN}', b"\xff\xfe"),
        *(b'{"image": "x", "image": "y"}', b"[" * 10_000),
        *(b'{"image": 1e999}', b'{"image": ' + b"1" * 5000 + b"}"),
    ],
)
def test_1003_the_body_is_no_json_object(client: Client, body: bytes) -> None:
    answer = client.http.post("/detect", content=body, headers={"content-type": JSON})
    assert failure(answer)[:2] == (200, 1003)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno head\r\n--x--"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="image"'),
    ],
)
def test_1003_the_body_is_no_form(client: Client, kind: str, body: bytes) -> None:
    answer = client.http.post("/detect", content=body, headers={"content-type": kind})
    assert failure(answer)[:2] == (200, 1003)


def test_1004_the_url_or_the_name_of_the_file_is_too_long(client: Client) -> None:
    found = client.fails("/detect", image="https://example.com/" + "x" * 2048)
    assert found == (200, 1004, "remote url or file name is too long")
    files = {"image": ("x" * 256 + ".jpg", picture(), "image/jpeg")}
    assert failure(client.http.post("/detect", files=files)) == found


def test_3000_more_calls_than_the_plan_allows(tmp_path: Path) -> None:
    with inside(tmp_path, plan="free") as service:
        key = new_key(service.storage, "busy")
        with Client(service.url, key) as client:
            for _ in range(20):
                client.post("/gallery/list_all")
            answer = client.ask("/gallery/list_all")
    status, code, text = failure(answer)
    assert (status, code) == (429, 3000)
    assert text.startswith(TEXTS[3000])
    assert 0 < int(answer.headers["retry-after"]) <= 60


def test_3001_the_service_is_busy(tmp_path: Path) -> None:
    with inside(tmp_path, limits=Limits(queue=0)) as service:
        key = new_key(service.storage, "busy")
        with Client(service.url, key) as client:
            status, code, text = client.fails("/detect", image=in_base64(picture()))
    assert (status, code) == (502, 3001)
    assert text.startswith("API temporarily unavailable: ")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/none"), ("GET", "/detect"), ("POST", "/gallery"), ("POST", "/gallery/view/x")],
)
def test_3002_there_is_no_such_endpoint(client: Client, method: str, path: str) -> None:
    answer = client.http.request(method, path)
    assert failure(answer) == (404, 3002, "an invalid endpoint was used")


def test_3003_name_and_key_must_fit(service: Inside) -> None:
    key = new_key(service.storage, "auth", "right")
    other = new_key(service.storage, "auth", "other")
    no = (403, 3003, "invalid authentication parameters")
    with httpx.Client(base_url=service.url + "/kairos", trust_env=False) as client:
        for headers in (
            {},
            {"app_id": "right"},
            {"app_key": key},
            {"app_id": "", "app_key": key},
            {"app_id": "wrong", "app_key": key},
            {"app_id": "Right", "app_key": key},
            {"app_id": "right", "app_key": "wrong"},
            {"app_id": "right", "app_key": other},
            {"app_id": key, "app_key": key},
            {"Ocp-Apim-Subscription-Key": key},
        ):
            for path in ("/gallery/list_all", "/none"):
                assert failure(client.post(path, headers=headers)) == no
        right = {"app_id": "right", "app_key": key}
        assert client.post("/gallery/list_all", headers=right).status_code == 200


def test_3003_a_key_for_another_api(service: Inside) -> None:
    account = service.storage.accounts.create("scopes")
    for scopes, status in ((["face"], 403), (["kairos"], 200), (["face", "kairos"], 200)):
        name = "+".join(scopes)
        _, key = service.storage.accounts.create_key(name, account=account.id, scopes=scopes)
        with Client(service.url, key, name) as client:
            answer = client.ask("/gallery/list_all")
            assert answer.status_code == status
            assert status == 200 or answer.json()["Errors"][0]["ErrCode"] == 3003


@pytest.mark.parametrize(
    "image",
    [
        "no base64 at all",
        "data:image/jpeg;base64,***",
        in_base64(b"hello"),
        in_base64(b""),
        in_base64(picture(".bmp")),
        in_base64(picture()[:200]),
        in_base64(picture() + bytes(SMALL)),
        "x",
    ],
)
def test_5000_the_image_is_none_that_can_be_used(client: Client, image: str) -> None:
    status, code, text = client.fails("/detect", image=image or "A")
    assert (status, code) == (200, 5000)
    assert text.startswith("an invalid image was sent, must be jpg or png format")
    data = base64.b64decode(image) if image.endswith("=") else image.encode()
    files = {"image": ("a.jpg", data, "image/jpeg")}
    assert failure(client.http.post("/detect", files=files))[:2] == (200, 5000)


def test_5000_the_body_is_too_large(client: Client) -> None:
    assert client.fails("/detect", image="A" * 3 * SMALL)[:2] == (200, 5000)


def test_5000_the_file_of_a_url_is_no_picture_or_too_large(client: Client, web: Web) -> None:
    for name in ("page.html", "large.jpg"):
        assert client.fails("/detect", image=web.url(name))[:2] == (200, 5000)


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.com/a.jpg", "http://", "https:///a.jpg", "file:///etc/passwd"),
        *("http://10.0.0.1/a.jpg", "http://user:pass@example.com/a.jpg", "http://[::1]/a.jpg"),
    ],
)
def test_5001_the_url_cannot_be_fetched(client: Client, url: str) -> None:
    found = (200, 5001, "an invalid image URL was sent")
    assert client.fails("/detect", image=url) == found
    assert client.fails("/enroll", image=url, **NAMES) == found


def test_5001_the_url_gives_no_file(client: Client, web: Web) -> None:
    assert client.fails("/detect", image=web.url("none.jpg"))[:2] == (200, 5001)


@pytest.mark.parametrize("path", ["/enroll", "/verify", "/recognize", "/detect"])
def test_5002_no_face(kairos: Client, path: str) -> None:
    """With the real models; the gallery is there."""
    kairos.post("/enroll", image=in_base64(people.man()), **NAMES)
    body = CALLS[path] | {"image": in_base64(people.nobody())}
    assert kairos.fails(path, **body) == (200, 5002, "no faces found in the image")


def test_5005_a_face_that_cannot_be_described(tmp_path: Path) -> None:
    with inside(tmp_path, worker=Corrupt) as service:
        key = new_key(service.storage, "corrupt")
        with Client(service.url, key) as client:
            image = in_base64(picture())
            assert client.fails("/enroll", image=image, **NAMES) == (200, 5005, TEXTS[5005])
            assert client.post("/gallery/list_all")["gallery_ids"] == []
            (seen,) = client.post("/detect", image=image)["images"]
    assert set(seen["faces"][0]) == {
        *("topLeftX", "topLeftY", "width", "height", "confidence", "face_id", "attributes"),
    }


@pytest.mark.parametrize("path", ["/enroll", "/verify", "/recognize", "/detect"])
@pytest.mark.parametrize("selector", ["liveness", "LIVENESS", "ROLL, liveness"])
def test_5011_liveness_is_backed_by_no_model(client: Client, path: str, selector: str) -> None:
    body = CALLS[path] | {"image": in_base64(picture()), "selector": selector}
    status, code, text = client.fails(path, **body)
    assert (status, code) == (200, 5011)
    assert text.startswith(f"{TEXTS[5011]}: ")


def test_5012_no_match(client: Client) -> None:
    dark = in_base64(people.encoded(np.full((64, 64, 3), 5, np.uint8), ".jpg"))
    client.post("/enroll", image=in_base64(picture()), subject_id="s", gallery_name="match")
    assert client.post("/recognize", image=in_base64(picture()), gallery_name="match")
    found = client.fails("/recognize", image=dark, gallery_name="match")
    assert found == (200, 5012, "no match found")


def test_every_code_has_a_test() -> None:
    """5003, 5004 and 5010 are in the tests of galleries and of recognition."""
    here = Path(__file__).read_text(encoding="utf-8")
    tested = {code for code in TEXTS if f"def test_{code}_" in here} | {5003, 5004, 5010}
    assert tested == TEXTS.keys()
    assert STATUSES.keys() < TEXTS.keys()
