"""The wire byte by byte: what the SDKs hide, and what no SDK sends."""

from __future__ import annotations

import io
import json
import struct
import time
from collections.abc import Iterator
from typing import Any
from zlib import compress, crc32

import pytest
from PIL import Image

from tests.server import people
from tests.server.face_v1 import PREFIX
from tests.server.live import Answer, Live, ask
from tests.server.web import Web

JSON, OCTETS = "application/json", "application/octet-stream"
GUID = "c5c24a82-6845-4031-9d5d-978df9175426"
DONE_S = 20.0


class Wire:
    """Requests with a key."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key

    def __call__(
        self, method: str, path: str, body: Any = None, kind: str | None = None, **headers: str
    ) -> Answer:
        """Send bytes as they are, an iterator in chunks, anything else as JSON."""
        if body is not None and not isinstance(body, bytes | Iterator):
            body, kind = json.dumps(body).encode(), kind or JSON
        sent = {"Ocp-Apim-Subscription-Key": self._key, **headers}
        return ask(self._url, method, path, body, sent | ({"Content-Type": kind} if kind else {}))

    def detect(self, query: str = "", picture: bytes | None = None) -> Answer:
        return self("POST", f"{PREFIX}/detect?{query}", picture or people.woman(), OCTETS)


@pytest.fixture
def wire(live: Live, key: str) -> Wire:
    return Wire(live.url, key)


def test_a_picture_in_chunks_without_a_length(wire: Wire) -> None:
    data = people.woman()
    chunks = (data[at : at + 1000] for at in range(0, len(data), 1000))
    answer = wire("POST", f"{PREFIX}/detect", chunks, OCTETS)
    assert answer.status == 200
    assert answer.headers["content-type"] == JSON
    assert len(answer.json) == 1


def test_paths_in_any_case_and_ids_only_in_lower_case(wire: Wire) -> None:
    path = "/FACE/V1.0/FaceLists/case"
    assert wire("PUT", path, {"name": "x"}).status == 200
    assert wire("GET", f"{PREFIX}/facelists/case").status == 200
    added = wire("POST", f"{path}/persistedFaces", people.woman(), OCTETS)
    id = added.json["persistedFaceId"].upper()
    assert wire("DELETE", f"{path}/PERSISTEDFACES/{id}").status == 200
    assert wire("GET", f"{PREFIX}/facelists/CASE").code == "FaceListNotFound"
    assert wire("PUT", f"{PREFIX}/facelists/CASE", {"name": "x"}).code == "BadArgument"
    assert wire("DELETE", path).status == 200


@pytest.mark.parametrize(
    "joined",
    [
        *("age,gender", "age+gender", "age%20gender", "age%2Cgender", "age%252Cgender"),
        "age&returnFaceAttributes=gender",
    ],
)
def test_attributes_however_they_are_joined(joined: str, wire: Wire) -> None:
    answer = wire.detect(f"returnFaceId=false&returnFaceAttributes={joined}")
    assert set(answer.json[0]["faceAttributes"]) == {"age", "gender"}


def test_empty_attributes_and_empty_flags_count_as_absent(wire: Wire) -> None:
    (face,) = wire.detect("returnFaceAttributes=&returnFaceLandmarks=&returnFaceId=").json
    assert set(face) == {"faceId", "faceRectangle"}


def test_what_is_asked_for_is_there_and_nothing_else(wire: Wire) -> None:
    query = "returnFaceId=false&returnRecognitionModel=true&recognitionModel=recognition_02"
    (face,) = wire.detect(query).json
    assert list(face) == ["recognitionModel", "faceRectangle"]
    assert face["recognitionModel"] == "recognition_02"


def test_detection_models(wire: Wire) -> None:
    rectangle = wire.detect().json[0]["faceRectangle"]
    assert rectangle["width"] == rectangle["height"]
    for model in ("detection_02", "detection_03"):
        (face,) = wire.detect(f"detectionModel={model}").json
        assert (face["faceAttributes"], face["faceLandmarks"]) == (None, None)
        assert face["faceRectangle"]["height"] > face["faceRectangle"]["width"]
    third = "detectionModel=detection_03&returnFaceLandmarks=true&returnFaceAttributes=headPose"
    (face,) = wire.detect(third).json
    assert len(face["faceLandmarks"]) == 27
    assert set(face["faceAttributes"]) == {"headPose"}
    every = "detectionModel=detection_03&recognitionModel=recognition_04&returnFaceAttributes="
    (face,) = wire.detect(f"{every}mask,headPose,qualityForRecognition").json
    attributes = face["faceAttributes"]
    assert list(attributes) == ["mask", "headPose", "qualityForRecognition"]
    assert attributes["mask"]["type"] == "noMask"
    assert attributes["qualityForRecognition"] == "High"


SUPPORTED = (
    "Invalid argument returnFaceAttributes. Supported values are: age, gender, headPose, smile, "
    "facialHair, glasses, emotion, hair, makeup, occlusion, accessories, blur, exposure"
)
FORMAT = " in a comma-separated format."


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("detectionModel=detection_02&returnFaceAttributes=age",
         "'returnFaceAttributes' is not supported by detection_02."),
        ("detectionModel=detection_02&returnFaceLandmarks=true",
         "'returnLandmarks' is not supported by detection_02."),
        ("detectionModel=detection_03&returnFaceAttributes=headPose,age",
         "Invalid argument returnFaceAttributes. Supported values are: headPose and mask in a "
         "comma-separated format."),
        ("detectionModel=detection_04", "'detectionModel' is invalid."),
        ("recognitionModel=recognition_05", "'recognitionModel' is invalid."),
        ("returnFaceAttributes=age,ethnicity", f"{SUPPORTED} and noise{FORMAT}"),
        ("returnFaceAttributes=mask", f"{SUPPORTED} and noise{FORMAT}"),
        ("returnFaceAttributes=qualityForRecognition&recognitionModel=recognition_02",
         f"{SUPPORTED} and noise{FORMAT}"),
        ("returnFaceAttributes=x&recognitionModel=recognition_03",
         f"{SUPPORTED}, noise and qualityForRecognition{FORMAT}"),
        ("detectionModel=detection_03&returnFaceAttributes=smile&recognitionModel=recognition_04",
         "Invalid argument returnFaceAttributes. Supported values are: headPose, mask and "
         "qualityForRecognition in a comma-separated format."),
        ("faceIdTimeToLive=59", "'faceIdTimeToLive' is invalid. Range is [60, 86400]."),
        ("returnFaceId=maybe", "'returnFaceId' is invalid. Supported values are true and false."),
    ],
)  # fmt: skip
def test_arguments_of_detect_that_are_refused(query: str, message: str, wire: Wire) -> None:
    answer = wire.detect(query)
    assert answer.status == 400
    assert answer.json == {"error": {"code": "BadArgument", "message": message}}


def gif() -> bytes:
    """A GIF whose first frame shows the woman, and whose second shows nobody."""
    frames = [
        Image.open(io.BytesIO(data)).convert("P") for data in (people.woman(), people.nobody())
    ]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=[frames[1].resize(frames[0].size)])
    return file.getvalue()


def as_kind(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(people.woman())).save(file, kind, **options)
    return file.getvalue()


def test_kinds_of_pictures(wire: Wire) -> None:
    for picture in (as_kind("JPEG"), as_kind("PNG"), as_kind("BMP"), gif()):
        assert len(wire.detect(picture=picture).json) == 1
    for kind in ("WEBP", "TIFF"):
        answer = wire.detect(picture=as_kind(kind))
        assert (answer.status, answer.code) == (400, "InvalidImage")


def test_rectangles_are_of_the_picture_as_it_is_shown(wire: Wire) -> None:
    image = Image.open(io.BytesIO(people.woman()))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees
    file = io.BytesIO()
    image.rotate(90, expand=True).save(file, "JPEG", exif=exif, quality=95)
    turned = wire.detect(picture=file.getvalue()).json[0]["faceRectangle"]
    upright = wire.detect().json[0]["faceRectangle"]
    assert all(abs(turned[name] - upright[name]) <= 3 for name in upright)


@pytest.mark.parametrize(
    ("picture", "code", "message"),
    [
        (b"", "InvalidImageSize", "Image size is too small. The valid image file size should be "
         "larger than or equal to 1KB."),
        (people.woman()[:1023], "InvalidImageSize", "Image size is too small. The valid image file "
         "size should be larger than or equal to 1KB."),
        (people.woman() + bytes(6 * 2**20), "InvalidImageSize", "Image size is too big. The valid "
         "image file size should be no larger than 6MB."),
        (b"\xff\xd8\xff" + bytes(2000), "InvalidImage",
         "Decoding error, image format unsupported."),
        (b"<svg/>" + b" " * 2000, "InvalidImage", "Decoding error, image format unsupported."),
    ],
)  # fmt: skip
def test_pictures_that_are_refused(picture: bytes, code: str, message: str, wire: Wire) -> None:
    answer = wire("POST", f"{PREFIX}/detect", picture, OCTETS)
    assert answer.status == 400
    assert answer.json == {"error": {"code": code, "message": message}}


def test_a_picture_of_six_megabytes_is_read(wire: Wire) -> None:
    picture = people.woman()
    assert wire.detect(picture=picture + bytes(6 * 2**20 - len(picture))).status == 200


def bomb() -> bytes:
    """A PNG of two kilobytes that says it has 400 million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc32(name + data))

    size = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", size), chunk(b"IDAT", compress(bytes(2**20), 1)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_picture_with_too_many_pixels(wire: Wire, live: Live) -> None:
    before = live.memory_mb()
    answer = wire.detect(picture=bomb())
    assert (answer.status, answer.code) == (400, "InvalidImageSize")
    assert live.memory_mb() < before + 200


