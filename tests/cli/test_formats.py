from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.cli.formats import SUFFIXES, choose_output
from mien.cli.sources import Source
from mien.errors import UsageError
from mien.faces import Faces
from mien.report.face_api import ATTRIBUTES
from mien.report.table import TABLE_ATTRIBUTES
from mien.timeline.presets import parse_preset

CLIP, PHOTO = (Source(Path(name), Path(name)) for name in ("clip.mp4", "photo.JPG"))


def choose(
    form: str, mode: str = "faces", attributes: str | None = None, source: Source = CLIP
) -> Any:
    preset = parse_preset('{"version": "1.0"}', kind="face_detector").replaced(mode=mode)
    return choose_output(form, preset, attributes, "out", [source])


@pytest.mark.parametrize(
    ("form", "mode", "attributes", "video", "photo"),
    [
        ("json", "faces", None, (), set(ATTRIBUTES)),
        ("json", "faces", "age", (), {"age"}),
        ("json", "aggregateEmotion", None, ("emotion", "agreement"), set(ATTRIBUTES)),
        ("csv", "faces", None, (), set(TABLE_ATTRIBUTES)),
        ("csv", "faces", "none", (), set()),
        ("csv", "faces", "age,Gaze", ("age", "gaze_deg"), {"age", "gaze"}),
        ("parquet", "perFaceEmotion", None, ("emotion", "agreement"), set(TABLE_ATTRIBUTES)),
        ("parquet", "perFaceEmotion", "age", ("emotion", "agreement", "age"), {"age"}),
        ("vtt", "faces", None, (), set(ATTRIBUTES)),
        ("vtt", "perFaceEmotion", None, ("emotion", "agreement"), set(ATTRIBUTES)),
        ("mot", "faces", None, (), set(ATTRIBUTES)),
    ],
)
def test_what_is_computed_for_videos_and_photos(
    form: str, mode: str, attributes: str | None, video: tuple[str, ...], photo: set[str]
) -> None:
    output = choose(form, mode, attributes)
    assert output.video_columns == video
    assert set(output.attributes) == photo


def test_all_attributes_of_a_video_are_all_columns_a_table_has_names_for() -> None:
    columns = choose("csv", attributes="all").video_columns
    assert {"pose_deg", "gaze_deg", "openness", "age", "gender", "emotion", "points"} <= {*columns}


@pytest.mark.parametrize(
    ("form", "mode", "attributes", "source", "sentence"),
    [
        ("csv", "aggregateEmotion", None, CLIP, "no place for the windows of aggregateEmotion"),
        ("vtt", "aggregateEmotion", None, CLIP, "no place for the windows of aggregateEmotion"),
        ("mot", "perFaceEmotion", None, CLIP, "--format mot holds no expressions"),
        ("mot", "faces", "age", CLIP, "--format mot holds no attributes; use --format csv"),
        ("vtt", "faces", "emotion", CLIP, "--format vtt holds no attributes"),
        ("vtt", "faces", None, PHOTO, "--format vtt is for videos, and photo.JPG is a photo"),
        ("csv", "faces", "charm", CLIP, "'charm' is no attribute; choose from all, accessories"),
        ("json", "faces", "gaze", CLIP, "'gaze' is no attribute"),
    ],
)
def test_what_does_not_go_together(
    form: str, mode: str, attributes: str | None, source: Source, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        choose(form, mode, attributes, source)


@pytest.mark.parametrize("form", ["csv", "parquet", "mot", "vtt"])
def test_a_number_of_faces_is_for_documents_only(form: str) -> None:
    preset = parse_preset('{"options": {"maxFaces": 3}}', kind="face_detector")
    assert choose_output("json", preset, None, "out", [CLIP]).preset.max_faces == 3
    with pytest.raises(UsageError, match=f"--format {form} tells of all faces"):
        choose_output(form, preset, None, "out", [CLIP])


def test_a_photo_under_another_name_is_refused_by_formats_of_videos() -> None:
    faces = Faces(np.ones((1, 4)), np.ones(1))
    with pytest.raises(UsageError, match="--format mot is for videos, and photo is a photo"):
        choose("mot").write_photo(faces, None, name="photo", width=9, height=9)


def test_parquet_is_refused_before_the_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    preset = parse_preset('{"version": "1.0"}', kind="face_detector")
    with pytest.raises(UsageError, match="name a file with -o"):
        choose_output("parquet", preset, None, None, [CLIP])
    load = builtins.__import__

    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        if name == "pyarrow":
            raise ModuleNotFoundError(name)
        return load(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UsageError, match=r"pip install 'mien\[parquet\]'"):
        choose("parquet")
    assert choose("csv").suffix == SUFFIXES["csv"] == ".csv"
