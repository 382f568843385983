"""Videos over HTTP: what the pages are told, edits and exports, and what is refused to whom."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from mien.faces import EMOTIONS
from mien.media import open_video
from mien.report.csv_reader import read_csv
from mien.timeline.media_analytics import read_media_analytics
from tests.clips import number_picture, read_number, write_clip
from tests.server.live import Live
from tests.server.studio.videos import (
    MEDIA,
    Analysed,
    analyse,
    edit,
    finished,
    send,
    write_people,
)
from tests.server.studio.visitors import Person

NOWHERE = "6a0c2bc1-5c0f-4cbb-8d6d-6b2e3f0a9d11"


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


# ---------------------------------------------------------------- what is told


def test_a_video_in_the_list(analysed: Analysed) -> None:
    (video,) = analysed.owner.api("GET", "/video").json()
    assert (video["asset"], video["name"]) == (analysed.asset, "two.mp4")
    assert (video["stage"], video["size"]) == ("ready", analysed.clip.stat().st_size)


def test_facts_and_people(analysed: Analysed) -> None:
    told, timeline = analysed.told, analysed.timeline()
    assert told["video"] == {
        "width": 480,
        "height": 270,
        "frames": 75,
        "rate": pytest.approx(30000 / 1001),
        "seconds": pytest.approx(75 * 1001 / 30000),
        "start": 0.0,
        "timeBase": str(timeline.video.time_base),
    }
    assert told["emotion"] is True
    assert told["log"]["undo"] is None
    assert [person["id"] for person in told["people"]] == [0, 1]
    for person in told["people"]:
        assert person["seconds"] == pytest.approx(75 * 1001 / 30000, abs=0.1)
        assert person["name"] == ""


def test_the_file_that_plays_is_the_video_itself(analysed: Analysed) -> None:
    player = analysed.told["player"]
    part = analysed.owner.client.get(player["content"], headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    with open_video(analysed.clip) as video:
        assert player["lead"] == pytest.approx(float(video.lead * video.info.time_base))


def test_frames_are_the_rows_of_the_timeline(analysed: Analysed) -> None:
    timeline = analysed.timeline()
    page = analysed.get("/frames?first=10&count=50").json()
    assert (page["first"], page["pts"]) == (10, timeline.pts[10:60].tolist())
    emotion, ids = timeline.faces.emotion, timeline.faces.track_id
    assert emotion is not None
    assert ids is not None
    for number, faces in enumerate(page["faces"], start=10):
        span = timeline.rows(number, number + 1)
        rows = [row for row in range(span.start, span.stop) if ids[row] >= 0]
        assert [face[0] for face in faces] == ids[rows].tolist()
        assert len(faces) == 2
        for face, row in zip(faces, rows, strict=True):
            assert face[1:5] == pytest.approx(timeline.faces.box_xyxy[row].tolist(), abs=0.006)
            assert face[5:] == [
                int(emotion[row].argmax()),
                pytest.approx(float(emotion[row].max()), abs=0.001),
            ]


@pytest.mark.parametrize(("at", "frame"), [("0", 0), ("0.0333", 0), ("0.0334", 1), ("99", 74)])
def test_the_frame_that_is_shown_at_a_time(analysed: Analysed, at: str, frame: int) -> None:
    page = analysed.get(f"/frames?at={at}&count=1").json()
    assert page["first"] == frame
    assert len(page["pts"]) == 1


def test_windows_are_those_of_the_aggregate(analysed: Analysed) -> None:
    told = analysed.get("/windows?window=987&interval=342").json()
    exported = analysed.get("/export/aggregate?window=987&interval=342")
    document = read_media_analytics(io.BytesIO(exported.content))
    means = document.windows[:, 1]
    assert len(told["seconds"]) == len(means)
    assert np.allclose(np.array(told["mean"]), means, atol=1e-4)
    assert told["emotions"] == [*EMOTIONS]
    part = analysed.get("/windows?window=987&interval=342&from=1&to=2").json()
    assert part["seconds"] == [second for second in told["seconds"] if 1 <= second < 2]
    one = analysed.get("/windows?person=1").json()
    assert np.array(one["mean"])[:, 1].min() > 0.9, "she smiles"


def test_lanes_cover_the_video(analysed: Analysed) -> None:
    told = analysed.get("/lanes?slices=30").json()
    assert told["seconds"] == pytest.approx(75 * 1001 / 30000)
    assert [lane["id"] for lane in told["lanes"]] == [0, 1]
    for lane in (*told["lanes"], told["room"]):
        assert len(lane["top"]) == len(lane["strength"]) == 30
        assert min(lane["top"]) >= 0
    assert analysed.get("/lanes?slices=2000").json()["slices"] == 75


def test_the_picture_of_a_person_is_cut_once(analysed: Analysed, studio: Live) -> None:
    for person in analysed.told["people"]:
        first = analysed.owner.client.get(person["picture"])
        assert first.headers["content-type"] == "image/jpeg"
        picture = np.asarray(Image.open(io.BytesIO(first.content)).convert("RGB"))
        assert max(picture.shape[:2]) == 160
        assert analysed.owner.client.get(person["picture"]).content == first.content
    folder = studio.data / "derived" / analysed.asset
    kept = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    for person in analysed.told["people"]:
        assert f"face.{person['picture'].partition('=')[2]}.jpg" in kept
        analysed.owner.client.get(person["picture"])
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == kept
    assert code(analysed.get("/faces/99999")) == (404, "NotFound")


# ---------------------------------------------------------------- edits and exports


def test_edits_change_what_is_told_and_exported(analysed: Analysed) -> None:
    owner, asset = analysed.owner, analysed.asset
    one, two = analysed.told["people"]
    named = edit(owner, asset, {"kind": "name", "person": one["anchor"], "name": "=cmd() <b>ä</b>"})
    assert named["people"][0]["name"] == "=cmd() <b>ä</b>"
    time = {"pts": int(analysed.timeline().pts[40]), "timeBase": named["video"]["timeBase"]}
    frame = analysed.get("/frames?first=40&count=1").json()
    (box,) = [face[1:5] for face in frame["faces"][0] if face[0] == two["id"]]
    split = edit(owner, asset, {"kind": "split", "person": {"time": time, "box": box}})
    assert {person["id"]: person["frames"] for person in split["people"]} == {0: 75, 1: 40, 2: 35}
    rows = [*csv.reader(io.StringIO(analysed.get("/export/people").text))]
    assert rows[1][:2] == ["0", "'=cmd() <b>ä</b>"]
    assert len(rows) == 4
    assert set(read_csv(io.StringIO(analysed.get("/export/csv").text)).faces.track_id) == {0, 1, 2}  # type: ignore[arg-type]
    document = read_media_analytics(io.BytesIO(analysed.get("/export/json").content))
    assert set(document.id.tolist()) == {0, 1, 2}
    assert "face 2" in analysed.get("/export/vtt").text
    assert {line.split(",")[1] for line in analysed.get("/export/mot").text.split()} == {
        "1",
        "2",
        "3",
    }
    log = split["log"]
    assert log["undo"] == log["last"]
    for _ in range(2):
        undone = edit(owner, asset, {"kind": "undo", "edit": analysed.told["log"]["undo"]})
    assert [person["name"] for person in undone["people"]] == ["", ""]
    assert undone["log"]["redo"] == log["last"] + 2


def test_what_finds_no_place_is_told(analysed: Analysed) -> None:
    nobody = {"time": {"pts": 0, "timeBase": "1/25"}, "box": [1, 1, 9, 9]}
    told = edit(
        analysed.owner, analysed.asset, {"kind": "name", "person": nobody, "name": "Nobody"}
    )
    (remark,) = told["unplaced"]
    assert remark == {
        "edit": told["log"]["last"],
        "reason": "nobody is in that place at 0:00:00.000",
    }
    edit(analysed.owner, analysed.asset, {"kind": "undo", "edit": remark["edit"]})


def test_exports_have_names_of_the_video(analysed: Analysed) -> None:
    for form, name in (("json", "two_annotations.json"), ("parquet", "two.parquet")):
        answer = analysed.get(f"/export/{form}")
        assert answer.status_code == 200
        assert f'filename="{name}"' in answer.headers["content-disposition"]
    assert analysed.get("/export/parquet").content[:4] == b"PAR1"


def test_a_video_with_its_faces_drawn(analysed: Analysed, tmp_path: Path) -> None:
    owner = analysed.owner
    job = owner.api("POST", f"/video/{analysed.asset}/annotated").json()["job"]
    assert finished(owner, job) == "Finished"
    (copy,) = analysed.told["copies"]
    assert (copy["stage"], copy["name"]) == ("ready", "two_annotated.mp4")
    (tmp_path / "drawn.mp4").write_bytes(owner.client.get(copy["content"]).content)
    with open_video(analysed.clip) as before, open_video(tmp_path / "drawn.mp4") as after:
        pairs = [*zip(before.frames(), after.frames(), strict=True)]
    assert all(one.time == other.time for one, other in pairs)
    assert len(owner.api("GET", "/video").json()) == 1, "what was made is no video of the list"


# ---------------------------------------------------------------- who may, and what is refused


def routes_of(asset: str) -> list[tuple[str, str]]:
    parts = ("frames", "lanes", "windows", "faces/0", "export/csv")
    return [
        *(("GET", f"/video/{asset}/{part}") for part in parts),
        ("GET", f"/video/{asset}"),
        ("POST", f"/video/{asset}/analysis"),
        ("POST", f"/video/{asset}/annotated"),
        ("DELETE", f"/video/{asset}"),
    ]


def test_nobody_else_sees_a_video(analysed: Analysed, visitor: Person) -> None:
    assert visitor.api("GET", "/video").json() == []
    for asset in (analysed.asset, NOWHERE, "nonsense", "%2e%2e"):
        for method, path in routes_of(asset):
            assert visitor.api(method, path).status_code == 404, (method, path)
    page = visitor.client.get(f"/studio/video/{analysed.asset}")
    assert page.status_code == 404
    assert "two.mp4" not in page.text
    assert analysed.told["stage"] == "ready"


def test_without_a_session_or_the_token_nothing_is_done(analysed: Analysed, studio: Live) -> None:
    for method, path in routes_of(analysed.asset):
        assert httpx.request(method, f"{studio.url}/studio/api{path}").status_code in (401, 403)
    cookies = dict(analysed.owner.client.cookies)
    for method, path in routes_of(analysed.asset)[-3:]:
        answer = httpx.request(method, f"{studio.url}/studio/api{path}", cookies=cookies)
        assert code(answer) == (403, "Forged")
    assert analysed.told["copies"], "they are still there"


@pytest.mark.parametrize(
    "path",
    [
        "/frames?first=-1",
        "/frames?count=0",
        "/frames?count=601",
        "/frames?at=-1",
        "/frames?at=1e9",
        "/frames?at=nan",
        "/lanes?slices=0",
        "/lanes?slices=99999",
        "/windows?window=1",
        "/windows?interval=5000",
        "/windows?window=250&interval=1000",
        "/windows?person=-1",
        "/windows?from=x",
        "/export/aggregate?window=9",
    ],
)
def test_values_that_cannot_be_are_refused(analysed: Analysed, path: str) -> None:
    assert code(analysed.get(path)) == (400, "BadArgument")


@pytest.mark.parametrize("path", ["/export/exe", "/windows?person=77", "/faces/x", "/nothing"])
def test_what_is_not_there_is_not_found(analysed: Analysed, path: str) -> None:
    assert analysed.get(path).status_code == 404


def test_files_that_are_no_videos_are_told_by_their_names(
    visitor: Person, studio: Live, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(number_picture(5, 64, 64)).save(photo)
    cases = {
        b"": "empty",
        b"hello": "is text",
        photo.read_bytes(): "is a photo",
        write_people(tmp_path / "cut.mp4", 12).read_bytes()[:9000]: "lacks its index",
    }
    for data, words in cases.items():
        (tmp_path / "file").write_bytes(data)
        name = "‹b›'&amp; ünïcode.mp4"
        asset = send(visitor, tmp_path / "file", name)
        answer = visitor.api("POST", f"/video/{asset}/analysis")
        message = answer.json()["error"]["message"]
        assert answer.status_code == 400
        assert words in message
        assert f"This cannot be analysed: {name}" in message
        assert str(studio.data) not in message
        assert visitor.api("GET", f"/video/{asset}").json()["stage"] == "new"
        assert code(visitor.api("GET", f"/video/{asset}/frames")) == (409, "NotAnalysed")


def test_an_upload_that_is_not_complete_waits(visitor: Person) -> None:
    asset = visitor.api("POST", f"{MEDIA}/assets", json={"name": "a"}).json()["id"]
    body = {"name": "a.mp4", "size": 10}
    visitor.api("POST", f"{MEDIA}/assets/{asset}/files", json=body)
    (video,) = visitor.api("GET", "/video").json()
    assert (video["stage"], video["received"]) == ("uploading", 0)
    assert code(visitor.api("POST", f"/video/{asset}/analysis")) == (409, "InUse")


def test_without_expressions_and_deleted_for_good(
    visitor: Person, studio: Live, tmp_path: Path
) -> None:
    """An analysis without the columns, as under a policy that has them off; in a video that
    browsers cannot play, so that there is a copy."""
    asset = send(visitor, write_people(tmp_path / "two.avi", 12))
    told = analyse(visitor, asset)
    assert told["player"]["lead"] == 0.0
    assert "/content" in told["player"]["content"]
    copy = visitor.client.get(told["player"]["content"]).content
    assert copy[4:8] == b"ftyp"
    task = {"processor": "mien Video Analyzer", "inputAssets": [asset], "configuration": "{}"}
    job = visitor.api("POST", f"{MEDIA}/jobs", json={"name": "plain", "tasks": [task]}).json()["id"]
    assert code(visitor.api("POST", f"/video/{asset}/analysis")) == (409, "InUse")
    assert finished(visitor, job) == "Finished"
    assert visitor.api("GET", f"/video/{asset}").json()["emotion"] is False
    assert code(visitor.api("GET", f"/video/{asset}/windows")) == (409, "NoExpressions")
    assert visitor.api("GET", f"/video/{asset}/export/aggregate").status_code == 400
    assert set(visitor.api("GET", f"/video/{asset}/lanes").json()["room"]["top"]) == {len(EMOTIONS)}
    visitor.client.get(told["people"][0]["picture"])
    assert (studio.data / "derived" / asset).is_dir()
    assert visitor.api("DELETE", f"/video/{asset}").status_code == 204
    assert visitor.api("GET", f"{MEDIA}/assets").json() == []
    assert visitor.api("GET", f"{MEDIA}/jobs").json() == []
    assert not (studio.data / "derived" / asset).exists()
    assert visitor.api("GET", f"/video/{asset}").status_code == 404


def test_a_video_is_deleted_while_it_is_analysed(visitor: Person, tmp_path: Path) -> None:
    asset = send(visitor, write_people(tmp_path / "two.mp4"))
    assert visitor.api("POST", f"/video/{asset}/analysis").status_code == 201
    assert visitor.api("DELETE", f"/video/{asset}").status_code == 204
    assert visitor.api("GET", f"{MEDIA}/assets").json() == []


def test_users_of_one_account_share_their_videos(
    analysed: Analysed, people: Callable[..., Person]
) -> None:
    colleague = people(account=analysed.owner.account_id)
    assert colleague.api("GET", f"/video/{analysed.asset}").json()["stage"] == "ready"


def test_a_clip_of_one_frame_and_nobody(visitor: Person, tmp_path: Path) -> None:
    picture = np.full((96, 160, 3), 90, np.uint8)
    asset = send(visitor, write_clip(tmp_path / "one.mp4", [picture]))
    told: dict[str, Any] = analyse(visitor, asset)
    assert told["people"] == []
    assert told["video"]["frames"] == 1
    assert visitor.api("GET", f"/video/{asset}/frames").json()["faces"] == [[]]
    assert visitor.api("GET", f"/video/{asset}/lanes").json()["lanes"] == []
    for form in ("json", "csv", "mot", "vtt", "people"):
        assert visitor.api("GET", f"/video/{asset}/export/{form}").status_code == 200, form
    json.loads(visitor.api("GET", f"/video/{asset}/export/json").content)


def test_the_numbers_in_the_clip_can_be_read(analysed: Analysed) -> None:
    from tests.server.studio.videos import CORNER

    left, top, side = CORNER
    with open_video(analysed.clip) as video:
        for frame in video.frames():
            corner = frame.rgb[top : top + side, left : left + side]
            assert read_number(corner) == frame.index
