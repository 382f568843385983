"""Recognize over HTTP, row by row of what is documented of it, with the real models."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.server import people
from tests.server.emotion_v1 import JSON, KEY, OCTETS, PREFIX
from tests.server.live import Answer, Live, ask
from tests.server.web import Web

SCORES = ["anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
Item = dict[str, Any]


class Wire:
    """Requests with a key."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key

    def __call__(
        self, body: Any = None, kind: str = OCTETS, path: str = "/recognize", **headers: str
    ) -> Answer:
        """Send bytes as they are, anything else as JSON."""
        if body is None:
            body = people.woman()
        if not isinstance(body, bytes):
            body, kind = json.dumps(body).encode(), JSON
        sent = {KEY: self._key, "Content-Type": kind, **headers}
        return ask(self._url, "POST", PREFIX + path, body, sent)

    def within(self, rectangles: str, picture: bytes | None = None) -> Answer:
        return self(picture, path=f"/recognize?faceRectangles={rectangles}")


@pytest.fixture
def wire(live: Live, key: str) -> Wire:
    return Wire(live.url, key)


def area(item: Item) -> int:
    rectangle = item["faceRectangle"]
    return int(rectangle["width"] * rectangle["height"])


def text_of(item: Item) -> str:
    """The rectangle as the query takes it."""
    return ",".join(str(item["faceRectangle"][name]) for name in ("left", "top", "width", "height"))


def apart(one: Item, other: Item) -> float:
    """Half the sum of the differences of the scores: 0 to 1."""
    return float(sum(abs(one["scores"][name] - other["scores"][name]) for name in SCORES) / 2)


def test_a_face_and_its_scores_in_the_order_of_the_alphabet(wire: Wire) -> None:
    answer = wire()
    assert (answer.status, answer.headers["content-type"]) == (200, JSON)
    (item,) = answer.json
    assert list(item) == ["faceRectangle", "scores"]
    assert list(item["faceRectangle"]) == ["left", "top", "width", "height"]
    assert list(item["scores"]) == SCORES
    assert item["scores"]["happiness"] > 0.9
    assert sum(item["scores"].values()) == pytest.approx(1, abs=1e-5)
    rectangle = item["faceRectangle"]
    assert rectangle["width"] == rectangle["height"]
    assert (rectangle["left"], rectangle["top"]) == pytest.approx((182, 75), abs=25)


def test_scores_have_all_the_digits_of_a_single_and_small_ones_an_exponent(wire: Wire) -> None:
    text = wire().body.decode()
    assert re.search(r'"\w+":\d\.\d+e-\d\d', text), text
    scores = json.loads(text)[0]["scores"]
    assert any(round(value, 6) != value for value in scores.values())
    assert all(
        float(np.float32(value)) == pytest.approx(value, rel=1e-7) for value in scores.values()
    )


def test_the_largest_face_comes_first(wire: Wire) -> None:
    items = wire(people.both()).json
    assert len(items) == 2
    assert area(items[0]) > area(items[1])


def test_no_face_is_an_empty_array(wire: Wire) -> None:
    answer = wire(people.nobody())
    assert (answer.status, answer.body) == (200, b"[]")


@pytest.mark.parametrize("key_name", ["url", "URL"])
def test_a_picture_by_url(key_name: str, wire: Wire, web: Web) -> None:
    answer = wire({key_name: web.url("woman.jpg")})
    assert answer.status == 200
    assert answer.json == wire().json


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP"])
def test_kinds_of_picture(format: str, wire: Wire) -> None:
    picture = Image.open(io.BytesIO(people.woman()))
    file = io.BytesIO()
    if format == "GIF":  # the first frame counts
        picture.save(file, format, save_all=True, append_images=[Image.new("RGB", picture.size)])
    else:
        picture.save(file, format)
    (item,) = wire(file.getvalue()).json
    assert item["scores"]["happiness"] > 0.9


