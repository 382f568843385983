"""Two hundred broken videos, each in bounded time and memory: a result, or one sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from mien.models import file_of
from mien.timeline.media_analytics import schema_of
from tests.broken.cases import CASES, SAMPLES, Case, Clips, fuzzed
from tests.broken.driver import Driver
from tests.broken.worker import Outcome
from tests.media.test_video import KINDS

LIMIT_S = 60.0
"""Wall clock for one file of 1.6 to 10 seconds, on a machine that may have other work."""

CPU_S = 8.0
PEAK_MB = 100.0
"""Of processor time and of memory on top of what a process holds that has analysed a whole clip."""

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/clear_refs"), reason="memory and threads are read from /proc"
)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("driver")
    with closing(Driver(folder, LIMIT_S, warm_up=file_of("sample-carphone"))) as running:
        yield running


def complaints(outcome: Outcome, source: Path, result: Path) -> list[str]:
    """What is not as it must be; nothing if all is well. Expects a folder of its own for both."""
    found = []

    def must(holds: bool, what: str) -> None:
        if not holds:
            found.append(f"{what}: {outcome}")

    partial = result.with_name(f"{result.stem}.partial.json")
    must(outcome.code in (0, 1), "it crashed, hung or raised")
    must(outcome.cpu_s <= CPU_S, "it took long")
    must(outcome.peak_mb <= PEAK_MB, "it took much memory")
    must(outcome.threads_left == 0, "threads or processes are left")
    must(not outcome.files_left, "files are left open")
    must(result.exists() == (outcome.code == 0), "a result exactly when all went well")
    if outcome.code == 0:
        must(outcome.told == "", "nothing to tell when all went well")
    else:
        must(outcome.told.startswith("mien: "), "it is mien that tells")
        must(str(source) in outcome.told, "a sentence that names the file")
        must(outcome.told.count("\n") == 1, "one sentence")
        must(partial.exists() == (str(partial) in outcome.told), "it is told what was kept")
    for document in (result, partial):
        if document.exists():
            jsonschema.validate(content := json.loads(document.read_text()), schema_of("faces"))
            must(bool(content["fragments"]), "something came before")
    left = {path.name for path in source.parent.iterdir()} - {source.name, result.name}
    must(left <= {partial.name}, f"nothing else lies about, not {left}")
    return found


def examine(driver: Driver, folder: Path, name: str, data: bytes) -> list[str]:
    source, result = folder / name, folder / "result.json"
    source.write_bytes(data)
    return complaints(driver.analyze(source, result), source, result)


def test_there_are_two_hundred() -> None:
    assert len({case.name for case in CASES}) == len(CASES) == 200


@pytest.mark.long
def test_no_two_are_the_same_and_none_is_whole(clips: Clips) -> None:
    made = {case.make(clips) for case in CASES}
    assert len(made) == len(CASES)
    assert made.isdisjoint(clips[name] for name in (*SAMPLES, *KINDS))


@pytest.mark.parametrize("case", CASES[::8], ids=str)
def test_one_in_eight(case: Case, driver: Driver, clips: Clips, tmp_path: Path) -> None:
    wrong = examine(driver, tmp_path, f"broken{case.suffix}", case.make(clips))
    assert not wrong, "\n".join(wrong)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=str)
def test_each(case: Case, driver: Driver, clips: Clips, tmp_path: Path) -> None:
    wrong = examine(driver, tmp_path, f"broken{case.suffix}", case.make(clips))
    assert not wrong, "\n".join(wrong)


@pytest.mark.long
def test_more_that_are_drawn_by_lot(driver: Driver, clips: Clips, tmp_path: Path) -> None:
    """MIEN_FUZZ=5000:9000 draws those seeds; the files that fail are kept in pytest's folder."""
    first, last = map(int, os.environ.get("MIEN_FUZZ", "0:400").split(":"))
    failed = []
    for seed in range(first, last):
        name, data = fuzzed(seed, clips)
        folder = tmp_path / str(seed)
        folder.mkdir()
        if wrong := examine(driver, folder, f"broken{Path(name).suffix}", data):
            failed.append(f"{name} in {folder}: {wrong}")
        else:
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
    assert not failed, "\n".join(failed)
