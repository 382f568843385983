"""The measurement on expression sets: its figures, and the whole way on a made set."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from bench.emotion.evaluate import Judged, limited, main, measure, report
from bench.emotion.sets import Item, Listing
from mien.faces import EMOTIONS
from mien.models import file_of
from training.emotion import data


def judged(tops: list[int], labels: list[int], reasons: list[str | None] | None = None) -> Judged:
    scores = np.full((len(tops), 8), 0.2 / 7)
    scores[np.arange(len(tops)), tops] = 0.8
    said = tuple(reasons) if reasons else (None,) * len(tops)
    return Judged(scores, np.array(labels), said, Counter({"calm": 3, "sound alone": 0}))


def test_accuracy_recall_and_confusion() -> None:
    figures = measure(judged([0, 0, 1, 1, 1], [0, 1, 1, 1, 0]))
    assert figures["accuracy"]["value"] == pytest.approx(0.6)
    assert figures["accuracy"]["low"] < 0.6 < figures["accuracy"]["high"]
    assert figures["recall"]["happiness"]["value"] == pytest.approx(2 / 3)
    assert figures["confusion"][0][:2] == [1, 1]  # one neutral is right, one named happiness
    assert figures["calibration_error"] == pytest.approx(0.2)
    assert figures["left_out"] == {"calm": 3}


def test_an_expression_that_the_set_lacks_is_not_counted_among_its_own() -> None:
    scores = np.zeros((2, 8))
    scores[:, 7], scores[:, 0], scores[:, 1] = 0.5, [0.3, 0.2], [0.2, 0.3]  # contempt is first
    figures = measure(Judged(scores, np.array([0, 1]), (None, None), Counter()))
    assert figures["accuracy"]["value"] == 0
    assert figures["accuracy_among_those"]["value"] == 1
    assert figures["expressions_of_the_set"] == ["neutral", "happiness"]


def test_faces_in_doubt_are_counted_by_reason_and_can_be_left_out() -> None:
    reasons = ["the face is turned away by 50 degrees", "the face is turned away by 61 degrees"]
    figures = measure(judged([0, 1, 1, 1], [0, 1, 0, 0], [None, None, *reasons]))
    assert figures["doubts"] == {"the face is turned away by degrees": 2}
    assert figures["accuracy"]["value"] == 0.5
    assert figures["accuracy_without_doubt"]["value"] == 1


def test_an_item_without_a_face_is_not_judged() -> None:
    some = judged([0, 0], [0, 0], [None, "no face was found"])
    some.scores[1] = np.nan
    figures = measure(some)
    assert (figures["items"], figures["judged"]) == (2, 1)
    assert figures["accuracy"]["items"] == 1


def test_the_report_has_every_figure() -> None:
    text = report(measure(judged([0, 1], [0, 1], [None, "the face is too blurred"])))
    for said in ("100.0 %", "3 × calm", "too blurred", "among the set's 2", "0.200", *EMOTIONS):
        assert said in text


def test_a_limit_takes_items_from_the_whole_list() -> None:
    listing = Listing([Item(Path(str(at)), 0) for at in range(10)])
    some = limited(listing, 4)
    assert [item.path.name for item in some.items] == ["0", "3", "6", "9"]
    assert some.left_out == {"over the limit": 6}
    assert limited(listing, 10) is listing


def run(*arguments: object) -> Any:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_set_goes_the_whole_way(tmp_path: Path) -> None:
    smile = cv2.imread(str(file_of("sample-astronaut")))
    assert smile is not None
    cv2.imwrite(str(tmp_path / "KA.HA1.1.png"), smile[:256, 100:356])
    cv2.imwrite(str(tmp_path / "KA.NE1.2.png"), smile[300:428, :128])  # a sleeve
    done = run("jaffe", tmp_path, "--threads", 1, "--json", tmp_path / "figures.json")
    assert done.exit_code == 0, done.output
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["items"], figures["judged"]) == (2, 1)
    assert figures["recall"]["happiness"]["value"] == 1
    assert figures["doubts"] == {"no face was found": 1}
    assert "2 items, 1 of them with a face" in done.output


def test_a_clip_is_read_frame_by_frame(tmp_path: Path) -> None:
    clip = file_of("sample-carphone").read_bytes()
    (tmp_path / "02-01-01-01-01-01-01.mp4").write_bytes(clip)
    done = run("ravdess", tmp_path, "--threads", 1, "--json", tmp_path / "figures.json")
    assert done.exit_code == 0, done.output
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["judged"] == 1
    assert sum(figures["confusion"][0]) == 1  # 01 is neutral, whatever it was read as
    assert "% (" in done.output


def test_fer_plus_is_read_from_its_sheets(tmp_path: Path) -> None:
    folder = tmp_path / "ferplus"
    (folder / "valid").mkdir(parents=True)
    (folder / "train.csv").write_text("")
    names = ["name", *data.LABELS, *data.OTHER_COLUMNS]
    votes = [[10] + [0] * 9, [0, 10] + [0] * 8, [2, 2, 2, 2, 2, 0, 0, 0, 0, 0]]
    rows = [",".join(map(str, [at, *row])) for at, row in enumerate(votes)]
    (folder / "valid.csv").write_text("\n".join([",".join(names), *rows]) + "\n")
    sheet = np.random.default_rng(1).integers(0, 256, (48, 32 * 48), np.uint8)
    cv2.imwrite(str(folder / "valid/0.webp"), sheet)
    done = run("fer+", tmp_path, "--threads", 1)
    assert done.exit_code == 0, done.output
    assert "2 items, 2 of them with a face" in done.output
    assert "1 × faces without a majority" in done.output


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("fer+", "no ferplus/train.csv"), ("ck+", "there is no folder")],
)
def test_a_set_that_is_not_there_is_said(name: str, sentence: str, tmp_path: Path) -> None:
    done = run(name, tmp_path / "nothing")
    assert done.exit_code == 1
    assert sentence in done.output


def test_a_broken_picture_is_said(tmp_path: Path) -> None:
    (tmp_path / "KA.HA1.1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    done = run("jaffe", tmp_path, "--threads", 1)
    assert done.exit_code == 1
    assert "KA.HA1.1.png" in done.output