def scaled(face: int) -> bytes:
    """The woman, her face so many pixels wide, in a picture that has room around her."""
    picture = cv2.imdecode(np.frombuffer(people.woman(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    factor = face / 87
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    canvas = np.full((480, 640, 3), 128, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    return people.encoded(canvas, ".png")


def test_faces_below_36_pixels_are_left_out(wire: Wire) -> None:
    found = {face: wire(scaled(face)).json for face in (28, 46)}
    assert found[28] == []
    (item,) = found[46]
    assert item["faceRectangle"]["width"] >= 36


def test_given_rectangles_are_read_and_nothing_else(wire: Wire) -> None:
    first, second = wire(people.both()).json
    (item,) = wire.within(text_of(second), people.both()).json
    assert item["faceRectangle"] == second["faceRectangle"]
    assert apart(item, second) < 0.05
    items = wire.within(f"{text_of(second)};{text_of(first)}", people.both()).json
    assert [each["faceRectangle"] for each in items] == [
        first["faceRectangle"],
        second["faceRectangle"],
    ]
    assert apart(items[0], first) < 0.05


def test_a_rectangle_without_a_face_is_answered_and_names_no_expression(wire: Wire) -> None:
    (item,) = wire.within("10,10,100,100", people.nobody()).json
    assert item["faceRectangle"] == {"left": 10, "top": 10, "width": 100, "height": 100}
    assert list(item["scores"]) == SCORES
    assert max(item["scores"].values()) < 0.5
    assert sum(item["scores"].values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "written",
    [
        "{0};{0}",
        "{0};{0};",
        "{0};{0};;",
        "{0};%20{0}%20",
        "{c};{c}",  # commas as %2C
        "{c}%3B{c}%3B",  # as Python and Android send them
        "{d}%253B{d}",  # encoded twice
        "{b};{b}",  # blanks after commas
        "{0}&faceRectangles={0}",
    ],
)
def test_rectangles_however_clients_write_them(written: str, wire: Wire) -> None:
    plain = "180,70,110,110"
    text = written.format(
        plain,
        c=plain.replace(",", "%2C"),
        d=plain.replace(",", "%252C"),
        b=plain.replace(",", ",%20"),
    )
    items = wire.within(text).json
    assert [each["faceRectangle"]["left"] for each in items] == [180, 180]


@pytest.mark.parametrize("empty", ["", ";", "%3B", "%20"])
def test_no_rectangle_means_that_faces_are_looked_for(empty: str, wire: Wire) -> None:
    assert wire.within(empty).json == wire().json


OUT = "'faceRectangles' is out of range: one reaches out of the image."
FORM = "'faceRectangles' is invalid. It has the form left,top,width,height;left,top,width,height."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,3", FORM),
        ("1,2,3,4,5", FORM),
        ("a,b,c,d", FORM),
        ("1,2,3,-4", FORM),
        ("1.5,2,3,4", FORM),
        ("9999999999,2,3,4", FORM),
        ("1,2,3,4;;5,6,7,8", FORM),
        ("%D9%A3,2,3,4", FORM),  # a digit of another script
        ("1,2,0,4", "'faceRectangles' is invalid. Widths and heights are at least 1."),
        ("0,0,481,10", OUT),
        (
            "0,0,10,10;470,0,11,10",
            "'faceRectangles' is out of range: one reaches out of the image.",
        ),
        (
            ";".join(["1,2,30,40"] * 65),
            "'faceRectangles' is invalid. It has at most 64 rectangles.",
        ),
    ],
)
def test_rectangles_that_are_refused(text: str, message: str, wire: Wire) -> None:
    answer = wire.within(text)
    assert answer.status == 400
    assert answer.json == {"error": {"code": "BadArgument", "message": message}}


def test_64_rectangles_are_read(wire: Wire) -> None:
    items = wire.within(";".join(["180,70,110,110"] * 64)).json
    assert len(items) == 64
    assert items[0] == items[63]


NOT_AN_IMAGE = (
    "Invalid image format or URL. Supported formats include JPEG, PNG, GIF(the first frame) and "
    "BMP."
)
UNDECODABLE = "Decoding error, image format unsupported."
TOO_BIG = "Image size is too big. The valid image file size should be no larger than 4MB."
DOWNLOAD = "Failed to download image from the specified URL. Remote server error returned."
UNREADABLE = "Failed to deserialize JSON request."
INVALID = "Request body is invalid."


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"", "InvalidImage", UNDECODABLE),
        (b"hello", "InvalidImage", UNDECODABLE),
        (b"RIFF....WEBPVP8 ", "InvalidImage", UNDECODABLE),  # mien reads it, the API did not
        (b"\xff\xd8\xff\xe0" + bytes(2000), "InvalidImage", UNDECODABLE),
        (b"\xff\xd8\xff" + bytes(4 * 2**20), "InvalidImageSize", TOO_BIG),
    ],
    ids=["empty", "text", "webp", "broken", "big"],
)
def test_pictures_that_are_refused(body: bytes, code: str, message: str, wire: Wire) -> None:
    answer = wire(body)
    assert answer.status == 400
    assert answer.json == {"error": {"code": code, "message": message}}


