"""The program of docs/how_to/move-from-media-services.md, run as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from mien.pipeline import analyze_video
from tests.server.live import Live

PAGE = Path(__file__).resolve().parents[3] / "docs/how_to/move-from-media-services.md"


def blocks(language: str) -> list[str]:
    """The listings of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_program_of_the_page_redacts(
    live: Live, key: str, people: Path, tmp_path: Path
) -> None:
    (program,), (preset,) = blocks("python"), blocks("json")
    (tmp_path / "redact.py").write_text(program)
    (tmp_path / "config.json").write_text(preset)
    (tmp_path / "foo.mp4").write_bytes(people.read_bytes())
    ran = subprocess.run(
        [sys.executable, "redact.py", "foo.mp4", "config.json", "."],
        cwd=tmp_path,
        env={**os.environ, "MIEN_URL": live.url, "MIEN_KEY": key},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "Queued -> Scheduled",
        "Scheduled -> Processing",
        "Processing -> Finished",
    ]
    assert not analyze_video(tmp_path / "foo_redacted.mp4").tracks()
