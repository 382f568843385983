"""`mien redact` on real media."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.detect import CenterFace
from mien.media import open_video, read_image
from mien.models import file_of
from tests.clips import number_picture, write_clip
from tests.end_to_end.conftest import Run
from tests.redact.clips import (
    FRAMES,
    HEIGHT,
    MAN,
    WIDTH,
    WOMAN,
    box_of,
    pictures,
    write_two_people,
)

Array = NDArray[Any]


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clip of two people, its annotations and pictures."""
    from mien.cli.main import main

    folder = tmp_path_factory.mktemp("walk")
    write_two_people(folder / "two.mp4")
    with pytest.raises(SystemExit) as leaving:
        main(["redact", str(folder / "two.mp4"), "--mode", "analyze"])
    assert leaving.value.code == 0
    return folder


@pytest.fixture
def walk(analysed: Path, tmp_path: Path) -> Path:
    """The clip in a copy of that folder."""
    shutil.copytree(analysed, tmp_path / "walk")
    return tmp_path / "walk" / "two.mp4"


def rgb_of(video: Path, numbers: list[int]) -> list[Array]:
    with open_video(video) as opened:
        return [frame.rgb for frame in opened.frames() if frame.index in numbers]


def inner(name: str, frame: int) -> tuple[slice, slice]:
    """Eyes to mouth."""
    box = box_of(name, frame)
    third = (box[2:] - box[:2]) / 6
    x1, y1, x2, y2 = np.concatenate([box[:2] + third, box[2:] - third]).round().astype(int)
    return slice(y1, y2), slice(x1, x2)


def ids_of(folder: Path) -> dict[str, int]:
    """The id that each of the two got."""
    document = json.loads((folder / "two_annotations.json").read_text())
    event = document["fragments"][0]["events"][0]
    middles = {face["id"]: face["x"] + face["width"] / 2 for face in event}
    assert len(middles) == 2
    return {
        WOMAN: min(middles, key=lambda n: middles[n]),
        MAN: max(middles, key=lambda n: middles[n]),
    }


def hidden(before: Path, after: Path, frames: range, *, first: int = 0) -> dict[str, list[bool]]:
    """Whether the detail of each face is gone; the clip of the two begins at frame `first`."""
    numbers = [*frames]
    pairs = list(zip(rgb_of(before, numbers), rgb_of(after, numbers), strict=True))
    told = {}
    for name in (WOMAN, MAN):
        places = [inner(name, number - first) for number in numbers]
        detail = [
            (float(np.std(np.diff(a[at].astype(int), axis=0))),
             float(np.std(np.diff(b[at].astype(int), axis=0))))
            for (a, b), at in zip(pairs, places, strict=True)
        ]  # fmt: skip
        told[name] = [after < before / 3 for before, after in detail]
        assert all(
            h or after > 0.8 * before for h, (before, after) in zip(told[name], detail, strict=True)
        )
    return told


