"""What the operator or the plan refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mien.server.dialects.emotion_v1 import EMOTION_V1
from mien.storage.usage import MONTH_S
from tests.server import people
from tests.server.emotion_v1 import OCTETS
from tests.server.inside import Inside, inside


def post(service: Inside, account: str = "a") -> Any:
    client = service.client(account, EMOTION_V1)
    return client.post("recognize", content=people.woman(), headers={"Content-Type": OCTETS})


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("emotion = false", "emotion"),
        ("[attributes]\nemotion = false", "emotion"),
        ("[dialects]\nemotion = false", "The API 'emotion'"),
    ],
)
def test_what_the_policy_has_switched_off(text: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(text)
    with inside(tmp_path, policy=tmp_path / "policy.toml") as service:
        answer = post(service)
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert error["code"] == "UnsupportedFeature"
    assert word in error["message"]


def test_a_gallery_is_not_needed(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("gallery = false")
    with inside(tmp_path, policy=tmp_path / "policy.toml") as service:
        assert post(service).status_code == 200


def test_a_key_of_another_api(tmp_path: Path) -> None:
    with inside(tmp_path) as service:
        secret = service.storage.accounts.create_key("face only", scopes=["face"])[1]
        client = service.client_with({"Ocp-Apim-Subscription-Key": secret}, EMOTION_V1)
        answer = client.post("recognize", content=b"x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "UnsupportedFeature")


def test_the_rate_of_a_plan(tmp_path: Path) -> None:
    with inside(tmp_path, plan="free") as service:
        client = service.client("a", EMOTION_V1)
        for _ in range(20):
            assert client.post("recognize").status_code == 415
        answer = client.post("recognize")
    seconds = int(answer.headers["Retry-After"])
    assert answer.status_code == 429
    assert answer.json() == {
        "error": {
            "statusCode": 429,
            "message": f"Rate limit is exceeded. Try again in {seconds} seconds.",
        }
    }


def test_the_volume_of_a_plan(tmp_path: Path) -> None:
    with inside(tmp_path, plan="free") as service:
        assert post(service).status_code == 200
        account = service.account_id("a")
        spend = {"window_s": MONTH_S, "limit": 30_000, "count": 29_999}
        assert service.storage.usage.take(account, "images", **spend).allowed
        answer = post(service)
    assert answer.status_code == 403
    assert answer.json() == {
        "error": {
            "statusCode": 403,
            "message": "Out of call volume quota. Quota will be replenished in 30 days.",
        }
    }
