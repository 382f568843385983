"""What is decided from scores, and how it is told on the card."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.attributes import card, decisions
from training.attributes.data import KEPT, MADE, SCORED, TRAINED
from training.attributes.labels import ATTRIBUTES, UNSURE, Labels
from training.attributes.made import MadeFaces

SHA = "ab" * 32
SHARE = {"value": 0.5, "low": 0.25, "high": 0.75, "faces": 8}
SIDES = SHARE | {"there": SHARE | {"value": 0.75}, "not_there": SHARE | {"value": None, "faces": 0}}
REPORT: dict[str, Any] = {
    "model_sha256": SHA,
    "data_sha256": "cd" * 32,
    "bytes": 11_200_000,
    "unseen_faces": 1295,
    "unseen_persons": 666,
    "areas": {name: 0.987 for name in KEPT if name in SCORED},
    "mean_asked": 0.9876,
    "mean_asked_jpeg": 0.98,
    "mean_asked_small": 0.97,
    "test_faces": 179,
    "decided": {"headwear": SIDES},
    "hair_colour": SHARE | {"confusion": {"gray": {"gray": 3, "black": 1}}},
    "speed_ms_a_face": {"1": 3.4, "8": 2.6},
}
MADE_REPORT = {
    "pictures": 2000, "sha256": "ef" * 32, "all": SHARE,
    "decided": {"Face_Mask": SIDES}, "real": {"Sunglasses": SIDES},
}  # fmt: skip


def labels_like(count: int, **values: list[str]) -> Labels:
    columns = {name: np.array(values.get(name, ["0"] * count)) for name in ATTRIBUTES}
    return Labels(
        np.arange(count), np.arange(count), np.array(["test"] * count),
        np.array(["plain"] * count), columns,
    )  # fmt: skip


def scores_like(count: int, **values: list[float]) -> dict[str, np.ndarray]:
    return {name: np.array(values.get(name, [0.1] * count)) for name in KEPT}


def test_decisions_leave_out_who_is_unsure_and_tell_both_sides() -> None:
    labels = labels_like(
        5,
        glasses=["reading", "sunglasses", "none", UNSURE, "none"],
        beard=["1", "0", UNSURE, "0", UNSURE],
        moustache=["0", "0", "1", "0", "0"],
    )
    scores = scores_like(
        5,
        Eyeglasses=[0.9, 0.2, 0.2, 0.9, 0.7],
        Sunglasses=[0.1, 0.9, 0.1, 0.1, 0.1],
        No_Beard=[0.2, 0.9, 0.9, 0.3, 0.1],
        Mustache=[0.1, 0.1, 0.6, 0.1, 0.1],
    )
    found = decisions.decided(labels, scores)
    glasses = found["glasses of any kind"]
    assert (glasses["value"], glasses["faces"]) == (0.75, 4)
    assert (glasses["there"]["value"], glasses["there"]["faces"]) == (1.0, 2)
    assert (glasses["not_there"]["value"], glasses["not_there"]["faces"]) == (0.5, 2)
    hair = found["beard or moustache"]  # the last face is unsure: perhaps a beard, no moustache
    assert (hair["value"], hair["faces"]) == (0.75, 4)
    assert found["beard"]["faces"] == 3


def test_outputs_that_are_not_there_yet_decide_nothing() -> None:
    labels = labels_like(2, glasses=["none", "sunglasses"])
    scores = scores_like(2, Eyeglasses=[0.2, 0.8])
    for name in MADE:
        del scores[name]
    assert decisions.decided(labels, scores)["glasses of any kind"]["value"] == 1.0


def test_the_top_colour_is_counted_against_what_is_seen_and_red_is_always_wrong() -> None:
    labels = labels_like(5, hair_colour=["gray", "black", "red", UNSURE, "none"])
    scores = scores_like(
        5, Gray_Hair=[0.4, 0.2, 0.9, 0.9, 0.9], Black_Hair=[0.3, 0.1, 0.1, 0.1, 0.1]
    )  # fmt: skip
    found = decisions.top_colour(labels, scores)
    assert found["faces"] == 3
    assert found["value"] == pytest.approx(1 / 3)
    assert found["confusion"]["black"]["gray"] == 1
    assert sum(found["confusion"]["red"].values()) == 1


def test_generated_pictures_count_where_their_label_is_known() -> None:
    known = np.full((3, len(TRAINED)), np.nan, np.float32)
    mask = TRAINED.index("Face_Mask")
    known[:, mask] = [1, 0, -1]
    pixels = np.zeros((3, 112, 112, 3), np.uint8)
    made = MadeFaces(pixels, np.arange(3), known, ("mask", "", "?"))
    found = decisions.made_decided(made, scores_like(3, Face_Mask=[0.9, 0.8, 0.9]))
    assert found["decided"]["Face_Mask"]["value"] == 0.5
    assert found["decided"]["Sunglasses"]["faces"] == 0
    assert found["all"]["faces"] == 2


def test_real_dark_glasses_are_told_from_those_of_which_the_kind_is_open() -> None:
    labels = labels_like(4, glasses=["sunglasses", "reading", "some", "goggles"])
    found = decisions.real_decided(labels, scores_like(4, Sunglasses=[0.9, 0.9, 0.9, 0.1]))
    assert found["Sunglasses"]["faces"] == 3
    assert found["Sunglasses"]["there"]["value"] == 1.0
    assert found["Sunglasses"]["not_there"]["value"] == 0.5


def test_the_distance_of_scores_and_truth() -> None:
    labels = labels_like(2, smile=["1", UNSURE])
    found = decisions.brier(labels, scores_like(2, Smiling=[0.9, 0.1]))
    assert found["Smiling"] == pytest.approx(0.01)


def test_the_card_tells_the_figures() -> None:
    plain = card.figures(REPORT)
    for words in (SHA, "0.988", "| Bangs * | 0.987 |", "| Young | 0.987 |", "75 % of 8", "2.6 ms",
                  "| headwear | 50.0 % (25.0 % to 75.0 %) | 75 % of 8 | – |"):  # fmt: skip
        assert words in plain
    assert "generated" not in plain
    whole = card.figures(
        REPORT
        | {
            "made": MADE_REPORT,
            "framing": {"faces": 300, "mean_difference": 0.0312, "same_side": 0.975},
        }
    )
    for words in ("2000 pictures", "Face_Mask", "Sunglasses", "ef" * 32, "0.031", "97.5 %"):
        assert words in whole


def test_the_card_and_the_catalogue_are_completed_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "attributes.md"
    text.write_text("\n".join(("by hand", *card.FIGURES, "after")))
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(
        '[entries.emotion]\npackage = "e"\nsha256 = "00"\nsize = 1\n\n'
        '[entries.attributes]\npackage = "a"\nsha256 = "11"\nsize = 2\n'
    )
    report = tmp_path / "report.json"
    report.write_text(json.dumps(REPORT))
    framing = tmp_path / "framing.json"
    framing.write_text(json.dumps({"model_sha256": "other", "faces": 1}))
    command = ["card", "--figures", str(report), "--card", str(text)]
    monkeypatch.setattr(sys, "argv", [*command, "--catalogue", str(catalogue)])
    card.main()
    assert text.read_text().startswith("by hand\n<!--")
    assert text.read_text().rstrip().endswith("after")
    entries = tomllib.loads(catalogue.read_text())["entries"]
    assert entries["attributes"]["sha256"] == SHA
    assert entries["attributes"]["size"] == REPORT["bytes"]
    assert entries["emotion"] == {"package": "e", "sha256": "00", "size": 1}
    monkeypatch.setattr(sys, "argv", [*command, "--framing", str(framing)])
    with pytest.raises(SystemExit, match="of different weights"):
        card.main()
