from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SHARED
from training.attributes import draw, faces, labels
from training.attributes.draw import LABELS, PARTS, PLAIN, QUOTAS, SKIMMED, TWICE
from training.attributes.labels import ATTRIBUTES, UNSURE, YES_NO, read_labels, read_pass

ROW = {name: values[0] for name, values in ATTRIBUTES.items()}


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_every_face_drawn_is_labelled_once_and_a_hundred_twice() -> None:
    all_labels = read_labels()
    assert len(all_labels) == 360
    assert np.all(np.diff(all_labels.face) > 0)
    drawn = draw.read_drawn()
    assert list(read_pass(LABELS / "first.csv")) == draw.order(drawn, "first")
    assert list(read_pass(LABELS / "second.csv")) == draw.order(drawn, "second")
    assert sum(face.twice for face in drawn) == TWICE == 100


def test_no_person_is_there_twice_so_none_is_in_both_parts() -> None:
    all_labels = read_labels()
    assert len(np.unique(all_labels.person)) == len(all_labels)
    calibration, test = (all_labels.of(part) for part in PARTS)
    assert len(calibration) + len(test) == len(all_labels)
    assert min(len(calibration), len(test)) >= 150
    with pytest.raises(ValueError, match="there are calibration and test"):
        all_labels.of("train")


def test_both_parts_have_enough_of_what_is_rare() -> None:
    for part in PARTS:
        these = read_labels().of(part)
        for attribute, least in {
            "glasses": 40, "headwear": 30, "beard": 15, "moustache": 25, "bald": 15,
            "smile": 50, "lips_apart": 90, "eyes_covered": 8,
        }.items():  # fmt: skip
            assert np.nansum(these.truth(attribute)) >= least, (part, attribute)
        assert np.sum(these.values["glasses"] == "sunglasses") >= 9
        assert all(
            np.sum(these.values["hair_colour"] == colour) >= 10
            for colour in ("black", "brown", "blond", "gray")
        )


def test_labels_that_belong_together_do() -> None:
    values = read_labels().values
    unseen = values["hair_visible"] == "0"
    assert unseen.any()
    assert np.array_equal(values["hair_colour"] == "none", unseen)
    women = values["gender"] == "f"
    for name in ("beard", "moustache", "sideburns"):
        assert not np.any(women & (values[name] == "1")), name
    assert not np.any((values["bald"] == "1") & (values["headwear"] == "1"))


def test_the_review_is_what_makes_the_labels_differ_from_the_first_pass() -> None:
    first, final = read_pass(LABELS / "first.csv"), read_labels()
    changed = {
        (int(face), name)
        for name, column in final.values.items()
        for face, value in zip(final.face, column, strict=True)
        if first[int(face)][name] != value
    }
    lines = (LABELS / "review.csv").read_text(encoding="utf-8").splitlines()[1:]
    listed = [line.split(",") for line in lines]
    assert {(int(face), name) for face, name, _ in listed} == changed
    assert len(changed) == len(listed) > 0


def test_truth_is_one_zero_or_nan() -> None:
    all_labels = read_labels()
    beard = all_labels.truth("beard")
    unsure = all_labels.values["beard"] == UNSURE
    assert np.array_equal(np.isnan(beard), unsure)
    assert np.nansum(beard) == np.sum(all_labels.values["beard"] == "1")
    glasses = all_labels.truth("glasses")
    assert np.nansum(glasses) == len(glasses) - np.sum(
        np.isin(all_labels.values["glasses"], ("none", UNSURE))
    )
    with pytest.raises(ValueError, match="read its values"):
        all_labels.truth("hair_colour")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"smile": "2"}, "smile is '2'"),
        ({"glasses": "monocle"}, "one of none, reading"),
        ({"hat": "1"}, "hat"),
    ],
)
def test_a_label_that_cannot_be_is_refused(change: dict[str, str], said: str) -> None:
    assert labels.check_row(ROW) == ROW
    with pytest.raises(ValueError, match=said):
        labels.check_row(ROW | change)


def test_a_pass_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = {7: ROW, 3: ROW | {"age": UNSURE}}
    labels.write_pass(tmp_path / "pass.csv", rows)
    assert list(read_pass(tmp_path / "pass.csv").items()) == list(rows.items())
    assert [path.name for path in tmp_path.iterdir()] == ["pass.csv"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: "", "first line"),
        (lambda text: text.replace("smile", "grin"), "first line"),
        (lambda text: text + text.splitlines()[1] + "\n", "face 7 is labelled twice"),
        (lambda text: text.replace("7,none", "7,monocle"), "face 7: glasses"),
        (lambda text: text.replace("7,none", "seven,none"), "invalid literal"),
        (lambda text: text[:-12], "face 7: "),  # cut off
    ],
)
def test_a_spoilt_file_is_refused(tmp_path: Path, spoil: Callable[[str], str], said: str) -> None:
    path = tmp_path / "pass.csv"
    labels.write_pass(path, {7: ROW})
    with pytest.raises(ValueError, match=said):
        read_pass(written(path, spoil(path.read_text(encoding="utf-8"))))


