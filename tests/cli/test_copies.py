"""Where `--annotated` puts its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.cli.copies import plan_copies
from mien.cli.sources import Source
from mien.errors import OutputError, UsageError


def sources(folder: Path, *names: str) -> list[Source]:
    """Files that are there."""
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    return [Source(folder / name, Path(name)) for name in names]


def test_without_the_option_there_are_no_copies(tmp_path: Path) -> None:
    (one,) = sources(tmp_path, "a.mp4")
    assert plan_copies([one], None, []).path_for(one.path, "video") is None


@pytest.mark.parametrize(
    ("name", "kind"), [("x.mp4", "video"), ("x.MKV", "video"), ("x.png", "image")]
)
def test_one_source_and_a_file(tmp_path: Path, name: str, kind: str) -> None:
    (one,) = sources(tmp_path, "a.bin")
    target = tmp_path / name
    assert plan_copies([one], str(target), []).path_for(one.path, kind) == target


def test_a_folder_gets_a_file_for_each_by_its_kind(tmp_path: Path) -> None:
    found = sources(tmp_path, "in/a.mov", "in/a.jpg", "in/b.png", "in/c")
    folder = tmp_path / "out"
    copies = plan_copies(found, str(folder), [])
    names = [
        str(copies.path_for(source.path, kind))
        for source, kind in zip(found, ("video", "image", "image", "video"), strict=True)
    ]
    below = folder / "in"
    assert names == [
        f"{below}/a.mov.annotated.mp4",
        f"{below}/a.jpg.annotated.jpg",
        f"{below}/b.annotated.jpg",
        f"{below}/c.annotated.mp4",
    ]
    (one,) = sources(tmp_path, "a.mov")
    for target in (str(folder), str(tmp_path / "new") + "/"):
        path = plan_copies([one], target, []).path_for(one.path, "video")
        assert path == Path(target) / "a.annotated.mp4"


@pytest.mark.parametrize("target", ["x.gif", "x", "x.json", "x.annotated"])
def test_a_suffix_of_nothing_that_is_written(tmp_path: Path, target: str) -> None:
    with pytest.raises(UsageError, match=r"must end in \.mp4, .* for a video, in \.png"):
        plan_copies(sources(tmp_path, "a.mp4"), str(tmp_path / target), [])


@pytest.mark.parametrize(
    ("target", "kind", "sentence"),
    [
        ("x.png", "video", r"a\.bin is a video, so that --annotated must end in \.mp4"),
        ("x.mp4", "image", r"a\.bin is a photo, so that --annotated must end in \.png"),
    ],
)
def test_a_suffix_of_the_other_kind(tmp_path: Path, target: str, kind: str, sentence: str) -> None:
    (one,) = sources(tmp_path, "a.bin")
    copies = plan_copies([one], str(tmp_path / target), [])
    with pytest.raises(UsageError, match=sentence):
        copies.path_for(one.path, kind)


def test_several_sources_and_a_file(tmp_path: Path) -> None:
    found = sources(tmp_path, "a.mp4", "b.mp4", "note")
    for target in ("x.mp4", "x.jpg", "note"):
        with pytest.raises(UsageError, match="3 files were given; name a folder"):
            plan_copies(found, str(tmp_path / target), [])
    assert not (tmp_path / "x.mp4").exists()


def test_a_copy_never_takes_the_place_of_an_input_or_a_result(tmp_path: Path) -> None:
    (one,) = sources(tmp_path, "a.mp4")
    with pytest.raises(UsageError, match="would overwrite an input; choose another --annotated"):
        plan_copies([one], str(one.path), [])
    result = tmp_path / "r.mp4"
    with pytest.raises(UsageError, match="is an input or a result already"):
        plan_copies([one], str(result), [result])
    again = sources(tmp_path, "a.mp4", "a.annotated.mp4")
    with pytest.raises(UsageError, match=r"a\.annotated\.mp4 is an input or a result already"):
        plan_copies(again, str(tmp_path), [])


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        plan_copies(sources(tmp_path, "a.mp4"), str(tmp_path / "none" / "x.mp4"), [])
