from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.process import Running, running


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service without models: each picture takes it a tenth of a second."""
    limits = {"body_s": 1.5, "image_bytes": 100_000, "header_s": 1.5}
    with running(
        tmp_path_factory.mktemp("quick"), "--seconds", "0.1", workers=2, limits=limits
    ) as found:
        yield found
