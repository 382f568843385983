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
    assert not errors, [record.getMessage() for record in errors]


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real photos and clips for development; it is not part of the repository."""
    folder = SHARED / "media"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}: MIEN_SHARED names the folder of development media")
    return folder
