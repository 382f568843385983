"""Names of files, and lists of ids as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import ConfigurationError, InputError, InputNotFoundError
from mien.redact.files import (
    annotations_name,
    audit_names,
    beside,
    read_id_list,
    redacted_name,
    thumb_name,
)


def test_names_are_those_of_the_redactor() -> None:
    source = Path("clips/foo.bar.MOV")
    assert redacted_name(source) == "foo.bar_redacted.mp4"
    assert annotations_name(source) == "foo.bar_annotations.json"
    assert thumb_name(source, 1) == "foo.bar_thumb000001.jpg"
    assert thumb_name(source, 12345678) == "foo.bar_thumb12345678.jpg"
    assert audit_names(Path("out/foo_redacted.mp4")) == (
        Path("out/foo_audit.json"),
        Path("out/foo_audit.html"),
    )


def test_a_file_beside_is_found_whatever_its_letters(tmp_path: Path) -> None:
    video = tmp_path / "Dance.mp4"
    assert beside(video, "_IDList.txt") is None
    (tmp_path / "dancer_idlist.txt").touch()
    assert beside(video, "_IDList.txt") is None
    listed = tmp_path / "Dance_idlist.TXT"
    listed.touch()
    assert beside(video, "_IDList.txt") == listed
    assert beside(tmp_path / "none" / "a.mp4", "_IDList.txt") is None


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        (b"     1\n     2\n     3\n", (1, 2, 3)),  # as the Redactor's documentation pads it
        (b"\xef\xbb\xbf1138\r\n2028\r\n", (1138, 2028)),
        ("7\n8".encode("utf-16"), (7, 8)),
        (b"3\n3\n1\n", (3, 1)),
        (b"\n\n9223372036854775807\n", (2**63 - 1,)),
        (b"", None),
        (b"  \n\t\n", None),
    ],
)
def test_lists_of_ids(tmp_path: Path, data: bytes, ids: tuple[int, ...] | None) -> None:
    path = tmp_path / "foo_IDList.txt"
    path.write_bytes(data)
    assert read_id_list(path) == ids


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"1\nPeter\n", "line 2: 'Peter' is no id"),
        (b"1, 2\n", "line 1: '1, 2' is no id"),
        (b"-1\n", "line 1: '-1' is no id"),
        ("٣\n".encode(), "line 1: '٣' is no id"),
        (b"9223372036854775808\n", "is no id"),
        (b"9" * 5000, "is no id"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not text"),
    ],
)
def test_what_is_no_list_is_told_with_its_place(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "foo_IDList.txt"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match=sentence):
        read_id_list(path)


def test_a_list_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError, match="there is no file"):
        read_id_list(tmp_path / "none.txt")
    with pytest.raises(InputError, match="is a folder; name the text file in it"):
        read_id_list(tmp_path)
