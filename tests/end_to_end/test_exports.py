"""`mien analyze --format …` on real media."""

from __future__ import annotations

import csv
import io
import json
from itertools import groupby
from pathlib import Path

import motmetrics
import numpy as np
import pytest
from pyarrow import parquet

from mien.faces import EMOTIONS
from mien.models import file_of
from mien.report.csv_reader import read_csv
from mien.report.csv_writer import write_csv
from tests.clips import write_clip
from tests.end_to_end.conftest import Run
from tests.report.test_webvtt import parse

FRAME = ["seconds", "ticks", "duration", "frame", "id", "x", "y", "width", "height", "score"]
VIDEO = ["picture_width", "picture_height", "rotation", "rate_num", "rate_den"]
VIDEO += ["time_base_num", "time_base_den"]


def test_a_clip_as_csv_is_what_the_json_says_and_reads_back(run: Run, tmp_path: Path) -> None:
    clip, path = file_of("sample-carphone"), tmp_path / "clip.csv"
    assert run("analyze", clip, "-o", path, "--format", "csv") == (0, "", "")
    rows = [*csv.DictReader(io.StringIO(path.read_text()))]
    assert [*rows[0]] == FRAME + VIDEO
    assert [int(row["frame"]) for row in rows] == [*range(120)]
    assert {row["id"] for row in rows} == {"0"}
    assert float(rows[-1]["seconds"]) == pytest.approx(119 * 1001 / 30000, abs=1e-9)
    assert (rows[0]["picture_width"], rows[0]["picture_height"]) == ("176", "144")

    outcome = run("analyze", clip)
    document = json.loads(outcome.out)
    events = [e for f in document["fragments"] for e in f.get("events", [])]
    for row, (event,) in zip(rows, events, strict=True):
        left = max(0.0, float(row["x"])) / 176
        assert event["x"] == pytest.approx(left, abs=1e-6)

    timeline = read_csv(path)
    again = io.StringIO()
    write_csv(timeline, again)
    assert again.getvalue() == path.read_text()


def test_a_clip_as_parquet_with_the_columns_that_are_asked_for(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--format", "parquet", "--mode", "perFaceEmotion", "--attributes", "age,headPose")
    outcome = run("analyze", file_of("sample-carphone"), "-o", f"{out}/", *options)
    assert outcome.code == 0, outcome.err
    (path,) = out.iterdir()
    assert path.suffix == ".parquet"
    table = parquet.read_table(path)
    described = ["pose_yaw", "pose_pitch", "pose_roll", "age", *EMOTIONS, "valence", "agreement"]
    described += ["measured"]
    assert table.column_names == FRAME + described + VIDEO
    assert table.num_rows == 120
    emotion = np.column_stack([table[name].to_numpy() for name in EMOTIONS])
    assert np.abs(emotion.sum(axis=1) - 1).max() < 1e-4
    valence = emotion[:, 1] - emotion[:, 3:].max(axis=1)
    np.testing.assert_array_equal(table["valence"].to_numpy(), valence)


@pytest.mark.filterwarnings("ignore:Operation with tuple is deprecated")  # in motmetrics
def test_a_clip_as_mot_text(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "clip.txt"
    outcome = run("analyze", file_of("sample-carphone"), "-o", path, "--format", "mot")
    assert outcome == (0, "", "")
    table = motmetrics.io.loadtxt(str(path), fmt="mot15-2D")
    assert [*table.index] == [(frame, 1) for frame in range(1, 121)]


@pytest.mark.parametrize("mode", ["faces", "perFaceEmotion"])
def test_a_clip_as_captions(run: Run, mode: str) -> None:
    outcome = run("analyze", file_of("sample-carphone"), "--format", "vtt", "--mode", mode)
    assert outcome.code == 0, outcome.err
    cues = parse(outcome.out)
    assert (cues[0].start, cues[-1].end) == (0, 4004)
    texts = [text for text, _ in groupby(cue.text for cue in cues)]
    if mode == "faces":
        assert texts == ["face 0"]
    else:
        assert len(cues) == 8
        assert all(text.startswith("face 0: ") for text in texts)


def test_a_photo_as_csv_is_its_faces(run: Run) -> None:
    outcome = run("analyze", file_of("sample-astronaut"), "--format", "csv")
    assert outcome.code == 0, outcome.err
    (row,) = csv.DictReader(io.StringIO(outcome.out))
    assert {"ticks", "frame", "id"}.isdisjoint(row)
    assert (row["picture_width"], row["picture_height"]) == ("512", "512")
    assert 25 < float(row["age"]) < 50
    assert float(row["valence"]) > 0.5
    assert all(row.values()), "every attribute of this photo can be read"
    outcome = run("analyze", file_of("sample-astronaut"), "--format", "csv", "--attributes", "none")
    assert [*next(csv.DictReader(io.StringIO(outcome.out)))] == FRAME[5:] + VIDEO[:2]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--format", "parquet"), "name a file with -o"),
        (("--format", "csv", "--mode", "aggregateEmotion"), "no place for the windows"),
        (("--format", "mot", "--attributes", "age"), "--format mot holds no attributes"),
        (("--format", "xml"), "'xml' is not one of 'json', 'csv', 'parquet', 'mot', 'vtt'"),
    ],
)
def test_bad_combinations_are_bad_usage(run: Run, options: tuple[str, ...], sentence: str) -> None:
    outcome = run("analyze", "never-opened.mp4", *options)
    assert outcome.code == 2
    assert sentence in outcome.err
    assert outcome.out == ""


def test_what_came_before_the_damage_is_kept_in_the_format_asked_for(
    run: Run, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mkv"
    noise = np.random.default_rng(1)
    write_clip(clip, (noise.integers(0, 255, (144, 176, 3), np.uint8) for _ in range(60)))
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    outcome = run("analyze", clip, "-o", tmp_path / "clip.csv", "--format", "csv")
    assert outcome.code == 1
    assert f"what came before is in {tmp_path / 'clip.partial.csv'}" in outcome.err
    assert not (tmp_path / "clip.csv").exists()
    kept = read_csv(tmp_path / "clip.partial.csv")
    assert 10 < kept.frame_count < 50
    assert len(kept.faces) == 0
