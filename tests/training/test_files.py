"""The data folder, sheets of faces, and the hash of files."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.files import DATA_VARIABLE, add_data, cut_sheet, data_folder, files_hash


def filled(folder: Path) -> Path:
    (folder / "set").mkdir(parents=True)
    (folder / "set" / "scores.csv").write_text("a")
    return folder


def test_the_folder_given_goes_before_the_one_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = filled(tmp_path / "one"), filled(tmp_path / "other")
    monkeypatch.setenv(DATA_VARIABLE, str(one))
    assert data_folder(None, "set/scores.csv") == one
    assert data_folder(other, "set/scores.csv") == other
    with pytest.raises(FileNotFoundError, match=rf"no set/votes.csv in .*one.*{DATA_VARIABLE}"):
        data_folder(None, "set/votes.csv")


def test_the_option_names_the_folder() -> None:
    parser = argparse.ArgumentParser()
    add_data(parser)
    assert parser.parse_args(["--data", "a/b"]).data == Path("a/b")
    assert parser.parse_args([]).data is None


@pytest.mark.parametrize(("mode", "channels"), [("L", ()), ("RGB", (3,))])
def test_a_sheet_is_cut_in_reading_order(
    tmp_path: Path, mode: str, channels: tuple[int, ...]
) -> None:
    faces = np.random.default_rng(1).integers(0, 256, (6, 4, 4, *channels), np.uint8)
    rows = [np.concatenate(list(faces[at : at + 3]), axis=1) for at in (0, 3)]
    Image.fromarray(np.concatenate(rows)).save(tmp_path / "sheet.png")
    np.testing.assert_array_equal(cut_sheet(tmp_path / "sheet.png", mode, 4, 3), faces)


def test_the_hash_is_of_names_and_bytes_wherever_the_folder_lies(tmp_path: Path) -> None:
    one, other = filled(tmp_path / "one"), filled(tmp_path / "other")
    name, more = "set/scores.csv", "set/more.csv"
    expected = hashlib.sha256(b"set/scores.csva").hexdigest()
    assert files_hash(one, [one / name]) == files_hash(other, [other / name]) == expected
    (one / more).write_text("a")
    assert files_hash(one, [one / more]) != expected  # another name
    assert files_hash(one, [one / name, one / more]) != files_hash(one, [one / more, one / name])
    (other / name).write_text("b")
    assert files_hash(other, [other / name]) != expected
