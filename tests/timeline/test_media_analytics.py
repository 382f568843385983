from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from mien.errors import ConfigurationError, OutputError, UsageError
from mien.faces import EMOTIONS, Faces
from mien.timeline.detectable import limited
from mien.timeline.media_analytics import (
    MODES,
    media_analytics_text,
    schema_of,
    write_media_analytics,
)
from mien.timeline.timeline import Timeline
from tests.timeline.made import NTSC, Row, box, document_of, facts, made, steady, text_of

HAPPY = np.eye(8)[1]


def ids_by_event(fragment: dict[str, Any]) -> list[list[int]]:
    return [[face["id"] for face in event] for event in fragment["events"]]


def test_the_documented_example() -> None:
    """Keys, order and numbers as the documentation of the service prints them."""
    x, y = 0.519531 * 1280, 0.180556 * 720
    face = (60, 0, x, y, x + 0.0867188 * 1280, y + 0.154167 * 720)
    document = document_of(steady(120, [face]))
    fragments = document.pop("fragments")
    assert list(document.items()) == [
        ("version", 1),
        ("timescale", 30000),
        ("offset", 0),
        ("framerate", 29.97),
        ("width", 1280),
        ("height", 720),
    ]
    assert fragments[0] == {"start": 0, "duration": 60060}
    assert list(fragments[1].items())[:3] == [
        ("start", 60060),
        ("duration", 60060),
        ("interval", 1001),
    ]
    assert len(fragments) == 2
    (event,) = fragments[1]["events"][0]
    assert list(event.items()) == [
        ("id", 0),
        ("x", 0.519531),
        ("y", 0.180556),
        ("width", 0.086719),
        ("height", 0.154167),
    ]
    assert fragments[1]["events"][1:] == [[]] * 59


@pytest.mark.parametrize(
    ("rate", "printed", "timescale", "duration"),
    [
        (NTSC, "29.97", 30000, 60060),
        (Fraction(24000, 1001), "23.976", 24000, 48048),
        (Fraction(25), "25.0", 25, 50),
        (Fraction(60000, 1001), "59.94", 60000, 120120),
        (Fraction(1, 3), "0.333333", 1, 3),
    ],
)
def test_rates_are_printed_as_the_service_did(
    rate: Fraction, printed: str, timescale: int, duration: int
) -> None:
    video = facts(rate, Fraction(1, rate.numerator))
    text = text_of(made([rate.denominator] * 300, video=video))
    assert f'\n"timescale": {timescale},\n"offset": 0,\n"framerate": {printed},\n' in text
    assert json.loads(text)["fragments"][0] == {"start": 0, "duration": duration}


def test_a_new_fragment_begins_where_the_frame_duration_changes() -> None:
    spans = [40] * 3 + [20] * 2 + [300] + [40] * 2
    rows = [box(frame, 0) for frame in (1, 3, 4, 5)]
    document = document_of(made(spans, rows, facts(25, Fraction(1, 1000))))
    assert document["timescale"] == 1000
    times = [(f["start"], f["duration"], f.get("interval")) for f in document["fragments"]]
    assert times == [(0, 120, 40), (120, 40, 20), (160, 300, 300), (460, 80, None)]
    assert ids_by_event(document["fragments"][0]) == [[], [0], []]


def test_only_confirmed_faces_are_written_by_id() -> None:
    rows = [box(0, 12), box(0, -1), box(0, 3), box(1, -1)]
    (fragment,) = document_of(steady(2, rows))["fragments"]
    assert ids_by_event(fragment) == [[3, 12], []]
    assert document_of(steady(2, rows[1:2]))["fragments"] == [{"start": 0, "duration": 2002}]


@pytest.mark.parametrize(
    ("width", "height", "written"),
    [
        (24, 24, True),
        (23, 30, False),
        (30, 23, False),
        (2048, 2048, True),
        (2050, 100, False),
        (100, 2050, False),
    ],
)
def test_the_detectors_limits_of_size_bound_the_document(
    width: float, height: float, written: bool
) -> None:
    row = (0, 0, 5.0, 5.0, 5 + width, 5 + height)
    (fragment,) = document_of(steady(1, [row], video=facts(size=(4096, 2160))))["fragments"]
    assert ("events" in fragment) is written


def test_of_a_crowd_the_64_largest_are_written() -> None:
    rows = [box(1, name, x=name, side=50 + name % 70) for name in range(90)]
    (fragment,) = document_of(steady(3, [*rows, box(2, 5)]))["fragments"]
    kept = ids_by_event(fragment)
    by_size = sorted(range(90), key=lambda name: (-(name % 70), name))
    assert kept == [[], sorted(by_size[:64]), [5]]


