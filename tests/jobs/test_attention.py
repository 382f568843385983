from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mien import analyze_image
from mien.attention import distance_cm, impressions, landmarks48
from mien.attention.landmarks import LANDMARKS
from mien.errors import ConfigurationError, InputError, MediaError
from mien.faces import Faces
from mien.jobs import Input, Work
from mien.jobs.attention import (
    COLUMNS,
    TOLD,
    Watched,
    columns_of_attention,
    configuration,
    of_photo,
    read_watched,
    watch,
)
from mien.jobs.codes import Code, TaskError
from mien.models import file_of
from tests.server import people


def watched(folder: Path, file: Path, text: str, name: str = "a.mp4") -> Watched:
    """What the processor makes of a file."""
    work = Work(text, [Input(name, file, is_primary=True)], folder)
    timeline, measures = watch(work)
    assert [timeline.path.name, measures.path.name] == ["timeline.npz", "measures.npz"]
    return read_watched(timeline.path, measures.path)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    folder = tmp_path_factory.mktemp("attention")
    file = Path(file_of("sample-carphone"))
    return watched(folder, file, configuration(TOLD, landmarks=True))


def test_a_video_becomes_a_timeline_without_the_mesh(clip: Watched) -> None:
    faces = clip.timeline.faces
    assert {*COLUMNS, *TOLD} - {"mesh"} <= faces.columns.keys()
    assert faces.mesh is None
    (person,) = impressions(clip.timeline)
    assert person.gender < 0.5
    assert len(clip.distance_cm) == len(faces)
    assert clip.landmarks is not None
    assert clip.landmarks.shape == (len(faces), 48, 2)


def test_distance_and_landmarks_are_known_where_the_pose_is(clip: Watched) -> None:
    assert clip.timeline.faces.pose_deg is not None
    assert clip.landmarks is not None
    posed = np.isfinite(clip.timeline.faces.pose_deg).all(axis=1)
    assert posed.mean() > 0.9
    assert np.isfinite(clip.distance_cm[posed]).all()
    assert np.isfinite(clip.landmarks[posed]).all()
    box = clip.timeline.faces.box_xyxy[posed]
    nose = clip.landmarks[posed, [*LANDMARKS].index("noseTipTop")]
    assert ((nose > box[:, :2]) & (nose < box[:, 2:])).all(axis=1).mean() > 0.98


def test_a_photo_is_one_frame_with_everybody(tmp_path: Path) -> None:
    file = tmp_path / "photo"
    file.write_bytes(people.both())
    (tmp_path / "made").mkdir()
    found = watched(tmp_path / "made", file, configuration(["age"], landmarks=True), "a.jpg")
    assert found.timeline.frame_count == 1
    assert len(impressions(found.timeline)) == 2
    assert found.timeline.faces.emotion is None
    faces = analyze_image(file, columns=["mesh"], threads=1)
    width, height = found.timeline.video.width, found.timeline.video.height
    far = distance_cm(faces, width=width, height=height)
    np.testing.assert_allclose(found.distance_cm, far, rtol=1e-4)
    assert faces.mesh is not None
    assert found.landmarks is not None
    points = [[*landmarks48(mesh).values()] for mesh in faces.mesh]
    np.testing.assert_allclose(found.landmarks, points, rtol=1e-4)


def test_nobody_and_no_landmarks(tmp_path: Path) -> None:
    file = tmp_path / "photo"
    file.write_bytes(people.nobody())
    found = watched(tmp_path, file, configuration([], landmarks=False), "a.jpg")
    assert (len(found.timeline.faces), len(found.distance_cm)) == (0, 0)
    assert found.landmarks is None
    assert impressions(found.timeline) == []


def test_a_photo_lasts_for_nothing() -> None:
    timeline = of_photo(Faces(np.array([[0, 0, 9, 9]]), np.ones(1)), 20, 10)
    assert (timeline.video.width, timeline.video.height) == (20, 10)
    assert timeline.duration.seconds == pytest.approx(0, abs=1e-5)
    assert [*timeline.tracks()] == [0]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "3", '"x"', "null", '{"columns": "age"}', '{"columns": ["mesh"]}'),
        *('{"columns": [["age"]]}', '{"landmarks": 1}', "[" * 100_000),
    ],
)
def test_a_configuration_that_cannot_be(tmp_path: Path, text: str) -> None:
    work = Work(text, [Input("a.mp4", tmp_path / "none")], tmp_path)
    with pytest.raises(TaskError) as raised:
        watch(work)
    assert raised.value.code is Code.CONFIGURATION
    assert columns_of_attention(text) == ()


@pytest.mark.parametrize("columns", [[], ["age"], [*TOLD]])
def test_what_a_configuration_asks_for_is_told(columns: Sequence[str]) -> None:
    text = configuration(columns, landmarks=False)
    assert set(columns_of_attention(text)) == {*COLUMNS, *columns}
    assert json.loads(text)["landmarks"] is False


def test_a_file_that_is_no_media(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"text")
    with pytest.raises(MediaError):
        watched(tmp_path, file, configuration([], landmarks=False))


def test_results_that_cannot_be_read(tmp_path: Path) -> None:
    photo = tmp_path / "photo"
    photo.write_bytes(people.nobody())
    work = Work(configuration([], landmarks=False), [Input("a.jpg", photo, True)], tmp_path)
    timeline, measures = (output.path for output in watch(work))
    none, wrong, other = tmp_path / "none", tmp_path / "wrong", tmp_path / "other.npz"
    wrong.write_bytes(b"no zip")
    np.savez(other, distance=np.zeros(1))
    for first, second in ((none, measures), (timeline, none)):
        with pytest.raises(InputError):
            read_watched(first, second)
    for first, second in ((wrong, measures), (timeline, wrong), (timeline, other)):
        with pytest.raises(ConfigurationError):
            read_watched(first, second)