URL_REFUSALS = [
    ("small.jpg", "InvalidImageSize", "Image size is too small. The valid image file size should "
     "be larger than or equal to 1KB."),
    ("large.jpg", "InvalidImageSize", "Image size is too big. The valid image file size should be "
     "no larger than 6MB."),
    ("nothing.jpg", "InvalidURL",
     "Failed to download image from the specified URL. Remote server error returned."),
    ("page.html", "InvalidURL", "Invalid image format or URL. Supported formats include JPEG, PNG, "
     "GIF(the first frame) and BMP."),
]  # fmt: skip


@pytest.mark.parametrize(("page", "code", "message"), URL_REFUSALS)
def test_urls_that_give_no_picture(
    page: str, code: str, message: str, wire: Wire, web: Web
) -> None:
    answer = wire("POST", f"{PREFIX}/detect", {"url": web.url(page)})
    assert answer.status == 400
    assert answer.json == {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    "url", ["", "photo.jpg", "file:///etc/passwd", "ftp://example.com/x.jpg", "http://", "http://["]
)
def test_urls_that_are_none(url: str, wire: Wire) -> None:
    answer = wire("POST", f"{PREFIX}/detect", {"url": url})
    assert (answer.status, answer.code) == (400, "InvalidURL")
    assert answer.json["error"]["message"].startswith("Invalid image format or URL.")


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://10.0.0.1/", "http://[::1]/"])
def test_urls_that_lead_inside(url: str, wire: Wire) -> None:
    answer = wire("POST", f"{PREFIX}/detect", {"url": url})
    assert (answer.status, answer.code) == (400, "InvalidURL")
    assert answer.json["error"]["message"].startswith("Failed to download image")


