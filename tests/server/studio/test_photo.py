"""Photos over HTTP: what is told, in every form; what is refused; that nothing is kept."""

from __future__ import annotations

import csv
import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from mien.faces import EMOTIONS
from mien.report.face_api import ATTRIBUTES
from mien.storage.users import Role
from tests.server import clips, people
from tests.server.inside import inside
from tests.server.live import Live
from tests.server.studio import pictures
from tests.server.studio.visitors import COOKIE, PASSWORD, Person, csrf_in

Json = dict[str, Any]


def look(visitor: Person, data: bytes, query: str = "") -> Json:
    """What is told of a picture."""
    answer = visitor.api("POST", f"/photo{query}", content=data)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_all_that_is_known_of_each_face(visitor: Person) -> None:
    told = look(visitor, people.both())
    assert (told["width"], told["height"]) == (880, 400)
    assert {*ATTRIBUTES, "gaze", "openness", "faceLandmarks"} == {*told["offered"]}
    man, woman = told["faces"]  # the largest first
    assert man["box"][0] > 440 > woman["box"][2]
    for face in (man, woman):
        attributes = face["faceAttributes"]
        assert {*attributes["emotion"]} == {*EMOTIONS}
        assert sum(attributes["emotion"].values()) == pytest.approx(1, abs=0.005)
        assert {*ATTRIBUTES} - {*attributes} <= {"accessories"}
        assert 0 < face["agreement"] <= 1
        left, top, right, bottom = face["box"]
        assert all(left < x < right and top < y < bottom for x, y in face["points"].values())
        assert len(face["faceLandmarks"]) == 27
        assert {*face["openness"]} == {"leftEye", "rightEye", "mouth"}
        assert {*face["gaze"]} == {"yaw", "pitch"}
        assert "mesh" not in face
        assert "embedding" not in str(face)
    assert woman["faceAttributes"]["emotion"]["happiness"] > 0.9
    assert woman["faceAttributes"]["gender"] == "female"


def test_the_mesh_on_request(visitor: Person) -> None:
    (face,) = look(visitor, people.woman(), "?mesh=true")["faces"]
    mesh = np.array(face["mesh"])
    assert mesh.shape == (478, 3)
    left, top, right, bottom = face["box"]
    inside_box = (mesh[:, :2] > [left - 20, top - 20]) & (mesh[:, :2] < [right + 20, bottom + 20])
    assert inside_box.all()
    answer = visitor.api("POST", "/photo?mesh=maybe", content=people.woman())
    assert answer.status_code == 400


def test_more_than_four_faces(visitor: Person) -> None:
    assert len(look(visitor, pictures.crowd())["faces"]) == 12


def test_nobody_is_no_error(visitor: Person) -> None:
    assert look(visitor, people.nobody())["faces"] == []


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_seen_as_its_file_says_it_is_turned(visitor: Person, form: str) -> None:
    (upright,) = look(visitor, people.woman())["faces"]
    (face,) = look(visitor, pictures.turned(form))["faces"]
    assert np.abs(np.subtract(face["box"], upright["box"])).max() < 10
    assert face["faceAttributes"]["emotion"]["happiness"] > 0.9


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_kinds_of_files_and_what_browsers_are_shown_of_them(visitor: Person, form: str) -> None:
    rgb = pictures.pixels(people.both())
    data = pictures.file(rgb, form)
    assert len(look(visitor, data)["faces"]) == 2
    shown = visitor.api("POST", "/photo/preview", content=data)
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["cache-control"] == "no-store"
    preview = np.asarray(Image.open(io.BytesIO(shown.content))).astype(float)
    assert preview.shape == rgb.shape
    assert np.abs(preview - rgb).mean() < 6


def test_a_film_of_pictures_is_its_first(visitor: Person) -> None:
    first, second = (Image.open(io.BytesIO(each())) for each in (people.woman, people.nobody))
    target = io.BytesIO()
    first.save(target, "GIF", save_all=True, append_images=[second.resize(first.size)])
    assert len(look(visitor, target.getvalue())["faces"]) == 1
    shown = visitor.api("POST", "/photo/preview", content=target.getvalue())
    assert len(look(visitor, shown.content)["faces"]) == 1


