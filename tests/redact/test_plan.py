"""Masks for every frame, from a timeline or from annotations that somebody edited."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mien.errors import ConfigurationError, MismatchError
from mien.faces import EMOTIONS
from mien.media import VideoInfo, open_video
from mien.redact.plan import PlanOfAnnotations, PlanOfTimeline
from mien.timecode import Time
from mien.timeline.annotations import Annotations, read_media_analytics
from tests.clips import numbered, write_clip
from tests.timeline.made import box, document_of, facts, made

TENTH = Fraction(1, 10)
VIDEO = facts(10, TENTH, size=(160, 96))


def frame(number: int) -> tuple[Time, int]:
    return Time(number, TENTH), 1


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> VideoInfo:
    clip = write_clip(tmp_path_factory.mktemp("plan") / "a.mp4", numbered(30), rate=10)
    with open_video(clip) as video:
        return video.info


def annotated(rows: list[Any], **changes: Any) -> Annotations:
    document = document_of(made([1] * 30, rows, video=VIDEO)) | changes
    return read_media_analytics(io.StringIO(json.dumps(document)))


TWO = [box(n, name, x=x, y=20, side=32) for n in range(30) for name, x in ((1, 10), (2, 90))]


def plan_of(info: VideoInfo, annotations: Annotations | None = None, **options: Any) -> Any:
    return PlanOfAnnotations(annotations or annotated(TWO), "a.json", info, margin=0, **options)


@pytest.mark.parametrize(
    ("options", "middles"),
    [
        ({}, [26, 106]),
        ({"ids": [2]}, [106]),
        ({"keep_ids": [2]}, [26]),
        ({"ids": [1, 2]}, [26, 106]),
        ({"keep_ids": [1, 2]}, []),
    ],
)
def test_whom_to_hide(info: VideoInfo, options: dict[str, Any], middles: list[int]) -> None:
    plan = plan_of(info, **options)
    masks = plan.masks(*frame(4))
    assert sorted(masks.centre_xy[:, 0].tolist()) == pytest.approx(middles, abs=0.01)
    assert plan.is_empty == (not middles)


def test_who_is_left_visible_is_told(info: VideoInfo) -> None:
    plan = plan_of(info, keep_ids=[2])
    assert plan.shown(Time(4, TENTH)).tolist() == [pytest.approx([90, 20, 122, 52], abs=0.01)]
    assert len(plan_of(info).shown(Time(4, TENTH))) == 0


@pytest.mark.parametrize("option", ["ids", "keep_ids"])
def test_an_id_that_does_not_occur(info: VideoInfo, option: str) -> None:
    with pytest.raises(ConfigurationError, match=r"a.json has no id 7; it has 1, 2"):
        plan_of(info, None, **{option: [1, 7]})


def test_ids_to_hide_and_to_keep(info: VideoInfo) -> None:
    with pytest.raises(ConfigurationError, match="not both"):
        plan_of(info, ids=[1], keep_ids=[2])


def test_a_box_that_was_moved_or_removed_by_hand_is_taken_as_it_stands(info: VideoInfo) -> None:
    document = document_of(made([1] * 30, TWO, video=VIDEO))
    events = document["fragments"][0]["events"]
    events[3] = [event for event in events[3] if event["id"] == 2]
    events[3][0] |= {"x": 0.9, "y": -0.19, "width": 0.4, "height": 0.5, "index": 3}
    plan = plan_of(info, read_media_analytics(io.StringIO(json.dumps(document))))
    (mask,) = plan.masks(*frame(3)).centre_xy.tolist()
    assert mask == pytest.approx([160 * 1.1, 96 * 0.06], abs=0.01)
    assert len(plan.masks(*frame(2))) == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"width": 161}, "of another video: of 161 x 96 pixels, and this one has 160 x 96"),
        ({"framerate": 12.5}, "of another video: of 12.5 frames a second, and this one has 10"),
        ({"timescale": 20, "framerate": 10}, "of another video: it ends at 1.50 s"),
    ],
)
def test_annotations_of_another_video(
    info: VideoInfo, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        plan_of(info, annotated(TWO, **changes))


def test_where_the_container_does_not_say_how_long_it_is_the_end_tells(info: VideoInfo) -> None:
    plan = plan_of(replace(info, duration=None))
    with pytest.raises(ConfigurationError, match=r"it ends at 3.00 s, and this one at 1.50 s"):
        plan.check(15, Fraction(3, 2))
    plan.check(30, Fraction(3))


def test_windows_are_no_faces(info: VideoInfo) -> None:
    one = dict.fromkeys(EMOTIONS, 0) | {"neutral": 1}
    windows = [[{"windowFaceDistribution": one, "windowMeanScores": one}]]
    fragment = {"start": 0, "duration": 30, "interval": 30, "events": windows}
    with pytest.raises(ConfigurationError, match="holds windows instead of faces"):
        plan_of(info, annotated([], fragments=[fragment]))


def test_a_timeline_of_another_video() -> None:
    plan = PlanOfTimeline(made([1] * 3, [box(1, 0)], video=VIDEO))
    assert [len(plan.masks(*frame(number))) for number in range(3)] == [0, 1, 0]
    for other in (Time(3, TENTH), Time(1, Fraction(1, 20))):
        with pytest.raises(MismatchError, match="it has a frame at"):
            plan.masks(other, 1)
    with pytest.raises(MismatchError, match="it had 3 frames and now has 2"):
        plan.check(2, Fraction(1, 5))
    plan.check(3, Fraction(3, 10))


def test_a_document_on_disk_is_named_where_it_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a_annotations.json"
    path.write_text('{"version": 1,\n "fragments": [}')
    with pytest.raises(ConfigurationError, match=r"a_annotations.json .*line 2, column 16"):
        read_media_analytics(path)
