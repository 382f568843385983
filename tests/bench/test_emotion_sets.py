"""The readers of expression sets, on small trees laid out as the publishers lay them out."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from bench.emotion.sets import READERS, Item, read_set
from mien.errors import CorruptMediaError, InputNotFoundError, UnsupportedMediaError
from mien.faces import EMOTIONS


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def write(folder: Path, name: str, text: str) -> None:
    touch(folder, name)
    (folder / name).write_text(text, encoding="utf-8")


def found(items: list[Item], folder: Path) -> dict[str, str]:
    return {item.path.relative_to(folder).as_posix(): EMOTIONS[item.label] for item in items}


def ck_plus(folder: Path) -> None:
    pictures = "cohn-kanade-images/S005/001/S005_001_0000000{}.png"
    touch(folder, *(pictures.format(at) for at in (1, 2, 3)))
    touch(folder, "cohn-kanade-images/S010/002/S010_002_00000001.png")  # no label
    labels = "Emotion/S005/001/S005_001_00000003_emotion.txt"
    write(folder, labels, "   3.0000000e+00\n")


def test_ck_plus_ends_in_its_label_and_begins_neutral(tmp_path: Path) -> None:
    ck_plus(tmp_path)
    listing = read_set("ck+", tmp_path)
    assert found(listing.items, tmp_path) == {
        "cohn-kanade-images/S005/001/S005_001_00000001.png": "neutral",
        "cohn-kanade-images/S005/001/S005_001_00000003.png": "disgust",
    }
    assert listing.left_out == {"a sequence without a label": 1}


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (1, "anger"),
        (2, "contempt"),
        (3, "disgust"),
        (4, "fear"),
        (5, "happiness"),
        (6, "sadness"),
        (7, "surprise"),
    ],
)
def test_the_numbers_of_ck_plus(number: int, name: str, tmp_path: Path) -> None:
    touch(tmp_path, "S1/001/S1_001_00000001.png")
    write(tmp_path, "S1/001/S1_001_00000001_emotion.txt", f"   {number}.0000000e+00\n")
    assert [EMOTIONS[item.label] for item in read_set("ck+", tmp_path).items] == [name]


@pytest.mark.parametrize("text", ["", "happy", "0.0", "8", "inf", "nan"])
def test_a_label_of_ck_plus_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    touch(tmp_path, "S1/001/S1_001_00000001.png")
    write(tmp_path, "S1/001/S1_001_00000001_emotion.txt", text)
    with pytest.raises(CorruptMediaError, match="not a number of 1 to 7"):
        read_set("ck+", tmp_path)


def test_jaffe_names_its_expressions(tmp_path: Path) -> None:
    codes = {"AN": "anger", "DI": "disgust", "FE": "fear", "HA": "happiness", "NE": "neutral"}
    codes |= {"SA": "sadness", "SU": "surprise"}
    touch(tmp_path, *(f"jaffe/KA.{code}1.39.tiff" for code in codes))
    touch(tmp_path, "jaffe/KA.XX1.40.tiff", "jaffe/README", "jaffe/README_FIRST.txt")
    listing = read_set("jaffe", tmp_path)
    assert found(listing.items, tmp_path) == {
        f"jaffe/KA.{code}1.39.tiff": name for code, name in codes.items()
    }
    assert listing.left_out == {"the unknown code XX": 1}


def test_ravdess_takes_each_recording_once_and_leaves_out_calm(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "Video_Speech_Actor_01/Actor_01/01-01-03-01-02-01-01.mp4",
        "Video_Speech_Actor_01/Actor_01/02-01-03-01-02-01-01.mp4",  # the same without sound
        "Video_Speech_Actor_01/Actor_01/01-01-02-01-02-01-01.mp4",  # calm
        "Video_Speech_Actor_01/Actor_01/01-01-08-01-02-01-01.mp4",
        "Audio_Speech_Actors_01-24/Actor_01/03-01-05-01-02-01-01.mp4",
    )
    listing = read_set("ravdess", tmp_path)
    assert found(listing.items, tmp_path) == {
        "Video_Speech_Actor_01/Actor_01/02-01-03-01-02-01-01.mp4": "happiness",
        "Video_Speech_Actor_01/Actor_01/01-01-08-01-02-01-01.mp4": "surprise",
    }
    assert listing.left_out == {"the same recording twice": 1, "calm": 1, "sound alone": 1}
    assert all(item.is_clip for item in listing.items)


def test_rafd_takes_heads_that_face_the_camera(tmp_path: Path) -> None:
    words = ("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad")
    touch(tmp_path, *(f"Rafd090_01_Caucasian_female_{word}_frontal.jpg" for word in words))
    touch(tmp_path, "Rafd090_63_Moroccan_male_surprised_left.jpg")
    touch(tmp_path, "Rafd045_01_Caucasian_female_happy_frontal.jpg")
    listing = read_set("rafd", tmp_path)
    names = [EMOTIONS[item.label] for item in listing.items]
    assert sorted(names) == sorted(EMOTIONS)
    assert listing.left_out == {"a head turned away": 1}


COLUMNS = ("subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "expression")


def affectnet_table(folder: Path, rows: list[tuple[object, ...]]) -> None:
    with (folder / "validation.csv").open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows([COLUMNS, *rows])


def test_affectnet_of_the_first_release_has_a_table_of_boxes(tmp_path: Path) -> None:
    affectnet_table(
        tmp_path,
        [
            ("1/a.jpg", 10, 20, 30, 40, 7),
            ("1/b.jpg", 10, 20, 30, 40, 10),
            ("2/missing.jpg", 10, 20, 30, 40, 0),
        ],
    )
    touch(tmp_path, "Manually_Annotated_Images/1/a.jpg", "Manually_Annotated_Images/1/b.jpg")
    listing = read_set("affectnet", tmp_path)
    assert found(listing.items, tmp_path) == {"Manually_Annotated_Images/1/a.jpg": "contempt"}
    assert listing.items[0].box_xyxy == (10.0, 20.0, 40.0, 60.0)
    assert listing.left_out == {"no face": 1, "a label without a picture": 1}


@pytest.mark.parametrize(
    "row", [("1/a.jpg", 1, 2, 3, 4, "happy"), ("1/a.jpg", "left", 2, 3, 4, 1), ("1/a.jpg", 1, 2)]
)
def test_a_table_with_other_values_is_refused(row: tuple[object, ...], tmp_path: Path) -> None:
    affectnet_table(tmp_path, [row])
    with pytest.raises(CorruptMediaError, match="no table of AffectNet"):
        read_set("affectnet", tmp_path)


def test_affectnet_of_the_second_release_has_a_file_for_each_label(tmp_path: Path) -> None:
    names = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
    (tmp_path / "val_set/annotations").mkdir(parents=True)
    for code in range(8):
        touch(tmp_path, f"val_set/images/{code}.jpg")
        np.save(tmp_path / f"val_set/annotations/{code}_exp.npy", np.array(str(code)))
        np.save(tmp_path / f"val_set/annotations/{code}_val.npy", np.array("0.5"))
    np.save(tmp_path / "val_set/annotations/9_exp.npy", np.array("1"))  # its picture is missing
    listing = read_set("affectnet", tmp_path)
    assert [EMOTIONS[item.label] for item in listing.items] == [*names]
    assert listing.left_out == {"a label without a picture": 1}


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not an array"])
def test_a_broken_label_of_affectnet_is_refused(content: bytes, tmp_path: Path) -> None:
    touch(tmp_path, "images/1.jpg", "annotations/1_exp.npy")
    (tmp_path / "annotations/1_exp.npy").write_bytes(content)
    with pytest.raises(CorruptMediaError, match="does not hold the number"):
        read_set("affectnet", tmp_path)


def test_a_label_that_would_run_code_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "images/1.jpg", "annotations/1_exp.npy")
    np.save(tmp_path / "annotations/1_exp.npy", np.array({"a": 1}), allow_pickle=True)
    with pytest.raises(CorruptMediaError, match="does not hold the number"):
        read_set("affectnet", tmp_path)


@pytest.mark.parametrize("name", READERS)
def test_a_folder_of_something_else_is_refused(name: str, tmp_path: Path) -> None:
    touch(tmp_path, "holiday/IMG_0001.jpg", "S005_001.png", "KA.txt", "01-01.mp4")
    with pytest.raises(UnsupportedMediaError, match=f"lies as {name.replace('+', '[+]')} is laid"):
        read_set(name, tmp_path)


@pytest.mark.parametrize("name", READERS)
def test_a_folder_that_is_not_there_is_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError, match="there is no folder"):
        read_set(name, tmp_path / "nothing")
