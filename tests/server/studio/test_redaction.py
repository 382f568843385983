"""Redaction over HTTP: what the page is told, previews, edits, copies; and who must not see it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.media import open_video
from mien.media.seek import Reel
from tests.clips import numbered, write_clip
from tests.redact.clips import FRAMES, HEIGHT, MAN, WIDTH, WOMAN, place_of, write_two_people
from tests.server.live import Live
from tests.server.studio.redactions import Clip, face, upload
from tests.server.studio.visitors import Person, person

Array = NDArray[Any]

NAME = "two ‹b›people‹b› & “friends”.mp4"


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_two_people(tmp_path_factory.mktemp("video") / "two.mp4")


@pytest.fixture(scope="module")
def clip(studio: Live, video: Path) -> Iterator[Clip]:
    """Looked at; tests change its log, and begin with what they find."""
    with person(studio) as owner:
        made = upload(owner, video, NAME)
        assert made.state()["analysis"] == {"state": "none"}
        assert made.looked_at()["analysis"] == {"state": "ready"}
        yield made


@pytest.fixture
def fresh(clip: Clip) -> Iterator[Clip]:
    """The same; what a test does is taken back."""
    before = clip.state()["number"]
    yield clip
    made = range(clip.state()["number"], before, -1)
    if made:
        clip.edit(*({"kind": "undo", "edit": number} for number in made))


def who(state: dict[str, Any], name: str) -> dict[str, Any]:
    """The person of the state whose face is where somebody of the clip is."""
    x, _ = place_of(name, 30)
    for each in state["people"]:
        left, _, right, _ = each["anchor"]["box"]
        if abs((left + right) / 2 - x) < 60:
            found: dict[str, Any] = each
            return found
    raise AssertionError(state["people"])


def picture(clip: Clip, frame: int, side: str, **query: Any) -> Array:
    answer = clip.person.api("GET", f"{clip.path}/frames/{frame}/{side}",
                             params={"png": "true", **query})  # fmt: skip
    assert answer.headers["content-type"] == "image/png", answer.text
    assert answer.headers["cache-control"] == "no-store"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)


def test_the_review_of_a_video(clip: Clip) -> None:
    state = clip.state()
    assert state["name"] == NAME
    assert (state["video"]["width"], state["video"]["height"]) == (WIDTH, HEIGHT)
    assert state["video"]["frames"] == FRAMES
    assert [each["choice"] for each in state["people"]] == ["hide", "hide"]
    assert all(2.5 < each["seconds"] <= 3 for each in state["people"])
    assert state["look"] == {
        "effect": "blur", "strength": "med", "mask": "ellipse", "margin": 0.15, "feather": 0.0,
    }  # fmt: skip
    assert state["doubts"] == []
    assert state["copies"] == []
    listed = clip.person.api("GET", "/redaction").json()
    assert [each["asset"] for each in listed] == [clip.asset]
    assert listed[0]["analysis"] == {"state": "ready"}


def test_frames_and_their_boxes(clip: Clip) -> None:
    told = clip.person.api("GET", f"{clip.path}/frames").json()
    base = Fraction(clip.state()["video"]["timeBase"])
    assert [pts * base for pts in told["pts"]] == [Fraction(n, 25) for n in range(FRAMES)]
    for frame, boxes in enumerate(told["faces"]):
        assert {each["choice"] for each in boxes} == {"hide"}
        assert {each["person"] for each in boxes} == {0, 1}
        for each in boxes:
            assert each["drawing"] is None
            assert each["seen"] is (each["face"] is not None)
            (x0, y0, x1, y1), own = each["box"], each["face"] or each["box"]
            assert x0 <= own[0] + 2
            assert y0 <= own[1] + 2
            assert own[2] - 2 <= x1
            assert own[3] - 2 <= y1
        middles = sorted((each["box"][0] + each["box"][2]) / 2 for each in boxes)
        wanted = [place_of(name, frame)[0] for name in (WOMAN, MAN)]
        assert middles == pytest.approx(wanted, abs=10)
    some = clip.person.api("GET", f"{clip.path}/frames?first=30&count=2").json()
    assert some == {
        "first": 30, "pts": told["pts"][30:32], "faces": told["faces"][30:32],
    }  # fmt: skip
    assert clip.person.api("GET", f"{clip.path}/frames?at=1.21&count=2").json() == some
    assert clip.person.api("GET", f"{clip.path}/frames?at=99999").json()["first"] == FRAMES - 1
    beyond = clip.person.api("GET", f"{clip.path}/frames?first=999").json()
    assert beyond == {"first": 999, "pts": [], "faces": []}


def test_the_preview_of_a_frame_is_exact(clip: Clip, video: Path) -> None:
    whole = Reel(video)
    for frame in (0, 13, FRAMES - 1):
        own = whole.frame(Fraction(frame, 25)).rgb.astype(int)
        hidden = picture(clip, frame, "after", effect="black")
        assert face(hidden, WOMAN, frame).max() < 12
        assert face(hidden, MAN, frame).max() < 12
        assert np.abs(hidden - own)[:20].max() <= 2, "the rest is as it was"


def test_what_plays_is_the_video_itself(clip: Clip, video: Path) -> None:
    """Or a copy, where browsers cannot play it: see the tests of videos."""
    player = clip.state()["player"]
    assert clip.person.client.get(player["content"]).content == video.read_bytes()
    assert player["lead"] == pytest.approx(0, abs=1e-9)


def test_a_preview_may_look_otherwise_than_what_was_chosen(clip: Clip) -> None:
    looks = [
        picture(clip, 20, "after", **query)
        for query in (
            {}, {"effect": "pixelate", "strength": "high"}, {"mask": "box"}, {"margin": "0.6"},
            {"feather": "0.5"},
        )
    ]  # fmt: skip
    for one in range(len(looks)):
        for other in range(one):
            assert (looks[one] != looks[other]).any()
    assert clip.state()["look"]["effect"] == "blur"
    small = picture(clip, 20, "after", width=160)
    assert small.shape == (90, 160, 3)


def test_who_is_kept_is_shown_until_it_is_undone(fresh: Clip, video: Path) -> None:
    man = who(fresh.state(), MAN)
    state = fresh.edit({"kind": "choose", "hide": [], "keep": [man["anchor"]]})
    assert who(state, MAN)["choice"] == "keep"
    assert who(state, WOMAN)["choice"] == "hide"
    own = Reel(video).frame(Fraction(30, 25)).rgb.astype(int)
    hidden = picture(fresh, 30, "after", effect="black")
    np.testing.assert_array_equal(face(hidden, MAN, 30), face(own, MAN, 30))
    assert face(hidden, WOMAN, 30).max() < 12
    undone = fresh.edit({"kind": "undo", "edit": state["history"]["undo"]})
    assert who(undone, MAN)["choice"] == "hide"
    assert face(picture(fresh, 30, "after", effect="black"), MAN, 30).max() < 12
    again = fresh.edit({"kind": "undo", "edit": undone["history"]["redo"]})
    assert who(again, MAN)["choice"] == "keep"


def test_a_drawn_box_is_followed_moved_and_deleted(fresh: Clip) -> None:
    time = fresh.frame(30)["time"]
    box = [10, 180, 70, 250]
    state = fresh.edit({"kind": "draw", "time": time, "box": box, "tracked": True})
    (drawing,) = state["drawings"]
    state = fresh.wait(lambda state: state["drawings"][0]["following"] is None)
    (drawing,) = state["drawings"]
    assert (drawing["firstFrame"], drawing["lastFrame"]) == (0, FRAMES - 1)
    assert drawing["failed"] is None
    hidden = picture(fresh, 5, "after", effect="black")
    assert hidden[185:245, 15:65].max() < 12
    told = fresh.frame(30)
    assert [each["drawing"] for each in told["boxes"]].count(drawing["edit"]) == 1
    what = {"edit": drawing["edit"], "time": time}
    moved = [200, 20, 260, 60]
    fresh.edit({"kind": "move", "what": what, "box": moved, "tracked": False})
    hidden = picture(fresh, 30, "after", effect="black")
    assert hidden[25:55, 205:255].max() < 12
    assert hidden[190:240, 20:60].max() > 40
    state = fresh.edit({"kind": "delete", "what": what, "reach": "all"})
    assert state["drawings"] == []


def test_a_box_that_cannot_be_followed_is_told(fresh: Clip) -> None:
    time = fresh.frame(30)["time"]
    fresh.edit({"kind": "draw", "time": time, "box": [10, 10, 12, 12], "tracked": True})
    state = fresh.wait(lambda state: state["drawings"][0]["following"] is None)
    assert "at least 4 pixels" in state["drawings"][0]["failed"]


def test_moments_of_doubt_and_their_marks(fresh: Clip) -> None:
    """A face is deleted from the middle on: the rest goes out of view in the picture."""
    told = fresh.frame(30)
    man = who(fresh.state(), MAN)["id"]
    (box,) = (each["face"] for each in told["boxes"] if each["person"] == man)
    what = {"time": told["time"], "box": box}
    state = fresh.edit({"kind": "delete", "what": what, "reach": "after"})
    (doubt,) = state["doubts"]
    assert (doubt["reason"], doubt["checked"]) == ("vanishes", False)
    assert 27 <= doubt["frame"] <= 29  # the last that was looked at
    assert doubt["firstFrame"] <= doubt["frame"] <= doubt["lastFrame"]
    check = {name: doubt[name] for name in ("time", "box", "reason")}
    state = fresh.edit({"kind": "check", **check})
    assert state["doubts"][0]["checked"] is True


def test_edits_that_find_no_place_are_told(fresh: Clip) -> None:
    nobody = {"time": {"pts": 0, "timeBase": "1/25"}, "box": [0, 0, 20, 20]}
    state = fresh.edit({"kind": "choose", "hide": [], "keep": [nobody]})
    assert [each["done"] for each in state["remarks"]] == [False]
    assert {each["choice"] for each in state["people"]} == {"hide"}


def test_a_copy_hides_whom_it_should_and_is_audited(fresh: Clip, video: Path) -> None:
    man = who(fresh.state(), MAN)
    state = fresh.edit({"kind": "choose", "hide": [], "keep": [man["anchor"]]},
                       {"kind": "effect", "effect": "black"})  # fmt: skip
    late = fresh.person.api("POST", f"{fresh.path}/render", json={"number": 0})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "EditsMovedOn")
    made = fresh.person.api("POST", f"{fresh.path}/render", json={"number": state["number"]})
    assert made.status_code == 201
    state = fresh.wait(lambda state: state["copies"][0]["state"] in ("ready", "failed"))
    (copy,) = state["copies"]
    assert copy["state"] == "ready", copy
    assert copy["number"] == state["number"]
    names = {file["name"].rpartition("_")[2]: file["id"] for file in copy["files"]}
    assert set(names) == {"redacted.mp4", "audit.json", "audit.html"}
    content = f"/media/v1/assets/{copy['asset']}/files/{{}}/content"
    audit = fresh.person.api("GET", content.format(names["audit.json"])).json()
    assert audit["passed"] is True
    assert audit["source"]["name"] == NAME
    data = fresh.person.api("GET", content.format(names["redacted.mp4"])).content
    assert fresh.person.client.get(copy["player"]["content"]).content == data
    with open_video(data) as opened:
        assert copy["player"]["lead"] == float(opened.lead * opened.info.time_base)
    own, hidden = Reel(video), Reel(data)
    for frame in (3, 40, 70):
        before, after = (reel.frame(Fraction(frame, 25)).rgb.astype(int) for reel in (own, hidden))
        assert face(after, WOMAN, frame).max() < 30
        assert np.abs(face(after, MAN, frame) - face(before, MAN, frame)).mean() < 4
    page = fresh.person.client.get(f"/studio/redaction/{fresh.asset}/audit/{copy['job']}")
    assert page.headers["content-type"].startswith("text/html")
    assert "sandbox" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]
    assert len(fresh.person.api("GET", "/redaction").json()) == 1, "copies are no videos"


GETS = ("", "/frames", "/frames?at=1", "/frames/3/after", "/people/0")


@pytest.mark.parametrize("path", GETS)
def test_nobody_else_sees_it(clip: Clip, visitor: Person, path: str) -> None:
    assert clip.person.api("GET", f"{clip.path}{path}").status_code == 200
    assert visitor.api("GET", f"{clip.path}{path}").status_code == 404


def test_nobody_else_changes_it(clip: Clip, visitor: Person) -> None:
    for path in ("look", "render"):
        answer = visitor.api("POST", f"{clip.path}/{path}", json={"number": 0})
        assert answer.status_code == 404
    edits = f"/media/v1/assets/{clip.asset}/edits"
    assert visitor.api("POST", edits, json={"edits": [], "expected": 0}).status_code in (400, 404)
    pages = (f"/studio/redaction/{clip.asset}", f"/studio/redaction/{clip.asset}/audit/{uuid4()}")
    for page in pages:
        assert visitor.client.get(page).status_code == 404
    assert visitor.api("GET", "/redaction").json() == []


@pytest.mark.parametrize("path", ["look", "render"])
def test_without_the_token_nothing_is_changed(clip: Clip, path: str) -> None:
    answer = clip.person.api(
        "POST", f"{clip.path}/{path}", json={"number": 0}, headers={"X-CSRF-Token": "no"}
    )
    assert answer.status_code == 403


def test_without_a_session_nothing_is_told(clip: Clip, studio: Live) -> None:
    with httpx.Client(base_url=studio.url, trust_env=False) as client:
        assert client.get(f"/studio/api{clip.path}").status_code == 401
        page = client.get(f"/studio/redaction/{clip.asset}")
        assert page.status_code == 303
        assert page.headers["location"].startswith("/studio/login?next=")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/frames/75/after", 404),
        ("/frames/-1/after", 404),
        ("/frames/1e3/after", 404),
        (f"/frames/{'9' * 40}/after", 404),
        ("/frames/²/after", 404),
        ("/frames?first=-1", 400),
        ("/frames?first=x", 400),
        ("/frames?count=0", 400),
        ("/frames?count=601", 400),
        ("/frames/3/after?effect=fog", 400),
        ("/frames/3/after?strength=", 200),
        ("/frames/3/after?margin=7", 400),
        ("/frames/3/after?margin=nan", 400),
        ("/frames/3/after?margin=0.5&feather=1", 200),
        ("/frames/3/after?width=5", 400),
        ("/frames/3/after?width=100000", 400),
        ("/frames/3/after?png=maybe", 400),
        ("/frames?at=", 200),
        ("/frames?at=-1", 400),
        ("/frames?at=1/0", 400),
        ("/people/77", 404),
        ("/people/../../secret", 404),
    ],
)
def test_values_that_cannot_be(clip: Clip, path: str, status: int) -> None:
    answer = clip.person.api("GET", f"{clip.path}{path}")
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [{}, [], {"number": True}, {"number": "0"}, {"number": 0, "audit": 1}, {"number": 0, "x": 1}],
    ids=str,
)
def test_what_is_no_wish_for_a_copy(clip: Clip, body: Any) -> None:
    answer = clip.person.api("POST", f"{clip.path}/render", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadArgument")


@pytest.mark.parametrize("asset", ["x", "...", str(UUID(int=5)), "%00", "'; drop table assets"])
def test_a_video_that_is_none(visitor: Person, asset: str) -> None:
    assert visitor.api("GET", f"/redaction/{asset}/frames").status_code == 404
    assert visitor.client.get(f"/studio/redaction/{asset}").status_code == 404


def test_before_anybody_looked(visitor: Person, tmp_path: Path) -> None:
    clip = upload(visitor, write_clip(tmp_path / "a.mp4", numbered(10)), "a.mp4")
    assert "people" not in clip.state()
    for path in ("/frames", "/frames/1/after", "/people/0"):
        answer = visitor.api("GET", f"{clip.path}{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "NotAnalysed")
    answer = visitor.api("POST", f"{clip.path}/render", json={"number": 0})
    assert answer.status_code == 409


def test_a_file_that_is_no_video_is_told(visitor: Person, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video at all" * 100)
    clip = upload(visitor, tmp_path / "a.mp4", "a.mp4")
    answer = visitor.api("POST", f"{clip.path}/look")
    assert answer.status_code == 400
    assert "cannot be analysed: a.mp4" in answer.json()["error"]["message"]
    assert clip.state()["analysis"] == {"state": "none"}


def test_a_video_without_anybody_that_browsers_cannot_play(visitor: Person, tmp_path: Path) -> None:
    clip = upload(visitor, write_clip(tmp_path / "a.avi", numbered(30)), "a.avi")
    state = clip.looked_at()
    assert state["people"] == []
    own = Reel(tmp_path / "a.avi").frame(Fraction(3, 25)).rgb
    np.testing.assert_array_equal(picture(clip, 3, "after"), own)
    assert state["player"]["lead"] == 0.0
    copy = Reel(visitor.client.get(state["player"]["content"]).content)
    assert (copy.info.codec, copy.info.container) == ("h264", "mov")


def test_the_name_of_a_file_is_text_on_the_page(clip: Clip) -> None:
    page = clip.person.client.get(f"/studio/redaction/{clip.asset}").text
    assert "&amp; “friends”" in page


def test_members_of_an_account_share_a_review(clip: Clip, people: Callable[..., Person]) -> None:
    other = people(account=clip.person.account_id)
    assert other.api("GET", clip.path).status_code == 200
