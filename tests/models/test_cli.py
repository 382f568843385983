from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mien.cli.models import command
from mien.errors import MienError, ModelMissingError, UnknownModelError
from mien.models import entry, path_of
from tests.models.conftest import Catalogue, Web

WEIGHTS = b"weights" * 100


def call(*arguments: str) -> str:
    """What the command prints to standard output; what it raises is raised."""
    done = CliRunner().invoke(command, arguments, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_list_tells_the_state_of_every_model(web: Web, store: Path, catalogue: Catalogue) -> None:
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS))
    rows = {row["name"]: row for row in json.loads(call("list", "--json"))}
    assert rows["fake"]["state"] == rows["centerface"]["state"] == "missing"
    assert rows["yunet"]["opt_in"]
    call("pull", "fake")
    rows = {row["name"]: row for row in json.loads(call("list", "--json"))}
    assert rows["fake"]["state"] == "ready"
    assert rows["fake"]["path"] == str(path_of(entry("fake")))
    assert "fake                        ready    model  CC0-1.0\n" in call("list")


def test_pull_prints_where_the_file_is(web: Web, store: Path, catalogue: Catalogue) -> None:
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS))
    assert call("pull", "fake") == f"fake: {path_of(entry('fake'))}\n"
    assert call("pull", "--force", "fake") == f"fake: {path_of(entry('fake'))}\n"
    assert web.requests == ["/w.bin"] * 2


def test_pull_says_a_wrong_name_before_it_fetches(
    web: Web, store: Path, catalogue: Catalogue
) -> None:
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS))
    with pytest.raises(UnknownModelError):
        call("pull", "fake", "nothing")
    assert web.requests == []


def test_pull_asks_for_a_licence(web: Web, store: Path, catalogue: Catalogue) -> None:
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS), licence="research", opt_in=True)
    with pytest.raises(ModelMissingError, match="research"):
        call("pull", "fake")
    call("pull", "--accept-licence", "fake")
    assert path_of(entry("fake")).read_bytes() == WEIGHTS


def test_verify_finds_what_was_changed(web: Web, store: Path, catalogue: Catalogue) -> None:
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS))
    with pytest.raises(MienError, match="not whole: fake"):
        call("verify", "fake")  # asked for by name, and not there
    call("pull", "fake")
    names = {row["name"]: row["state"] for row in json.loads(call("verify", "--json"))}
    assert names["fake"] == "ready"
    assert "centerface" not in names
    path_of(entry("fake")).write_bytes(WEIGHTS[::-1])
    with pytest.raises(MienError, match=r"not whole: fake; run `mien models pull fake`"):
        call("verify")


def test_card_prints_markdown() -> None:
    assert call("card", "dlib-resnet").startswith("# dlib-resnet\n")


@pytest.mark.parametrize("name", ["list", "pull", "verify", "card"])
def test_help_has_an_example(name: str) -> None:
    assert f"Example: mien models {name}" in call(name, "--help")
