"""Two videos side by side: by time, whole or in stretches; or an error, and where they part."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from mien.errors import DecodeError, InputNotFoundError, MismatchError
from mien.redact.audit.pairs import Stretch, plan_stretches, side_by_side
from tests.clips import numbered, read_number, write_clip


def clip(path: Path, count: int, *, start: int = 0, **options: Any) -> Path:
    return write_clip(path, numbered(count, start=start), **options)


def numbers(source: Path, output: Path, stretch: Stretch | None = None) -> list[tuple[int, int]]:
    pairs = side_by_side(source, output, stretch or Stretch(), threads=1)
    return [(read_number(before.rgb), read_number(after.rgb)) for before, after in pairs]


def test_every_frame_with_its_own(tmp_path: Path) -> None:
    source, output = clip(tmp_path / "a.mp4", 30), clip(tmp_path / "b.mp4", 30)
    assert numbers(source, output) == [(n, n) for n in range(30)]


def test_a_container_that_rounds_times_to_milliseconds(tmp_path: Path) -> None:
    pts = [0, 1001, 2002, 3003, 4500, 5005, 7777, 9009]
    source = clip(tmp_path / "a.mp4", 8, pts=pts, time_base="1/30000", rate="30000/1001")
    rounded = [round(Fraction(tick, 30)) for tick in pts]
    output = clip(tmp_path / "b.mkv", 8, pts=rounded, time_base="1/1000", rate="30000/1001")
    assert numbers(source, output) == [(n, n) for n in range(8)]


@pytest.mark.parametrize("kinds", [("mp4", "mp4"), ("mkv", "mp4"), ("avi", "mp4"), ("mp4", "mkv")])
def test_stretches_pair_the_same_frames_as_the_whole(
    tmp_path: Path, kinds: tuple[str, str]
) -> None:
    """Key frames lie elsewhere in the two; one of them may have no places to enter at all."""
    options = {"g": "40", "bf": "2", "sc_threshold": "0"} if kinds[0] != "avi" else {"g": "40"}
    source = clip(tmp_path / f"a.{kinds[0]}", 260, rate=5, options=options)
    other = {"g": "55", "bf": "2", "sc_threshold": "0"}
    output = clip(tmp_path / f"b.{kinds[1]}", 260, rate=5, options=other)
    stretches = list(plan_stretches(source, output))
    assert len(stretches) == 5
    parts = [numbers(source, output, stretch) for stretch in stretches]
    assert all(parts)
    assert [*chain(*parts)] == [(n, n) for n in range(260)]


def test_one_frame_less(tmp_path: Path) -> None:
    source, output = clip(tmp_path / "a.mp4", 30), clip(tmp_path / "b.mp4", 29)
    with pytest.raises(MismatchError, match=r"source has a frame at 0:00:01\.160 that the output"):
        numbers(source, output)


def test_one_frame_more(tmp_path: Path) -> None:
    source, output = clip(tmp_path / "a.mp4", 29), clip(tmp_path / "b.mp4", 30)
    with pytest.raises(MismatchError, match=r"at 0:00:01\.160, where the source has ended"):
        numbers(source, output)


def test_a_frame_at_another_time(tmp_path: Path) -> None:
    source = clip(tmp_path / "a.mp4", 6, pts=[0, 40, 80, 120, 160, 200], time_base="1/1000")
    output = clip(tmp_path / "b.mp4", 6, pts=[0, 40, 82, 120, 160, 200], time_base="1/1000")
    with pytest.raises(MismatchError, match=r"at 0:00:00\.082, where the source has one at 0:00:0"):
        numbers(source, output)


def test_a_frame_left_out_in_the_middle_is_noticed_in_its_stretch(tmp_path: Path) -> None:
    """Just before a seam, where the next stretch begins as it should."""
    options = {"g": "50", "sc_threshold": "0"}
    source = clip(tmp_path / "a.mp4", 150, rate=5, options=options)
    frames = [*numbered(150)]
    pts = [n for n in range(150) if n != 49]
    output = write_clip(
        tmp_path / "b.mp4", [frames[n] for n in pts], rate=5, pts=pts, options=options
    )
    stretches = list(plan_stretches(source, output))
    assert len(stretches) > 1
    with pytest.raises(MismatchError, match=r"0:00:09\.800"):
        [numbers(source, output, stretch) for stretch in stretches]


def test_another_size(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(3, 160, 96))
    output = write_clip(tmp_path / "b.mp4", numbered(3, 160, 112))
    with pytest.raises(MismatchError, match="160 x 96 pixels and those of the output 160 x 112"):
        numbers(source, output)


def test_a_damaged_output_is_told_as_such(tmp_path: Path) -> None:
    source, output = clip(tmp_path / "a.mkv", 60), clip(tmp_path / "b.mkv", 60)
    output.write_bytes(output.read_bytes()[: output.stat().st_size // 2])
    with pytest.raises(DecodeError, match=r"b\.mkv"):
        numbers(source, output)


def test_a_missing_source(tmp_path: Path) -> None:
    output = clip(tmp_path / "b.mp4", 3)
    with pytest.raises(InputNotFoundError, match=r"nowhere\.mp4"):
        numbers(tmp_path / "nowhere.mp4", output)
    with pytest.raises(InputNotFoundError, match=r"nowhere\.mp4"):
        list(plan_stretches(tmp_path / "nowhere.mp4", output))