def test_boxes_are_clipped_to_the_picture() -> None:
    rows: list[Row] = [
        (0, 0, -100, -50, 100, 50),
        (0, 1, 1200, 700, 1300, 800),
        (0, 2, 1300, 10, 1400, 90),
    ]
    (fragment,) = document_of(steady(1, rows))["fragments"]
    assert fragment["events"] == [
        [{"id": 0, "x": 0, "y": 0, "width": 0.078125, "height": 0.069444}]
    ]  # of face 1 only 80x20 pixels are in the picture, of face 2 none


def test_rounding_never_takes_a_box_past_the_edge() -> None:
    # both 161/640 and 479/640 lie half way between two millionths, and both would be rounded up
    row = (0, 0, 161.0, 100.0, 640.0, 300.0)
    (fragment,) = document_of(steady(1, [row], video=facts(size=(640, 360))))["fragments"]
    (face,) = fragment["events"][0]
    assert round(face["x"] * 1e6) + round(face["width"] * 1e6) <= 1_000_000


def test_per_face_emotion() -> None:
    scores = np.array([[0.7, 0.1, 0.05, 0.05, 0.04, 0.03, 0.02, 0.01], HAPPY, np.full(8, np.nan)])
    timeline = steady(3, [box(i, 0) for i in range(3)], emotion=scores)
    events = document_of(timeline, mode="perFaceEmotion")["fragments"][0]["events"]
    assert list(events[0][0]) == ["id", "x", "y", "width", "height", "scores"]
    assert list(events[0][0]["scores"].items()) == list(zip(EMOTIONS, scores[0], strict=True))
    assert '"neutral":0,"happiness":1,' in text_of(timeline, mode="perFaceEmotion")
    assert "scores" not in events[2][0]  # not read: nothing is made up


def test_aggregate_emotion_keeps_slices_without_a_face() -> None:
    timeline = steady(75, [box(i, 0) for i in range(15)], emotion=np.tile(HAPPY, (15, 1)))
    document = document_of(timeline, mode="aggregateEmotion")
    first, rest = document["fragments"]
    assert [first[key] for key in ("start", "duration", "interval")] == [0, 60060, 15015]
    assert [rest[key] for key in ("start", "duration", "interval")] == [60060, 15015, 15015]
    happy = dict(zip(EMOTIONS, HAPPY.tolist(), strict=True))
    nobody = dict.fromkeys(EMOTIONS, 0)
    windows = [[(e["windowFaceDistribution"], e["windowMeanScores"]) for e in events]
               for events in first["events"]]  # fmt: skip
    assert windows == [[(happy, happy)], *[[(nobody, nobody)]] * 3]
    assert list(first["events"][0][0]["windowMeanScores"]) == list(EMOTIONS)


def test_aggregate_windows_reach_past_their_slice_on_both_sides() -> None:
    timeline = steady(60, [box(29, 0)], emotion=HAPPY[np.newaxis])
    events = document_of(timeline, mode="aggregateEmotion", window_ms=1000)["fragments"][0][
        "events"
    ]
    # slices of 15 frames, windows of 30: 7 before, 8 after
    assert [event[0]["windowMeanScores"]["happiness"] for event in events] == [0, 1, 1, 0]


def test_aggregate_at_a_variable_rate_keeps_to_time() -> None:
    spans = [33, 34, 200, 33, 17, 900, 33] * 3
    timeline = made(spans, video=facts(30, Fraction(1, 1000)))
    fragments = document_of(timeline, mode="aggregateEmotion")["fragments"]
    times = [(f["start"], f["duration"], f["interval"]) for f in fragments]
    assert times == [(0, 2000, 500), (2000, 1500, 500), (3500, 250, 250)]


@pytest.mark.parametrize("mode", MODES)
def test_a_video_without_frames_or_faces(mode: str) -> None:
    assert document_of(made([]), mode=mode)["fragments"] == []
    no_column = Timeline(facts(), np.array([0]), np.array([1001]), np.empty(0), Faces.empty())
    (fragment,) = document_of(no_column, mode=mode)["fragments"]
    assert (fragment["start"], fragment["duration"]) == (0, 1001)


WRONG: list[Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], object]] = [
    lambda document, fragment, event: document.update(extra=1),
    lambda document, fragment, event: document.update(offset=5),
    lambda document, fragment, event: document.pop("framerate"),
    lambda document, fragment, event: fragment.update(interval=0),
    lambda document, fragment, event: fragment.update(start=0.5),
    lambda document, fragment, event: fragment.update(events=[]),
    lambda document, fragment, event: fragment.pop("events"),
    lambda document, fragment, event: event.update(index=1),
    lambda document, fragment, event: event.pop(next(iter(event))),
]


