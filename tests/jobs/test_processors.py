"""The media processors on a real clip: their files, names and codes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mien.errors import MienError, MismatchError, NoSuchProcessorError
from mien.jobs import Input, Output, Work, find_processor
from mien.jobs.analyzer import Analysis
from mien.jobs.codes import Code, TaskError, error_detail
from mien.jobs.processors import FACE_DETECTOR, REDACTOR, VIDEO_ANALYZER
from mien.media import open_video
from mien.media.seek import Reel
from mien.pipeline import analyze_video
from mien.timecode import Time
from mien.timeline.archive import read_timeline
from mien.timeline.edits import Action, Anchor, Choose, Draw, Edit, SetEffect, document_of
from mien.timeline.media_analytics import read_media_analytics
from tests.clips import numbered, write_clip
from tests.redact.clips import MAN, WOMAN, box_of, place_of, write_two_people


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds with two people."""
    clip = write_two_people(tmp_path_factory.mktemp("people") / "two.mp4")
    return clip.rename(clip.with_name("0f3a"))  # as a blob is called


def ran(
    processor: str, configuration: str, inputs: Sequence[Input], folder: Path
) -> tuple[list[Output], list[str]]:
    """What a processor makes, and what it tells."""
    told: list[str] = []
    shares: list[float] = []
    folder.mkdir(exist_ok=True)
    work = Work(configuration, inputs, folder, progress=shares.append, tell=told.append)
    made = find_processor(processor).run(work)
    assert all(0 <= share <= 1 for share in shares)
    assert shares == sorted(shares)
    assert shares
    return made, told


def names(outputs: Sequence[Output]) -> list[str]:
    return [output.name for output in outputs]


def test_a_processor_is_found_by_name_in_any_case_or_by_id() -> None:
    found = find_processor(" azure media face DETECTOR ")
    assert found.name == FACE_DETECTOR
    assert find_processor(found.id.upper()) is found
    with pytest.raises(NoSuchProcessorError, match="Azure Media Redactor"):
        find_processor("Azure Media Indexer")


@pytest.mark.parametrize(
    ("configuration", "mode"),
    [
        ('{"version":"1.0"}', "faces"),
        ('{"version":"1.0","options":{"TrackingMode":"Fast"}}', "faces"),
        ("{'version':'1.0','options':{'Mode':'PERFACEEMOTION'}}", "perFaceEmotion"),
        (
            '{"version": "1.0", "options": {"aggregateEmotionWindowMs": "987", '
            '"mode": "aggregateEmotion", "aggregateEmotionIntervalMs": "342"}}',
            "aggregateEmotion",
        ),
    ],
)
def test_the_face_detector_writes_one_document(
    people: Path, tmp_path: Path, configuration: str, mode: str
) -> None:
    made, _ = ran(FACE_DETECTOR, configuration, [Input("foo.bar.mp4", people)], tmp_path)
    assert names(made) == ["foo.bar_annotations.json"]
    document = read_media_analytics(made[0].path)
    assert document.mode == mode
    if mode != "aggregateEmotion":
        assert set(document.id.tolist()) == {0, 1}


def test_the_face_detector_tells_of_as_many_faces_as_it_is_asked_for(
    people: Path, tmp_path: Path
) -> None:
    configuration = '{"version": "1.0", "options": {"maxFaces": "1"}}'
    (made,), _ = ran(FACE_DETECTOR, configuration, [Input("foo.mp4", people)], tmp_path)
    assert set(read_media_analytics(made.path).id.tolist()) == {0}


