"""The pages of the documentation: the reference lists every operation, and programs run."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mien.server.dialects.emotion_v1.operations import OPERATIONS
from mien.server.openapi import ALWAYS, WITH_BODY
from tests.conftest import ROOT
from tests.server import people
from tests.server.clips import smiling
from tests.server.live import Live
from tests.server.web import Web

HOW_TO = ROOT / "docs/how_to/move-from-emotion-api.md"
HOST = "http://127.0.0.1:8000"


def test_the_table_of_operations() -> None:
    page = (ROOT / "docs/reference/emotion_api.md").read_text(encoding="utf-8")
    rows = [
        f"| `{each.method} {each.path}` | {each.status}{'' if each.answer else ' empty'} | "
        f"{' '.join(str(status) for status in each.refusals)} |"
        for each in OPERATIONS
    ]
    assert [line for line in page.splitlines() if re.match(r"\| `[A-Z]+ /", line)] == rows
    assert all(f"| {status} |" in page for status in {400, 404, *ALWAYS, *WITH_BODY} - {500})


def programs(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)


def test_the_programs_run(
    live: Live, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "photo.jpg").write_bytes(people.woman())
    (tmp_path / "clip.mp4").write_bytes(smiling())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    port = urlsplit(live.url).port
    found = programs("python")
    assert sum("127.0.0.1" in program for program in found) == 1
    for program in found:
        exec(program.replace("8000", str(port)).replace("THE KEY", key), names)
    told, again, in_video = capsys.readouterr().out.splitlines()
    assert told.endswith(" happiness")
    assert told.startswith("{'left': ")
    assert (again, in_video) == ("happiness", "happiness")


def test_the_curl_runs(live: Live, key: str, web: Web) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl")
    (command,) = [each for each in programs("sh") if each.startswith("curl ")]
    for told, real in (
        (HOST, live.url),
        ("THE KEY", key),
        ("https://example.com/photo.jpg", web.url("woman.jpg")),
    ):
        assert told in command
        command = command.replace(told, real)
    words = shlex.split(command.removeprefix("curl "))
    done = subprocess.run([curl, "-s", *words], capture_output=True, check=True)
    (item,) = json.loads(done.stdout)
    assert item["scores"]["happiness"] > 0.9
