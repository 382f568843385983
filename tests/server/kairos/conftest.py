from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.kairos.client import Client, client_of
from tests.server.live import Live


@pytest.fixture(scope="module")
def kairos(live: Live, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of the service with its models; each module has an account of its own."""
    with client_of(live, f"kairos {Path(request.path).stem}") as client:
        yield client
