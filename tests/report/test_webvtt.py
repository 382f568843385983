from __future__ import annotations

import io
import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings

from mien.errors import OutputError, UsageError
from mien.faces import EMOTIONS
from mien.report.webvtt import write_webvtt
from mien.timeline.timeline import Timeline, VideoFacts
from tests.report.tables import small
from tests.timeline.made import box, facts, made, steady, timelines

STAMP = r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})"


class Cue(NamedTuple):
    start: int  # milliseconds
    end: int
    text: str


def parse(text: str) -> list[Cue]:
    """Read WebVTT as strictly as https://www.w3.org/TR/webvtt1/#file-structure asks of authors,
    for files without styles, regions, settings, identifiers and tags."""
    head, *blocks = text.split("\n\n")
    assert head == "WEBVTT"
    assert blocks, "a blank line must follow the header"
    assert blocks.pop() == "", "a blank line ends the last block"
    cues: list[Cue] = []
    for block in blocks:
        first, *rest = block.split("\n")
        if first == "NOTE":
            assert rest
            assert "-->" not in block
            continue
        timing = re.fullmatch(f"{STAMP} --> {STAMP}", first)
        assert timing, first
        hours, minutes, seconds, milliseconds = np.array(timing.groups(), int).reshape(2, 4).T
        start, end = ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
        assert start < end
        assert not cues or cues[-1].start <= start
        assert rest
        assert all(line.strip() for line in rest)
        assert not re.search(r"-->|[<&]", "".join(rest)), "markup must be escaped"
        cues.append(Cue(int(start), int(end), "\n".join(rest)))
    return cues


def cues_of(timeline: Timeline, *, expressions: bool = False) -> list[Cue]:
    file = io.StringIO()
    write_webvtt(timeline, file, expressions=expressions)
    return parse(file.getvalue())


def test_the_text_of_two_stretches() -> None:
    rows = [box(0, 0), box(1, 0), box(1, 2, x=300), box(2, 2), box(2, 0, x=300), box(4, 2)]
    file = io.StringIO()
    write_webvtt(steady(5, rows), file)
    assert file.getvalue() == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:00.033\nface 0\n\n"
        "00:00:00.033 --> 00:00:00.100\nface 0, face 2\n\n"
        "00:00:00.133 --> 00:00:00.167\nface 2\n\n"
    )


def test_a_face_that_is_not_confirmed_is_nobody() -> None:
    assert cues_of(steady(3, [box(0, -1), box(1, 4), box(1, -1)])) == [Cue(33, 67, "face 4")]


def test_hours_and_the_end_of_the_last_frame() -> None:
    video = facts(25, Fraction(1, 25))
    timeline = made([25] * 3599 + [90_000, 3], [box(3599, 1), box(3600, 1)], video)
    (cue,) = cues_of(timeline)
    assert cue == Cue(3_599_000, 7_199_120, "face 1")
    file = io.StringIO()
    write_webvtt(timeline, file)
    assert "\n00:59:59.000 --> 01:59:59.120\n" in file.getvalue()


def told(
    *expressions: tuple[str, float] | None,
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A row an expression: its share, and what is left to neutral; None was not read."""
    rows = np.full((len(expressions), 8), np.nan, np.float32)
    for row, expression in zip(rows, expressions, strict=True):
        if expression:
            row[:] = 0
            row[0] = 1 - expression[1]
            row[EMOTIONS.index(expression[0])] += expression[1]
    return rows


def test_expressions_are_the_strongest_of_the_mean_of_half_a_second() -> None:
    rows = [box(frame, name, x=300 * name) for frame in range(50) for name in (0, 1)]
    happy, sad, angry = ("happiness", 0.75), ("sadness", 1.0), ("anger", 0.875)
    emotion = told(*[happy, None] * 24, sad, None, *[angry, None] * 12, *[angry, sad] * 13)
    timeline = made([40] * 50, rows, facts(25, Fraction(1, 1000)), emotion)
    assert cues_of(timeline, expressions=True) == [
        Cue(0, 520, "face 0: happiness 0.75\nface 1"),
        Cue(520, 1000, "face 0: happiness 0.69\nface 1"),  # 11 of 12 frames
        Cue(1000, 1520, "face 0: anger 0.88\nface 1: sadness 1.00"),  # one of 13 frames was read
        Cue(1520, 2000, "face 0: anger 0.88\nface 1: sadness 1.00"),
    ]


def test_expressions_come_with_the_note_that_says_what_they_are() -> None:
    file = io.StringIO()
    write_webvtt(small(), file, expressions=True)
    assert "NOTE\nThe expression is how the face looks, not what the person feels.\n\n" in (
        file.getvalue()
    )
    assert [cue.text for cue in parse(file.getvalue())] == [
        "face 0: happiness 0.62",
        "face 0: contempt 0.50",
    ]


def test_what_is_shorter_than_a_millisecond_is_left_out() -> None:
    timeline = made([1] * 90, [box(i, i) for i in range(90)], facts(25, Fraction(1, 90_000)))
    assert cues_of(timeline) == [Cue(0, 1, "face 44")]


@settings(max_examples=60, deadline=None)
@given(timelines())
def test_any_timeline_gives_valid_captions_of_who_is_in_view(timeline: Timeline) -> None:
    edges = [*timeline.pts.tolist()]
    edges += [edges[-1] + int(timeline.durations[-1])] if edges else []
    times = [int(tick * timeline.video.time_base * 1000 + Fraction(1, 2)) for tick in edges]
    seen: dict[int, str] = {}
    for frame in range(timeline.frame_count):
        ids = timeline.at(frame).track_id
        names = sorted(name for name in ids.tolist() if name >= 0)  # type: ignore[union-attr]
        if names and times[frame] < times[frame + 1]:
            seen |= dict.fromkeys(
                range(times[frame], min(times[frame + 1], times[frame] + 50)),
                ", ".join(f"face {name}" for name in names),
            )
    plain = cues_of(timeline)
    for early, late in pairwise(plain):
        assert early.end <= late.start
    for moment, text in seen.items():
        assert [cue.text for cue in plain if cue.start <= moment < cue.end] == [text]
    covered = sum(cue.end - cue.start for cue in plain)
    assert covered >= len(seen)
    full = cues_of(timeline, expressions=True)
    assert sum(cue.end - cue.start for cue in full) == covered
    for cue in full:
        assert re.fullmatch(r"(face \d+(: [a-z]+ [01]\.\d\d)?\n?)+", cue.text)


def test_a_variable_rate_is_cut_where_frames_begin() -> None:
    """Of three frames, the second is shown for ten seconds: no cue begins inside of it."""
    rows = [box(frame, 0) for frame in range(3)]
    video = VideoFacts(640, 360, Fraction(25), Fraction(1, 1000))
    timeline = made([40, 10_000, 40], rows, video, told(*[("fear", 1.0)] * 3))
    starts = [(cue.start, cue.end) for cue in cues_of(timeline, expressions=True)]
    assert starts == [(0, 10_040), (10_040, 10_080)]


def test_what_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "captions.vtt"
    with pytest.raises(UsageError, match="holds no emotion"):
        write_webvtt(steady(1, [box(0, 0)]), path, expressions=True)
    faces = replace(small().faces, track_id=None)
    with pytest.raises(UsageError, match="follow them first"):
        write_webvtt(replace(small(), faces=faces), path)
    with pytest.raises(OutputError, match="there is no folder"):
        write_webvtt(small(), tmp_path / "gone" / "captions.vtt")
    assert not path.exists()
    write_webvtt(steady(3), path, expressions=True)
    assert parse(path.read_text()) == []