@pytest.mark.parametrize("kind", [None, "text/plain", "image/jpeg", "multipart/form-data"])
@pytest.mark.parametrize("path", ["detect", "facelists/x/persistedfaces", "identify", "group"])
def test_other_media_types(path: str, kind: str | None, wire: Wire) -> None:
    answer = wire("POST", f"{PREFIX}/{path}", people.woman(), kind)
    assert answer.status == 415
    assert answer.json == {"error": {"code": "BadArgument", "message": "Invalid Media Type."}}


def test_json_with_a_charset(wire: Wire) -> None:
    kind = "application/json; charset=utf-8"
    answer = wire("POST", f"{PREFIX}/group", b'{"faceIds": []}', kind)
    assert answer.json["error"]["message"].endswith("Out of range [2, 1000].")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("detect", "JSON parsing error. Bad or unrecognizable request JSON body."),
        ("verify", "Bad and unrecognizable JSON body."),
        ("identify", "Request body is invalid."),
        ("findsimilars", "Request body is invalid."),
        ("group", "Request body is invalid."),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{", b'{"a": 1, "a": 2}', b"[" * 100_000, b'{"a": NaN}'])
def test_json_that_is_none(path: str, message: str, body: bytes, wire: Wire) -> None:
    answer = wire("POST", f"{PREFIX}/{path}", body, JSON)
    assert answer.status == 400
    assert answer.json == {"error": {"code": "BadArgument", "message": message}}


def test_a_json_body_beyond_the_limit(wire: Wire) -> None:
    answer = wire("POST", f"{PREFIX}/group", b" " * (2**20 + 1), JSON)
    assert answer.status == 413


def test_nulls_as_the_old_sdk_sends_them(wire: Wire) -> None:
    (face,) = wire.detect().json
    other = {"faceListId": None, "largeFaceListId": None, "faceIds": [face["faceId"]]}
    found = wire(
        "POST", f"{PREFIX}/findsimilars", {"faceId": face["faceId"], **other, "mode": None}
    )
    assert found.json == [{"faceId": face["faceId"], "confidence": 1.0}]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "LargeFaceListId, faceListId and faceIds are all null."),
        ({"faceListId": "a", "faceIds": [GUID]},
         "2 or more of largeFaceListId, faceListId and faceIds are not null."),
        ({"faceListId": ""},
         "LargeFaceListId, faceListId and faceIds, not exactly one of them is valid."),
        ({"faceListId": "A"}, "Face list ID is invalid."),
        ({"largeFaceListId": "a b"}, "Large face list ID is invalid."),
        ({"faceIds": []}, "The length of faceIds is not in a valid range."),
        ({"faceIds": [GUID] * 1001}, "The length of faceIds is not in a valid range."),
        ({"faceIds": [GUID], "mode": "matchName"}, "Mode is invalid."),
        ({"faceIds": [GUID], "maxNumOfCandidatesReturned": 1001},
         "The argument maxNumOfCandidatesReturned is not valid."),
    ],
)  # fmt: skip
def test_arguments_of_find_similar(body: dict[str, Any], message: str, wire: Wire) -> None:
    answer = wire("POST", f"{PREFIX}/findsimilars", {"faceId": GUID, **body})
    assert answer.status == 400
    assert answer.json == {"error": {"code": "BadArgument", "message": message}}


