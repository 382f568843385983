"""Photos, hidden over HTTP: the copy, its audit, and what cannot be."""

from __future__ import annotations

import io
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.media import read_image
from mien.media.seek import Reel
from mien.redact.audit.document import audit_schema
from mien.storage.users import Role
from tests.redact.clips import HEIGHT, MAN, WIDTH, WOMAN, place_of, write_two_people
from tests.server.inside import inside
from tests.server.studio.redactions import face
from tests.server.studio.visitors import COOKIE, PASSWORD, Person, csrf_in

Array = NDArray[Any]


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    video = write_two_people(tmp_path_factory.mktemp("video") / "two.mp4")
    data = io.BytesIO()
    Image.fromarray(Reel(video).frame(Fraction(30, 25)).rgb).save(data, "PNG")
    return data.getvalue()


def hidden_photo(visitor: Person, photo: bytes, **query: str) -> Array:
    answer = visitor.api("POST", "/redaction/photo/after", content=photo,
                         params={"effect": "black", "png": "true", **query})  # fmt: skip
    assert answer.status_code == 200, answer.text
    return read_image(answer.content).astype(int)


def test_a_photo_is_hidden_but_for_who_is_kept(visitor: Person, photo: bytes) -> None:
    told = visitor.api("POST", "/redaction/photo", content=photo).json()
    assert (told["width"], told["height"], len(told["faces"])) == (WIDTH, HEIGHT, 2)
    own = read_image(photo).astype(int)
    hidden = hidden_photo(visitor, photo)
    for name in (WOMAN, MAN):
        assert face(hidden, name, 30).max() == 0
    x, _ = place_of(MAN, 30)
    (man,) = (n for n, each in enumerate(told["faces"]) if abs(sum(each["box"][::2]) / 2 - x) < 60)
    kept = hidden_photo(visitor, photo, keep=str(man), draw="10,200,60,250;300,10,340,40")
    np.testing.assert_array_equal(face(kept, MAN, 30), face(own, MAN, 30))
    assert face(kept, WOMAN, 30).max() == 0
    assert kept[200:250, 10:60].max() == 0
    before = visitor.api("POST", "/redaction/photo/before?png=true", content=photo)
    np.testing.assert_array_equal(read_image(before.content), own)


def audit_of(visitor: Person, photo: bytes, **query: str) -> tuple[dict[str, Any], str]:
    """The document and the page."""
    query = {"effect": "black", "png": "true", "name": "two ‹b› & “x”.png", **query}
    answer = visitor.api("POST", "/redaction/photo/audit", content=photo, params=query)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    jsonschema.validate(told["audit"], audit_schema())
    return told["audit"], told["page"]


def test_a_hidden_photo_is_audited(visitor: Person, photo: bytes) -> None:
    audit, page = audit_of(visitor, photo)
    assert (audit["kind"], audit["passed"], audit["hidden_face_frames"]) == ("photo", True, 2)
    assert audit["residual"]["runs"] == audit["shown_on_purpose"]["runs"] == []
    assert audit["settings"]["effect"] == "black"
    assert (audit["source"]["name"], audit["output"]["name"]) == (
        "two ‹b› & “x”.png", "two ‹b› & “x”_redacted.png",
    )  # fmt: skip
    query = {"effect": "black", "png": "true"}
    copy = visitor.api("POST", "/redaction/photo/after", content=photo, params=query).content
    assert audit["output"]["sha256"] == sha256(copy).hexdigest(), "it is the copy one downloads"
    assert audit["source"]["sha256"] == sha256(photo).hexdigest()
    assert "Passed: no face can be seen that should be hidden" in page
    assert "two ‹b› &amp; “x”_redacted.png" in page


def test_whom_a_photo_keeps_is_shown_on_purpose(visitor: Person, photo: bytes) -> None:
    audit, _ = audit_of(visitor, photo, keep="0")
    assert audit["passed"] is True
    assert len(audit["shown_on_purpose"]["runs"]) == 1
    assert audit["hidden_face_frames"] == 1


@pytest.mark.parametrize(
    "query",
    [
        {"keep": "7"}, {"keep": "-1"}, {"keep": "x"}, {"keep": "1," * 4000}, {"draw": "1,2,3"},
        {"draw": "5,5,1,1"}, {"draw": "nan,0,1,1"}, {"draw": ";".join(["0,0,9,9"] * 101)},
        {"draw": "0,0,9,9000000"}, {"effect": "fog"}, {"effect": "blur", "strength": "low"},
        {"margin": "2"},
    ],
    ids=lambda query: str(query)[:40],
)  # fmt: skip
def test_wishes_for_a_photo_that_cannot_be(
    visitor: Person, photo: bytes, query: dict[str, str]
) -> None:
    for path in ("after", "audit"):
        answer = visitor.api("POST", f"/redaction/photo/{path}", content=photo, params=query)
        assert (answer.status_code, answer.json()["error"]["code"]) == (
            400, "BadArgument",
        )  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"x" * 100, b"<svg/>"])
@pytest.mark.parametrize("path", ["", "/before", "/after", "/audit"])
def test_what_is_no_photo(visitor: Person, data: bytes, path: str) -> None:
    answer = visitor.api("POST", f"/redaction/photo{path}", content=data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "UnusablePicture")


def test_a_photo_without_a_token_is_refused(visitor: Person, photo: bytes) -> None:
    answer = visitor.api("POST", "/redaction/photo", content=photo, headers={"X-CSRF-Token": "x"})
    assert answer.status_code == 403


def test_where_media_is_off_only_photos_are_left(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[dialects]\nmedia = false\n")
    with inside(tmp_path, policy=policy) as service:
        user = service.storage.users.add("ada", PASSWORD, role=Role.MEMBER)
        token = service.storage.sessions.begin(user, remember=False, agent="", address="")
        headers = {"Cookie": f"{COOKIE}={token}"}
        with httpx.Client(base_url=service.url, headers=headers, trust_env=False) as client:
            page = client.get("/studio/redaction")
            assert page.status_code == 200
            client.headers["X-CSRF-Token"] = csrf_in(page.text)
            for path in ("", f"/{uuid4()}", f"/{uuid4()}/frames"):
                answer = client.get(f"/studio/api/redaction{path}")
                assert answer.status_code == 403
                assert "'media' is switched off" in answer.json()["error"]["message"]
            file = io.BytesIO()
            Image.new("RGB", (200, 200)).save(file, "PNG")
            answer = client.post("/studio/api/redaction/photo", content=file.getvalue())
            assert len(answer.json()["faces"]) == 1