def test_the_two_passes_of_the_redactor(people: Path, tmp_path: Path) -> None:
    video = Input("foo.mov", people)
    made, _ = ran(
        REDACTOR, "{'version':'1.0', 'options': {'mode':'analyze'}}", [video], tmp_path / "1"
    )
    assert names(made) == ["foo_annotations.json", "foo_thumb000001.jpg", "foo_thumb000002.jpg"]
    document = json.loads(made[0].path.read_text())
    chosen = tmp_path / "ids"
    chosen.write_bytes(b"\xef\xbb\xbf 1 \r\n\r\n")
    inputs = [Input("foo_Annotations.JSON", made[0].path), Input("foo_idlist.txt", chosen), video]
    redacted, told = ran(
        REDACTOR, "{'version':'1.0','options':{'mode':'redact','BlurType':'low'}}",
        inputs, tmp_path / "2",
    )  # fmt: skip
    assert names(redacted) == ["foo_redacted.mp4"]
    assert any("can be seen through" in sentence for sentence in told)
    left = analyze_video(redacted[0].path)
    assert len(left.tracks()) == 1, "one of the two was hidden"
    with open_video(people) as before, open_video(redacted[0].path) as after:
        assert len([*before.frames()]) == len([*after.frames()])
    assert document["version"] == 1


def test_combined_hides_everyone_and_leaves_one_file(people: Path, tmp_path: Path) -> None:
    made, told = ran(
        REDACTOR,
        '{"@odata.type":"#Microsoft.Media.FaceDetectorPreset","mode":"Combined","blurType":"Black"}',
        [Input("foo.mp4", people)],
        tmp_path,
    )
    assert names(made) == ["foo_redacted.mp4"]
    assert not analyze_video(made[0].path).tracks()
    assert not [sentence for sentence in told if "blur" in sentence]


def test_a_preset_of_v3_does_for_the_face_detector_too(people: Path, tmp_path: Path) -> None:
    preset = '{"@odata.type":"#Microsoft.Media.FaceDetectorPreset","mode":"Analyze"}'
    made, _ = ran(FACE_DETECTOR, preset, [Input("foo.mp4", people)], tmp_path)
    assert names(made)[0] == "foo_annotations.json"
    assert len(made) == 3


def test_the_video_analyzer_gives_the_timeline_with_every_column(
    people: Path, tmp_path: Path
) -> None:
    asked = Analysis(columns=("mesh", "emotion", "age"), keep=("mesh",))
    made, _ = ran(VIDEO_ANALYZER, asked.text, [Input("foo.mp4", people)], tmp_path)
    assert names(made) == ["foo_timeline.npz"]
    read = read_timeline(made[0].path)
    direct = analyze_video(people, columns=asked.columns, keep=asked.keep, threads=1)
    assert read.video == direct.video
    assert read.pts.tobytes() == direct.pts.tobytes()
    assert read.frame.tobytes() == direct.frame.tobytes()
    assert read.faces.problems == direct.faces.problems
    assert set(read.faces.columns) == set(direct.faces.columns) >= {"mesh", "emotion", "age"}
    for name, column in direct.faces.columns.items():
        assert read.faces.columns[name].tobytes() == column.tobytes(), name


@pytest.mark.parametrize(
    ("processor", "configuration", "said"),
    [
        (FACE_DETECTOR, "<xml/>", "XML"),
        (FACE_DETECTOR, "", "empty"),
        (FACE_DETECTOR, '{"version":"2.0"}', "must be 1.0"),
        (FACE_DETECTOR, '{"options":{"mode":"combined"}}', "mode"),
        (REDACTOR, '{"version":"1.0"}', "needs a mode"),
        (REDACTOR, '{"options":{"mode":"redact","blurType":"Soft"}}', "blurType"),
        (VIDEO_ANALYZER, "[]", "object"),
        (VIDEO_ANALYZER, "{", "JSON"),
        (VIDEO_ANALYZER, '{"columns":["hair"]}', "hair"),
        (VIDEO_ANALYZER, '{"columns":[7]}', "wrong type"),
        (VIDEO_ANALYZER, '{"every_s":true}', "wrong type"),
        (VIDEO_ANALYZER, '{"every_s":-1}', "every_s"),
        (VIDEO_ANALYZER, '{"path":"/etc/passwd"}', "path"),
    ],
)
def test_a_configuration_that_cannot_be_used_has_its_code(
    tmp_path: Path, processor: str, configuration: str, said: str
) -> None:
    work = Work(configuration, [Input("foo.mp4", tmp_path / "none")], tmp_path)
    with pytest.raises(TaskError, match=said) as raised:
        find_processor(processor).run(work)
    assert raised.value.code is Code.CONFIGURATION


