from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.client import MediaContext, MediaServicesCredentials
from tests.redact.clips import write_two_people
from tests.server.live import Live


@pytest.fixture(scope="module")
def context(live: Live, key: str) -> Iterator[MediaContext]:
    """The client of an account that only this test module uses."""
    with MediaContext(live.url, MediaServicesCredentials("test", key)) as opened:
        yield opened


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds with two people."""
    return write_two_people(tmp_path_factory.mktemp("media") / "foo.mp4")
