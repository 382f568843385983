"""The contract of the scoring container over HTTP, with the real model."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mien.describe.emotion import EmotionModel
from mien.faces import EMOTIONS
from tests.server.live import Answer, Live, ask
from tests.server.score.faces import body, flat, smile

JSON = {"Content-Type": "application/json"}
FORM = (
    '"data" must have the shape n x 1 x 64 x 64: a list of images, each a list with one plane of '
    "64 rows of 64 gray values."
)


def post(live: Live, value: Any, path: str = "/score", **headers: str) -> Answer:
    sent = value if isinstance(value, bytes) else json.dumps(value).encode()
    return ask(live.url, "POST", path, sent, JSON | headers)


def test_one_image_gives_one_list_without_a_key(live: Live) -> None:
    answer = post(live, body(smile()))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert list(answer.json) == ["result", "results", "time"]
    result = answer.json["result"]
    assert len(result) == 8
    assert EMOTIONS[int(np.argmax(result))] == "happiness"
    assert max(result) > 0.9
    assert sum(result) == pytest.approx(1, abs=1e-5)
    assert answer.json["results"] == result
    assert 0 < answer.json["time"] < 10


def test_it_is_the_model_of_mien_on_the_values_as_they_are(live: Live) -> None:
    told = post(live, body(smile())).json["result"]
    expected = EmotionModel.load(threads=1).scores(smile()[None])[0]
    assert told == pytest.approx(expected.tolist(), abs=1e-6)


def test_n_images_give_n_lists(live: Live) -> None:
    answer = post(live, body(smile(), flat(), smile())).json
    one, none, same = answer["result"]
    assert answer["results"] == answer["result"]
    assert one == pytest.approx(same, abs=1e-6)
    assert one == pytest.approx(post(live, body(smile())).json["result"], abs=1e-5)
    assert max(none) < 0.5


def test_values_may_have_a_fraction_and_are_rounded(live: Live) -> None:
    shifted = {"data": [[(np.clip(smile(), 1, 254) + 0.25).tolist()]]}
    clipped = body(np.clip(smile(), 1, 254))
    assert post(live, shifted).json["result"] == post(live, clipped).json["result"]


def test_a_nearly_black_image_is_an_image(live: Live) -> None:
    assert post(live, body(np.eye(64, dtype=np.uint8))).status == 200


@pytest.mark.parametrize("path", ["/score", "/score/", "/SCORE"])
def test_the_path(path: str, live: Live) -> None:
    assert post(live, body(flat()), path).status == 200


def shaped(*shape: int) -> Any:
    return {"data": np.zeros(shape, int).tolist()}


def with_value(value: Any) -> Any:
    found = body(flat())
    found["data"][0][0][63][63] = value
    return found


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        None,
        {"data": None},
        {"data": []},
        {"data": {}},
        {"data": "x"},
        {"Data": [[[[0] * 64] * 64]]},
        shaped(64, 64),
        shaped(1, 64, 64),
        shaped(1, 3, 64, 64),
        shaped(1, 64, 64, 1),
        shaped(1, 1, 48, 48),
        shaped(1, 1, 64, 63),
        shaped(1, 1, 65, 64),
        shaped(1, 1, 1, 64, 64),
        {"data": [[[[0] * 64] * 64], [[[0] * 64] * 63]]},  # only the second is wrong
        with_value("7"),
        with_value(None),
        with_value(True),
        with_value([7]),
    ],
)
def test_another_shape_is_400(value: Any, live: Live) -> None:
    answer = post(live, value)
    assert answer.status == 400
    assert answer.json == {"error": {"code": "BadArgument", "message": FORM}}


@pytest.mark.parametrize("value", [-1, 255.5, 256, 1e300, -0.5])
def test_values_that_are_no_gray(value: float, live: Live) -> None:
    answer = post(live, with_value(value))
    assert answer.status == 400
    assert answer.json["error"]["message"] == 'A value of "data" lies outside of 0 to 255.'


def test_values_that_were_divided_by_255(live: Live) -> None:
    answer = post(live, {"data": [[smile().tolist()], [(smile() / 255).tolist()]]})
    assert answer.status == 400
    assert answer.json["error"]["message"] == (
        "The values of image 1 are shares of 1; send gray values from 0 to 255 as they are."
    )


@pytest.mark.parametrize("text", [b"", b"{", b"data", b'{"data": [NaN]}', b'{"data": 1e999}'])
def test_what_is_no_json(text: bytes, live: Live) -> None:
    answer = post(live, text)
    assert answer.status == 400
    assert answer.json == {"error": {"code": "BadArgument", "message": "The body is no JSON."}}


def test_a_body_that_is_too_large(live: Live) -> None:
    answer = post(live, b" " * (2**20 + 1))
    assert (answer.status, answer.code) == (413, "RequestTooLarge")


@pytest.mark.parametrize("kind", ["", "text/plain", "application/octet-stream"])
def test_another_media_type_is_415(kind: str, live: Live) -> None:
    answer = ask(live.url, "POST", "/score", b"{}", {"Content-Type": kind})
    assert (answer.status, answer.code) == (415, "BadArgument")


def test_other_methods_and_paths(live: Live) -> None:
    answer = ask(live.url, "GET", "/score")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert ask(live.url, "POST", "/score/more", b"").code == "ResourceNotFound"
    assert ask(live.url, "POST", "/scores", b"").status == 404


def test_a_key_that_is_shown_must_be_right(live: Live, key: str) -> None:
    name = "Ocp-Apim-Subscription-Key"
    assert post(live, body(flat()), **{name: key}).status == 200
    assert post(live, body(flat()), **{name: "wrong"}).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "mien.example.com"},  # a page whose name was made to lead here
        {"Host": "192.168.1.5:8000"},
        {"X-Forwarded-For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "203.0.113.7"},
    ],
)
def test_who_is_not_of_this_machine_needs_a_key(
    headers: dict[str, str], live: Live, key: str
) -> None:
    answer = post(live, body(flat()), **headers)
    assert (answer.status, answer.code) == (401, "Unspecified")
    shown = {"Ocp-Apim-Subscription-Key": key, **headers}
    assert post(live, body(flat()), **shown).status == 200
