"""labels.csv: what it may say, and one clear sentence for everything else."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from mien.errors import (
    ConfigurationError,
    InputError,
    InputNotFoundError,
    InputPermissionError,
)
from mien.fairness.labels import COLUMNS, LONGEST_CELL, Age, Label, decade_of, read_labels, shown

ROOT = Path(__file__).resolve().parents[2]


def write(folder: Path, text: str | bytes) -> Path:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "labels.csv").write_bytes(data)
    return folder


class TestWhatIsTaken:
    def test_every_column(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            "file,left,top,width,height,person,gender,age,smile,glasses,emotion,skin_tone,group\n"
            "a/b.jpg,10,20.5,30,40,Ann,female,34,yes,reading,happiness,very light,Site 1\n",
        )
        assert read_labels(tmp_path) == [
            Label(2, "a/b.jpg", (10, 20.5, 40, 60.5), "Ann", "female", Age(34, 34), True, "reading",
                  "happiness", "very light", "Site 1")
        ]  # fmt: skip

    def test_only_files(self, tmp_path: Path) -> None:
        write(tmp_path, "file\na.jpg\nb.jpg\n")
        assert read_labels(tmp_path) == [Label(2, "a.jpg"), Label(3, "b.jpg")]

    def test_empty_cells_lines_and_short_lines_are_not_known(self, tmp_path: Path) -> None:
        write(tmp_path, "file,gender,age\n\na.jpg,,\n , ,\nb.jpg\n")
        assert read_labels(tmp_path) == [Label(3, "a.jpg"), Label(5, "b.jpg")]

    def test_as_spreadsheets_write_it(self, tmp_path: Path) -> None:
        """A byte-order mark, line ends of Windows, capitals, spaces, quotes, any order."""
        write(
            tmp_path,
            b'\xef\xbb\xbfAge,"FILE",Gender\r\n 30s ,"M\xc3\xbcller, 1.jpg", F \r\n',
        )
        assert read_labels(tmp_path) == [
            Label(2, "Müller, 1.jpg", gender="female", age=Age(30, 40))
        ]

    def test_lines_are_counted_as_editors_do(self, tmp_path: Path) -> None:
        write(tmp_path, 'file,person\na.jpg,"two\nlines"\nb.jpg,x\n')
        assert [label.line for label in read_labels(tmp_path)] == [2, 4]

    @pytest.mark.parametrize(
        ("cell", "age", "decade"),
        [
            ("0", Age(0, 0), 0),
            ("0.5", Age(0.5, 0.5), 0),
            ("9.99", Age(9.99, 9.99), 0),
            ("10", Age(10, 10), 10),
            ("0s", Age(0, 10), 0),
            ("60s", Age(60, 70), 60),
            ("80s", Age(80, 90), 70),
            ("103", Age(103, 103), 70),
            ("70+", Age(70, math.inf), 70),
        ],
    )
    def test_ages(self, tmp_path: Path, cell: str, age: Age, decade: int) -> None:
        (label,) = read_labels(write(tmp_path, f"file,age\na.jpg,{cell}\n"))
        assert label.age == age
        assert label.age.decade == decade

    def test_the_years_of_an_age(self) -> None:
        assert Age(34, 34).years == 34
        assert Age(30, 40).years == 35
        assert math.isnan(Age(70, math.inf).years)
        assert [decade_of(years) for years in (0, 29.9, 30, 80.9)] == [0, 20, 30, 70]

    @pytest.mark.parametrize(
        ("column", "cell", "value"),
        [
            ("gender", "M", "male"),
            ("gender", "other", "other"),
            ("smile", "1", True),
            ("smile", "FALSE", False),
            ("glasses", "no", "none"),
            ("glasses", "yes", "some"),
            ("glasses", "NoGlasses", "none"),
            ("glasses", "SwimmingGoggles", "goggles"),
            ("emotion", "Contempt", "contempt"),
            ("skin_tone", "very_light", "very light"),
            ("person", "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ],
    )
    def test_ways_to_say_it(self, tmp_path: Path, column: str, cell: str, value: object) -> None:
        (label,) = read_labels(write(tmp_path, f"file,{column}\na.jpg,{cell}\n"))
        assert getattr(label, column) == value

    def test_one_picture_under_two_spellings_is_one(self, tmp_path: Path) -> None:
        box = "left,top,width,height"
        write(tmp_path, f"file,{box}\n./a.jpg,0,0,5,5\na.jpg,9,9,5,5\n")
        assert [label.file for label in read_labels(tmp_path)] == ["a.jpg", "a.jpg"]


class TestWhatIsRefused:
    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputNotFoundError, match="there is no folder"):
            read_labels(tmp_path / "none")

    def test_a_file_for_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "a").touch()
        with pytest.raises(InputError, match="is a file; name the folder"):
            read_labels(tmp_path / "a")

    def test_no_labels(self, tmp_path: Path) -> None:
        with pytest.raises(InputNotFoundError, match=r"there is no labels.csv in .*--help"):
            read_labels(tmp_path)

    def test_a_folder_for_labels(self, tmp_path: Path) -> None:
        (tmp_path / "labels.csv").mkdir()
        with pytest.raises(InputError, match="is no plain file"):
            read_labels(tmp_path)

    def test_a_pipe_for_labels(self, tmp_path: Path) -> None:
        """Reading it would wait for ever."""
        os.mkfifo(tmp_path / "labels.csv")
        with pytest.raises(InputError, match="is no plain file"):
            read_labels(tmp_path)

    def test_no_permission(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As `Path.exists` tells it of a folder that may be seen but not entered."""

        def refuse(path: Path) -> bool:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "exists", refuse)
        with pytest.raises(InputPermissionError, match="you may not read the folder"):
            read_labels(tmp_path)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "it is empty; its first line names the columns"),
            ("file,age\n", "has no line with a face"),
            ("file;age\na.jpg;3\n", "separated by semicolons; save it with commas"),
            ("file\tage\n", "separated by tabs"),
            ("age\n3\n", "the column file is missing"),
            ("file,sex\na.jpg,f\n", "there is no column 'sex'; there are file, left"),
            ("file,age,Age\na.jpg,3,3\n", "the column age is there twice"),
            ("file,left,top\na.jpg,1,1\n", "there are only left and top; it takes left, top, wid"),
            ("file,age\na.jpg,3,4\n", "line 2 has 3 cells, and there are 2 columns"),
            ("file,age\n,3\n", "line 2: it names no file"),
            ("file\n/etc/passwd\n", "line 2: the file '/etc/passwd' is not a path below the"),
            ("file\na/../../b.jpg\n", "is not a path below the folder"),
            ("file,age\na.jpg,old\n", "line 2: age is 'old'; it must be years, or a decade"),
            ("file,age\na.jpg,-1\n", "age is '-1'"),
            ("file,age\na.jpg,130\n", "age is '130'"),
            ("file,age\na.jpg,nan\n", "age is 'nan'"),
            ("file,age\na.jpg,35s\n", "age is '35s'"),
            ("file,age\na.jpg,130s\n", "age is '130s'"),
            ("file,age\na.jpg,²0s\n", "age is '²0s'"),
            ("file,gender\na.jpg,x\n", "line 2: gender is 'x'; it must be female, male or other"),
            ("file,smile\na.jpg,maybe\n", "smile is 'maybe'; it must be yes or no"),
            ("file,glasses\na.jpg,some\n", "glasses is 'some'; it must be none, reading"),
            ("file,emotion\na.jpg,joy\n", "emotion is 'joy'; it must be neutral, happiness"),
            ("file,skin_tone\na.jpg,IV\n", "skin_tone is 'IV'; it must be very light"),
            ('file,age\n"a.jpg,3\n', "line 2 is broken"),
            (
                "file\n" + "a" * (LONGEST_CELL + 1) + "\n",
                "line 2 has a cell of more than 1000 char",
            ),
            ("file\n" + "a" * 200_000 + "\n", "line 2 is broken"),
        ],
    )
    def test_one_sentence_each(self, tmp_path: Path, text: str, said: str) -> None:
        with pytest.raises(ConfigurationError) as told:
            read_labels(write(tmp_path, text))
        assert said in str(told.value)
        assert "\n" not in str(told.value)
        assert str(tmp_path / "labels.csv") in str(told.value)

    @pytest.mark.parametrize(
        ("cells", "said"),
        [
            ("1,1,0,5", "the box is 0 by 5 pixels"),
            ("1,1,5,-5", "the box is 5 by -5 pixels"),
            ("1,x,5,5", "top is 'x'; it must be a number"),
            ("1,1,inf,5", "width is 'inf'"),
            ("1,1,1e300,5", "width is '1e300'"),
            ("1,1,5", "of the box there are only left and top and width"),
        ],
    )
    def test_boxes(self, tmp_path: Path, cells: str, said: str) -> None:
        text = f"file,left,top,width,height\na.jpg,{cells}\n"
        with pytest.raises(ConfigurationError, match="line 2") as told:
            read_labels(write(tmp_path, text))
        assert said in str(told.value)

    def test_fifty_groups_and_no_more(self, tmp_path: Path) -> None:
        lines = [f"a{number}.jpg,g{number}\n" for number in range(51)]
        assert len(read_labels(write(tmp_path, "file,group\n" + "".join(lines[:50])))) == 50
        with pytest.raises(ConfigurationError, match="group has 51 names; it may have 50"):
            read_labels(write(tmp_path, "file,group\n" + "".join(lines)))

    def test_several_faces_need_boxes(self, tmp_path: Path) -> None:
        text = "file,left,top,width,height\na.jpg,1,1,5,5\nb.jpg\na.jpg,,,,\n"
        with pytest.raises(ConfigurationError) as told:
            read_labels(write(tmp_path, text))
        assert "line 4: the box is missing; 'a.jpg' has 2 lines, so each needs one" in str(
            told.value
        )

    @pytest.mark.parametrize("data", [b"file\n\xff\xfe.jpg\n", b"\x89PNG\r\n\x1a\n\x00\x00"])
    def test_not_text(self, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(ConfigurationError, match=r"not text in UTF-8; save it as CSV UTF-8"):
            read_labels(write(tmp_path, data))

    def test_a_null_character(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError):
            read_labels(write(tmp_path, b"file\na\x00.jpg\n"))

    def test_a_hostile_cell_in_a_message(self) -> None:
        assert shown("a\x1b[2J\u202e") == r"'a\x1b[2J\u202e'"
        assert len(shown("x" * 500)) < 50


def test_the_columns_are_those_of_the_docs() -> None:
    guide = (ROOT / "docs" / "how_to" / "fairness.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        assert f"`{column}`" in guide, column
