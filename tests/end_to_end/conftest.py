from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from mien.cli.main import main


class Outcome(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line in this process."""

    def call(*arguments: object) -> Outcome:
        with pytest.raises(SystemExit) as leaving:
            main([str(argument) for argument in arguments])
        assert isinstance(leaving.value.code, int)
        return Outcome(leaving.value.code, *capsys.readouterr())

    return call
