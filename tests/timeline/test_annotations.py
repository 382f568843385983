from __future__ import annotations

import codecs
import io
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import (
    ConfigurationError,
    InputError,
    InputNotFoundError,
    InputPermissionError,
    MediaTooLargeError,
    UsageError,
)
from mien.faces import EMOTIONS
from mien.timecode import Time
from mien.timeline import annotations as module
from mien.timeline.annotations import Annotations, read_media_analytics
from mien.timeline.timeline import Timeline
from tests.timeline.made import box, document_of, facts, made, steady, text_of

Document = dict[str, Any]


def face(name: object = 1, **values: object) -> Document:
    return {"id": name, "x": 0.25, "y": 0.5, "width": 0.125, "height": 0.25, **values}


def redactor(*fragments: Document) -> Document:
    """A document as Azure Media Redactor wrote it: fragments of one frame at 25 a second."""
    header = {"version": 1, "timescale": 50, "offset": 0, "framerate": 25.0}
    return {**header, "width": 1280, "height": 720, "fragments": list(fragments)}


def fragment(start: int, /, *events: list[Document], **values: object) -> Document:
    times = {"start": start, "duration": 2 * len(events), "interval": 2}
    return times | {"events": list(events)} | values


def read(document: object) -> Annotations:
    return read_media_analytics(io.StringIO(json.dumps(document)))


def test_a_redactors_document() -> None:
    edited = face(2028, x=-0.01, y=-0.19, width=1.3, index=7)
    annotations = read(redactor(fragment(0, [face(1), edited]), {"start": 2, "duration": 2}))
    assert (annotations.mode, annotations.timescale, annotations.framerate) == ("faces", 50, 25.0)
    assert annotations.fragments.tolist() == [[0, 2, 2, 1], [2, 2, 0, 0]]
    assert annotations.id.tolist() == [1, 2028]
    assert annotations.tick.tolist() == [0, 0]
    assert annotations.box_xywh[1].tolist() == [-0.01, -0.19, 1.3, 0.25]
    assert annotations.box_px[0].tolist() == [320, 360, 480, 540]
    assert np.isnan(annotations.scores).all()


def test_what_editors_and_other_programs_do_is_taken() -> None:
    document = redactor(
        fragment(8, [face(5.0)], [face(9_000_000_000_000, extra={"start": 3})], interval=None),
        {"start": 2, "duration": 6, "interval": 2, "events": []},
        {"start": 0, "interval": 2.0, "events": [[]]},
        {"events": None, "duration": 0, "start": 12},
    )
    text = json.dumps(dict(reversed(list(document.items()))))
    annotations = read_media_analytics(io.StringIO("\ufeff" + text))
    assert annotations.fragments.tolist() == [
        [0, 2, 2, 1],
        [2, 6, 2, 0],
        [8, 4, 2, 2],
        [12, 0, 0, 0],
    ]
    assert annotations.id.tolist() == [5, 9_000_000_000_000]
    assert annotations.tick.tolist() == [8, 10]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
)
def test_files_as_editors_save_them(encode: Callable[[str], bytes], tmp_path: Path) -> None:
    path = tmp_path / "foo_annotations.json"
    path.write_bytes(encode(json.dumps(redactor(fragment(0, [face(3)])), indent=2)))
    for source in (path, str(path)):
        assert read_media_analytics(source).id.tolist() == [3]
    with open(path, "rb") as file:
        assert read_media_analytics(file).id.tolist() == [3]


def in_fragment(**values: object) -> Document:
    return redactor(fragment(0, [face()]), fragment(2, [face()], **values))


def in_face(**values: object) -> Document:
    return redactor(fragment(0, [], [face(1), face(2, **values)]))


def in_header(**values: object) -> Document:
    return redactor(fragment(0, [face()])) | values


