from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SHARED
from training.emotion import data
from training.emotion.data import LABELS, NO_MAJORITY, majority, vote_targets

NEUTRAL, HAPPINESS, DISGUST = (LABELS.index(name) for name in ("neutral", "happiness", "disgust"))


def votes(**counts: int) -> np.ndarray:
    names = LABELS + data.OTHER_COLUMNS
    return np.array([[counts.get(name, 0) for name in names]])


@pytest.fixture(scope="session")
def folder() -> Path:
    try:
        return data.data_folder()
    except FileNotFoundError:
        pass
    try:
        return data.data_folder(SHARED / "data")
    except FileNotFoundError as error:
        pytest.skip(f"no training data: {error}")


@pytest.mark.parametrize(
    ("counts", "label"),
    [
        ({"neutral": 10}, NEUTRAL),
        ({"neutral": 6, "happiness": 4}, NEUTRAL),
        ({"neutral": 5, "happiness": 5}, NO_MAJORITY),  # exactly half is not a majority
        ({"neutral": 4, "happiness": 3, "anger": 3}, NO_MAJORITY),
        ({"neutral": 4, "happiness": 3, "anger": 1, "fear": 1, "sadness": 1}, NEUTRAL),  # 4 of 7
        ({"unknown": 6, "neutral": 4}, NO_MAJORITY),
        ({"not_a_face": 10}, NO_MAJORITY),
        ({"disgust": 5, "unknown": 5}, NO_MAJORITY),  # votes for unknown count in the half
        (dict.fromkeys(LABELS, 1), NO_MAJORITY),  # nothing is left
    ],
)
def test_the_majority_protocol(counts: dict[str, int], label: int) -> None:
    assert majority(votes(**counts)).tolist() == [label]


def test_targets_are_shares_of_the_votes_without_single_ones() -> None:
    targets, weights = vote_targets(votes(neutral=6, happiness=2, anger=1, unknown=1))
    assert targets[0, NEUTRAL] == pytest.approx(0.75)
    assert targets[0].sum() == pytest.approx(1)
    assert weights[0] == pytest.approx(0.9)


def test_a_face_with_single_votes_only_keeps_them() -> None:
    targets, _ = vote_targets(votes(neutral=1, disgust=1, unknown=8))
    assert targets[0, DISGUST] == pytest.approx(0.5)


def test_a_face_without_a_vote_for_an_emotion_has_no_weight() -> None:
    targets, weights = vote_targets(votes(not_a_face=10))
    assert weights[0] == 0
    assert np.isfinite(targets).all()


def test_rare_expressions_are_drawn_more_often() -> None:
    targets = np.eye(8, dtype=np.float32)[[HAPPINESS] * 16 + [DISGUST]]
    chances = data.draw_weights(targets, power=0.5)
    assert chances.sum() == pytest.approx(1)
    assert chances[-1] / chances[0] == pytest.approx(4)


def test_a_part_must_be_aligned() -> None:
    with pytest.raises(ValueError, match="2 rows of votes"):
        data.Part(np.zeros((1, 48, 48), np.uint8), np.zeros((2, 10), np.int64))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"ferplus/train\.csv"):
        data.data_folder(tmp_path)


def test_the_parts_have_the_published_counts(folder: Path) -> None:
    valid = data.read_part(folder, "valid")
    train = data.read_votes(folder / "ferplus" / "train.csv")
    assert valid.images.shape == (3579, 48, 48)
    labels = {"train": majority(train), "valid": majority(valid.votes)}
    counts = {
        part: np.bincount(found[found >= 0], minlength=8).tolist() for part, found in labels.items()
    }
    assert sum(counts["train"]) == 25_045
    assert counts["train"] == [8733, 7284, 3136, 3022, 2098, 116, 536, 120]
    assert sum(counts["valid"]) == 3_191