@pytest.mark.parametrize(
    ("groups", "code"),
    [
        ({}, "PersonGroupIdAndLargePersonGroupIdBothNull"),
        ({"personGroupId": None}, "PersonGroupIdAndLargePersonGroupIdBothNull"),
        ({"personGroupId": "a", "largePersonGroupId": "a"},
         "PersonGroupIdAndLargePersonGroupIdBothNotNull"),
        ({"personGroupId": "a"}, "PersonGroupNotFound"),
        ({"largePersonGroupId": "a"}, "LargePersonGroupNotFound"),
    ],
)  # fmt: skip
def test_groups_of_identify(groups: dict[str, Any], code: str, wire: Wire) -> None:
    answer = wire("POST", f"{PREFIX}/identify", {"faceIds": [GUID], **groups})
    assert (answer.status, answer.code) == (400, code)


def test_models_are_not_mixed(wire: Wire) -> None:
    path = f"{PREFIX}/facelists/later"
    assert wire("PUT", path, {"name": "x", "recognitionModel": "recognition_04"}).status == 200
    assert wire("POST", f"{path}/persistedfaces", people.woman(), OCTETS).status == 200
    (face,) = wire.detect("recognitionModel=recognition_03").json
    body = {"faceId": face["faceId"], "faceListId": "later"}
    answer = wire("POST", f"{PREFIX}/findsimilars", body)
    assert answer.json["error"]["message"] == "'recognitionModel' is incompatible."
    (face,) = wire.detect("recognitionModel=recognition_04").json
    body = {"faceId": face["faceId"], "faceListId": "later"}
    assert len(wire("POST", f"{PREFIX}/findsimilars", body).json) == 1
    wire("DELETE", path)


@pytest.mark.parametrize(
    ("target", "code"),
    [("0,0,10,10", "InvalidImage"), ("0,0,5000,10", "BadArgument"), ("a", "BadArgument")],
)
def test_targets_that_mean_no_face(target: str, code: str, wire: Wire) -> None:
    path = f"{PREFIX}/facelists/targets"
    wire("PUT", path, {"name": "x"})
    url = f"{path}/persistedfaces?targetFace={target}"
    answer = wire("POST", url, people.both(), OCTETS)
    assert (answer.status, answer.code) == (400, code)
    wire("DELETE", path)


def test_empty_answers_are_empty(wire: Wire) -> None:
    path = f"{PREFIX}/largefacelists/empty"
    answers = [
        wire("PUT", path, {"name": "x"}),
        wire("PATCH", path, {"name": "y"}),
        wire("POST", f"{path}/train", b"", JSON),  # as the old SDK sends it
    ]
    assert [each.status for each in answers] == [200, 200, 202]
    until = time.monotonic() + DONE_S
    while wire("GET", f"{path}/training").json["status"] == "running":
        assert time.monotonic() < until
        time.sleep(0.02)
    answers.append(wire("DELETE", path))
    assert answers[-1].status == 200
    for each in answers:
        assert each.body == b""
        assert "content-type" not in each.headers
        assert each.headers["content-length"] == "0"