NO_MEDIA_ANALYTICS = [
    ([], "it has no fragments"),
    ({"shapes": []}, "it has no fragments"),
    ({"start": 0, "duration": 1}, "it has no fragments"),
    (in_header(fragments={}), "fragments must be a list"),
    (in_header(fragments=[5]), "fragment 1 has no times"),
    (in_header(fragments=[{"start": 0}]), "fragment 1 has no times"),
    (in_header(version=2), "version must be 1, got 2"),
    (in_header(offset=100), "offset must be 0, got 100"),
    (in_header(timescale=0), "timescale must be 1 to"),
    (in_header(timescale=None), "timescale must be a whole number, got nothing"),
    (in_header(width=True), "width must be a whole number, got True"),
    (in_header(height=70_000), "height must be 1 to 65536, got 70000"),
    (in_header(framerate="25"), "framerate must be a number, got '25'"),
    (in_header(framerate=0), "framerate must be 0.0001 to 1000000, got 0"),
    (in_header(rotation=45), "rotation must be a multiple of 90 degrees, got 45"),
    (in_fragment(start=-1), "fragment 2: start must be 0 to"),
    (in_fragment(start=1.5), r"fragment 2: start must be a whole number, got 1\.5"),
    (in_fragment(start=1), "fragment 1 reaches into fragment 2"),
    (in_fragment(start=10**40), "fragment 2: start must be .* more than 30 digits"),
    (in_fragment(start=1 << 61, interval=1 << 61), "fragment 2 ends beyond tick"),
    (in_fragment(duration=None, interval=None), "fragment 2 has no duration"),
    (in_fragment(duration=0, interval=None), "fragment 2 has events and no interval"),
    (in_fragment(interval=0), "fragment 2: interval must be 1 to"),
    (in_fragment(events={}, duration=None, interval=None), "fragment 2 has no duration"),
    (in_fragment(events="no"), "fragment 2: events must be a list, got 'no'"),
    (in_fragment(events=[face()]), "fragment 2, event 1 must be a list of faces, got {'id': 1"),
    (in_fragment(events=[[3]]), "fragment 2, event 1, face 1 must be an object, got 3"),
    (in_face(id=None), "fragment 1, event 2, face 2: id must be a whole number, got nothing"),
    (in_face(id=-1), "fragment 1, event 2, face 2: id must be 0 to"),
    (in_face(id="2"), "fragment 1, event 2, face 2: id must be a whole number, got '2'"),
    (in_face(x=None), "fragment 1, event 2, face 2: x must be a number, got nothing"),
    (in_face(y="0.5"), r"fragment 1, event 2, face 2: y must be a number, got '0\.5'"),
    (in_face(x=350), "face 2: x must be -16 to 16, got 350; coordinates are shares"),
    (in_face(width=0), "fragment 1, event 2, face 2: width and height must be above zero"),
    (in_face(height=-0.5), "face 2: width and height must be above zero"),
    (in_face(scores=[0.5]), r"face 2: scores must be an object of eight scores, got \[0\.5\]"),
    (in_face(scores={"neutral": 1}), "face 2: scores: happiness must be a number, got nothing"),
    (
        in_face(scores=dict.fromkeys(EMOTIONS, 3)),
        "face 2: scores: neutral must be 0 to 1, got 3",
    ),
    (in_face(windowFaceDistribution={}), "fragment 1, event 2, face 2 mixes windows with faces"),
]


