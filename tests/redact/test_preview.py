"""A preview is the frame that is rendered, but for the encoder's loss."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import MismatchError
from mien.media import open_video
from mien.media.encoder import Encoding
from mien.media.seek import Reel
from mien.redact.effects import Look
from mien.redact.plan import PlanOfTimeline
from mien.redact.preview import preview
from mien.redact.video import render
from mien.timeline.timeline import Timeline, VideoFacts
from tests.redact.clips import FRAMES, HEIGHT, WIDTH, WOMAN, box_of
from tests.timeline.made import made

Array = NDArray[Any]


def _timeline(path: Path) -> Timeline:
    """She is hidden in every frame but the first ten."""
    with open_video(path) as video:
        info = video.info
        times = [(frame.time.pts, frame.duration) for frame in video.frames()]
    facts = VideoFacts(WIDTH, HEIGHT, info.rate, info.time_base)
    assert [pts for pts, _ in times] == [k * times[0][1] for k in range(FRAMES)]
    rows = [(k, 0, *box_of(WOMAN, k)) for k in range(10, FRAMES)]
    return made([duration for _, duration in times], rows, video=facts)


@pytest.mark.parametrize("look", [Look("black"), Look("pixelate", "high", "box"), Look()])
def test_it_is_what_is_rendered(two_people: Path, tmp_path: Path, look: Look) -> None:
    plan, target = PlanOfTimeline(_timeline(two_people)), tmp_path / "a.mp4"
    reel = Reel(two_people)
    render(two_people, reel.info, plan, look, target, encoding=Encoding(crf=4))
    rendered = Reel(target)
    for second in (Fraction(0), Fraction(1), Fraction(2)):
        frame = reel.frame(second)
        before = np.array(frame.rgb)
        shown = preview(frame, plan, look).astype(int)
        there = rendered.frame(second).rgb.astype(int)
        assert np.abs(shown - there).mean() < 1.5
        changed = np.abs(shown - before).sum(axis=2) > 60
        x1, y1, x2, y2 = box_of(WOMAN, round(second * 25)).astype(int)
        inside = np.zeros(changed.shape, bool)
        inside[y1 - 30 : y2 + 30, x1 - 30 : x2 + 30] = True
        assert not changed[~inside].any()
        assert (changed[y1:y2, x1:x2].mean() > 0.5) == (second > 0)
        frame.forget()
        np.testing.assert_array_equal(frame.rgb, before)
        np.testing.assert_array_equal(preview(frame, plan, look), shown)


def test_a_plan_of_another_video_is_told(two_people: Path) -> None:
    facts = VideoFacts(WIDTH, HEIGHT, Fraction(30), Fraction(1, 30))
    plan = PlanOfTimeline(made([1] * 90, [(5, 0, 1, 1, 50, 50)], video=facts))
    with pytest.raises(MismatchError, match="frame"):
        preview(Reel(two_people).frame(Fraction(1, 25)), plan, Look())