def test_redact_without_annotations_is_an_input_that_lacks_something(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", numbered(5))
    work = Work("{'options':{'mode':'redact'}}", [Input("foo.mp4", clip)], tmp_path)
    with pytest.raises(TaskError, match=r"foo_annotations\.json") as raised:
        find_processor(REDACTOR).run(work)
    assert raised.value.code is Code.MALFORMED_INPUT


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.MALFORMED_CONTENT),
        (b"plain text, and long enough to be looked at" * 100, Code.UNSUPPORTED_FORMAT),
    ],
)
def test_an_input_that_is_no_video_has_its_code(tmp_path: Path, data: bytes, code: Code) -> None:
    (tmp_path / "a").write_bytes(data)
    work = Work('{"version":"1.0"}', [Input("foo.mp4", tmp_path / "a")], tmp_path)
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - any MediaError
        find_processor(FACE_DETECTOR).run(work)
    assert error_detail(raised.value).code == code


def test_the_primary_file_is_worked_on_else_the_first_video(tmp_path: Path) -> None:
    files = [Input("a.json", tmp_path), Input("b.mp4", tmp_path), Input("c.mp4", tmp_path)]
    assert Work("", files, tmp_path).video.name == "b.mp4"
    files.append(Input("d.bin", tmp_path, is_primary=True))
    assert Work("", files, tmp_path).video.name == "d.bin"
    with pytest.raises(TaskError, match="holds no video"):
        _ = Work("", files[:1], tmp_path).video


def _log(folder: Path, *actions: Action) -> Input:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    edits = [Edit(number, now, "ada", action) for number, action in enumerate(actions, 1)]
    path = folder / "log"
    path.write_text(json.dumps([document_of(edit) for edit in edits]))
    return Input("foo_edits.json", path)


def _by_mien(**wish: Any) -> str:
    return json.dumps({"version": "1.0", "options": {"mode": "redact", "mien": wish}})


