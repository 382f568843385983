"""What is printed is what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bench import keeping


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the results, not there yet."""
    folder = tmp_path / "results"
    monkeypatch.setattr(keeping, "RESULTS", folder)
    return folder


@click.command()
@keeping.keep_option
def told(keep: bool) -> None:
    keeping.tell(iter(["| a |", "| é |"]), "table", keep=keep)


def test_lines_are_kept_under_the_date_when_asked(results: Path) -> None:
    assert CliRunner().invoke(told, []).output == "| a |\n| é |\n"
    assert not results.exists()
    assert CliRunner().invoke(told, ["--keep"]).output == "| a |\n| é |\n"
    (path,) = results.iterdir()
    assert path.name == f"table-{date.today()}.md"
    assert path.read_text(encoding="utf-8") == "| a |\n| é |\n"


def test_nothing_is_kept_of_a_measurement_that_fails(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> Iterator[str]:
        yield "first"
        raise RuntimeError("no second")

    with pytest.raises(RuntimeError, match="no second"):
        keeping.tell(broken(), "table", keep=True)
    assert capsys.readouterr().out == "first\n"
    assert not results.exists()