def test_combined(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "clip.mp4"
    shutil.copy(file_of("sample-carphone"), source)
    outcome = run("redact", source)
    assert outcome.code == 0, outcome.err
    names = ["clip.mp4", "clip_audit.html", "clip_audit.json", "clip_redacted.mp4"]
    assert sorted(os.listdir(tmp_path)) == names
    audit = json.loads((tmp_path / "clip_audit.json").read_text())
    assert audit["passed"] is True
    assert audit["frames"] == audit["hidden_face_frames"] == 120
    detector = CenterFace.load()
    with open_video(source) as before, open_video(tmp_path / "clip_redacted.mp4") as after:
        assert after.info.rate == before.info.rate
        frames = list(zip(before.frames(), after.frames(), strict=True))
        assert [(a.time, a.duration) for a, _ in frames] == [
            (b.time, b.duration) for _, b in frames
        ]
        for plain, redacted in frames[::20]:
            assert len(detector.detect(plain.rgb)) == 1
            edge = np.abs(plain.rgb[:, :20].astype(int) - redacted.rgb[:, :20])
            assert edge.mean() < 5


def test_the_two_passes_hide_the_one_and_leave_the_other(run: Run, walk: Path) -> None:
    folder, ids = walk.parent, ids_of(walk.parent)
    assert sorted(ids.values()) == [1, 2]
    for number in (1, 2):
        picture = read_image(folder / f"two_thumb{number:06d}.jpg")
        assert len(CenterFace.load().detect(picture)) == 1
    (folder / "two_IDList.txt").write_text(f"\ufeff   {ids[WOMAN]}\n\n")
    outcome = run("redact", walk, "--mode", "redact")
    assert outcome.code == 0, outcome.err
    told = hidden(walk, folder / "two_redacted.mp4", range(0, FRAMES, 6))
    assert all(told[WOMAN])
    assert not any(told[MAN])
    audit = json.loads((folder / "two_audit.json").read_text())
    assert audit["settings"]["ids"] == [ids[WOMAN]]
    assert audit["shown_on_purpose"]["face_frames"] == FRAMES
    assert audit["residual"]["face_frames"] == 0


def test_keep_ids_hides_all_others(run: Run, walk: Path) -> None:
    ids, copy = ids_of(walk.parent), walk.parent / "kept.mkv"
    outcome = run("redact", walk, "--keep-ids", ids[WOMAN], "-o", copy, "--effect", "black")
    assert outcome.code == 0, outcome.err
    told = hidden(walk, copy, range(0, FRAMES, 10))
    assert not any(told[WOMAN])
    assert all(told[MAN])


def test_an_empty_list_stands_for_everyone(run: Run, walk: Path) -> None:
    (walk.parent / "two_IDList.txt").write_text(" \n")
    outcome = run("redact", walk, "--mode", "redact", "--no-audit")
    assert outcome.code == 0, outcome.err
    told = hidden(walk, walk.parent / "two_redacted.mp4", range(0, FRAMES, 15))
    assert all(told[WOMAN] + told[MAN])
    assert not (walk.parent / "two_audit.json").exists()


def test_boxes_that_were_deleted_leave_a_face_and_the_audit_finds_it(run: Run, walk: Path) -> None:
    path, ids = walk.parent / "two_annotations.json", ids_of(walk.parent)
    document = json.loads(path.read_text())
    for fragment in document["fragments"]:
        for step, event in enumerate(fragment.get("events", [])):
            if fragment["start"] + step * fragment["interval"] >= fragment["interval"] * 60:
                event[:] = [face for face in event if face["id"] != ids[MAN]]
    path.write_text(json.dumps(document))
    outcome = run("redact", walk, "--mode", "redact")
    assert outcome.code == 1
    assert "faces can be seen in" in outcome.err
    assert "0:00:02.4" in outcome.err
    audit = json.loads((walk.parent / "two_audit.json").read_text())
    assert audit["residual"]["face_frames"] == FRAMES - 60
    assert audit["residual"]["exposed_face_seconds"] == pytest.approx(0.6)
    assert run("redact", walk, "--mode", "redact", "--audit-limit", "0.7").code == 0


def test_an_outline_hides_nothing_and_never_succeeds(run: Run, walk: Path) -> None:
    preset = walk.parent / "preset.json"
    preset.write_text("{'version':'1.0', 'options': {'Mode':'Redact', 'BlurType':'Box'}}")
    outcome = run("redact", walk, "--config", preset)
    assert outcome.code == 1
    assert "faces can be seen" in outcome.err
    outcome = run("redact", walk, "--config", preset, "--no-audit")
    assert outcome.code == 1
    assert "an outline hides nothing" in outcome.err


def test_what_can_be_seen_through_needs_a_flag(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    shutil.copy(file_of("sample-carphone"), source)
    outcome = run("redact", source, "--strength", "low", "--no-audit")
    assert outcome.code == 2
    assert "can be seen through" in outcome.err
    assert os.listdir(tmp_path) == ["a.mp4"]
    assert run("redact", source, "--strength", "low", "--no-audit", "--unsafe").code == 0


def test_photos_lose_their_faces_and_their_metadata(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6  # its camera; shown turned to the right
    picture = Image.fromarray(read_image(file_of("sample-astronaut")))
    picture.transpose(Image.Transpose.ROTATE_90).save(source, quality=95, exif=exif)
    outcome = run("redact", source)
    assert outcome.code == 0, outcome.err
    with Image.open(tmp_path / "photo_redacted.jpg") as copy:
        assert not dict(copy.getexif())
    before, after = read_image(source), read_image(tmp_path / "photo_redacted.jpg")
    assert len(CenterFace.load().detect(before)) == 1
    changed = np.abs(before.astype(int) - after).max(axis=2) > 40
    rows, columns = np.nonzero(changed)
    assert 60 < np.median(rows) < 190
    assert 170 < np.median(columns) < 280
    assert np.abs(before.astype(int) - after)[400:].mean() < 2


def test_many_files_go_on_where_they_stopped(run: Run, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    shutil.copy(file_of("sample-astronaut"), folder / "photo.png")
    shutil.copy(file_of("sample-carphone"), folder / "deep" / "clip.mp4")
    (folder / "broken.mp4").write_bytes(b"no video")
    outcome = run("redact", folder, "-o", out, "--resume")
    assert outcome.code == 1
    assert "broken.mp4" in outcome.err
    assert "2 of 3 files done" in outcome.err
    assert (out / "photo_redacted.png").exists()
    made = (out / "deep" / "clip_redacted.mp4").stat().st_mtime_ns
    again = run("redact", folder, "-o", out, "--resume")
    assert f"{out / 'deep' / 'clip_redacted.mp4'} is done" in again.err
    assert (out / "deep" / "clip_redacted.mp4").stat().st_mtime_ns == made
    other = run("redact", folder / "deep", "-o", out / "deep", "--resume", "--effect", "black")
    assert other.code == 0, other.err
    assert (out / "deep" / "clip_redacted.mp4").stat().st_mtime_ns != made


def test_a_video_without_faces_keeps_its_very_packets(run: Run, tmp_path: Path) -> None:
    pictures = (number_picture(i, 160, 96) for i in range(20))
    source = write_clip(tmp_path / "a.mp4", pictures)
    outcome = run("redact", source, "-o", tmp_path / "b.mp4")
    assert outcome.code == 0, outcome.err
    with open_video(source) as before, open_video(tmp_path / "b.mp4") as after:
        times = [(frame.time, frame.duration) for frame in before.frames()]
        assert [(frame.time, frame.duration) for frame in after.frames()] == times
    packets = []
    for path in (source, tmp_path / "b.mp4"):
        with av.open(str(path)) as container:
            packets.append([bytes(packet) for packet in container.demux(video=0) if packet.size])
    assert len(packets[0]) == 20
    assert packets[0] == packets[1]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["-o", "two.mp4"], 2, "is the input|would overwrite an input"),
        (["-o", "two.avi"], 2, "must end in .mp4"),
        (["-o", "none/two.mp4"], 1, "there is no folder"),
        (["-o", "two.png"], 2, "is a video; its copy must end in .mp4"),
        (["--mode", "analyze", "-o", "a.mp4"], 2, "is no folder for them"),
        (["--mode", "analyze", "--ids", "1"], 2, "for --mode redact, not for analyze"),
        (["--ids", "1,x"], 2, "--ids, entry 2: 'x' is no id"),
        (["--ids", "9"], 2, "has no id 9; it has 1, 2"),
        (["--ids", "1", "--keep-ids", "2"], 2, "not both"),
        (["--ids", "list.txt"], 1, "there is no file list.txt"),
        (["--ids", ","], 2, "names nobody"),
        (["--annotations", "other.json"], 1, "there is no file other.json"),
        (["--margin", "2"], 2, "the margin must be"),
        (["--feather", "nan"], 2, "the feather must be"),
        (["--crf", "52"], 2, "crf must be"),
        (["--audit-limit", "-1"], 2, "the limit must be"),
        (["--config", "none.json"], 1, "there is no file none.json"),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_is_left(
    run: Run, walk: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], code: int, sentence: str,
) -> None:  # fmt: skip
    import re

    monkeypatch.chdir(walk.parent)
    before = {path.name: path.read_bytes() for path in walk.parent.iterdir()}
    outcome = run("redact", "two.mp4", *arguments)
    assert outcome.code == code, outcome.err
    assert re.search(sentence, outcome.err), outcome.err
    assert {path.name: path.read_bytes() for path in walk.parent.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("two_annotations.json", b"", "it is empty"),
        ("two_annotations.json", b"{'version': 1}", "line 1, column 2"),
        ("two_IDList.txt", b"1\nme\n", "line 2: 'me' is no id"),
        ("two_IDList.txt", b"77", "has no id 77"),
    ],
)
def test_broken_instructions(run: Run, walk: Path, name: str, data: bytes, sentence: str) -> None:
    (walk.parent / name).write_bytes(data)
    outcome = run("redact", walk, "--mode", "redact")
    assert outcome.code == 2
    assert sentence in outcome.err
    assert not (walk.parent / "two_redacted.mp4").exists()


def test_annotations_are_needed_to_redact(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    shutil.copy(file_of("sample-carphone"), source)
    outcome = run("redact", source, "--ids", "1")
    assert outcome.code == 2
    assert "make it with --mode analyze" in outcome.err


def test_parts_without_faces_keep_their_very_packets(run: Run, tmp_path: Path) -> None:
    """Three seconds of numbers, three of two people, three of numbers, in groups of a second."""
    people = [*pictures()]
    numbers = [number_picture(i, WIDTH, HEIGHT) for i in range(FRAMES)]
    options = {"g": "25", "sc_threshold": "0", "bf": "2"}
    source = write_clip(tmp_path / "a.mp4", [*numbers, *people, *numbers], options=options)
    outcome = run("redact", source)
    assert outcome.code == 0, outcome.err
    same = []
    with av.open(str(source)) as before, av.open(str(tmp_path / "a_redacted.mp4")) as after:
        both = (
            sorted((p.pts, bytes(p)) for p in each.demux(video=0) if p.size)
            for each in (before, after)
        )
        for (pts, data), (new_pts, new) in zip(*both, strict=True):
            assert pts == new_pts
            same.append(data == new)
    changed = np.flatnonzero(~np.array(same))
    assert len(changed)
    # half a second after the cut the last of them is gone; a group more may have to be encoded
    assert changed.min() >= FRAMES
    assert changed.max() < 2 * FRAMES + 25
    span = range(FRAMES, 2 * FRAMES, 8)
    told = hidden(source, tmp_path / "a_redacted.mp4", span, first=FRAMES)
    assert all(told[WOMAN] + told[MAN])


def test_the_audit_of_what_another_program_made(run: Run, walk: Path) -> None:
    redacted, folder = walk.parent / "by_hand.mp4", walk.parent
    assert run("redact", walk, "-o", redacted, "--effect", "solid", "--no-audit").code == 0
    outcome = run("audit", walk, redacted)
    assert outcome.code == 0, outcome.err
    assert f"nobody can be seen in {redacted}: {2 * FRAMES} faces are hidden in it" in outcome.out
    document = json.loads((folder / "by_hand_audit.json").read_text())
    assert document["passed"] is True
    assert document["settings"] == {}
    assert "Passed" in (folder / "by_hand_audit.html").read_text()
    outcome = run("audit", walk, walk)
    assert outcome.code == 1
    assert "faces can be seen in" in outcome.err
    outcome = run("audit", walk, file_of("sample-carphone"))
    assert outcome.code == 1
    assert "480 x 270" in outcome.err
    outcome = run("audit", walk, file_of("sample-astronaut"))
    assert outcome.code == 2
    assert "is a photo and the other a video" in outcome.err
