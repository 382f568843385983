"""The wire of /media/v1: what is answered to whom, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.server.live import Answer, Live, ask

Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def call(live: Live, key: str) -> Ask:
    """Ask below /media/v1; a body that is no bytes is sent as JSON."""
    return caller(live, key)


@pytest.fixture(scope="module")
def stranger(live: Live) -> Ask:
    """The same with the key of another account."""
    return caller(live, live.key("media stranger"))


def caller(live: Live, key: str) -> Ask:
    def call(
        method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        told = {"Ocp-Apim-Subscription-Key": key, **(headers or {})}
        if body is not None and not isinstance(body, (bytes, Iterator)):
            body, told = json.dumps(body).encode(), {"Content-Type": "application/json", **told}
        return ask(live.url, method, f"/media/v1{path}", body, told)

    return call


def new_asset(call: Ask, name: str = "asset") -> str:
    answer = call("POST", "/assets", {"name": name})
    assert answer.status == 201
    return str(answer.json["id"])


def new_file(call: Ask, asset: str, name: str, data: bytes) -> str:
    """A file with all of its bytes; its path."""
    made = call("POST", f"/assets/{asset}/files", {"name": name, "size": len(data)})
    assert made.status == 201, made.body
    path = f"/assets/{asset}/files/{made.json['id']}"
    if data:
        sent = call("PATCH", f"{path}/content", data, {"Upload-Offset": "0"})
        assert (sent.status, sent.headers["upload-offset"]) == (204, str(len(data)))
    return path


def job_body(asset: str, **task: Any) -> dict[str, Any]:
    body = {
        "name": "t",
        "processor": "Azure Media Face Detector",
        "configuration": '{"version":"1.0"}',
        "inputAssets": [asset],
    }
    return {"name": "j", "tasks": [body | task]}


def test_either_header_shows_the_key(live: Live, key: str) -> None:
    for headers in (
        {"Ocp-Apim-Subscription-Key": key},
        {"ocp-apim-subscription-key": key},
        {"Authorization": f"Bearer {key}"},
        {"authorization": f"bearer {key}"},
    ):
        assert ask(live.url, "GET", "/media/v1/processors", headers=headers).status == 200
    for headers in ({}, {"Authorization": f"Basic {key}"}, {"Authorization": "Bearer nonsense"}):
        assert ask(live.url, "GET", "/media/v1/processors", headers=headers).status == 401
    assert key not in live.log.read_text()


def test_processors_have_azures_names(call: Ask) -> None:
    found = {each["name"]: each for each in call("GET", "/processors").json}
    assert found.keys() >= {"Azure Media Face Detector", "Azure Media Redactor"}
    assert found["Azure Media Redactor"]["version"] == "1.0"
    assert found["Azure Media Redactor"]["id"].startswith("mb:mpid:UUID:")


def test_an_upload_goes_on_from_where_it_stopped(call: Ask) -> None:
    asset = new_asset(call)
    made = call("POST", f"/assets/{asset}/files", {"name": "a.bin", "size": 10}).json
    path = f"/assets/{asset}/files/{made['id']}"
    assert (made["received"], made["size"]) == (0, 10)
    assert call("GET", f"{path}/content").code == "FileIncomplete"
    assert call("PATCH", f"{path}/content", b"01234", {"Upload-Offset": "0"}).status == 204
    wrong = call("PATCH", f"{path}/content", b"01234", {"Upload-Offset": "0"})
    assert (wrong.status, wrong.code, wrong.headers["upload-offset"]) == (
        409,
        "OffsetMismatch",
        "5",
    )
    assert call("GET", path).json["received"] == 5
    more = call("PATCH", f"{path}/content", b"567890", {"Upload-Offset": "5"})
    assert (more.status, more.code) == (400, "BadArgument")
    chunked = call("PATCH", f"{path}/content", iter([b"567", b"89"]), {"Upload-Offset": "5"})
    assert chunked.status == 204
    assert call("GET", f"{path}/content").body == b"0123456789"
    too_many = call("PATCH", f"{path}/content", iter([b"x"]), {"Upload-Offset": "10"})
    assert too_many.status == 400
    for offset in ("", "-1", "ten", "9" * 30):
        headers = {"Upload-Offset": offset}
        assert call("PATCH", f"{path}/content", b"x", headers).code == "BadArgument"
    assert call("GET", f"{path}/content").body == b"0123456789"


def test_ranges_of_a_file(call: Ask) -> None:
    path = new_file(call, new_asset(call), "a b.mp4", b"0123456789")
    whole = call("GET", f"{path}/content")
    assert (whole.status, whole.headers["accept-ranges"]) == (200, "bytes")
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "attachment" in whole.headers["content-disposition"]
    part = call("GET", f"{path}/content", headers={"Range": "bytes=2-4"})
    assert (part.status, part.body) == (206, b"234")
    assert part.headers["content-range"] == "bytes 2-4/10"
    assert call("GET", f"{path}/content", headers={"Range": "bytes=-3"}).body == b"789"
    beyond = call("GET", f"{path}/content", headers={"Range": "bytes=10-"})
    assert (beyond.status, beyond.code) == (416, "RangeNotSatisfiable")
    assert beyond.headers["content-range"] == "bytes */10"


def test_fragments_of_a_time_range(call: Ask) -> None:
    document = {"version": 1, "timescale": 10, "fragments": [
        {"start": 20 * n, "duration": 20} for n in range(5)
    ]}  # fmt: skip
    path = new_file(call, new_asset(call), "a.json", json.dumps(document).encode())
    found = call("GET", f"{path}/fragments?from=3&to=4.5")
    assert found.headers["content-type"] == "application/json"
    assert [each["start"] for each in found.json["fragments"]] == [20, 40]
    assert call("GET", f"{path}/fragments").json == document
    assert call("GET", f"{path}/fragments?from=x").code == "BadArgument"
    video = new_file(call, new_asset(call), "a.mp4", b"\0" * 100_000)
    assert call("GET", f"{video}/fragments").code == "NotADocument"


def test_names_that_could_be_paths_are_refused(call: Ask) -> None:
    asset = new_asset(call, "../../etc")  # of an asset: text
    for name in ("../x", "a/b", "a\\b", ".ssh", "", "a\0b", "con", "x" * 300, "\ud800"):
        refused = call("POST", f"/assets/{asset}/files", {"name": name, "size": 1})
        assert (refused.status, refused.code) == (400, "BadArgument"), name
    new_file(call, asset, "same.mp4", b"")
    again = call("POST", f"/assets/{asset}/files", {"name": "same.mp4", "size": 1})
    assert (again.status, again.code) == (409, "FileExists")


def test_nobody_sees_what_is_anothers(call: Ask, stranger: Ask) -> None:
    asset = new_asset(call)
    path = new_file(call, asset, "a.mp4", b"secret")
    job = call("POST", "/jobs", job_body(asset)).json["id"]
    for method, place in (
        *(("GET", f"/assets/{asset}"), ("DELETE", f"/assets/{asset}")),
        *(("GET", path), ("DELETE", path), ("GET", f"{path}/content")),
        *(("GET", f"/jobs/{job}"), ("DELETE", f"/jobs/{job}"), ("POST", f"/jobs/{job}/cancel")),
        *(("GET", f"/jobs/{job}/history"), ("GET", f"/jobs/{job}/events")),
    ):
        assert stranger(method, place).status == 404, (method, place)
    assert stranger("PATCH", f"{path}/content", b"x", {"Upload-Offset": "6"}).status == 404
    assert stranger("POST", "/jobs", job_body(asset)).code == "AssetNotFound"
    assert stranger("GET", "/assets").json == []
    assert stranger("GET", "/jobs").json == []
    assert asset in [each["id"] for each in call("GET", "/assets").json]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "BadArgument"),
        ({"tasks": []}, "BadArgument"),
        ({"tasks": "x"}, "BadArgument"),
        ([], "BadArgument"),
        ({"tasks": [{"processor": "Azure Media Face Detector"}]}, "BadArgument"),
        ({"tasks": [{"processor": "Azure Media Face Detector", "inputAssets": []}]}, "BadArgument"),
        (
            {"tasks": [{"processor": "Azure Media Indexer", "inputAssets": ["x"]}]},
            "ProcessorNotFound",
        ),
        ({"tasks": [{"processor": "Azure Media Redactor", "inputAssets": ["x"]}]}, "AssetNotFound"),
        (
            {
                "tasks": [{"processor": "Azure Media Redactor", "inputAssets": ["x"]}],
                "notification": {"url": "file:///etc/passwd"},
            },
            "InvalidURL",
        ),
        (
            {
                "priority": 7,
                "tasks": [{"processor": "Azure Media Redactor", "inputAssets": ["x"]}],
            },
            "BadArgument",
        ),
    ],
)
def test_a_job_that_cannot_be_is_refused(call: Ask, body: Any, code: str) -> None:
    refused = call("POST", "/jobs", body)
    assert (refused.status, refused.code) == (400, code)


def test_what_is_not_there(call: Ask) -> None:
    gone = "00000000-0000-0000-0000-000000000000"
    assert call("GET", "/assets/..%2f..%2fetc").status == 404
    for id in (gone, "x", "%00", "%2e%2e"):
        assert call("GET", f"/assets/{id}").code == "AssetNotFound"
        assert call("GET", f"/jobs/{id}").code == "JobNotFound"
    assert call("GET", f"/assets/{new_asset(call)}/files/{gone}").code == "FileNotFound"
    assert call("GET", "/nothing").status == 404
    assert call("PUT", "/assets").status == 405


def test_assets_are_listed_page_by_page(live: Live) -> None:
    call = caller(live, live.key("media pages"))
    made = sorted(new_asset(call) for _ in range(5))
    first = [each["id"] for each in call("GET", "/assets?top=3").json]
    rest = [each["id"] for each in call("GET", f"/assets?top=3&start={first[-1]}").json]
    assert first + rest == made
    assert call("DELETE", f"/assets/{made[0]}").status == 204
    assert call("GET", f"/assets/{made[0]}").status == 404


def test_a_file_larger_than_may_be_is_refused_before_it_comes(call: Ask) -> None:
    refused = call("POST", f"/assets/{new_asset(call)}/files", {"name": "a", "size": 2**37})
    assert refused.status == 413
    for size in (-1, 2**63, 1.5, "10", None):
        answer = call("POST", f"/assets/{new_asset(call)}/files", {"name": "a", "size": size})
        assert answer.code == "BadArgument"
