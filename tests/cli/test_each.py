"""Several sources, of which some fail."""

from __future__ import annotations

import pytest

from mien.cli.each import SomeFailedError, work_on_each
from mien.errors import ConfigurationError, DecodeError, MienError, ModelError, UsageError

PAIRS = [("a", 1), ("b", 2), ("c", 3)]


class Work:
    """Fails for one of the sources, and takes down which ones it came to."""

    def __init__(self, error: MienError | None = None) -> None:
        self.error, self.seen = error, list[str]()

    def __call__(self, source: str, target: int) -> None:
        assert (source, target) in PAIRS
        self.seen.append(source)
        if self.error is not None and source == "b":
            raise self.error


def test_all_are_done(capsys: pytest.CaptureFixture[str]) -> None:
    work = Work()
    work_on_each(PAIRS, work, "analysed")
    assert work.seen == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "3 of 3 files done\n")


@pytest.mark.parametrize("error", [DecodeError("b is damaged"), ConfigurationError("b is bad")])
def test_a_failure_is_told_and_the_others_are_done(
    error: MienError, capsys: pytest.CaptureFixture[str]
) -> None:
    work = Work(error)
    with pytest.raises(SomeFailedError, match="1 of 3 files could not be redacted; see above"):
        work_on_each(PAIRS, work, "redacted", own=(ConfigurationError,))
    assert work.seen == ["a", "b", "c"]
    assert capsys.readouterr().err == f"mien: {error}\n2 of 3 files done\n"


@pytest.mark.parametrize("error", [UsageError("no"), ModelError("no"), ConfigurationError("no")])
def test_what_would_fail_for_every_source_stops_all(error: MienError) -> None:
    work = Work(error)
    with pytest.raises(type(error), match="no"):
        work_on_each(PAIRS, work, "analysed")
    assert work.seen == ["a", "b"]


def test_the_only_source_fails_with_its_own_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DecodeError, match="b is damaged"):
        work_on_each(PAIRS[1:2], Work(DecodeError("b is damaged")), "analysed")
    work_on_each(PAIRS[:1], Work(), "analysed")
    assert capsys.readouterr() == ("", "")
