"""The pages of the documentation: the reference lists every operation with the methods of both
SDKs that call it, and the programs of the page on moving run.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import shlex
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from mien.report.face_api import ATTRIBUTES
from mien.server.dialects.face_v1.attributes import SUPPORTED
from mien.server.dialects.face_v1.operations import operations
from mien.server.openapi import statuses
from tests.conftest import ROOT
from tests.server import people
from tests.server.face_v1.test_azure_sdk import GROUPS, client_of
from tests.server.face_v1.test_cognitive_face import GROUPS as OLD_GROUPS
from tests.server.live import Live

PAGE = ROOT / "docs/reference/face_api.md"
EVERYWHERE = {401, 403, 408, 413, 415, 429, 500, 503}
Methods = dict[str, list[str]]
VERB = r"self\._client\.(get|put|post|patch|delete)\("


def of_azure_sdk() -> Methods:
    """Methods of the newer SDK by operation ("PUT /facelists/{}")."""
    found: Methods = defaultdict(list)
    with client_of("http://127.0.0.1", "key") as client:
        for group in GROUPS:
            methods: Any = inspect.getmembers(getattr(client, group), inspect.ismethod)
            for name, method in methods:
                if not name.startswith("_"):
                    verb = re.search(VERB, inspect.getsource(method))
                    assert verb is not None
                    operation = _operation(verb[1], method.metadata["url"])
                    found[operation].append(f"{group}.{name}")
    return found


def of_cognitive_face() -> Methods:
    """Functions of the older SDK that make one request, by operation."""
    found: Methods = defaultdict(list)
    for group in OLD_GROUPS:
        module: Any = importlib.import_module(f"cognitive_face.{group}")
        for name, function in vars(module).items():
            if inspect.isfunction(function) and group != "util":
                source = inspect.getsource(function)
                url = re.search(r"url = '([^']*)'", source)
                verb = re.search(r"'(GET|PUT|POST|PATCH|DELETE)'", source)
                assert url is not None
                assert verb is not None
                found[_operation(verb[1], "/" + url[1])].append(f"{group}.{name}")
    return found


def _operation(verb: str, path: str) -> str:
    return f"{verb.upper()} {re.sub(r'{[^}]*}', '{}', path).lower()}"


def rows() -> list[str]:
    """The rows of the table, as they must be."""
    azure, old = of_azure_sdk(), of_cognitive_face()
    found = []
    for each in operations():
        key = _operation(each.method, each.path)
        methods = [", ".join(f"`{name}`" for name in known.pop(key, [])) for known in (azure, old)]
        success = f"{each.status}" + ("" if each.answer else " empty")
        refusals = " ".join(str(s) for s in statuses(each) if s not in EVERYWHERE)
        cells = [f"`{each.method} {each.path}`", *methods, success, refusals]
        found.append(f"| {' | '.join(cells)} |")
    assert not azure
    assert not old
    return found


@pytest.fixture(scope="module")
def page() -> str:
    return Path(PAGE).read_text(encoding="utf-8")


def test_the_table_of_operations(page: str) -> None:
    assert [line for line in page.splitlines() if re.match(r"\| `[A-Z]+ /", line)] == rows()


def test_the_table_of_attributes(page: str) -> None:
    told = re.findall(r"^\| `(\w+)` \| (yes|no) \| (yes|no) \|", page, re.MULTILINE)
    assert {name for name, there, _ in told if there == "yes"} == set(SUPPORTED["detection_01"])
    assert {name for name, _, there in told if there == "yes"} == set(SUPPORTED["detection_03"])
    assert [name for name, _, _ in told] == list(ATTRIBUTES)
    assert len(told) == 16


def test_the_programs_of_the_page_on_moving_run(
    live: Live, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    text = (ROOT / "docs/how_to/move-from-azure.md").read_text(encoding="utf-8")
    azure, old, flow = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "anna1.jpg").write_bytes(people.woman())
    (tmp_path / "anna2.jpg").write_bytes(people.woman(1))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for program in (azure, flow, old):
        for told, real in (("http://127.0.0.1:8000", live.url), ("THE KEY", key)):
            program = program.replace(told, real)
        exec(program, names)
    assert capsys.readouterr().out == "True\n"
    assert len(names["cognitive_face"].person_group.lists()) == 1
    names["client"].close()


def test_the_curl_of_the_page_on_moving_runs(live: Live, key: str, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl")
    text = (ROOT / "docs/how_to/move-from-azure.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^curl (.*?)```", text, re.DOTALL | re.MULTILINE)
    command = command.replace("http://127.0.0.1:8000", live.url).replace("THE KEY", key)
    (tmp_path / "photo.jpg").write_bytes(people.woman())
    done = subprocess.run([curl, "-s", *shlex.split(command)], capture_output=True, cwd=tmp_path)
    assert set(json.loads(done.stdout)[0]["faceAttributes"]) == {"emotion", "age"}
