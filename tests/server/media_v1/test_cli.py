"""`mien jobs`: against a running service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.cli.main import main
from tests.server.live import Live


@pytest.fixture
def run(
    live: Live, key: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    monkeypatch.setenv("MIEN_URL", live.url)
    monkeypatch.setenv("MIEN_KEY", key)
    return Run(capsys)


class Run:
    """Calls `mien jobs` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as leaving:
            main(["jobs", *map(str, arguments)])
        assert isinstance(leaving.value.code, int)
        return leaving.value.code, *self.capsys.readouterr()


def test_submit_and_download_in_one(run: Run, people: Path, tmp_path: Path) -> None:
    code, out, told = run(
        "submit", people, "--processor", "azure media redactor",
        "--config", "{'version':'1.0','options':{'mode':'combined'}}", "-o", tmp_path / "made",
    )  # fmt: skip
    assert code == 0, told
    id, path = out.split("\n")[:2]
    assert path == str(tmp_path / "made/foo_redacted.mp4")
    assert Path(path).stat().st_size > 1000
    assert "Processing → Finished" in told
    code, out, _ = run("list", "--json")
    (row,) = [row for row in json.loads(out) if row["id"] == id]
    assert (row["state"], row["progress"], row["name"]) == ("Finished", 100.0, "foo.mp4")
    assert id in run("list")[1]
    assert run("watch", id)[0] == 0
    code, out, _ = run("download", id, "-o", tmp_path / "again")
    assert (code, out.strip()) == (0, str(tmp_path / "again/foo_redacted.mp4"))
    code, _, told = run("cancel", id)
    assert code == 1
    assert "over" in told


def test_a_job_that_fails_is_a_failure_here(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_text("no video, and long enough to be looked at " * 100)
    code, out, told = run("submit", tmp_path / "bad.mp4", "--watch")
    assert code == 1
    assert "ErrorExecutingTaskUnsupportedFormat" in told
    code, _, told = run("download", out.strip())
    assert code == 2
    assert "made nothing" in told


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("submit", "nowhere.mp4"), "there is no file nowhere.mp4", 1),
        (
            ("submit", "nowhere.mp4", "--processor", "Azure Media Indexer"),
            "Azure Media Redactor",
            1,
        ),
        (("submit", "a.mp4", "--config", "nowhere.json"), "there is no file nowhere.json", 1),
        (("watch", "00000000-0000-0000-0000-000000000000"), "There is no job", 1),
        (("list", "--url", "ftp://x"), "http", 2),
        (("list", "--url", "http://127.0.0.1:1"), "cannot be reached", 1),
        (("list", "--key", "wrong"), "Access denied", 1),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    run: Run, arguments: tuple[str, ...], said: str, code: int
) -> None:
    found, out, told = run(*arguments)
    assert found == code, told
    assert said in told
    assert out == ""
    assert len(told.strip().splitlines()) == 1
