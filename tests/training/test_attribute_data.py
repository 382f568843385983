"""Who is trained on, what is learned of a face, how ranking is measured, how scores get meaning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import SHARED
from training.attributes import calibrate, data, metrics
from training.attributes.data import KEPT, MADE, SCORED, TRAINED
from training.attributes.faces import person_of_each
from training.attributes.labels import ATTRIBUTES, UNSURE, Labels, read_labels
from training.attributes.made import made_hash, plain_targets, read_made


@pytest.fixture(scope="module")
def folder() -> Path:
    found = SHARED / "data" / "lfw_attributes"
    if not found.is_dir():
        pytest.skip(f"there is no {found}: MIEN_SHARED names the folder of training data")
    return found


def logits_like(rng: np.random.Generator, count: int = 2000) -> np.ndarray:
    """Logits of which few are above zero, as those of the set."""
    return rng.normal(-4, 2, (count, len(SCORED))).astype(np.float32)


def test_what_is_shipped_is_trained_and_named_once() -> None:
    assert len(set(SCORED)) == len(SCORED) == 40
    assert len(set(KEPT)) == len(KEPT) == 26
    assert set(KEPT) <= set(TRAINED)
    assert set(metrics.ASKED) <= set(KEPT)
    assert data.columns(KEPT).tolist() == [TRAINED.index(name) for name in KEPT]


def test_nobody_is_in_two_parts() -> None:
    persons = np.repeat(np.arange(4801), 2)
    train, valid = data.split(persons)
    labelled = np.isin(persons, read_labels().person)
    assert labelled.sum() == 720
    parts = np.stack([train, valid, labelled])
    assert (parts.sum(axis=0) == 1).all()
    assert (train[::2] == train[1::2]).all()  # a person's faces stay together
    assert valid[~labelled].mean() == pytest.approx(data.VALIDATION_SHARE, abs=0.001)
    again, _ = data.split(persons)
    assert (again == train).all()


def test_the_set_is_read_in_the_order_of_its_table(folder: Path) -> None:
    faces = data.read_faces(folder)
    assert faces.images.shape == (10839, 112, 112, 3)
    assert (faces.person == person_of_each(folder)).all()
    train, valid = data.split(faces.person)
    assert (int(train.sum()), int(valid.sum())) == (8844, 1295)
    assert faces.images[[0, 255, 256, 10838]].std(axis=(1, 2, 3)).min() > 30
    with Image.open(folder / "001.webp") as sheet:
        tile = np.asarray(sheet.convert("RGB"))[112:224, 224:336]
    assert (faces.images[256 + 16 + 2] == tile).all()


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("name,Smiling\nA_0001,1.0\n")
    with pytest.raises(ValueError, match="not the 40 of CelebA"):
        data.read_logits(tmp_path)


def test_columns_that_do_not_belong_together_are_refused() -> None:
    images, logits = np.zeros((2, 112, 112, 3), np.uint8), np.zeros((2, 40), np.float32)
    with pytest.raises(ValueError, match="3 persons but images"):
        data.Faces(images, logits, np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="2 persons but logits"):
        data.Faces(images, logits[:, :39], np.zeros(2, np.int64))


def test_targets_are_cut_at_the_share_and_keep_the_order() -> None:
    logits = logits_like(np.random.default_rng(1))
    logits[:, 0] += 4  # half are above zero
    shares = data.shares(logits)
    assert shares[0] == pytest.approx(0.5, abs=0.03)
    assert shares[1:].min() == 0.03
    assert shares[1:].max() < 0.04
    targets = data.soft_targets(logits)
    np.testing.assert_allclose((targets > 0.5).mean(axis=0), shares, atol=0.002)
    assert (np.argsort(targets[:, 3]) == np.argsort(logits[:, 3])).all()


def test_rare_faces_and_rare_persons_are_drawn_more_often() -> None:
    targets = np.zeros((100, 3), np.float32)
    targets[:50, 0] = 1
    targets[0, 1] = 1
    targets[:, 2] = np.nan
    alone = np.arange(100)
    chances = data.draw_chances(targets, alone, 0.5)
    assert chances.sum() == pytest.approx(1)
    assert chances[0] / chances[60] == pytest.approx(10)
    assert chances[1] / chances[60] == pytest.approx(2**0.5)
    together = np.array([0] * 4 + list(range(1, 97)))
    crowded = data.draw_chances(np.zeros((100, 3), np.float32), together, 0.5)
    assert crowded[0] / crowded[50] == pytest.approx(0.5)


def test_area_under_the_curve_counts_pairs() -> None:
    scores = np.array([0.1, 0.4, 0.4, 0.9])
    there = np.array([False, True, False, True])
    assert metrics.area_under_curve(scores, there, ~there) == pytest.approx(3.5 / 4)


def test_areas_are_of_the_top_share_against_the_lower_half() -> None:
    rng = np.random.default_rng(2)
    logits = logits_like(rng)
    logits[:, SCORED.index("No_Beard")] += 6
    perfect = metrics.areas(logits, logits, SCORED)
    assert set(perfect.values()) == {1.0}
    blind = metrics.areas(rng.normal(size=logits.shape), logits, SCORED)
    assert metrics.mean_asked(blind) == pytest.approx(0.5, abs=0.05)
    # Faces between the lower half and the top share do not count.
    column = logits[:, SCORED.index("Bald")]
    between = (column > np.quantile(column, 0.5)) & (column < np.quantile(column, 0.97))
    muddled = np.where(between, rng.normal(size=len(column)), column)[:, None]
    assert metrics.areas(muddled, logits, ["Bald"])["Bald"] == 1.0
    # For No_Beard everyone below a logit of 0 is a negative, and nobody else.
    column = logits[:, SCORED.index("No_Beard")]
    wrong = np.where(column < 0, 9.0, column)[:, None]
    assert metrics.areas(wrong, logits, ["No_Beard"])["No_Beard"] < 0.2


def labels_like(values: dict[str, list[str]], count: int) -> Labels:
    columns = {name: np.array(values.get(name, ["0"] * count)) for name in ATTRIBUTES}
    parts = np.array(["calibration"] * count)
    return Labels(np.arange(count), np.arange(count), parts, parts, columns)


def test_platt_finds_the_line_that_made_the_labels() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(-3, 2, 20000)
    there = rng.random(20000) < calibrate.sigmoid(1.5 * logits + 4)
    slope, offset = calibrate.platt(logits, there)
    assert slope == pytest.approx(1.5, abs=0.08)
    assert offset == pytest.approx(4, abs=0.2)


def test_platt_stays_finite_where_the_order_is_perfect() -> None:
    logits = np.linspace(-6, 6, 40)
    slope, offset = calibrate.platt(logits, logits > 2)
    assert 0.5 < slope < 20
    assert -offset / slope == pytest.approx(2, abs=0.7)
    with pytest.raises(ValueError, match="faces with the attribute and faces without"):
        calibrate.platt(logits, logits > 9)


def test_two_inputs_are_weighed_by_what_they_tell() -> None:
    rng = np.random.default_rng(8)
    inputs = rng.normal(1, 2, (20000, 2)) * [1, 10]
    there = rng.random(20000) < calibrate.sigmoid(inputs @ [0.5, 0.2] - 1)
    slopes, offset = calibrate.logistic(inputs, there)
    np.testing.assert_allclose(slopes, [0.5, 0.2], atol=0.05)
    assert offset == pytest.approx(-1, abs=0.1)


def test_only_outputs_with_a_label_are_calibrated_and_unsure_faces_do_not_count() -> None:
    rng = np.random.default_rng(4)
    seen = rng.random(300) < 0.5
    smile = ["1" if yes else "0" for yes in seen]
    logits = np.column_stack([np.where(seen, 3.0, 1.0) + rng.normal(0, 0.8, 300), np.ones(300)])
    names = ("Smiling", "Young")
    fitted = calibrate.fit(logits, labels_like({"smile": smile}, 300), names)
    assert (fitted.slopes[1], fitted.offsets[1]) == (1, 0)
    assert -fitted.offsets[0] / fitted.slopes[0] == pytest.approx(2, abs=0.2)
    scores = fitted.scores(logits)
    assert ((scores[:, 0] > 0.5) == seen).mean() > 0.85
    np.testing.assert_allclose(scores[:, 1], calibrate.sigmoid(np.ones(1))[0])
    unsure = smile[:200] + [UNSURE] * 100
    fewer = calibrate.fit(logits, labels_like({"smile": unsure}, 300), names)
    assert fewer == calibrate.fit(logits[:200], labels_like({"smile": smile[:200]}, 200), names)


def test_the_truth_of_a_beard_is_turned_round_and_colours_are_of_those_seen() -> None:
    labels = labels_like(
        {"beard": ["0", "1", UNSURE], "hair_colour": ["gray", "none", UNSURE]}, 3
    )  # fmt: skip
    np.testing.assert_equal(calibrate.truth_of("No_Beard", labels), [1, 0, np.nan])
    np.testing.assert_equal(calibrate.truth_of("Gray_Hair", labels), [1, 0, np.nan])
    assert calibrate.truth_of("Young", labels) is None


def written(folder: Path, rows: list[str]) -> Path:
    header = ",".join(("face", "worn", *MADE, "told", "untold"))
    (folder / "labels.csv").write_text("\n".join([header, *rows]) + "\n")
    Image.fromarray(np.full((112, 1792, 3), 90, np.uint8)).save(folder / "000.webp")
    return folder


def test_generated_labels_say_what_is_there_what_not_and_what_is_unknown(tmp_path: Path) -> None:
    rows = ["2,mask,,,1,,0,1,Wearing_Hat=1,Smiling Mustache", "0,,0,0,0,0,0,0,,"]
    made = read_made(written(tmp_path, rows))
    assert made.images.shape == (2, 112, 112, 3)
    assert made.worn == ("mask", "")
    plain = np.full((3, 40), 0.25, np.float32)
    plain[2] = 0.75
    found = dict(zip(TRAINED, made.targets(plain)[0].tolist(), strict=True))
    assert (found["Face_Mask"], found["Eyes_Occluded"], found["Mouth_Occluded"]) == (1, 0, 1)
    assert (found["Wearing_Hat"], found["Eyeglasses"]) == (1, 0.75)
    for name in ("Smiling", "Mustache", "Sunglasses", "Swimming_Goggles", "Forehead_Occluded"):
        assert np.isnan(found[name]), name
    nothing = made.targets(plain)[1]
    assert (nothing[:40] == 0.25).all()
    assert (nothing[40:] == 0).all()


def test_bad_folders_of_generated_faces_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="17 rows but 16 pictures"):
        read_made(written(tmp_path, ["0,,0,0,0,0,0,0,,"] * 17))
    with pytest.raises(ValueError, match="no outputs of the network: Monocle"):
        read_made(written(tmp_path, ["0,,0,0,0,0,0,0,Monocle=1,"]))
    before = made_hash(tmp_path)
    written(tmp_path, ["0,,0,0,0,0,0,1,,"])
    assert made_hash(tmp_path) != before


def test_of_plain_faces_only_what_their_scores_exclude_is_known() -> None:
    scored = np.full((3, 40), 0.01, np.float32)
    scored[1, SCORED.index("Eyeglasses")] = 0.9
    scored[2, SCORED.index("Wearing_Hat")] = 0.9
    plain = plain_targets(scored)
    assert (plain[0] == 0).all()
    unknown = [[MADE[at] for at in np.flatnonzero(np.isnan(row))] for row in plain]
    assert unknown[1:] == [["Sunglasses", "Eyes_Occluded"], ["Forehead_Occluded"]]
