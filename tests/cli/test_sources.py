from __future__ import annotations

from pathlib import Path

import pytest

from mien.cli.sources import Source, find_sources, plan_outputs
from mien.errors import InputNotFoundError, OutputError, UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/clip.mp4", "a/clip.mov", "b/photo.JPG", "b/notes.txt", "b/.hidden.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def places(sources: list[Source]) -> list[str]:
    return [source.place.as_posix() for source in sources]


def test_a_folder_stands_for_all_media_below_it(folder: Path) -> None:
    assert places(find_sources([str(folder)])) == ["a/clip.mov", "a/clip.mp4", "b/photo.JPG"]


def test_patterns_files_and_folders_mix_and_nothing_is_taken_twice(folder: Path) -> None:
    found = find_sources([f"{folder}/**/*.mp4", str(folder / "a"), str(folder / "b/notes.txt")])
    assert places(found) == ["clip.mp4", "clip.mov", "notes.txt"]


@pytest.mark.parametrize(("argument", "sentence"), [("*.gif", "nothing fits"), ("", "no photo")])
def test_what_stands_for_nothing_is_an_error(tmp_path: Path, argument: str, sentence: str) -> None:
    with pytest.raises(InputNotFoundError, match=sentence):
        find_sources([str(tmp_path / argument)])


def test_a_missing_file_is_left_to_the_one_who_opens_it(tmp_path: Path) -> None:
    assert places(find_sources([str(tmp_path / "gone.mp4")])) == ["gone.mp4"]


def test_one_source_goes_to_the_file_the_folder_or_standard_output(folder: Path) -> None:
    one = find_sources([str(folder / "a/clip.mp4")])
    assert plan_outputs(one, None, ".json") == [(one[0], None)]
    assert plan_outputs(one, str(folder / "x.json"), ".json")[0][1] == folder / "x.json"
    assert plan_outputs(one, str(folder), ".json")[0][1] == folder / "clip.json"
    assert plan_outputs(one, f"{folder}/new/", ".json")[0][1] == folder / "new/clip.json"


def test_several_results_keep_their_places_and_never_meet(folder: Path) -> None:
    pairs = plan_outputs(find_sources([str(folder)]), str(folder / "out"), ".json")
    names = [path.relative_to(folder / "out").as_posix() for _, path in pairs if path]
    assert names == ["a/clip.mov.json", "a/clip.mp4.json", "b/photo.json"]
    assert (folder / "out/a").is_dir()


def test_what_cannot_be_told_apart_or_would_be_lost_is_refused(folder: Path) -> None:
    several = find_sources([str(folder)])
    with pytest.raises(UsageError, match="name a folder"):
        plan_outputs(several, None, ".json")
    same = [Source(folder / "a/clip.mp4", Path("clip.mp4")), Source(folder / "x", Path("clip.mp4"))]
    with pytest.raises(UsageError, match="run them apart"):
        plan_outputs(same, str(folder / "out"), ".json")
    with pytest.raises(UsageError, match="overwrite an input"):
        plan_outputs(several[:1], str(several[0].path), ".json")


@pytest.mark.parametrize(
    ("output", "sentence"), [("gone/deep/", "no folder"), ("b/notes.txt", "it is a file")]
)
def test_a_folder_that_cannot_be_made(folder: Path, output: str, sentence: str) -> None:
    with pytest.raises(OutputError, match=sentence):
        plan_outputs(find_sources([str(folder)]), f"{folder}/{output}", ".json")