def test_a_picture_cut_off_is_refused(wire: Wire) -> None:
    answer = wire(people.woman()[:5000])
    assert (answer.status, answer.code) == (400, "InvalidImage")


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("page.html", "InvalidURL", NOT_AN_IMAGE),
        ("missing.jpg", "InvalidURL", DOWNLOAD),
        ("large.jpg", "InvalidImageSize", TOO_BIG),
    ],
)
def test_urls_that_give_no_picture(
    name: str, code: str, message: str, wire: Wire, web: Web
) -> None:
    answer = wire({"url": web.url(name)})
    assert answer.status == 400
    assert answer.json == {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("no url", NOT_AN_IMAGE),
        ("file:///etc/passwd", NOT_AN_IMAGE),
        ("http://10.0.0.1/photo.jpg", DOWNLOAD),  # of this network
    ],
)
def test_urls_that_are_not_fetched(url: str, message: str, wire: Wire) -> None:
    answer = wire({"url": url})
    assert answer.status == 400
    assert answer.json == {"error": {"code": "InvalidURL", "message": message}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", UNREADABLE),
        (b"{", UNREADABLE),
        (b"url=http://x", UNREADABLE),
        (b'{"url": "\xff"}', UNREADABLE),
        (b"{}", INVALID),
        (b'{"url": null}', INVALID),
        (b'{"url": 7}', INVALID),
        (b'["url"]', INVALID),
    ],
)
def test_json_that_is_refused(body: bytes, message: str, wire: Wire) -> None:
    answer = wire(body, JSON)
    assert answer.status == 400
    assert answer.json == {"error": {"code": "BadArgument", "message": message}}


@pytest.mark.parametrize("kind", ["", "image/jpeg", "text/plain", "multipart/form-data"])
def test_another_media_type_is_415(kind: str, wire: Wire) -> None:
    answer = wire(kind=kind)
    assert answer.status == 415
    assert answer.json == {"error": {"code": "BadArgument", "message": "Invalid Media Type."}}


@pytest.mark.parametrize("path", ["/recognize", "/Recognize", "/RECOGNIZE"])
def test_paths_in_any_case(path: str, live: Live, key: str) -> None:
    for prefix in (PREFIX, "/Emotion/V1.0"):
        answer = ask(
            live.url, "POST", prefix + path, people.nobody(), {KEY: key, "Content-Type": OCTETS}
        )
        assert answer.status == 200


@pytest.mark.parametrize("headers", [{}, {KEY: "wrong"}, {KEY: ""}], ids=["none", "wrong", "empty"])
def test_without_a_key(headers: dict[str, str], live: Live) -> None:
    answer = ask(live.url, "POST", f"{PREFIX}/recognize", b"x", {"Content-Type": OCTETS, **headers})
    assert answer.status == 401
    error = answer.json["error"]
    assert error["code"] == "Unspecified"
    assert error["message"].startswith("Access denied due to invalid subscription key.")


def test_the_key_in_any_case_or_in_the_query(live: Live, key: str) -> None:
    kind = {"Content-Type": OCTETS}
    for path, headers in (
        ("/recognize", {"ocp-apim-subscription-key": key}),
        ("/recognize", {"OCP-APIM-SUBSCRIPTION-KEY": key}),
        (f"/recognize?subscription-key={key}", {}),
        (f"/recognize?Subscription-Key={key}&faceRectangles=1,2,30,40;", {}),
    ):
        answer = ask(live.url, "POST", PREFIX + path, people.nobody(), kind | headers)
        assert answer.status == 200


def test_what_the_api_has_not(live: Live, key: str) -> None:
    answer = ask(live.url, "GET", f"{PREFIX}/recognize", headers={KEY: key})
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    answer = ask(live.url, "POST", f"{PREFIX}/recognise", b"", {KEY: key})
    assert (answer.status, answer.code) == (404, "ResourceNotFound")
