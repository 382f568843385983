from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

import mien
from mien.errors import DecodeError, InputNotFoundError, MediaError, UsageError
from mien.faces import ROW_SHAPES
from mien.media import read_image
from mien.models import file_of
from mien.pipeline import PhotoAnalyzer, analyze_image, analyze_video, stages_for
from mien.timeline.timeline import Timeline
from tests.clips import write_clip


def names(columns: list[str]) -> list[str]:
    return [type(stage).__name__ for stage in stages_for(columns)]


def test_stages_come_after_those_they_stand_on() -> None:
    assert names(["gaze_deg"]) == ["Mesh", "Pose", "Gaze"]
    assert names(["age", "gender", "mesh"]) == ["Mesh", "Demographics"]
    assert names([]) == []
    assert names(["score"]) == []


def test_a_stage_that_is_ready_is_not_loaded_again() -> None:
    (mesh,) = stages_for(["mesh"])
    first, second = stages_for(["pose_deg"], ready=[mesh])
    assert first is mesh
    assert type(second).__name__ == "Pose"


def test_every_column_of_the_record_has_a_stage() -> None:
    for column in ROW_SHAPES.keys() - {"measured"}:
        stages_for([column])
    with pytest.raises(UsageError, match="no stage fills the column 'measured'"):
        stages_for(["measured"])


@pytest.mark.parametrize("kind", ["path", "text", "bytes", "file"])
def test_a_photo_may_come_in_any_form(kind: str) -> None:
    path = file_of("sample-astronaut")
    source = {
        "path": path,
        "text": str(path),
        "bytes": path.read_bytes(),
        "file": io.BytesIO(path.read_bytes()),
    }[kind]
    faces = mien.analyze_image(source, columns=("pose_deg",), profile="fast")  # type: ignore[arg-type]
    assert len(faces) == 1
    assert faces.pose_deg is not None
    assert np.abs(faces.pose_deg).max() < 35


def test_all_columns_of_a_photo() -> None:
    columns = ROW_SHAPES.keys() - {"track_id", "measured"}
    faces = analyze_image(file_of("sample-astronaut"), columns=columns)
    assert faces.columns.keys() == columns
    assert all(np.isfinite(column).all() for column in faces.columns.values())
    assert faces.problems == ()


def test_a_picture_without_a_face_gives_none_with_all_columns() -> None:
    analyzer = PhotoAnalyzer(columns=("age", "embedding"))
    faces = analyzer.analyze(np.full((90, 120, 3), 128, np.uint8))
    assert len(faces) == 0
    assert faces.age is not None


def test_faces_are_found_in_their_scenes_at_their_times(tmp_path: Path) -> None:
    astronaut = read_image(file_of("sample-astronaut"))
    first = cv2.resize(astronaut[0:340, 80:420], (320, 320))
    second = np.ascontiguousarray(255 - astronaut[300:, 200:][:200, :300])
    scenes = [first] * 15 + [cv2.resize(second, (320, 320))] * 10 + [first[:, ::-1]] * 15
    clip = tmp_path / "clip.mp4"
    write_clip(clip, [np.asarray(scene, np.uint8) for scene in scenes], rate="30000/1001")
    shares: list[float] = []
    timeline = analyze_video(clip, on_progress=shares.append)
    assert timeline.frame_count == 40
    assert len(shares) == 40
    assert shares == sorted(shares)
    assert 0.9 < shares[-1] <= 1
    ids = {name: set(timeline.frame[rows].tolist()) for name, rows in timeline.tracks().items()}
    assert ids == {0: {*range(15), *range(25, 40)}}, "the same woman, mirrored"
    apart = analyze_video(clip, reid=False).tracks()
    assert [len(rows) for rows in apart.values()] == [15, 15]
    seen = sorted(set(timeline.frame.tolist()))
    assert seen == [*range(15), *range(25, 40)]
    assert timeline.time(25).exact == 25 * Fraction(1001, 30000)


def test_large_columns_are_kept_when_asked(tmp_path: Path) -> None:
    clip = file_of("sample-carphone")
    timeline = analyze_video(clip, columns=("embedding",), keep=("embedding",), profile="fast")
    embedding = timeline.faces.embedding
    assert embedding is not None
    apart = np.linalg.norm(embedding - embedding[0], axis=1)
    assert np.nanmedian(apart) < 0.4
    assert timeline.faces.mesh is None


def test_what_came_before_the_damage_is_handed_over(tmp_path: Path) -> None:
    noise = np.random.default_rng(5)
    frames = [noise.integers(0, 255, (96, 128, 3), np.uint8) for _ in range(50)]
    clip = tmp_path / "clip.mkv"
    write_clip(clip, frames)
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(DecodeError) as caught:
        analyze_video(clip)
    assert isinstance(caught.value.partial, Timeline)
    assert 10 < caught.value.partial.frame_count < 45
    assert caught.value.time_s is not None
    assert caught.value.time_s > 0.3


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError):
        analyze_video(tmp_path / "gone.mp4")
    with pytest.raises(MediaError):
        analyze_video(file_of("sample-astronaut"))
    with pytest.raises(UsageError, match="best"):
        analyze_video(file_of("sample-carphone"), profile="best")


def test_a_stage_that_raises_ends_the_analysis_with_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the tracker broke")

    monkeypatch.setattr("mien.track.tracker.OnlineTracker.update", fail)
    with pytest.raises(RuntimeError, match="the tracker broke"):
        analyze_video(file_of("sample-carphone"))
