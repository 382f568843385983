from __future__ import annotations

from pathlib import Path

import pytest

from tests.redact.clips import write_two_people


@pytest.fixture(scope="session")
def two_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `tests.redact.clips`; do not write into its folder."""
    return write_two_people(tmp_path_factory.mktemp("people") / "two.mp4")
