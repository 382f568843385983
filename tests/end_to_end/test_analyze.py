"""`mien analyze` as a user meets it: real media in, documents out, one sentence for what fails."""

from __future__ import annotations

import csv
import json
import zlib
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest

from mien.models import file_of
from mien.timeline.media_analytics import schema_of
from tests.clips import write_clip
from tests.end_to_end.conftest import Run


def ids_at(document: dict[str, Any]) -> list[tuple[float, set[int]]]:
    """(seconds, ids) of every frame that has a face."""
    found = []
    for fragment in document["fragments"]:
        for number, events in enumerate(fragment.get("events", [])):
            ticks = fragment["start"] + number * fragment["interval"]
            if events:
                found.append((ticks / document["timescale"], {event["id"] for event in events}))
    return found


def test_a_real_clip_has_one_face_from_its_first_frame_to_its_last(
    run: Run, tmp_path: Path
) -> None:
    result = tmp_path / "clip.json"
    outcome = run("analyze", file_of("sample-carphone"), "-o", result)
    assert outcome == (0, "", "")
    document = json.loads(result.read_text())
    jsonschema.validate(document, schema_of("faces"))
    assert (document["timescale"], document["framerate"]) == (30000, 29.97)
    assert (document["width"], document["height"]) == (176, 144)
    frames = ids_at(document)
    assert len(frames) == 120
    assert {name for _, names in frames for name in names} == {0}
    assert frames[-1][0] == pytest.approx(119 * 1001 / 30000)


@pytest.mark.parametrize("mode", ["perFaceEmotion", "aggregateEmotion"])
def test_the_emotion_modes_keep_their_schema(run: Run, tmp_path: Path, mode: str) -> None:
    result = tmp_path / "clip.json"
    outcome = run("analyze", file_of("sample-carphone"), "-o", result, "--mode", mode)
    assert outcome.code == 0, outcome.err
    jsonschema.validate(json.loads(result.read_text()), schema_of(mode))


def test_a_preset_as_it_was_printed_chooses_the_mode(run: Run, tmp_path: Path) -> None:
    preset = tmp_path / "preset.json"
    preset.write_text(
        "{'version':'1.0','options':{'Mode':'aggregateEmotion','aggregateEmotionWindowMs':'987',"
        "'aggregateEmotionIntervalMs':'342'}}"
    )
    clip = file_of("sample-carphone")
    outcome = run("analyze", clip, "-o", tmp_path / "clip.json", "--config", preset)
    assert outcome.code == 0, outcome.err
    document = json.loads((tmp_path / "clip.json").read_text())
    jsonschema.validate(document, schema_of("aggregateEmotion"))
    assert document["fragments"][0]["interval"] % 1001 == 0


def test_a_photo_gives_the_entries_of_face_api(run: Run) -> None:
    outcome = run("analyze", file_of("sample-astronaut"))
    assert outcome.code == 0, outcome.err
    document = json.loads(outcome.out)
    (face,) = document["faces"]
    rectangle = face["faceRectangle"]
    assert rectangle["left"] < face["faceLandmarks"]["noseTip"]["x"]
    assert face["faceLandmarks"]["noseTip"]["x"] < rectangle["left"] + rectangle["width"]
    assert len(face["faceLandmarks"]) == 27
    attributes = face["faceAttributes"]
    assert set(attributes) == {
        *("age", "gender", "headPose", "smile", "facialHair", "glasses", "emotion", "hair"),
        *("makeup", "occlusion", "accessories", "blur", "exposure", "noise", "mask"),
        "qualityForRecognition",
    }
    assert attributes["gender"] == "female"
    assert 25 < attributes["age"] < 50
    assert sum(attributes["emotion"].values()) == pytest.approx(1, abs=0.005)
    assert max(attributes["emotion"], key=attributes["emotion"].__getitem__) == "happiness"
    assert attributes["smile"] > 0.9
    assert attributes["glasses"] == "NoGlasses"
    assert attributes["hair"]["hairColor"][0]["color"] == "brown"
    assert attributes["mask"]["type"] == "noMask"
    assert attributes["accessories"] == []


def test_a_list_of_attributes_in_a_table(run: Run, tmp_path: Path) -> None:
    clip, table = file_of("sample-carphone"), tmp_path / "clip.csv"
    names = ("--format", "csv", "--attributes", "smile,hair")
    outcome = run("analyze", clip, "-o", table, *names)
    assert outcome.code == 0, outcome.err
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"smiling", "bald", "measured"} <= rows[0].keys()
    assert "age" not in rows[0]
    known = [row for row in rows if row["smiling"]]
    assert len(known) > 0.9 * len(rows)
    assert all(0 <= float(row["smiling"]) <= 1 for row in known)


