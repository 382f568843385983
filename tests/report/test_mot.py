from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import motmetrics
import numpy as np
import pytest

from mien.errors import OutputError, UsageError
from mien.report.mot import write_mot
from mien.timeline.timeline import Timeline
from tests.report.tables import small, steady


def text_of(timeline: Timeline) -> str:
    file = io.StringIO()
    write_mot(timeline, file)
    return file.getvalue()


def test_ten_values_a_line_counted_from_one_and_confirmed_faces_only() -> None:
    assert text_of(small()) == (
        "1,1,11.000,21.000,32.500,40.000,0.9,-1,-1,-1\n"
        "3,1,12.000,22.000,32.500,40.000,-1.0,-1,-1,-1\n"
    )


def test_lines_come_by_frame_and_then_by_id() -> None:
    timeline = steady(3, 4)
    ids = np.array([3, 1, 2, 0] * 3)
    timeline = replace(timeline, faces=replace(timeline.faces, track_id=ids))
    pairs = [tuple(map(int, line.split(",")[:2])) for line in text_of(timeline).splitlines()]
    assert pairs == [(frame, name) for frame in (1, 2, 3) for name in (1, 2, 3, 4)]


@pytest.mark.filterwarnings("ignore:Operation with tuple is deprecated")  # in motmetrics
def test_motmetrics_reads_back_the_same_boxes(tmp_path: Path) -> None:
    timeline = steady(700, 3)
    score = timeline.faces.score.copy()
    score[1::3] = np.nan  # between two sightings
    timeline = replace(timeline, faces=replace(timeline.faces, score=score))
    path = tmp_path / "tracks.txt"
    write_mot(timeline, path)
    table = motmetrics.io.loadtxt(str(path), fmt="mot15-2D")
    assert len(table) == 2100, "a line was taken out for its confidence"
    frames, ids = (table.index.get_level_values(name) for name in ("FrameId", "Id"))
    np.testing.assert_array_equal(frames, timeline.frame + 1)
    np.testing.assert_array_equal(ids, timeline.faces.track_id + 1)  # type: ignore[operator]
    box = timeline.faces.box_xyxy.astype(np.float64)
    expected = np.hstack([box[:, :2], box[:, 2:] - box[:, :2]])
    loaded = table[["X", "Y", "Width", "Height"]].to_numpy()
    assert np.abs(loaded - expected).max() <= 0.0005 + 1e-9
    conf = table["Confidence"].to_numpy(np.float32)
    np.testing.assert_array_equal(conf, np.nan_to_num(score, nan=-1))


def test_nobody_is_an_empty_file_and_faces_without_ids_are_refused(tmp_path: Path) -> None:
    faces = replace(small().faces, track_id=None)
    with pytest.raises(UsageError, match="follow them first"):
        write_mot(replace(small(), faces=faces), tmp_path / "tracks.txt")
    assert [*tmp_path.iterdir()] == []
    nobody = replace(small(), frame=np.empty(0, int), faces=faces[[]])
    assert text_of(nobody) == ""
    with pytest.raises(OutputError, match="there is no folder"):
        write_mot(nobody, tmp_path / "gone" / "tracks.txt")