def test_a_review_of_nothing_is_refused(tmp_path: Path) -> None:
    head = "face,attribute,value\n"
    given = labels.reviewed({7: ROW}, written(tmp_path / "a.csv", head + "7,smile,1\n"))
    assert given == {7: ROW | {"smile": "1"}}
    for line in ("7,smile,0", "8,smile,1"):
        with pytest.raises(ValueError, match="nothing to change"):
            labels.reviewed({7: ROW}, written(tmp_path / "b.csv", head + line))
    with pytest.raises(ValueError, match="hat"):
        labels.reviewed({7: ROW}, written(tmp_path / "c.csv", head + "7,hat,1\n"))


def test_kappa_of_a_table_from_a_textbook() -> None:
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: 0.7 equal, 0.5 by chance, kappa 0.4
    first = ["1"] * 25 + ["0"] * 25
    second = ["1"] * 20 + ["0"] * 5 + ["1"] * 10 + ["0"] * 15
    found = labels.agreement(first, second)
    assert (found.faces, found.equal, found.sure) == (50, 0.7, 50)
    assert found.kappa == pytest.approx(0.4)


def test_agreement_where_one_is_not_sure_or_all_is_alike() -> None:
    found = labels.agreement(["1", UNSURE, "0", "1"], ["1", UNSURE, UNSURE, "0"])
    assert (found.equal, found.sure, found.equal_sure) == (0.5, 2, 0.5)
    alike = labels.agreement(["0", "0"], ["0", "0"])
    assert alike.equal == 1
    assert math.isnan(alike.kappa)
    with pytest.raises(ValueError, match="twice"):
        labels.agreement([], [])
    with pytest.raises(ValueError, match="not a first"):
        labels.agreements({3: ROW}, {4: ROW})


def test_the_two_passes_agree_in_what_counts() -> None:
    found = labels.agreements(read_pass(LABELS / "first.csv"), read_pass(LABELS / "second.csv"))
    assert found.keys() == ATTRIBUTES.keys()
    assert {row.faces for row in found.values()} == {100}
    # the second pass is blind; figures are measured on faces of which one is sure
    for name, least in {"glasses": 0.97, "headwear": 0.95, "beard": 0.93, "smile": 0.94}.items():
        assert found[name].equal_sure >= least, name
        assert found[name].kappa >= 0.75, name


def test_the_readme_says_what_the_files_hold(capsys: pytest.CaptureFixture[str]) -> None:
    labels.main()
    told, table = capsys.readouterr().out.strip().split("\n\n|")
    readme = (LABELS / "README.md").read_text(encoding="utf-8")
    assert told in readme
    assert f"|{table}\n" in readme


def test_the_draw_is_half_and_half_and_of_skimmed_faces_only() -> None:
    persons = np.arange(6000).repeat(2)
    order = draw.one_face_a_person(persons)
    assert len(order) == len(np.unique(persons[order])) == 6000
    skimmed = order[PLAIN : PLAIN + SKIMMED].tolist()
    kinds = {kind: skimmed[at * 100 : at * 100 + 60] for at, kind in enumerate(QUOTAS)}
    drawn = draw.draw(persons, kinds)
    assert drawn == draw.draw(persons, kinds)
    assert [face.drawn for face in drawn].count("plain") == PLAIN
    for kind, quota in QUOTAS.items():
        parts = [face.part for face in drawn if face.drawn == kind]
        assert len(parts) == quota
        assert abs(parts.count("test") - parts.count("calibration")) <= 1
    with pytest.raises(ValueError, match="not skimmed"):
        draw.draw(persons, kinds | {"bald": [int(order[0])]})
    with pytest.raises(ValueError, match="first and second"):
        draw.order(drawn, "third")


def test_the_folder_must_hold_the_faces(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="--data"):
        faces.faces_folder(tmp_path)


def test_labels_are_of_one_set_only(tmp_path: Path) -> None:
    written(tmp_path / "scores.csv", "name,A\nB_C_0001,1\n")
    with pytest.raises(ValueError, match="not those that were labelled"):
        faces.check_faces(tmp_path)


def test_persons_are_numbered_by_name(tmp_path: Path) -> None:
    written(tmp_path / "scores.csv", "name,A\nB_C_0001,1\nA_0001,1\nB_C_0002,1\nB_0001,1\n")
    assert faces.person_of_each(tmp_path).tolist() == [0, 1, 0, 2]


def test_the_faces_in_the_file_are_those_the_draw_gives_from_the_set() -> None:
    try:
        folder = faces.faces_folder(SHARED / "data")
    except FileNotFoundError as error:
        pytest.skip(f"no faces: {error}")
    faces.check_faces(folder)
    assert draw.draw(faces.person_of_each(folder), draw.candidates()) == draw.read_drawn()


def test_every_attribute_of_yes_and_no_has_both() -> None:
    all_labels = read_labels()
    for name, values in ATTRIBUTES.items():
        assert set(all_labels.values[name].tolist()) <= set(values)
        if values == YES_NO:
            truth = all_labels.truth(name)
            assert 0 < np.nansum(truth) < np.sum(~np.isnan(truth)), name