def test_only_what_is_asked_for_is_given(run: Run) -> None:
    outcome = run("analyze", file_of("sample-astronaut"), "--attributes", "headpose")
    assert set(json.loads(outcome.out)["faces"][0]["faceAttributes"]) == {"headPose"}
    outcome = run("analyze", file_of("sample-astronaut"), "--attributes", "none")
    assert "faceAttributes" not in json.loads(outcome.out)["faces"][0]


def test_a_failing_file_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.mp4").write_text("this is no film")
    (folder / "b.png").write_bytes(file_of("sample-astronaut").read_bytes())
    outcome = run("analyze", folder, "-o", tmp_path / "out")
    assert outcome.code == 1
    assert "a.mp4" in outcome.err
    assert "1 of 2 files done" in outcome.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.json"]


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("Dear reader,\n" * 50)


def _folder(path: Path) -> None:
    path.mkdir()


def _index_missing(path: Path) -> None:
    clip = file_of("sample-carphone").read_bytes()
    path.write_bytes(clip.replace(b"moov", b"mooX"))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("gone.mp4", lambda path: None),
        ("empty.mp4", _empty),
        ("text.mp4", _text),
        ("text.jpg", _text),
        ("empty.png", _empty),
        ("folder", _folder),
        ("index.mp4", _index_missing),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_nothing(
    run: Run, tmp_path: Path, name: str, make: Any
) -> None:
    source, result = tmp_path / name, tmp_path / "result.json"
    make(source)
    outcome = run("analyze", source, "-o", result)
    assert outcome.code == 1
    assert outcome.out == ""
    assert outcome.err.startswith("mien: ")
    assert outcome.err.count("\n") == 1
    assert name in outcome.err
    assert not result.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--window-ms", "100"], "250"),
        (["--window-ms", "300", "--interval-ms", "400"], "above"),
        (["--interval-ms", "soon"], "soon"),
        (["--attributes", "beauty"], "is no attribute"),
        (["--config", "gone.json"], "gone.json"),
        (["--mode", "dreams"], "dreams"),
        (["--profile", "best"], "best"),
    ],
)
def test_what_makes_no_sense_is_bad_usage(run: Run, arguments: list[str], sentence: str) -> None:
    outcome = run("analyze", file_of("sample-carphone"), *arguments)
    assert outcome.code == 2
    assert sentence in outcome.err
    assert outcome.out == ""


def test_a_missing_output_folder_is_named_before_the_work(run: Run, tmp_path: Path) -> None:
    outcome = run("analyze", tmp_path / "gone.jpg", "-o", tmp_path / "no/such/x.json")
    assert outcome.code == 1
    assert "there is no folder" in outcome.err


def test_the_smallest_picture_has_no_face(run: Run, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((1, 1, 3), np.uint8))
    outcome = run("analyze", tmp_path / "dot.png")
    assert outcome.code == 0
    assert json.loads(outcome.out)["faces"] == []


def test_a_picture_that_would_fill_the_memory_is_refused(run: Run, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    cv2.imwrite(str(bomb), np.zeros((8, 8, 3), np.uint8))
    data = bytearray(bomb.read_bytes())
    data[16:24] = (200_000).to_bytes(4, "big") * 2  # width and height in its header
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    bomb.write_bytes(data)
    outcome = run("analyze", bomb)
    assert outcome.code == 1
    assert "bomb.png" in outcome.err
    assert "200000" in outcome.err.replace(",", "")


def test_a_device_as_output_is_refused_and_stays(run: Run) -> None:
    outcome = run("analyze", file_of("sample-astronaut"), "-o", "/dev/full")
    assert outcome.code == 1
    assert "no ordinary file" in outcome.err
    assert Path("/dev/full").is_char_device()


def test_what_came_before_damage_is_kept_as_partial(run: Run, tmp_path: Path) -> None:
    clip, result = tmp_path / "clip.mkv", tmp_path / "clip.json"
    noise = np.random.default_rng(1)
    frames = [noise.integers(0, 255, (144, 176, 3), np.uint8) for _ in range(60)]
    write_clip(clip, frames)
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 2])
    outcome = run("analyze", clip, "-o", result)
    assert outcome.code == 1
    assert not result.exists()
    kept = json.loads((tmp_path / "clip.partial.json").read_text())
    jsonschema.validate(kept, schema_of("faces"))
    assert "clip.partial.json" in outcome.err


def test_shared_clips(run: Run, shared_media: Path, tmp_path: Path) -> None:
    for name, people, seconds in [
        ("face_noface.mov", {0}, (0.0, 4.5)),
        ("no_face.mp4", set(), None),
        ("single_face.mp4", {0}, (0.0, 2.4)),
    ]:
        result = tmp_path / f"{name}.json"
        outcome = run("analyze", shared_media / name, "-o", result)
        assert outcome.code == 0, outcome.err
        frames = ids_at(json.loads(result.read_text()))
        assert {face for _, faces in frames for face in faces} == people, name
        if seconds is not None:
            assert frames[0][0] == seconds[0]
