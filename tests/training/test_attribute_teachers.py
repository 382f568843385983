"""Targets of the close-ups: scores made into what the eye says, and labels by eye."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SHARED
from tests.training.test_attribute_data import labels_like
from training.attributes import teachers
from training.attributes.calibrate import COLOUR_OF
from training.attributes.data import SCORED, split
from training.attributes.faces import faces_folder, person_of_each
from training.attributes.labels import UNSURE

COUNT = 200


def likely(happiness: np.ndarray, told: teachers.Told | None = None) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(6)
    logits = rng.normal(0, 1, (COUNT, len(SCORED))).astype(np.float32)
    logits[:, SCORED.index("Eyeglasses")] = np.linspace(-8, 2, COUNT)
    smiles = np.arange(COUNT) % 2 == 0
    colours = np.array(list(COLOUR_OF.values()))[np.arange(COUNT) % 4]
    for name, colour in COLOUR_OF.items():
        logits[:, SCORED.index(name)] += np.where(colours == colour, 2, 0)
    labels = labels_like(
        {
            "glasses": ["reading" if at >= 60 else "none" for at in range(COUNT)],
            "smile": np.where(smiles, "1", "0").tolist(),
            "lips_apart": [UNSURE, "0", "1", "1"] * (COUNT // 4),
            "hair_colour": colours.tolist(),
        },
        COUNT,
    )
    return teachers.by_eye(logits, happiness, labels, told or {})


def test_targets_are_turned_where_the_eye_turns() -> None:
    smiles = np.arange(COUNT) % 2 == 0
    happiness = np.where(smiles, 0.8, 0.3) + np.linspace(-0.1, 0.1, COUNT)
    happiness[7] = np.nan
    found = likely(happiness)
    assert found.keys() == teachers.SOURCES.keys()
    # Glasses by eye from the 60th face on, at a score far below a logit of 0.
    assert found["Eyeglasses"][45] < 0.2
    assert found["Eyeglasses"][75] > 0.8
    known = np.arange(COUNT) != 7
    assert ((found["Smiling"] > 0.5) == smiles)[known].all()
    assert np.isnan(found["Smiling"][7])
    colours = np.stack([found[name] for name in COLOUR_OF])
    np.testing.assert_allclose(colours.sum(axis=0), 1)
    assert (colours.argmax(axis=0) == np.arange(COUNT) % 4).mean() > 0.7


def test_labels_of_faces_that_are_trained_on_count_in_the_fit() -> None:
    happiness = np.linspace(0.1, 0.9, COUNT)
    # The calibration faces, which smile in turn, leave open what happiness means for a smile.
    alone = likely(happiness)["Smiling"]
    assert abs(alone[:20].mean() - alone[-20:].mean()) < 0.3
    told = {face: float(happiness[face] > 0.5) for face in range(COUNT)}
    both = likely(happiness, {"Smiling": told, "Blond_Hair": told})
    assert both["Smiling"][-20:].mean() - both["Smiling"][:20].mean() > 0.5
    # Hair was asked of other faces: a fit to those would not be one to all.
    np.testing.assert_array_equal(both["Blond_Hair"], likely(happiness)["Blond_Hair"])


def test_a_score_is_judged_by_faces_it_was_not_fitted_to() -> None:
    rng = np.random.default_rng(2)
    there = np.arange(COUNT) % 2 == 0
    clear = np.where(there, 1.0, -1.0)[:, None] + rng.normal(0, 0.2, (COUNT, 1))
    assert ((teachers.crossed(clear, there) > 0.5) == there).all()
    # Many columns of noise fit the faces they see, and tell nothing of others.
    noise = rng.normal(0, 1, (COUNT, 60))
    assert ((teachers.crossed(noise, there) > 0.5) == there).mean() < 0.65


def test_labels_by_eye_replace_what_the_scores_say(tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text(
        "face,smile,lips_apart,hair_colour\n2,,1,\n3,0,unsure,red\n5,1,0,gray\n6,unsure,,\n"
    )
    told = teachers.more_labels(path)
    assert told["Smiling"] == {3: 0.0, 5: 1.0}
    assert told["Mouth_Slightly_Open"] == {2: 1.0, 5: 0.0}
    assert told["Gray_Hair"] == {3: 0.0, 5: 1.0}
    assert told["Black_Hair"] == {3: 0.0, 5: 0.0}
    scores = {"Mouth_Slightly_Open": np.full(7, 0.4), "Smiling": np.full(7, 0.6)}
    wanted, seen = teachers.targets(("Mouth_Slightly_Open", "Smiling"), scores, told)
    np.testing.assert_allclose(wanted[:, 0], [0.4, 0.4, 0.97, 0.4, 0.4, 0.03, 0.4], atol=1e-6)
    np.testing.assert_allclose(wanted[:, 1], [0.6, 0.6, 0.6, 0.03, 0.6, 0.97, 0.6], atol=1e-6)
    assert np.flatnonzero(seen).tolist() == [2, 3, 5]


def test_the_labels_in_the_repository_are_enough_on_both_sides() -> None:
    told = teachers.more_labels()
    for name, least in {
        "Smiling": 300, "Mouth_Slightly_Open": 400, "Blond_Hair": 50, "Gray_Hair": 50,
        "Black_Hair": 70, "Brown_Hair": 100,
    }.items():  # fmt: skip
        values = list(told[name].values())
        assert set(values) == {0.0, 1.0}
        assert sum(values) >= least, name
        assert len(values) - sum(values) >= least, name


def test_only_persons_who_are_trained_on_are_labelled_for_it() -> None:
    if not (SHARED / "data" / "lfw_attributes").is_dir():
        pytest.skip(f"there is no {SHARED / 'data'}: MIEN_SHARED names the folder of training data")
    seen, _ = split(person_of_each(faces_folder(SHARED / "data")))
    told = teachers.more_labels()
    assert seen[sorted({face for faces in told.values() for face in faces})].all()
