from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO

import pytest

from mien.atomic import replacing
from mien.errors import OutputError


def test_a_finished_block_leaves_the_whole_file_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    with replacing(target) as file:
        file.write("ä")
        assert not target.exists()
    assert target.read_bytes() == "ä".encode()
    assert os.listdir(tmp_path) == ["out.json"]


def _write_and_raise(file: IO[bytes], failure: type[BaseException]) -> None:
    file.write(b"new")
    raise failure


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failed_block_leaves_the_old_file(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with pytest.raises(failure), replacing(target, "wb") as file:
        _write_and_raise(file, failure)
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.bin"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"), replacing(tmp_path / "no" / "x"):
        pass


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="it is a folder"), replacing(tmp_path) as file:
        file.write("x")


def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="no ordinary file"), replacing(pipe):
        pass
    assert pipe.is_fifo()


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    with replacing(link) as file:
        file.write("new")
    assert link.is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EFBIG, "larger than a file may be"),
        (errno.EROFS, "not writable"),
        (errno.EACCES, "not writable"),
    ],
)
def test_a_failed_write_says_why(tmp_path: Path, code: int, sentence: str) -> None:
    with pytest.raises(OutputError, match=sentence), replacing(tmp_path / "x"):
        raise OSError(code, os.strerror(code))
    assert os.listdir(tmp_path) == []


def test_an_error_that_is_not_about_writing_is_handed_on(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "x"):
        (tmp_path / "input").read_bytes()


@pytest.mark.parametrize(("name", "sentence"), [("a" * 300, "too long"), ("a\0b", "null")])
def test_names_that_no_file_can_have(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(OutputError, match=sentence), replacing(tmp_path / name) as file:
        file.write("x")
    assert os.listdir(tmp_path) == []