@pytest.mark.parametrize("mode", MODES)
def test_schemas_are_schemas_and_refuse_what_is_not_in_the_format(mode: str) -> None:
    validator = jsonschema.Draft202012Validator(schema_of(mode))
    validator.check_schema(validator.schema)
    timeline = steady(70, [box(3, 0)], emotion=HAPPY[np.newaxis])
    validator.validate(document_of(timeline, mode=mode))
    for change in WRONG:
        document = document_of(timeline, mode=mode)
        fragment = document["fragments"][0]
        (event,) = fragment["events"][0 if mode == "aggregateEmotion" else 3]
        change(document, fragment, event)
        assert not validator.is_valid(document)


def test_a_document_of_another_mode_does_not_validate() -> None:
    timeline = steady(3, [box(0, 0)], emotion=HAPPY[np.newaxis])
    for written in MODES:
        for mode in MODES:
            validator = jsonschema.Draft202012Validator(schema_of(mode))
            fits = mode == written or (written, mode) == ("faces", "perFaceEmotion")
            assert validator.is_valid(document_of(timeline, mode=written)) is fits, (written, mode)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "Faces "}, "no mode 'Faces '; choose one of faces"),
        ({"window_ms": 100}, "WindowMs must be 250 to 2000"),
        ({"interval_ms": 1001, "window_ms": 2000}, "IntervalMs must be 250 to 1000"),
    ],
)
def test_options_are_checked_before_anything_is_written(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        media_analytics_text(steady(1), **options)
    with pytest.raises(ConfigurationError, match=message):
        write_media_analytics(steady(1), tmp_path / "clip.json", **options)
    assert list(tmp_path.iterdir()) == []


def test_what_the_timeline_lacks_is_said() -> None:
    timeline = steady(1, [box(0, 0)])
    for mode in MODES[1:]:
        with pytest.raises(UsageError, match="holds no emotion"):
            media_analytics_text(timeline, mode=mode)
    loose = replace(timeline, faces=replace(timeline.faces, track_id=None))
    with pytest.raises(UsageError, match="have no ids"):
        media_analytics_text(loose)
    with pytest.raises(ConfigurationError, match="no mode"):
        schema_of("../faces")


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "clip.json"
    path.write_text("before")
    timeline = steady(100, [box(i, 0) for i in range(100)])
    broken = replace(timeline, video=replace(facts(), time_base=Fraction(1 << 61, 3)))
    with pytest.raises(ValueError, match="too large"):
        write_media_analytics(broken, path)
    assert path.read_text() == "before"
    write_media_analytics(timeline, str(path))
    assert path.read_text() == text_of(timeline)
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputError, match="there is no folder"):
        write_media_analytics(timeline, tmp_path / "none" / "clip.json")


def test_a_failing_reader_of_the_stream_is_heard() -> None:
    class Full(io.StringIO):
        def writelines(self, lines: Any) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_media_analytics(steady(1), Full())


def test_the_document_is_written_in_pieces_of_one_fragment() -> None:
    rows = [box(i, name) for i in range(6000) for name in range(3)]
    timeline = steady(6000, rows)
    pieces = list(media_analytics_text(timeline))
    assert len(pieces) == 2 + 100
    size = sum(map(len, pieces))
    tracemalloc.start()
    for _ in media_analytics_text(timeline):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 1_000_000
    assert peak < size / 3


def test_of_many_people_those_seen_largest_are_written_and_counted_anew() -> None:
    sides = {3: 40, 5: 90, 8: 60, 9: 60, 12: 20}  # 20 pixels are too few to be told of
    rows = [box(at, name, side=side) for name, side in sides.items() for at in range(3)]
    rows.append(box(4, 3, side=200))  # for one frame the largest of all
    timeline = steady(6, rows)
    assert limited(timeline, 4) is timeline

    def told(most: int) -> list[list[tuple[int, int]]]:
        (fragment,) = document_of(limited(timeline, most))["fragments"]
        return [
            [(face["id"], round(face["width"] * 1280)) for face in event]
            for event in fragment["events"]
        ]

    assert told(3) == [[(0, 40), (1, 90), (2, 60)]] * 3 + [[], [(0, 200)], []]
    assert told(2) == [[(0, 40), (1, 90)]] * 3 + [[], [(0, 200)], []]
    assert told(1) == [[(0, 40)]] * 3 + [[], [(0, 200)], []]
    assert limited(timeline, 1).tracks().keys() == {0}
    assert len(limited(timeline, 1).faces) == len(rows)  # the others are there to be hidden
