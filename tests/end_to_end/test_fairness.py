"""`mien fairness` on real pictures of the package."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest

from mien.fairness import fairness_schema
from tests.describe import portraits
from tests.end_to_end.conftest import Run
from tests.pages import Page

COLUMNS = ("file", "left", "top", "width", "height", "person", "gender", "age", "emotion")
MORE = (*COLUMNS, "smile", "glasses")
Line = tuple[object, ...]


def save(path: Path, rgb: Any) -> None:
    cv2.imwrite(str(path), np.ascontiguousarray(rgb[..., ::-1]))


def write_labels(folder: Path, lines: list[Line], columns: Line = COLUMNS) -> None:
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *lines])


def corners(label: portraits.Label, right: float = 0) -> tuple[float, ...]:
    x1, y1, x2, y2 = label[0]
    return x1 + right, y1, x2 - x1, y2 - y1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A woman twice, once beside a man; he three times more, once in grey; and a wall."""
    made = tmp_path_factory.mktemp("pictures")
    woman, frames = portraits.astronaut(), portraits.carphone()
    save(made / "woman.png", woman.rgb)
    for number in (0, 42, 60):
        save(made / f"man{number}.png", frames[number].rgb)
    grey = frames[90].rgb.mean(axis=2, keepdims=True).repeat(3, axis=2)
    save(made / "grey.png", grey.astype(np.uint8))
    both = np.zeros((512, 512 + 176, 3), np.uint8)
    both[:, :512], both[:144, 512:] = portraits.mirrored(woman).rgb, frames[0].rgb
    save(made / "both.png", both)
    save(made / "wall.png", np.full((200, 300, 3), 140, np.uint8))
    x1, y1, x2, y2 = portraits.ASTRONAUT[0]
    her: Line = (512 - x2, y1, x2 - x1, y2 - y1)
    no_box: Line = ("", "", "", "")
    write_labels(
        made,
        [
            ("woman.png", *no_box, "her", "female", "30s", "happiness", "yes", "none"),
            ("both.png", *her, "her", "female", "30s", "happiness", "yes", "none"),
            ("both.png", *corners(portraits.CARPHONE[0], 512), "him", "male", 45, "", "", "no"),
            *(
                (f"man{number}.png", *no_box, "him", "male", 45, "", "", "no")
                for number in (0, 42, 60)
            ),
            ("grey.png", *corners(portraits.CARPHONE[90]), "him", "male", 45, ""),
            ("wall.png", 100, 50, 60, 80, "", "male", "", ""),
        ],
        MORE,
    )
    return made


def slices(document: Any, measure: str) -> dict[tuple[str, str], tuple[int, int]]:
    (found,) = [one for one in document["measures"] if one["name"] == measure]
    return {
        (one["dimension"], one["group"]): (one["events"], one.get("faces", one.get("pairs")))
        for one in found["slices"]
    }


def test_real_pictures(run: Run, folder: Path, tmp_path: Path) -> None:
    outcome = run("fairness", folder, "--json", tmp_path / "a.json", "--html", tmp_path / "a.html")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("8 labelled faces in 7 pictures, 2 persons named\n")
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(fairness_schema()).validate(document)
    recall = slices(document, "detection_recall")
    assert recall["all", "all"] == (7, 8)
    assert recall["gender", "female"] == (2, 2)
    assert recall["gender", "male"] == (5, 6)
    assert recall["skin_tone", "not known"] == (1, 2)  # the wall, and the man in grey
    assert slices(document, "gender_error")["all", "all"] == (0, 7)
    assert slices(document, "emotion_error")["all", "all"] == (0, 2)
    assert slices(document, "false_non_match")["all", "all"] == (0, 11)
    assert slices(document, "false_match")["all", "all"] == (0, 10)
    assert slices(document, "smile_missed")["all", "all"] == (0, 2)
    assert slices(document, "glasses_invented")["all", "all"] == (0, 6)
    assert slices(document, "glasses_kind_error")["gender", "male"] == (0, 4)
    assert [one["name"] for one in document["missing"]] == ["smile_invented", "glasses_missed"]
    assert "age" in document["measured_by"]["models"]
    page = Page((tmp_path / "a.html").read_text(encoding="utf-8"))
    assert "Faces found" in page.text


def test_what_cannot_be_used_is_told_and_fails(run: Run, folder: Path, tmp_path: Path) -> None:
    """A hostile name, a file cut off, a box outside; the rest is measured and written."""
    hostile = "<img src=x onerror=alert(1)>.png"
    (tmp_path / "ok.png").write_bytes((folder / "woman.png").read_bytes())
    (tmp_path / "cut.png").write_bytes((folder / "woman.png").read_bytes()[:3000])
    none: Line = ("", "", "", "")
    write_labels(
        tmp_path,
        [
            (hostile, *none, "=1+1", "f", "", ""),
            ("cut.png", *none, "x", "", "", ""),
            ("ok.png", 9000, 0, 5, 5, "x", "", "", ""),
            ("ok.png", *corners(portraits.ASTRONAUT), "x", "f", "", ""),
        ],
    )
    html, document = tmp_path / "a.html", tmp_path / "a.json"
    outcome = run("fairness", tmp_path, "--json", document, "--html", html)
    assert outcome.code == 1
    assert outcome.err == (
        "mien: 3 of 4 lines of labels.csv were left out; mend them or take them out\n"
    )
    assert "1 labelled face in 1 picture, 1 person named\n" in outcome.out
    assert f"line 2, {hostile}: there is no file" in outcome.out
    assert "line 3, cut.png: " in outcome.out
    assert "line 4, ok.png: the box lies outside the picture" in outcome.out
    told = json.loads(document.read_text(encoding="utf-8"))
    assert [one["line"] for one in told["left_out"]] == [2, 3, 4]
    text = html.read_text(encoding="utf-8")
    assert "<img" not in text
    assert Page(text).text.count(hostile) == 1


@pytest.mark.parametrize(
    ("make", "options", "code", "said"),
    [
        (None, (), 1, "there is no folder"),
        ("", (), 1, "there is no labels.csv in"),
        ("file,sex\na.png,f\n", (), 2, "there is no column 'sex'"),
        ("file,age\na.png,old\n", (), 2, "line 2: age is 'old'"),
        ("file\na.png\n", ("--json", "nowhere/a.json"), 1, "there is no folder nowhere; create it"),
        ("file\na.png\n", ("--json", "a", "--html", "a"), 2, "--json and --html both name a"),
        ("file\na.png\n", ("--profile", "best"), 2, "'best' is not one of"),
    ],
)
def test_one_sentence_for_each_mistake(
    run: Run, tmp_path: Path, make: str | None, options: tuple[str, ...], code: int, said: str
) -> None:
    folder = tmp_path / "pictures"
    if make is not None:
        folder.mkdir()
        if make:
            (folder / "labels.csv").write_text(make)
    outcome = run("fairness", folder, *options)
    assert outcome.code == code
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


def test_no_picture_at_all(run: Run, tmp_path: Path) -> None:
    """Every line is left out: there is a report, of nothing, and it fails."""
    (tmp_path / "labels.csv").write_text("file,gender,person\na.png,f,x\nb.png,m,y\n")
    outcome = run("fairness", tmp_path, "--html", tmp_path / "a.html")
    assert outcome.code == 1
    assert outcome.out.startswith("0 labelled faces in 0 pictures\n")
    assert "2 of 2 lines" in outcome.err
    assert (tmp_path / "a.html").exists()