def test_the_table(visitor: Person) -> None:
    answer = visitor.api("POST", "/photo/table", content=people.both())
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    faces = look(visitor, people.both())["faces"]
    assert len(rows) == 2
    for row, face in zip(rows, faces, strict=True):
        assert float(row["x"]) == pytest.approx(face["box"][0], abs=0.06)
        happy = face["faceAttributes"]["emotion"]["happiness"]
        assert float(row["happiness"]) == pytest.approx(happy, abs=0.002)
        assert row["picture_width"] == "880"


def test_the_annotated_picture(visitor: Person) -> None:
    answer = visitor.api("POST", "/photo/annotated", content=people.both())
    assert answer.headers["content-type"] == "image/jpeg"
    drawn = np.asarray(Image.open(io.BytesIO(answer.content))).astype(float)
    plain = pictures.pixels(people.both()).astype(float)
    assert drawn.shape == plain.shape
    changed = np.abs(drawn - plain).max(axis=2) > 60
    for face in look(visitor, people.both())["faces"]:
        left, top, right, bottom = (round(edge) for edge in face["box"])
        assert changed[top + 20 : bottom - 20, left - 1 : left + 2].any(axis=1).mean() > 0.9
        assert changed[top + 20 : bottom - 20, right - 2 : right + 1].any(axis=1).mean() > 0.9
    assert changed[:40, :40].sum() == 0


def test_nothing_is_kept(visitor: Person, studio: Live) -> None:
    def held() -> dict[Path, int]:
        files = [path for path in studio.data.rglob("*") if path.is_file()]
        return {path: path.stat().st_size for path in files if "mien.db" not in path.name}

    before = held()
    look(visitor, people.both())
    compare(visitor, people.woman(), people.woman(1))
    assert held() == before
    assert str(look(visitor, people.both())["faces"][0]["box"][0]) not in studio.log.read_text()


def compare(visitor: Person, first: bytes, second: bytes | None, **boxes: str) -> httpx.Response:
    """Compare the first faces of two pictures, or of other boxes."""
    files = {"first": ("a", first)} | ({"second": ("b", second)} if second else {})
    told = {
        name: ",".join(map(str, look(visitor, data)["faces"][0]["box"]))
        for name, data in (("firstBox", first), ("secondBox", second or first))
        if name not in boxes
    }
    return visitor.api("POST", "/photo/compare", files=files, data={**told, **boxes})


def test_two_faces_are_compared(visitor: Person) -> None:
    same = compare(visitor, people.woman(), people.woman(1)).json()
    assert same["isIdentical"] is True
    assert same["confidence"] > 0.6
    other = compare(visitor, people.woman(), people.man()).json()
    assert other["isIdentical"] is False
    assert other["confidence"] < 0.5


def test_two_faces_of_one_picture_are_compared(visitor: Person) -> None:
    one, two = (",".join(map(str, face["box"])) for face in look(visitor, people.both())["faces"])
    answer = compare(visitor, people.both(), None, firstBox=one, secondBox=two)
    assert answer.json()["isIdentical"] is False
    answer = compare(visitor, people.both(), None, firstBox=one, secondBox=one)
    assert answer.json() == {"isIdentical": True, "confidence": 1.0}


