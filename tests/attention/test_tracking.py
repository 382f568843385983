from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien import analyze_video
from mien.attention import impressions, tracking
from mien.errors import UsageError
from mien.timeline.timeline import Timeline
from tests.attention.people import AWAY, LOOKS, OPEN, SHUT, UNKNOWN, watched
from tests.timeline.made import box, facts, made


def test_attention_is_the_share_of_the_time_so_far() -> None:
    found = tracking(watched([LOOKS, AWAY, AWAY, LOOKS]))
    np.testing.assert_allclose(found.attention, [100, 50, 100 / 3, 50])
    np.testing.assert_allclose(found.dwell_s, [0.1, 0.2, 0.3, 0.4])


def test_frames_count_by_how_long_they_are_shown() -> None:
    """At a variable rate: a look of 0.3 s and 0.1 s aside."""
    timeline = watched([LOOKS, AWAY])
    timeline = replace(timeline, pts=np.array([0, 3]), durations=np.array([3, 1]))
    found = tracking(timeline)
    np.testing.assert_allclose(found.attention, [100, 75])
    np.testing.assert_allclose(found.dwell_s, [0.3, 0.4])


def test_what_is_not_known_counts_in_dwell_and_not_in_attention() -> None:
    found = tracking(watched([UNKNOWN, LOOKS, UNKNOWN, AWAY]))
    np.testing.assert_allclose(found.attention, [np.nan, 100, 100, 50])
    np.testing.assert_allclose(found.dwell_s, [0.1, 0.2, 0.3, 0.4])
    assert found.glances.tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("gaze", "glances"),
    [
        ([LOOKS] * 6, [1] * 6),
        ([AWAY] * 3, [0] * 3),
        ([AWAY, LOOKS, LOOKS], [0, 1, 1]),
        # 0.4 s aside do not end a glance, 0.5 s do
        ([LOOKS, *[AWAY] * 4, LOOKS], [1, 1, 1, 1, 1, 1]),
        ([LOOKS, *[AWAY] * 5, LOOKS], [1, 1, 1, 1, 1, 1, 2]),
        ([LOOKS, *[UNKNOWN] * 5, LOOKS], [1, 1, 1, 1, 1, 1, 2]),
        ([LOOKS, *[AWAY] * 5, LOOKS, *[AWAY] * 5, LOOKS], [1] * 6 + [2] * 6 + [3]),
    ],
)
def test_glances(gaze: list[tuple[float, float]], glances: list[int]) -> None:
    assert tracking(watched(gaze)).glances.tolist() == glances


def test_whoever_was_away_for_long_glances_anew() -> None:
    found = tracking(watched([LOOKS, LOOKS], frames=[0, 6]))
    assert found.glances.tolist() == [1, 2]
    np.testing.assert_allclose(found.dwell_s, [0.1, 0.2])


@pytest.mark.parametrize(
    ("eyes", "blink"),
    [
        ([OPEN, SHUT, OPEN], [False, True, False]),
        ([OPEN, *[SHUT] * 5, OPEN], [False, *[True] * 5, False]),
        ([OPEN, *[SHUT] * 6, OPEN], [False] * 8),  # shut for longer than half a second
        ([SHUT, OPEN, SHUT], [True, False, True]),
        ([SHUT, np.nan, SHUT], [True, False, True]),
    ],
)
def test_blinks(eyes: list[float], blink: list[bool]) -> None:
    assert tracking(watched([LOOKS] * len(eyes), eyes=eyes)).blink.tolist() == blink


def test_an_absence_parts_two_blinks() -> None:
    """Shut for three frames, away for three, shut for three again: none of the runs is long."""
    shut = watched([LOOKS] * 6, eyes=[SHUT] * 6, frames=[0, 1, 2, 6, 7, 8])
    assert tracking(shut).blink.all()


def test_people_are_told_apart_and_the_unconfirmed_are_left_out() -> None:
    found = tracking(
        watched([LOOKS, AWAY, LOOKS] * 2, frames=[0, 0, 0, 1, 1, 1], ids=[0, 1, -1, 0, 1, -1])
    )
    np.testing.assert_allclose(found.attention, [100, 0, np.nan, 100, 0, np.nan])
    np.testing.assert_allclose(found.dwell_s, [0.1, 0.1, np.nan, 0.2, 0.2, np.nan])
    assert found.glances.tolist() == [1, 0, 0, 1, 0, 0]


def test_nobody() -> None:
    found = tracking(watched([], count=3))
    assert len(found.attention) == len(found.dwell_s) == len(found.glances) == len(found.blink) == 0


def test_a_timeline_without_the_columns_is_refused() -> None:
    with pytest.raises(UsageError, match="'pose_deg'"):
        tracking(made([1], [box(0, 0)], video=facts(10)))


@pytest.fixture(scope="module")
def smile(shared_media: Path) -> Timeline:
    """A man who looks at the camera, blinks and smiles; then a title card."""
    columns = ["pose_deg", "gaze_deg", "openness", "emotion", "age", "gender", "attributes"]
    return analyze_video(shared_media / "face_noface.mov", columns=columns, threads=1)


def test_a_real_clip(smile: Timeline) -> None:
    seen = tracking(smile)
    (person,) = impressions(smile)
    rows = smile.tracks()[person.person]
    assert person.attention > 90
    assert person.glances == 1
    shown = int(smile.spans[smile.frame[rows]].sum()) * smile.video.time_base
    assert person.dwell_s == pytest.approx(float(shown))
    assert person.dwell_s <= person.duration_s < smile.duration.seconds
    blinks = np.flatnonzero(np.diff(np.append(0, seen.blink[rows].astype(int))) == 1)
    assert len(blinks) == 1
    assert person.gender < 0.5
    assert person.emotion.sum() == pytest.approx(1, abs=1e-5)