@pytest.fixture(scope="module")
def found(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Input:
    """An analysis of the two people."""
    asked = Analysis(cautious=True).text
    folder = tmp_path_factory.mktemp("found")
    made, _ = ran(VIDEO_ANALYZER, asked, [Input("foo.mp4", people)], folder)
    return Input(made[0].name, made[0].path)


def test_the_redactor_hides_by_a_log_of_edits_and_proves_it(
    people: Path, found: Input, tmp_path: Path
) -> None:
    base = Fraction(1, 25)
    left, top, right, bottom = box_of(MAN, 30).tolist()
    keep = Choose(keep=(Anchor(Time(30, base), (left, top, right, bottom)),))
    drawn = Draw(Time(10, base), (10.0, 200.0, 70.0, 260.0), tracked=False)
    log = _log(tmp_path, SetEffect("pixelate", "low"), keep, drawn, SetEffect("black"))
    made, told = ran(REDACTOR, _by_mien(), [Input("foo.mp4", people), found, log], tmp_path / "out")
    assert names(made) == ["foo_redacted.mp4", "foo_audit.json", "foo_audit.html"]
    audit = json.loads(made[1].path.read_text())
    assert audit["passed"] is True
    assert (audit["source"]["name"], audit["output"]["name"]) == ("foo.mp4", "foo_redacted.mp4")
    assert audit["settings"]["effect"] == "black"
    assert any("no face that can be seen" in sentence for sentence in told)
    after, before = Reel(made[0].path), Reel(people)
    for frame in (2, 40, 72):
        rgb, own = (reel.frame(frame * base).rgb.astype(int) for reel in (after, before))
        x, y = (int(v) for v in place_of(WOMAN, frame))
        assert rgb[y - 10 : y + 10, x - 10 : x + 10].max() < 30, "she is hidden"
        x, y = (int(v) for v in place_of(MAN, frame))
        face = slice(y - 25, y + 25), slice(x - 20, x + 20)
        assert abs(rgb[face] - own[face]).mean() < 4, "he is kept"
        assert rgb[205:255, 15:65].max() < 30, "what was drawn is hidden, with its corners"


def test_without_a_log_everyone_is_hidden(people: Path, found: Input, tmp_path: Path) -> None:
    inputs = [Input("foo.mp4", people), found]
    made, told = ran(REDACTOR, _by_mien(effect="solid", audit=False), inputs, tmp_path)
    assert names(made) == ["foo_redacted.mp4"]
    assert not analyze_video(made[0].path).tracks()
    assert told == []


def test_an_audit_that_finds_a_face_is_told_and_the_copy_is_there(
    people: Path, found: Input, tmp_path: Path
) -> None:
    inputs = [Input("foo.mp4", people), found]
    made, told = ran(REDACTOR, _by_mien(effect="outline"), inputs, tmp_path)
    assert names(made)[0] == "foo_redacted.mp4"
    assert json.loads(made[1].path.read_text())["passed"] is False
    assert any("faces can be seen" in sentence for sentence in told)
    assert made[2].path.read_text().startswith("<!doctype html>")


def test_a_box_that_cannot_be_followed_is_told(people: Path, found: Input, tmp_path: Path) -> None:
    tiny = Draw(Time(10, Fraction(1, 25)), (10.0, 200.0, 12.0, 202.0), tracked=True)
    inputs = [Input("foo.mp4", people), found, _log(tmp_path, tiny)]
    _, told = ran(REDACTOR, _by_mien(audit=False), inputs, tmp_path / "out")
    assert any("hidden in one frame only" in sentence for sentence in told)


def test_combined_takes_the_wishes_too(people: Path, tmp_path: Path) -> None:
    wish = json.dumps({"options": {"mode": "combined", "mien": {"mask": "box", "margin": 0.3}}})
    made, _ = ran(REDACTOR, wish, [Input("foo.mp4", people)], tmp_path)
    assert names(made) == ["foo_redacted.mp4", "foo_audit.json", "foo_audit.html"]
    settings = json.loads(made[1].path.read_text())["settings"]
    assert (settings["mask"], settings["margin"]) == ("box", 0.3)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"efect": "blur"}, "efect"),
        ({"effect": "fog"}, "effect"),
        ({"effect": 3}, "effect"),
        ({"effect": "blur", "strength": "low"}, "can be seen through"),
        ({"margin": 2}, "margin"),
        ({"margin": True}, "margin"),
        ({"feather": float("nan")}, "NaN"),
        ({"audit": "yes"}, "audit"),
        ({"auditLimit": -1}, "auditLimit"),
    ],
)
def test_wishes_that_cannot_be(
    people: Path, tmp_path: Path, wish: dict[str, Any], said: str
) -> None:
    with pytest.raises(TaskError, match=said) as refused:
        ran(REDACTOR, _by_mien(**wish), [Input("foo.mp4", people)], tmp_path)
    assert refused.value.code is Code.CONFIGURATION


@pytest.mark.parametrize("text", ["", "{}", "[3]", '[{"kind":"name"}]', "[" * 100_000])
def test_what_is_no_log_of_edits(people: Path, found: Input, tmp_path: Path, text: str) -> None:
    log = tmp_path / "log"
    log.write_text(text)
    inputs = [Input("foo.mp4", people), found, Input("foo_edits.json", log)]
    with pytest.raises(MienError, match="no log of edits"):
        ran(REDACTOR, _by_mien(), inputs, tmp_path / "out")


def test_the_analysis_of_another_video_is_told(found: Input, tmp_path: Path) -> None:
    other = write_clip(tmp_path / "0f3b.mp4", numbered(30, 480, 270), rate=24)
    with pytest.raises(MismatchError):
        ran(REDACTOR, _by_mien(), [Input("foo.mp4", other), found], tmp_path / "out")
