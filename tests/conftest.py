from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# The tests start some hundred processes. Each would compile all of mien for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
SHARED = Path(os.environ.get("MIEN_SHARED", ROOT.parent / "shared"))


@pytest.fixture(autouse=True)
def no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An ERROR in the log fails the test during which it was written."""
    yield
    errors = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    errors = [record for record in errors if not _is_of_a_closed_browser(record)]
    assert not errors, [record.getMessage() for record in errors]


def _is_of_a_closed_browser(record: logging.LogRecord) -> bool:
    """Playwright leaves a task when a page is closed with a request under way, and asyncio tells of
    it whenever that is collected, maybe during another test."""
    return record.name == "asyncio" and "/playwright/" in record.getMessage()


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real photos and clips for development; it is not part of the repository."""
    folder = SHARED / "media"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}: MIEN_SHARED names the folder of development media")
    return folder