@pytest.mark.parametrize(("document", "message"), NO_MEDIA_ANALYTICS)
def test_nonsense_is_refused_with_its_place(document: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"it is no Media Analytics document: .*{message}"):
        read(document)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no Media Analytics document: it is empty"),
        (b" \n", "it is empty"),
        (
            b'{"version": 1,\n "fragments": [}',
            r"not valid JSON: line 2, column 16: Expecting value",
        ),
        (b'{"version": 1} {}', "not valid JSON: line 1, column 16: Extra data"),
        (b"<xml/>", "not valid JSON: line 1, column 1"),
        (b'{"fragments": NaN}', "NaN is no number"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe\x00", "not text in UTF-8 or UTF-16"),
        (b"\x80abc", "not text in UTF-8 or UTF-16"),
        (
            b'{"width": ' + b"9" * 5000 + b"}",
            "not valid JSON: it holds a number of too many digits",
        ),
        (b'{"fragments": [{"start": 0, "start": 1e999, "duration": 1}]}', "start must be a whole"),
    ],
)
def test_files_that_are_no_json_of_this_kind(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "foo_annotations.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"foo_annotations.json is .*{message}") as caught:
        read_media_analytics(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputNotFoundError, match=r"there is no file .*none\.json"):
        read_media_analytics(tmp_path / "none.json")
    with pytest.raises(InputError, match="is a folder"):
        read_media_analytics(tmp_path)
    with pytest.raises(InputError, match="cannot read"):
        read_media_analytics(tmp_path / ("x" * 300))
    path = tmp_path / "clip.json"
    path.write_text(text_of(steady(1)))
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    with pytest.raises(MediaTooLargeError, match="larger than"):
        read_media_analytics(path)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(InputPermissionError, match="you may not read"):
        read_media_analytics(path)


def test_a_windows_document() -> None:
    scores = np.eye(8)[[1]]
    document = document_of(steady(80, [box(0, 0)], emotion=scores), mode="aggregateEmotion")
    annotations = read(document)
    assert annotations.mode == "aggregateEmotion"
    assert annotations.window_tick.tolist() == [0, 15015, 30030, 45045, 60060, 75075]
    assert annotations.windows.shape == (6, 2, 8)
    assert annotations.windows[0].tolist() == [scores[0].tolist()] * 2
    assert not annotations.windows[1:].any()
    assert len(annotations.id) == len(annotations.tick) == 0
    with pytest.raises(UsageError, match="holds no faces"):
        annotations.timeline()
    document["fragments"].append(fragment(100_000, [face()]))
    with pytest.raises(ConfigurationError, match="fragment 4 mixes windows with faces"):
        read(document)


@pytest.mark.parametrize(
    ("rotation", "size", "expected"),
    [
        (0, (1280, 720), (0.25, 0.5, 0.125, 0.25)),
        (90, (720, 1280), (0.25, 0.25, 0.25, 0.125)),
        (180, (1280, 720), (0.625, 0.25, 0.125, 0.25)),
        (270, (720, 1280), (0.5, 0.625, 0.25, 0.125)),
        (-90, (720, 1280), (0.5, 0.625, 0.25, 0.125)),
    ],
)
def test_a_turned_picture_is_set_upright(
    rotation: int, size: tuple[int, int], expected: tuple[float, ...]
) -> None:
    annotations = read(in_header(rotation=rotation))
    assert (annotations.width, annotations.height) == size
    assert annotations.box_xywh[0].tolist() == list(expected)


def test_turning_agrees_with_turning_the_picture() -> None:
    picture = np.zeros((8, 16))
    picture[4:6, 4:6] = 1  # the face of `face()`: x 0.25, y 0.5, width 0.125, height 0.25
    for rotation in (0, 90, 180, 270):
        left, top, right, bottom = read(
            in_header(rotation=rotation, width=16, height=8)
        ).box_px[0].astype(int)  # fmt: skip
        turned = np.rot90(picture, -rotation // 90)
        assert turned[top:bottom, left:right].sum() == turned.sum() == 4
        assert turned[top:bottom, left:right].all()


def test_the_faces_of_a_moment() -> None:
    document = redactor(fragment(0, [face(1)], [], [face(2), face(3)]), fragment(10, [face(4)]))
    annotations = read(document)

    def ids(seconds: Fraction) -> list[int]:
        found: list[int] = annotations.id[annotations.rows_at(seconds)].tolist()
        return found

    assert ids(Fraction(0)) == ids(Fraction(1, 50)) == [1]
    assert ids(Fraction(2, 50)) == ids(Fraction(3, 50)) == []
    assert ids(Fraction(4, 50)) == ids(Fraction(599, 5000)) == [2, 3]
    assert ids(Fraction(6, 50)) == ids(Fraction(9, 50)) == ids(Fraction(-1)) == []
    assert ids(Fraction(11, 50)) == [4]
    assert ids(Fraction(12, 50)) == []
    assert annotations.rows_at(Time(5, Fraction(1, 50))) == slice(1, 3)


def same(one: Timeline, other: Timeline) -> None:
    assert one.video == other.video
    for name in ("pts", "durations", "frame"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert one.faces.track_id is not None
    assert other.faces.track_id is not None
    assert np.array_equal(one.faces.track_id, other.faces.track_id)
    assert np.allclose(one.faces.box_xyxy, other.faces.box_xyxy, atol=2e-3)


def test_written_and_read_is_equal() -> None:
    rng = np.random.default_rng(3)
    rows = [
        (i, name, *(corner := rng.uniform(0, 300, 2)), *(corner + rng.uniform(30, 300, 2)))
        for i in (*range(20, 50), *range(130, 145))
        for name in (0, 4)
    ]
    emotion = rng.dirichlet(np.ones(8), len(rows))
    timeline = steady(200, rows, emotion=emotion)
    again = read(document_of(timeline)).timeline()
    same(timeline, again)
    assert again.faces.emotion is None
    assert np.isnan(again.faces.score).all()
    again = read(document_of(timeline, mode="perFaceEmotion")).timeline()
    same(timeline, again)
    assert again.faces.emotion is not None
    assert np.allclose(again.faces.emotion, emotion, atol=1e-6)
    for mode in ("perFaceEmotion", "aggregateEmotion"):
        assert text_of(again, mode=mode) == text_of(timeline, mode=mode)


def test_variable_rates_are_read_back() -> None:
    spans = [1, 1, 5, 5, 5, 2, 7, 7, 1]
    rows = [box(i, 3) for i in (0, 2, 3, 5, 6, 7, 8)]
    timeline = made(spans, rows, facts(25, Fraction(1, 100)))
    same(timeline, read(document_of(timeline)).timeline())


def test_a_rate_near_a_broadcast_one_is_not_taken_for_it() -> None:
    """Frames of 7507 ticks of 1/90000 s: 11.989 a second, near 12000/1001 = 11.988."""
    timeline = made([7507, 7507], (), facts(Fraction(90_000, 7507), Fraction(1, 90_000)))
    document = document_of(timeline)
    assert document["framerate"] == 11.989
    again = read(document).timeline()
    same(timeline, again)
    assert read({**document, "framerate": 29.97}).timeline().video.rate == Fraction(30_000, 1001)


NONE_AFTER_7 = {"start": 7, "duration": 21}


def test_empty_stretches_are_cut_by_the_rate_or_stay_whole() -> None:
    document = redactor(
        {"start": 0, "duration": 6}, fragment(6, [face()]), {"start": 8, "duration": 9}
    )
    timeline = read(document).timeline()
    assert timeline.pts.tolist() == [0, 2, 4, 6, 8]
    assert timeline.durations.tolist() == [2, 2, 2, 2, 9]
    assert timeline.frame.tolist() == [3]
    as_before = read(redactor(fragment(0, [face()], interval=7, duration=7), NONE_AFTER_7))
    assert as_before.timeline().pts.tolist() == [0, 7, 14, 21]


def test_what_a_timeline_cannot_hold_is_said() -> None:
    with pytest.raises(UsageError, match="id 3000000000 is too large"):
        read(redactor(fragment(0, [face(3_000_000_000)]))).timeline()
    endless = read(redactor({"start": 0, "duration": 1 << 60}))
    with pytest.raises(UsageError, match="has over 16777216 frames"):
        endless.timeline()


def test_events_past_the_stated_end_of_a_fragment_are_kept() -> None:
    timeline = read(redactor(fragment(0, [face()], [face()], duration=2))).timeline()
    assert timeline.pts.tolist() == [0, 2]
    longer = read(redactor(fragment(0, [face()], duration=6))).timeline()
    assert longer.pts.tolist() == [0, 2, 4]
