from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.live import Live, serving
from tests.server.process import Running, running
from tests.server.web import Web, pictures_served


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service without models: each picture takes it a tenth of a second."""
    limits = {"body_s": 1.5, "image_bytes": 100_000, "header_s": 1.5}
    with running(
        tmp_path_factory.mktemp("quick"), "--seconds", "0.1", workers=2, limits=limits
    ) as found:
        yield found


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
    folder, file = Path(request.path).parts[-2:]
    return live.key(f"{folder} {file}")


@pytest.fixture(scope="session")
def web() -> Iterator[Web]:
    """A web server with pictures."""
    with pictures_served() as found:
        yield found
