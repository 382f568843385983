"""`mien analyze --annotated` on real media."""

from __future__ import annotations

import json
import os
from pathlib import Path

import av
import numpy as np
import pytest

from mien.media import open_video, read_image
from mien.models import file_of
from mien.report.palette import colour_of
from tests.end_to_end.conftest import Run


def faces_of(document: dict[str, object]) -> dict[int, list[float]]:
    """x1, y1, x2, y2 in shares of the picture, by the frame's number, of a clip of one interval."""
    found = {}
    assert isinstance(document["fragments"], list)
    for fragment in document["fragments"]:
        for step, events in enumerate(fragment.get("events", [])):
            number = round((fragment["start"] + step * fragment["interval"]) / 1001)
            for event in events:
                x, y = event["x"], event["y"]
                found[number] = [x, y, x + event["width"], y + event["height"]]
    return found


def test_a_real_clip_has_its_boxes_where_the_document_has_them(run: Run, tmp_path: Path) -> None:
    source = file_of("sample-carphone")
    result, copy = tmp_path / "clip.json", tmp_path / "clip.mp4"
    outcome = run("analyze", source, "-o", result, "--annotated", copy)
    assert outcome == (0, "", "")
    assert sorted(os.listdir(tmp_path)) == ["clip.json", "clip.mp4"]
    boxes = faces_of(json.loads(result.read_text()))
    with open_video(source) as before, open_video(copy) as after:
        assert after.info.rate == before.info.rate
        frames = list(zip(before.frames(), after.frames(), strict=True))
        assert [b.time for _, b in frames] == [a.time for a, _ in frames]
        assert len(boxes) == len(frames) == 120
        for plain, drawn in frames[::7]:
            x1, y1, x2, y2 = np.array(boxes[drawn.index]) * (176, 144, 176, 144)
            rows = slice(int(y1 + 0.3 * (y2 - y1)), int(y1 + 0.7 * (y2 - y1)))
            change = np.abs(drawn.rgb[rows].astype(int) - plain.rgb[rows]).max(axis=2).mean(axis=0)
            columns = np.flatnonzero(change > 45) + 0.5  # the line and its dark seam
            assert columns.min() == pytest.approx(x1, abs=3.5)
            assert columns.max() == pytest.approx(x2, abs=3.5)


def test_emotion_and_age_are_drawn_when_named_and_the_document_is_the_same(
    run: Run, tmp_path: Path
) -> None:
    source = file_of("sample-carphone")
    for name, extra in (("plain", ()), ("named", ("--attributes", "emotion,age"))):
        paths = ("-o", tmp_path / f"{name}.json", "--annotated", tmp_path / f"{name}.mkv")
        assert run("analyze", source, *paths, *extra).code == 0
    assert (tmp_path / "plain.json").read_bytes() == (tmp_path / "named.json").read_bytes()
    pictures = []
    for name in ("plain", "named"):
        with open_video(tmp_path / f"{name}.mkv") as video:
            pictures.append(next(video.frames()).rgb.astype(int))
    assert (np.abs(pictures[0] - pictures[1]).max(axis=2) > 60).sum() > 300


def test_a_photo(run: Run, tmp_path: Path) -> None:
    source, copy = file_of("sample-astronaut"), tmp_path / "seen.png"
    outcome = run("analyze", source, "--annotated", copy)
    assert outcome.code == 0, outcome.err
    (face,) = json.loads(outcome.out)["faces"]
    before, after = read_image(source), read_image(copy)
    assert after.shape == before.shape
    changed = (before != after).any(axis=2)
    assert 0.01 < changed.mean() < 0.15
    box = face["faceRectangle"]
    middle = box["top"] + box["height"] // 2
    line = np.abs(after[middle].astype(int) - np.array(colour_of(0))).max(axis=1) < 12
    near = [box["left"], box["left"] + box["width"]]
    assert all(line[x - 2 : x + 3].any() for x in near)


def test_a_folder_for_several(run: Run, tmp_path: Path) -> None:
    folder, out, seen = tmp_path / "in", tmp_path / "out", tmp_path / "seen"
    folder.mkdir()
    (folder / "clip.mp4").write_bytes(file_of("sample-carphone").read_bytes())
    (folder / "photo.png").write_bytes(file_of("sample-astronaut").read_bytes())
    outcome = run("analyze", folder, "-o", out, "--annotated", seen)
    assert outcome.code == 0, outcome.err
    assert sorted(os.listdir(out)) == ["clip.json", "photo.json"]
    assert sorted(os.listdir(seen)) == ["clip.annotated.mp4", "photo.annotated.jpg"]


def test_sound_that_does_not_fit_is_told(run: Run, tmp_path: Path) -> None:
    from tests.clips import number_picture, write_clip

    pictures = (number_picture(i, 160, 96) for i in range(10))
    source = write_clip(tmp_path / "a.wmv", pictures, sound_s=0.4)
    outcome = run("analyze", source, "-o", tmp_path / "a.json", "--annotated", tmp_path / "b.mp4")
    assert outcome.code == 0
    assert "a.wmv (wmav2) cannot be kept in MP4 and was encoded anew as AAC" in outcome.err
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"


@pytest.mark.parametrize(
    ("copy", "code", "sentence"),
    [
        ("seen.avi", 2, "must end in .mp4"),
        ("seen.png", 2, "is a video, so that --annotated must end in .mp4"),
        ("none/seen.mp4", 1, "there is no folder"),
    ],
)
def test_what_makes_no_sense_is_told_before_the_work(
    run: Run, tmp_path: Path, copy: str, code: int, sentence: str
) -> None:
    result = tmp_path / "clip.json"
    source = file_of("sample-carphone")
    outcome = run("analyze", source, "-o", result, "--annotated", tmp_path / copy)
    assert outcome.code == code
    assert sentence in outcome.err
    assert outcome.err.count("\n") == 1
    assert os.listdir(tmp_path) == []
