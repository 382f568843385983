"""The page on swapping the container: its programs run."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import pytest

from mien.faces import EMOTIONS
from tests.conftest import ROOT
from tests.server.live import Live
from tests.server.score.faces import body, smile

PAGE = ROOT / "docs/how_to/swap-ferplus.md"
HOST = "http://localhost:5002"


def program(kind: str) -> str:
    """The last program of a kind that calls /score."""
    found = re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str([each for each in found if HOST in each][-1])


def test_the_program_runs(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    assert cv2.imwrite(str(tmp_path / "face.jpg"), smile())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(program("python").replace(HOST, live.url), names)
    assert capsys.readouterr().out == "happiness\n"
    assert names["NAMES"] == list(EMOTIONS)


def test_the_curl_runs(live: Live, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl")
    (tmp_path / "face.json").write_text(json.dumps(body(smile())))
    words = shlex.split(program("sh").removeprefix("curl ").replace(HOST, live.url))
    done = subprocess.run([curl, "-s", *words], capture_output=True, cwd=tmp_path, check=True)
    assert json.loads(done.stdout)["result"][1] > 0.9
