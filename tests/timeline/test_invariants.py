"""What holds for the document of any video at all."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import jsonschema
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.faces import EMOTIONS
from mien.timeline.annotations import read_media_analytics
from mien.timeline.clock import clock_of
from mien.timeline.media_analytics import MODES, schema_of
from mien.timeline.timeline import Timeline
from tests.timeline.made import document_of, text_of, timelines

VALIDATORS = {mode: jsonschema.Draft202012Validator(schema_of(mode)) for mode in MODES}
some = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written(timeline: Timeline, **options: Any) -> dict[str, Any]:
    """The document, valid, covering the video without gap or overlap, intervals whole."""
    document = document_of(timeline, **options)
    VALIDATORS[options["mode"]].validate(document)
    clock = clock_of(timeline)
    end = int(clock.ticks[0])
    for fragment in document["fragments"]:
        assert fragment["start"] == end
        end += fragment["duration"]
        if "events" in fragment:
            assert fragment["duration"] == fragment["interval"] * len(fragment["events"])
    assert end == clock.ticks[-1]
    return document


@some
@given(timelines(), st.sampled_from(MODES[:2]))
def test_per_frame_documents(timeline: Timeline, mode: str) -> None:
    document = written(timeline, mode=mode)
    ticks = set(clock_of(timeline).ticks.tolist())
    for fragment in document["fragments"]:
        for index, faces in enumerate(fragment.get("events", [])):
            assert fragment["start"] + index * fragment["interval"] in ticks
            assert [face["id"] for face in faces] == sorted(face["id"] for face in faces)
            for face in faces:
                assert face["x"] + face["width"] <= 1 + 1e-12
                assert face["y"] + face["height"] <= 1 + 1e-12
                side = [face["width"] * document["width"], face["height"] * document["height"]]
                assert all(23.5 - 1e-9 <= length < 2048.5 for length in side)


@some
@given(timelines())
def test_every_frame_time_is_rebuilt_exactly(timeline: Timeline) -> None:
    clock = clock_of(timeline)
    base = timeline.video.time_base
    rounds = (1 / timeline.video.rate / base).denominator != 1
    assert (np.diff(clock.ticks) > 0).all()
    for pts, tick in zip(timeline.pts.tolist(), clock.ticks.tolist(), strict=False):
        error = abs(Fraction(tick, clock.timescale) - pts * base)
        assert error == 0 or (rounds and error < base)


@some
@given(timelines())
def test_every_face_the_document_may_hold_is_in_it_once(timeline: Timeline) -> None:
    faces = timeline.faces
    assert faces.track_id is not None
    size = [timeline.video.width, timeline.video.height] * 2
    edges = np.clip(faces.box_xyxy.astype(float), 0, size)
    sides = edges[:, 2:] - edges[:, :2]
    clearly = ((sides > 24) & (sides < 2048)).all(axis=1) & (faces.track_id >= 0)
    document = written(timeline, mode="faces")
    events = [event for f in document["fragments"] for event in f.get("events", []) if event]
    counted = np.bincount(timeline.frame[clearly], minlength=1)
    assert sum(map(len, events)) >= np.minimum(counted, 64).sum()
    assert all(len({face["id"] for face in event}) == len(event) <= 64 for event in events)


lengths = st.tuples(st.integers(250, 2000), st.integers(250, 1000)).filter(
    lambda ms: ms[0] >= ms[1]
)


@some
@given(timelines(), lengths)
def test_aggregate_documents(timeline: Timeline, lengths: tuple[int, int]) -> None:
    window_ms, interval_ms = lengths
    document = written(
        timeline, mode="aggregateEmotion", window_ms=window_ms, interval_ms=interval_ms
    )
    intervals = [fragment["interval"] for fragment in document["fragments"]]
    assert len(set(intervals[:-1])) <= 1  # only the last slice of the video may be shorter
    assert not intervals or intervals[-1] <= intervals[0]
    for fragment in document["fragments"]:
        for (event,) in fragment["events"]:
            for scores in event.values():
                assert list(scores) == list(EMOTIONS)
                total = sum(scores.values())
                assert total == 0 or abs(total - 1) < 1e-5
            share, mean = event["windowFaceDistribution"], event["windowMeanScores"]
            assert (sum(share.values()) == 0) == (sum(mean.values()) == 0)


@some
@given(timelines(), st.sampled_from(MODES[:2]))
def test_reading_gives_back_what_was_written(timeline: Timeline, mode: str) -> None:
    text = text_of(timeline, mode=mode)
    annotations = read_media_analytics(io.StringIO(text))
    document = document_of(timeline, mode=mode)
    faces = [face for f in document["fragments"] for e in f.get("events", []) for face in e]
    assert annotations.id.tolist() == [face["id"] for face in faces]
    boxes = [[face[key] for key in ("x", "y", "width", "height")] for face in faces]
    assert annotations.box_xywh.tolist() == boxes
    again = annotations.timeline()
    clock = clock_of(timeline)
    assert set(annotations.tick.tolist()) <= set(clock.ticks.tolist())
    assert again.pts[again.frame].tolist() == annotations.tick.tolist()
    if timeline.frame_count:
        assert again.pts[0] == clock.ticks[0]
        assert again.pts[-1] + again.durations[-1] == clock.ticks[-1]


@some
@given(timelines())
def test_a_constant_rate_is_written_the_same_again(timeline: Timeline) -> None:
    clock = clock_of(timeline)
    spans = np.diff(clock.ticks)
    if timeline.frame_count < 2 or (spans != spans[0]).any():
        return
    text = text_of(timeline, mode="faces")
    again = read_media_analytics(io.StringIO(text)).timeline()
    assert again.frame_count == timeline.frame_count
    assert text_of(again, mode="faces") == text
