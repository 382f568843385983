"""Copies of a video, made by their processors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import UsageError
from mien.jobs import Input
from mien.jobs.codes import Code, TaskError
from mien.jobs.copies import names_of
from mien.jobs.processors import VIDEO_ANNOTATOR, WEB_VIDEO
from mien.media import open_video
from mien.media.playable import is_playable
from mien.timeline.archive import write_timeline
from tests.clips import numbered, read_number, write_clip
from tests.jobs.test_processors import names, ran
from tests.timeline.made import facts, made

FRAMES = 6


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", numbered(FRAMES, 320, 192), codec="mpeg4")


def test_a_copy_that_browsers_play(clip: Path, tmp_path: Path) -> None:
    made, told = ran(WEB_VIDEO, "", [Input("foo.mp4", clip)], tmp_path / "work")
    assert names(made) == ["foo_web.mp4"]
    assert is_playable(made[0].path)
    assert not any(str(tmp_path) in note for note in told)


def test_a_copy_with_faces_drawn_on_it(clip: Path, tmp_path: Path) -> None:
    rows = [(frame, 2, 100.0, 60.0, 200.0, 160.0) for frame in range(FRAMES)]
    timeline = made([1] * FRAMES, rows, video=facts(25, size=(320, 192)))
    write_timeline(timeline, tmp_path / "t")
    inputs = [Input("foo.mp4", clip, True), Input("foo_timeline.npz", tmp_path / "t")]
    pictures = {}
    for configuration in ("", '{"names": {"2": "Ada"}}'):
        found, _ = ran(VIDEO_ANNOTATOR, configuration, inputs, tmp_path / "work")
        assert names(found) == ["foo_annotated.mp4"]
        with open_video(found[0].path) as video:
            pictures[configuration] = [frame.rgb for frame in video.frames()]
    plain, named = pictures.values()
    with open_video(clip) as video:
        before = [frame.rgb for frame in video.frames()]
    assert len(plain) == FRAMES
    for one, other in zip(before, plain, strict=True):
        assert np.abs(one.astype(int) - other).max() > 60, "something is drawn"
    assert np.abs(plain[0].astype(int) - named[0]).max() > 60, "the name is another text"
    assert read_number(before[3]) == 3


def test_without_a_timeline_nothing_can_be_drawn(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"foo_timeline\.npz") as caught:
        ran(VIDEO_ANNOTATOR, "", [Input("foo.mp4", clip)], tmp_path / "work")
    assert caught.value.code is Code.MALFORMED_INPUT


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        "1",
        '{"names": []}',
        '{"names": {"a": "Ada"}}',
        '{"names": {"-1": "Ada"}}',
        '{"names": {"1": 5}}',
        '{"names": {"²": "Ada"}}',
        '{"names": {"9999999999": "Ada"}}',
        '{"other": {}}',
        "[" * 100_000,
    ],
)
def test_a_configuration_that_names_nobody_is_refused(
    text: str, clip: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError):
        names_of(text)
    with pytest.raises(TaskError) as caught:
        ran(VIDEO_ANNOTATOR, text, [Input("foo.mp4", clip)], tmp_path / "work")
    assert caught.value.code is Code.CONFIGURATION
