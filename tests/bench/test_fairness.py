"""The folder that is made of the faces labelled by eye, and the tables of the model cards."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bench import fairness_folder, fairness_tables
from bench.fairness_folder import COLUMNS, more_rows, name_of, rows
from mien.fairness import report_document
from mien.fairness.labels import Age, read_labels
from tests.fairness.made import face, people, report, times
from training.attributes import labels as by_eye


class TestFolder:
    def test_mien_reads_the_labels_as_they_were_meant(self, tmp_path: Path) -> None:
        made = list(rows(by_eye.read_labels()))
        with (tmp_path / "labels.csv").open("w", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, COLUMNS)
            writer.writeheader()
            writer.writerows(cells for _, cells in made)
        read = {label.file: label for label in read_labels(tmp_path)}
        meant = by_eye.read_labels()
        assert len(read) == len(meant) == 360
        genders = {"m": "male", "f": "female", by_eye.UNSURE: None}
        smiles = {"0": False, "1": True, by_eye.UNSURE: None}
        for row, number in enumerate(meant.face.tolist()):
            label = read[name_of(number)]
            assert label.person == str(meant.person[row])
            assert label.gender == genders[meant.values["gender"][row]]
            assert label.smile == smiles[meant.values["smile"][row]]
            glasses = str(meant.values["glasses"][row])
            assert label.glasses == (None if glasses == by_eye.UNSURE else glasses)
            decade = int(meant.values["age"][row])
            assert label.age == Age(decade, np.inf if decade == 70 else decade + 10)

    def test_other_pictures_of_the_same_persons(self) -> None:
        meant = by_eye.read_labels()
        person = np.full(int(meant.face.max()) + 3, 10**6)  # nobody that is labelled
        person[meant.face] = meant.person
        first = meant.face[0]
        person[-2:] = meant.person[0]
        more = list(more_rows(meant, person))
        gender = {"m": "male", "f": "female"}[meant.values["gender"][0]]
        assert more == [
            (at, {"file": name_of(at), "person": str(meant.person[0]), "gender": gender})
            for at in (len(person) - 2, len(person) - 1)
        ]
        assert first not in [at for at, _ in more]

    def test_the_pictures(self, tmp_path: Path, shared_media: Path) -> None:
        """As they are in the set."""
        data = shared_media.parent / "data"
        if not (data / "lfw_attributes").is_dir():
            pytest.skip(f"there is no {data / 'lfw_attributes'}")
        outcome = CliRunner().invoke(
            fairness_folder.main, ["--data", str(data), str(tmp_path / "out")]
        )
        assert outcome.exit_code == 0, outcome.output
        assert len(list((tmp_path / "out").glob("*.png"))) == 360
        assert len(read_labels(tmp_path / "out")) == 360


class TestTables:
    @pytest.fixture
    def document(self, tmp_path: Path) -> Path:
        faces = [
            *times(40, gender="female", female=1.0, labelled_age=Age(30, 40), age=30.0),
            *times(10, gender="female", female=0.0),
            face(gender="male", female=0.0),
            *people([2] * 3, spread=0.3),
        ]
        path = tmp_path / "a.json"
        path.write_text(json.dumps(report_document(report(faces))), encoding="utf-8")
        return path

    def table(self, *arguments: object) -> list[str]:
        outcome = CliRunner().invoke(fairness_tables.main, [str(one) for one in arguments])
        assert outcome.exit_code == 0, outcome.output
        return outcome.output.splitlines()

    def test_one_measure(self, document: Path) -> None:
        assert self.table(document, "gender_error", "--by", "gender") == [
            "|  |  | faces | Gender: wrong |",
            "| --- | --- | --- | --- |",
            "| all |  | 51 | 19.6 % (11.0 to 32.5) |",
            "| gender | female | 50 | 20.0 % (11.2 to 33.0) |",
            "| gender | male | 1 * | 0.0 % (0.0 to 79.3) |",
        ]

    def test_measures_of_the_same_faces_share_their_count(self, document: Path) -> None:
        lines = self.table(document, "age_decade_error", "age_far_error", "--by", "age")
        assert lines[0] == ("|  |  | faces | Age: another decade | Age: two decades off or more |")
        assert lines[2] == "| all |  | 40 | 0.0 % (0.0 to 8.8) | 0.0 % (0.0 to 8.8) |"

    def test_measures_of_others_have_their_own(self, document: Path) -> None:
        lines = self.table(document, "gender_error", "false_match", "--by", "gender")
        assert lines[0] == (
            "|  |  | faces | Gender: wrong | pairs, persons | Different persons: taken for one |"
        )
        assert lines[2].startswith("| all |  | 51 | 19.6 % (11.0 to 32.5) | 12 of 3 * |")
        assert lines[3].endswith("| – | – |")

    def test_no_such_measure(self, document: Path) -> None:
        outcome = CliRunner().invoke(fairness_tables.main, [str(document), "beauty"])
        assert "there is no beauty; there are detection_recall" in str(outcome.exception)
