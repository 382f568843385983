"""From pictures to labelled faces: which face is whose, what is measured of the missed ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.describe.attributes import SCORES
from mien.errors import UsageError
from mien.faces import Faces
from mien.fairness.labels import Label
from mien.fairness.looking import answers, columns_for, look_at, matches
from mien.models import file_of
from tests.describe import portraits

Array = NDArray[Any]
SHAPE = (100, 200, 3)

WOMAN = (182.0, 58.0, 270.0, 178.0)
"""The face of the package's photo, as it is labelled."""


def boxes(*found: tuple[float, float, float, float]) -> Faces:
    return Faces(np.array(found, float).reshape(-1, 4), np.ones(len(found)))


def labels(*wanted: tuple[float, float, float, float] | None) -> list[Label]:
    return [Label(line, "a.png", box) for line, box in enumerate(wanted, 2)]


class TestMatches:
    def test_without_a_box_it_is_the_largest(self) -> None:
        assert matches(boxes((0, 0, 50, 50), (60, 60, 70, 70)), labels(None), SHAPE) == [0]
        assert matches(boxes(), labels(None), SHAPE) == [None]

    def test_each_takes_its_own(self) -> None:
        found = boxes((100, 10, 150, 60), (0, 10, 50, 60))
        wanted = labels((2, 10, 52, 60), (98, 12, 148, 62), (60, 60, 80, 80))
        assert matches(found, wanted, SHAPE) == [1, 0, None]

    def test_one_that_was_found_is_of_one_label(self) -> None:
        found = boxes((10, 10, 60, 60))
        assert matches(found, labels((12, 10, 62, 60), (10, 10, 60, 60)), SHAPE) == [None, 0]

    def test_the_best_pair_goes_first(self) -> None:
        """The second face is the best of both labels, and fits the second label better."""
        found = boxes((10, 10, 60, 60), (20, 10, 70, 60))
        assert matches(found, labels((16, 10, 66, 60), (21, 10, 71, 60)), SHAPE) == [0, 1]

    def test_half_of_the_union(self) -> None:
        found = boxes((0, 0, 50, 50))
        assert matches(found, labels((0, 0, 50, 100)), SHAPE) == [0]
        assert matches(found, labels((0, 0, 51, 100)), SHAPE) == [None]

    def test_parts_outside_the_picture_do_not_count(self) -> None:
        assert matches(boxes((-100, 0, 50, 50)), labels((0, -200, 50, 50)), SHAPE) == [0]

    def test_no_labels(self) -> None:
        assert matches(boxes((0, 0, 50, 50)), [], SHAPE) == []


def test_columns_that_the_labels_call_for() -> None:
    geometry = ("mesh", "pose_deg", "quality")
    assert columns_for([Label(2, "a")]) == geometry
    assert columns_for([Label(2, "a", gender="male"), Label(3, "b", person="x")]) == (
        *geometry,
        "gender",
        "embedding",
    )


class TestAnswers:
    @staticmethod
    def of(**scores: float) -> dict[str, Any]:
        """What is read of a face with these scores; all others are 0."""
        row = np.zeros(len(SCORES), np.float32)
        for name, score in scores.items():
            row[SCORES.index(name)] = score
        nothing = np.full((1, 478, 3), np.nan)
        faces = Faces(
            np.array([[0, 0, 9, 9]]), np.ones(1), mesh=nothing, pose_deg=nothing[:, 0],
            quality=nothing[:, 1], attributes=row[None],
        )  # fmt: skip
        (found,) = answers(np.zeros((9, 9, 3), np.uint8), faces)
        return found

    def test_smile_and_glasses(self) -> None:
        found = self.of(Smiling=0.75, Eyeglasses=0.9)
        assert (found["smile"], found["glasses"]) == (0.75, "ReadingGlasses")
        assert self.of(Eyeglasses=0.9, Sunglasses=0.8)["glasses"] == "Sunglasses"
        assert self.of(Eyeglasses=0.4)["glasses"] == "NoGlasses"

    def test_what_the_model_does_not_tell(self) -> None:
        found = self.of(Smiling=np.nan, Eyeglasses=np.nan)
        assert np.isnan(found["smile"])
        assert found["glasses"] is None

    def test_without_a_column_there_is_no_answer(self) -> None:
        assert not {"age", "female", "emotion", "embedding"} & self.of().keys()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rgb = portraits.astronaut().rgb
    cv2.imwrite(str(tmp_path / "woman.png"), rgb[..., ::-1])
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((80, 120, 3), 90, np.uint8))
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "cut.png").write_bytes((tmp_path / "woman.png").read_bytes()[:5000])
    (tmp_path / "folder.jpg").mkdir()
    return tmp_path


