"""Names that clients give."""

from __future__ import annotations

import pytest

from mien.client.names import safe_name
from mien.errors import UsageError
from mien.jobs.names import LONGEST, LONGEST_FILE, check_file_name, check_name


@pytest.mark.parametrize(
    "name", ["foo.mp4", "Übung.mov", "日本.mp4", "a b (1).mp4", "x" * LONGEST_FILE, "-rf", "~"]
)
def test_plain_names_are_taken_and_mean_the_same_to_a_client(name: str) -> None:
    assert check_file_name(name) == name
    assert safe_name(name) == name


def test_letters_and_their_marks_are_one_character() -> None:
    assert check_file_name("u\u0308.mp4") == "ü.mp4"


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", ".hidden", "a/b", "a\\b", "../a", "/a", "C:a", "a\0b", "a\nb", "a?"),
        *("con", "LPT1.mp4", "a.", "a ", "evil\u202egpj.exe", "a\u200fb", "a\u2028b", "a\ud800"),
        *("ü" * LONGEST_FILE,),
    ],
)
def test_a_name_that_is_no_plain_file_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_file_name(name)


def test_other_names_have_a_length_and_no_control_characters() -> None:
    assert check_name("My Face Detection Job / 日本") == "My Face Detection Job / 日本"
    assert check_name("") == ""
    for name in ("x" * (LONGEST + 1), "a\nb", "a\x1b[2J"):
        with pytest.raises(UsageError):
            check_name(name)
