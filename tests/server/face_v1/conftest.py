from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.face_v1.live import Live, serving
from tests.server.face_v1.web import Web, pictures_served


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The service, one for all tests here; each test module has an account of its own."""
    with serving(tmp_path_factory.mktemp("serve"), *FETCH) as found:
        yield found


FETCH = ("--fetch-allow", "127.0.0.1")
"""The tests serve pictures from this machine."""


@pytest.fixture(scope="module")
def key(live: Live, request: pytest.FixtureRequest) -> str:
    """A key of an account that only this test module uses."""
    return live.key(Path(request.path).stem)


@pytest.fixture(scope="session")
def web() -> Iterator[Web]:
    """A web server with pictures."""
    with pictures_served() as found:
        yield found