def test_what_is_no_face_is_not_compared(visitor: Person) -> None:
    answer = compare(visitor, people.woman(), None, secondBox="0,300,60,360")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "FaceNotComparable"
    assert "cannot be compared" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "box",
    ["", "1,2,3", "a,b,c,d", "nan,0,10,10", "inf,0,10,10", "10,10,10,20", "0,0,1e9,10", "1" * 9999],
)
def test_boxes_that_are_refused(visitor: Person, box: str) -> None:
    answer = visitor.api(
        "POST",
        "/photo/compare",
        files={"first": ("a", people.woman())},
        data={"firstBox": "0,0,50,50", "secondBox": box},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadArgument")
    assert "'secondBox'" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
        ("multipart/form-data", b"--x--"),
        ("application/json", b"{}"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
    ],
)
def test_forms_that_are_refused(visitor: Person, kind: str, body: bytes) -> None:
    answer = visitor.api("POST", "/photo/compare", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadArgument")


def png(width: int, height: int, data: bytes) -> bytes:
    """A PNG that claims a size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        sum_ = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", sum_)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


HEIC = b"\0\0\0\x18ftypheic" + bytes(2000)
REFUSED = [
    ("", b"", 400, "is empty"),
    ("text", b"<script>alert(1)</script>", 400, "no picture that the service reads"),
    ("noise", os.urandom(5000), 400, "no picture that the service reads"),
    ("cut off", people.woman()[:5000], 400, "copy it again"),
    ("head alone", b"\xff\xd8\xff", 400, "damaged"),
    ("heic", HEIC, 400, "a HEIC picture, which the service does not read; save it as JPEG"),
    ("claims", png(60_000, 60_000, b""), 413, "more pixels than are read; scale it down"),
    ("bomb", png(50_000, 50_000, zlib.compress(bytes(1_000_000))), 413, "scale it down"),
    ("short", png(100, 100, zlib.compress(bytes(50))), 400, "damaged"),
    ("too long", b"\xff\xd8\xff" + bytes(33 << 20), 413, "more than 32 MB"),
]


@pytest.mark.parametrize("path", ["", "/preview"])
@pytest.mark.parametrize(
    ("data", "status", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_no_usable_picture(
    visitor: Person, path: str, data: bytes, status: int, says: str
) -> None:
    answer = visitor.api("POST", f"/photo{path}", content=data)
    message = answer.json()["error"]["message"]
    assert (answer.status_code, says in message) == (status, True), answer.text
    assert message.endswith(".")
    assert "the data" not in message.lower()


def test_a_video_belongs_elsewhere(visitor: Person) -> None:
    answer = visitor.api("POST", "/photo", content=clips.smiling())
    assert answer.status_code == 400
    assert "a video" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["", "/table", "/annotated", "/preview", "/compare"])
def test_who_is_not_logged_in_or_forged_gets_nothing(
    visitor: Person, studio: Live, path: str
) -> None:
    with httpx.Client(base_url=studio.url, trust_env=False) as stranger:
        answer = stranger.post(f"/studio/api/photo{path}", content=people.woman())
    assert answer.status_code == 401
    with httpx.Client(
        base_url=studio.url, cookies={COOKIE: visitor.token}, trust_env=False
    ) as forger:
        answer = forger.post(f"/studio/api/photo{path}", content=people.woman())
    assert answer.status_code == 403
    assert visitor.api("GET", f"/photo{path}").status_code == 405


def test_the_pages(people: Callable[..., Person], studio: Live) -> None:
    visitor = people()
    for path in ("photo", "live"):
        page = visitor.client.get(f"/studio/{path}")
        assert page.status_code == 200
        assert "camera=(self)" in page.headers["permissions-policy"]
        assert page.headers["cache-control"] == "no-store"
        stranger = httpx.get(f"{studio.url}/studio/{path}", trust_env=False)
        assert stranger.headers["location"] == f"/studio/login?next=%2Fstudio%2F{path}"


POLICY = """
emotion = false
gallery = false
[attributes]
age = false
faceLandmarks = false
"""


def test_what_the_policy_has_off_is_absent(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    with inside(tmp_path, policy=policy) as service:
        user = service.storage.users.add("ada", PASSWORD, role=Role.MEMBER)
        token = service.storage.sessions.begin(
            user, remember=False, agent="Tests", address="127.0.0.1"
        )
        assert token is not None
        client = httpx.Client(base_url=service.url, cookies={COOKIE: token}, timeout=60)
        service.opened.append(client)
        page = client.get("/studio/photo").text
        client.headers["X-CSRF-Token"] = csrf_in(page)
        assert 'id="compare"' not in page
        assert "Expressions of one person" not in client.get("/studio/live").text
        told = client.post("/studio/api/photo?mesh=true", content=people.woman()).json()
        assert not {"emotion", "age", "faceLandmarks"} & {*told["offered"]}
        (face,) = told["faces"]
        assert not {"agreement", "faceLandmarks", "points", "mesh"} & {*face}
        assert not {"emotion", "age"} & {*face["faceAttributes"]}
        assert face["faceAttributes"]["gender"] == "female"
        table = client.post("/studio/api/photo/table", content=people.woman()).text
        names = {*table.splitlines()[0].split(",")}
        assert not names & {"age", "young", "male", "happiness", "agreement", "nose_tip_x"}
        assert {"gender", "pose_yaw", "blur", "x"} <= names
        answer = client.post("/studio/api/photo/compare", content=b"")
        assert answer.status_code == 403
        assert "switched off" in answer.json()["error"]["message"]
