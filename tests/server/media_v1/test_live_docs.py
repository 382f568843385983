"""The page on live: its programs run, with a file as their camera."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.redact.clips import FRAMES, write_two_people
from tests.server.live import Live

PAGE = ROOT / "docs/how_to/live.md"
CAMERA = "SOURCE = 0"


def programs() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def run(program: str, clip: Path, changes: dict[str, str]) -> None:
    for old, new in {CAMERA: f"SOURCE = {str(clip)!r}", **changes}.items():
        assert old in program
        program = program.replace(old, new)
    names: dict[str, Any] = {}
    exec(program, names)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_two_people(tmp_path_factory.mktemp("camera") / "camera.mp4")


def test_in_python(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(programs()[0], clip, {})
    lines = capsys.readouterr().out.splitlines()
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == sorted(set(numbers))
    assert 2 <= len(numbers) <= FRAMES  # a slow machine drops some
    assert "happiness" in lines[-1]
    assert "[0 1]" in lines[-1]


def test_on_score(live: Live, clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(programs()[1], clip, {"http://localhost:5002": live.url})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == FRAMES
    assert {len(line.split()) for line in lines} == {2}
    assert sum("happiness" in line for line in lines) > FRAMES * 0.8


def test_on_the_socket(
    live: Live, key: str, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = live.url.replace("http", "ws", 1)
    run(programs()[2], clip, {"ws://localhost:8000": address, "the key": key})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == FRAMES
    assert all(re.fullmatch(r"((None|[01]) \w+  ){2}\d+ ms", line) for line in lines), lines
    assert all({"0", "1"} <= set(line.split()) for line in lines[2:])
    assert sum("happiness" in line for line in lines) > FRAMES * 0.8