class TestLookAt:
    def test_a_face(self, folder: Path) -> None:
        told: list[float] = []
        label = Label(2, "woman.png", WOMAN, "her", "female")
        (one,), left = look_at(folder, [label], threads=2, on_progress=told.append)
        assert one.label is label
        assert one.found
        assert not left
        assert abs(one.yaw) < 20
        assert one.blur < 0.25
        assert one.female > 0.9
        assert one.embedding is not None
        assert one.embedding.shape == (128,)
        assert one.emotion is None  # not labelled, so not asked for
        assert told == [0.0, 1.0]

    def test_a_missed_face_is_measured_in_its_box(self, folder: Path) -> None:
        """A box so large that what is found is not this one."""
        left, top, right, bottom = WOMAN
        wide = (left - 32, top - 32, right + 32, bottom + 32)
        (one,), _ = look_at(folder, [Label(2, "woman.png", wide, "her", "female")], threads=2)
        (real,), _ = look_at(folder, [Label(2, "woman.png")], threads=2)
        assert not one.found
        assert real.found
        assert one.yaw == pytest.approx(real.yaw, abs=3)
        assert one.skin == pytest.approx(real.skin, abs=5)
        assert one.blur == pytest.approx(real.blur, abs=0.1)
        assert np.isnan(one.female)
        assert one.embedding is None

    def test_missed_where_there_is_none(self, folder: Path) -> None:
        wanted = [Label(2, "empty.png", (10, 10, 40, 40)), Label(3, "woman.png")]
        (nobody, her), _ = look_at(folder, wanted, threads=2)
        assert (nobody.found, her.found) == (False, True)
        assert np.isnan([nobody.yaw, nobody.blur, nobody.skin]).all()

    def test_what_cannot_be_used_is_listed(self, folder: Path) -> None:
        far = (5000.0, 0.0, 5050.0, 50.0)
        wanted = [
            Label(2, "none.jpg"),
            Label(3, "text.jpg", (0, 0, 5, 5)),
            Label(4, "text.jpg", (9, 9, 15, 15)),
            Label(5, "cut.png"),
            Label(6, "folder.jpg"),
            Label(7, "woman.png", far),
            Label(8, "woman.png", WOMAN),
        ]
        seen, left = look_at(folder, wanted, threads=2)
        assert [one.label.line for one in seen] == [8]
        assert [(one.line, one.file) for one in left] == [
            *((2, "none.jpg"), (3, "text.jpg"), (4, "text.jpg"), (5, "cut.png")),
            *((6, "folder.jpg"), (7, "woman.png")),
        ]
        said = [one.reason for one in left]
        assert "there is no file" in said[0]
        assert "not a photo" in said[1]
        assert said[1] == said[2]
        assert "damaged or cut off" in said[3]
        assert "folder" in said[4]
        assert said[5] == "the box lies outside the picture, which is 512 × 512"

    def test_no_such_profile(self, folder: Path) -> None:
        with pytest.raises(UsageError, match="there is no profile 'best'"):
            look_at(folder, [Label(2, "woman.png")], profile="best")

    def test_boxes_are_of_the_picture_as_displayed(self, tmp_path: Path) -> None:
        """A photo that Exif turns by a quarter."""
        from PIL import Image

        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned clockwise
        with Image.open(file_of("sample-astronaut")) as photo:
            photo.rotate(90, expand=True).save(tmp_path / "turned.jpg", quality=95, exif=exif)
        (one,), _ = look_at(tmp_path, [Label(2, "turned.jpg", WOMAN)], threads=2)
        assert one.found
