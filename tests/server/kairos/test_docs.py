"""The pages of the documentation: the reference lists every operation, code and parameter, and the
programs of the page on moving run.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mien.server.dialects.kairos.errors import STATUSES, TEXTS
from mien.server.dialects.kairos.operations import operations
from mien.storage import open_storage
from tests.conftest import ROOT
from tests.server import people
from tests.server.kairos.client import new_key
from tests.server.live import Live
from tests.server.web import Web

PAGE = ROOT / "docs/reference/kairos_api.md"
MOVING = ROOT / "docs/how_to/move-from-kairos.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def key(live: Live) -> str:
    """A key with the name that the page has."""
    with open_storage(live.data, keys=live.keys) as storage:
        return new_key(storage, "kairos docs", "my-app")


def test_the_table_of_operations(page: str) -> None:
    rows = re.findall(r"^\| `([A-Z]+ /\S+)` \| (.*?) \|(.*?)\|", page, re.MULTILINE)
    told = {
        name: [set(re.findall(r"`(\w+)`", cell)) for cell in (required, optional)]
        for name, required, optional in rows
    }
    table = {}
    for each in operations():
        fields = {} if each.body is None else each.body.model_fields
        needed = {name for name, field in fields.items() if field.is_required()}
        table[f"{each.method} {each.path}"] = [needed, fields.keys() - needed]
    assert told == table


def test_the_table_of_codes(page: str) -> None:
    told = re.findall(r"^\| (\d{4}) \| (\d{3}) \|", page, re.MULTILINE)
    assert {int(code): int(status) for code, status in told} == {
        code: STATUSES.get(code, 200) for code in TEXTS
    }


def test_the_program_of_the_page_on_moving_runs(
    live: Live,
    key: str,
    web: Web,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    text = MOVING.read_text(encoding="utf-8")
    first, faces, media = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (printed,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    for name, data in (
        *(("anna1.jpg", people.woman()), ("anna2.jpg", people.woman(1))),
        ("bob.jpg", people.man()),
    ):
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for program in (first, faces, media):
        for told, real in (
            ("http://127.0.0.1:8000", live.url),
            ("THE KEY", key),
            ("https://example.com/shop.mp4", web.url("both.jpg")),
        ):
            program = program.replace(told, real)
        exec(program, names)
    out = capsys.readouterr().out
    assert out.startswith(printed)
    people_told = out.removeprefix(printed).splitlines()
    assert [line[0] for line in people_told] == ["0", "1"]
    assert all("'attention'" in line and "'positive'" in line for line in people_told)


def test_the_curl_of_the_page_on_moving_runs(live: Live, key: str, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl")
    (command,) = re.findall(
        r"^curl (.*?)```", MOVING.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    command = command.replace("http://127.0.0.1:8000", live.url).replace("THE KEY", key)
    (tmp_path / "photo.jpg").write_bytes(people.woman())
    done = subprocess.run([curl, "-s", *shlex.split(command)], capture_output=True, cwd=tmp_path)
    (image,) = json.loads(done.stdout)["images"]
    assert (image["file"], len(image["faces"])) == ("photo.jpg", 1)