def test_a_receipt_of_a_deletion(wire: Wire) -> None:
    path = f"{PREFIX}/facelists/receipt"
    wire("PUT", path, {"name": "x"})
    wire("POST", f"{path}/persistedfaces", people.woman(), OCTETS)
    answer = wire("DELETE", f"{path}?returnReceipt=true")
    assert answer.status == 200
    assert answer.json["collectionId"] == "receipt"
    assert (answer.json["faces"], answer.json["keys"]) == (1, 1)


def test_paging(wire: Wire) -> None:
    for name in ("a", "b", "b-1", "c_2"):
        wire("PUT", f"{PREFIX}/persongroups/{name}", {"name": name})

    def ids(query: str) -> list[str]:
        answer = wire("GET", f"{PREFIX}/persongroups?{query}")
        return [each["personGroupId"] for each in answer.json]

    assert ids("") == ["a", "b", "b-1", "c_2"]
    assert ids("top=2") == ["a", "b"]
    assert ids("start=b&top=1") == ["b-1"]
    assert ids("START=c_2") == []
    for query in ("top=0", "top=1001", "top=x", "start=" + "a" * 65, "start=%00"):
        answer = wire("GET", f"{PREFIX}/persongroups?{query}")
        assert (answer.status, answer.code) == (400, "BadArgument")
    for name in ("a", "b", "b-1", "c_2"):
        wire("DELETE", f"{PREFIX}/persongroups/{name}")


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("facelists/A", "FaceListNotFound", "Face list ID is invalid."),
        ("largefacelists/%20", "LargeFaceListNotFound", "Large face list ID is invalid."),
        ("persongroups/" + "a" * 65, "PersonGroupNotFound", "Person group ID is invalid."),
        ("persongroups/x/persons/1", "PersonNotFound", "Person ID is invalid."),
        (f"persongroups/x/persons/{GUID}/persistedfaces/1", "PersistedFaceNotFound",
         "Persisted face ID is invalid."),
        ("snapshots/%00", "SnapshotNotFound", "Snapshot ID is invalid."),
        ("operations/x", "OperationNotFound", "Operation ID is invalid."),
        ("nothing", "ResourceNotFound", "Resource not found."),
        ("", "ResourceNotFound", "Resource not found."),
    ],
)  # fmt: skip
def test_ids_that_cannot_be(path: str, code: str, message: str, wire: Wire) -> None:
    answer = wire("GET", f"{PREFIX}/{path}")
    assert answer.status == 404
    assert answer.json == {"error": {"code": code, "message": message}}


def test_a_method_that_a_path_does_not_take(wire: Wire) -> None:
    answer = wire("POST", f"{PREFIX}/persongroups/x")
    assert (answer.status, answer.code) == (405, "MethodNotAllowed")
    assert answer.headers["allow"] == "DELETE, GET, HEAD, PATCH, PUT"


def test_patches_leave_what_they_do_not_name(wire: Wire) -> None:
    path = f"{PREFIX}/facelists/patched"
    wire("PUT", path, {"name": "name", "userData": "data"})
    assert wire("PATCH", path, {"name": "other", "userData": None}).status == 200
    assert wire("GET", path).json["userData"] == "data"
    assert wire("PATCH", path, {"name": None, "userData": ""}).status == 200
    shown = wire("GET", path).json
    assert (shown["name"], shown["userData"]) == ("other", "")
    answer = wire("PATCH", path, {"name": None})
    assert answer.json["error"]["message"] == "Both 'name' and 'userData' are empty."
    wire("DELETE", path)


def test_the_key_in_the_query(live: Live, key: str) -> None:
    answer = ask(live.url, "GET", f"{PREFIX}/facelists?subscription-key={key}")
    assert (answer.status, answer.json) == (200, [])


def test_a_wrong_key(live: Live) -> None:
    headers = {"Ocp-Apim-Subscription-Key": "wrong", "Content-Type": OCTETS}
    answer = ask(live.url, "POST", f"{PREFIX}/detect", people.woman(), headers)
    assert answer.status == 401
    assert answer.json["error"]["code"] == "Unspecified"
    assert answer.json["error"]["message"] == (
        "Access denied due to invalid subscription key. Make sure you are subscribed to an API "
        "you are trying to call and provide the right key."
    )


def test_requests_have_ids(wire: Wire) -> None:
    assert len(wire("GET", f"{PREFIX}/facelists").headers["apim-request-id"]) >= 16
