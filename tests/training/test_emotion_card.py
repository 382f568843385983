"""The card's figures, its pictures, and the hash in the catalogue."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from training import cards
from training.emotion import card, plots
from training.emotion.data import LABELS

SHA = "ab" * 32
SHARE = {"value": 0.5, "low": 0.25, "high": 0.75, "faces": 8}
REPORT: dict[str, Any] = {
    "model_sha256": SHA,
    "data_sha256": "cd" * 32,
    "bytes": 11_200_000,
    "faces": 8,
    "accuracy": SHARE,
    "accuracy_cross_fitted": SHARE,
    "accuracy_jpeg": {"70": SHARE},
    "recall": dict.fromkeys(LABELS, SHARE),
    "confusion": [[8 * (row == column) for column in range(8)] for row in range(8)],
    "calibration_error": 0.0123,
    "reliability": [[0.3, 0.5, 2], [0.9, 0.88, 600]],
    "agreement_mean_error": 0.16,
    "agreement_correlation": 0.68,
    "agreement_calibration_error": 0.012,
    "trade_off": [
        {"factor": factor, "accuracy": 0.8 + 0.01 * factor, "disgust": 0.4, "fear": 0.6,
         "contempt": 0.3} for factor in (0.5, 1.0, 2.0)
    ],
    "speed_ms_a_face": {"1": 2.3, "16": 1.6},
}  # fmt: skip
RATE = {"hits": 1, "trials": 4, "value": 0.25, "low": 0.05, "high": 0.7}
MEASURED: dict[str, Any] = {
    "model_sha256": SHA,
    "no_faces": {"pictures": {"confident": RATE, "agreement_above": RATE}},
    "free_faces": {
        "free": 4,
        "called_covered": RATE,
        "covered": {"a 0, dark glasses": "the face is covered: its eyes", "b 1, a hand": "judged"},
    },
    "made_covers": {"lower half": {"not_judged": RATE}},
}
FOLDED: dict[str, Any] = {
    "folds": 5,
    "stages": [[64, 2], [96, 10]],
    "faces": 24,
    "accuracy": {"value": 0.875, "low": 0.7, "high": 0.95, "faces": 24},
    "recall": dict.fromkeys(LABELS, SHARE | {"value": 0.4, "faces": 3}),
    "calibration_error": 0.021,
    "trade_off": REPORT["trade_off"],
}
CARD = "\n".join(["By hand.", *card.FIGURES, *card.FOLDED, "Between.", *card.DOUBT, "After.", ""])
CATALOGUE = '[entries.a]\npackage = "a"\n\n[entries.emotion]\nkind = "model"\npackage = "e.onnx"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "figures.json").write_text(json.dumps(REPORT))
    (tmp_path / "doubt.json").write_text(json.dumps(MEASURED))
    (tmp_path / "folds.json").write_text(json.dumps(FOLDED))
    (tmp_path / "emotion.md").write_text(CARD)
    (tmp_path / "catalogue.toml").write_text(CATALOGUE)
    return tmp_path


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"figures": "figures.json", "doubt": "doubt.json", "folds": "folds.json"}
    options |= {"card": "emotion.md", "catalogue": "catalogue.toml"}
    arguments = [str(part) for key, name in options.items() for part in (f"--{key}", folder / name)]
    monkeypatch.setattr(sys, "argv", ["card", *arguments])
    card.main()


def test_it_fills_the_card_and_pins_the_weights(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(folder, monkeypatch)
    text = (folder / "emotion.md").read_text()
    for said in ("By hand.", "Between.", "After.", SHA, "50.0 % (25.0 % to 75.0 %)", "0.012"):
        assert said in text
    assert "24 faces with a majority, each scored by that of 5 networks" in text
    assert "(2 epochs at 64 pixels, 10 epochs at 96 pixels): right in 87.5 %" in text
    assert "| disgust | 40.0 % (25.0 % to 75.0 %) | 3 |" in text
    assert "1 of 1 in dark glasses and 0 of 1 with a hand before the mouth" in text
    pins = tomllib.loads((folder / "catalogue.toml").read_text())["entries"]
    assert pins["emotion"] == {
        "kind": "model",
        "package": "e.onnx",
        "sha256": SHA,
        "size": 11_200_000,
    }
    assert pins["a"] == {"package": "a"}


def test_twice_is_as_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = ("emotion.md", "catalogue.toml", "emotion-confusion.svg")
    run(folder, monkeypatch)
    once = [(folder / name).read_bytes() for name in files]
    run(folder, monkeypatch)
    assert [(folder / name).read_bytes() for name in files] == once


def test_figures_of_different_weights_are_not_put_on_one_card(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "doubt.json").write_text(json.dumps(MEASURED | {"model_sha256": "ef" * 32}))
    with pytest.raises(SystemExit, match="different weights"):
        run(folder, monkeypatch)
    assert (folder / "emotion.md").read_text() == CARD


@pytest.mark.parametrize("text", ["", card.FIGURES[0], card.FIGURES[1], card.FIGURES[::-1]])
def test_a_card_without_its_markers_is_refused(text: str | tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="does not have the lines"):
        cards.placed("\n".join(text) if isinstance(text, tuple) else text, card.FIGURES, "x")


def test_a_catalogue_without_the_entry_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no \[entries.emotion\]"):
        cards.pinned("[entries.a]\n", "emotion", SHA, 1)


def elements(drawing: str, kind: str) -> list[ElementTree.Element]:
    found = ElementTree.fromstring(drawing).findall(f".//{{http://www.w3.org/2000/svg}}{kind}")
    assert found
    return found


def test_the_plot_of_calibration_has_a_dot_for_each_bin() -> None:
    low, high = elements(plots.calibration(REPORT["reliability"]), "circle")
    assert float(low.attrib["cx"]) < float(high.attrib["cx"])
    assert float(low.attrib["cy"]) > float(high.attrib["cy"])  # more is higher up
    assert float(low.attrib["r"]) < float(high.attrib["r"])


def test_a_bin_with_few_faces_is_not_joined_to_the_line() -> None:
    diagonal, line = elements(plots.calibration(REPORT["reliability"]), "polyline")
    assert len(diagonal.attrib["points"].split()) == 2
    assert len(line.attrib["points"].split()) == 1


def test_the_confusion_matrix_has_its_counts_in_reading_order() -> None:
    counts = [[8 * row + column for column in range(8)] for row in range(8)]
    words = [text.text for text in elements(plots.confusion(counts), "text")]
    assert [word for word in words if word and word.isdigit()] == [str(n) for n in range(64)]
    assert [word for word in words if word in LABELS][:8] == list(LABELS)


def test_the_trade_off_has_a_line_for_each_rare_expression() -> None:
    drawing = plots.trade_off(REPORT["trade_off"])
    assert [len(line.attrib["points"].split()) for line in elements(drawing, "polyline")] == [3] * 3
    assert {text.text for text in elements(drawing, "text")} >= {"disgust", "fear", "contempt"}
