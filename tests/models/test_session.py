"""One contract for both runtimes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import ModelIntegrityError, ProviderError, UnknownModelError, UsageError
from mien.models import Session, entries, open_session, store_folder, threads
from tests.models.conftest import Catalogue

MODELS = [
    model.name
    for model in entries().values()
    if model.kind == "model" and model.name not in ("emotion", "attributes") and not model.opt_in
]
LITERT = [name for name in MODELS if entries()[name].file.endswith(".tflite")]
ORT = [name for name in MODELS if name not in LITERT]


def batch_for(session: Session, rows: int) -> NDArray[np.float32]:
    """Values that differ from row to row, in the range of every model."""
    shape = (rows, *(size or 64 for size in session.inputs[0].shape[1:]))
    values = np.random.default_rng(7).random(shape, dtype=np.float32)
    strength = np.arange(1, rows + 1, dtype=np.float32) / np.float32(max(rows, 1))
    return values * strength.reshape(-1, 1, 1, 1)


@pytest.fixture(params=MODELS)
def session(request: pytest.FixtureRequest) -> Session:
    return open_session(request.param, threads=2)


def test_a_session_tells_what_it_is(session: Session) -> None:
    assert session.name in MODELS
    wanted = "LiteRT" if session.name in LITERT else "CPUExecutionProvider"
    assert session.provider == wanted
    assert len(session.inputs) == 1
    for spec in (*session.inputs, *session.outputs):
        assert spec.shape[0] is None  # any batch
        assert spec.dtype == np.float32


def test_outputs_come_as_declared_for_any_batch(session: Session) -> None:
    rows = session.run(batch_for(session, 3))
    assert len(rows) == len(session.outputs)
    for spec, value in zip(session.outputs, rows, strict=True):
        assert value.dtype == spec.dtype
        assert value.shape[0] == 3
        assert all(want in (None, got) for want, got in zip(spec.shape, value.shape, strict=True))
        assert np.isfinite(value).all()
        assert not np.array_equal(value[0], value[2])
    for value in session.run(batch_for(session, 3)[:0]):
        assert value.shape[0] == 0


def test_a_batch_gives_what_its_rows_give(session: Session) -> None:
    values = batch_for(session, 3)
    together = session.run(values)
    for row in range(3):
        for whole, alone in zip(together, session.run(values[row : row + 1]), strict=True):
            np.testing.assert_allclose(whole[row], alone[0], rtol=1e-4, atol=1e-4)


def test_a_later_run_does_not_alter_an_earlier_result(session: Session) -> None:
    first = session.run(batch_for(session, 1))
    kept = [value.copy() for value in first]
    session.run(batch_for(session, 1) / 3)
    for value, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(value, copy)


def test_the_same_input_gives_the_same_bytes(session: Session) -> None:
    first, second = (session.run(batch_for(session, 2)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_views_and_read_only_arrays_are_taken(session: Session) -> None:
    values = batch_for(session, 4)
    values.flags.writeable = False
    for one, other in zip(
        session.run(values[::2]), session.run(np.ascontiguousarray(values[::2])), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def wrong_inputs(session: Session) -> dict[str, tuple[Any, ...]]:
    good = batch_for(session, 1)
    return {
        "too few": (),
        "too many": (good, good),
        "doubles": (good.astype(np.float64),),
        "bytes": (good.astype(np.uint8),),
        "no batch": (good[0],),
        "another count of channels": (np.concatenate([good, good], axis=-3),),
    }


def test_inputs_that_do_not_fit_are_named(session: Session) -> None:
    for case, arrays in wrong_inputs(session).items():
        if case == "another count of channels" and session.name in LITERT:
            arrays = (np.concatenate([arrays[0]] * 2, axis=-1),)
        with pytest.raises(ValueError, match=f"{session.name} takes"):
            session.run(*arrays)


@pytest.mark.parametrize("name", ["face-mesh", "gender"])
def test_a_session_may_be_used_from_several_threads(name: str) -> None:
    session = open_session(name, threads=1)
    inputs = [batch_for(session, 2) * (0.5 + part / 40) for part in range(20)]
    wanted = [session.run(values)[0] for values in inputs]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda values: session.run(values)[0], inputs))
    np.testing.assert_array_equal(got, wanted)


# --- providers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["cpu", "CPU", "CPUExecutionProvider"])
def test_a_provider_may_be_named_in_short(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_session("gender", providers=[asked]).provider == "CPUExecutionProvider"
    monkeypatch.setenv("MIEN_PROVIDERS", f" {asked} ,")
    assert open_session("gender").provider == "CPUExecutionProvider"


def test_a_provider_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProviderError, match=r"provider warp is not there.*CPUExecutionProvider"):
        open_session("gender", providers=["warp", "cpu"])
    monkeypatch.setenv("MIEN_PROVIDERS", "warp")
    with pytest.raises(ProviderError, match="warp"):
        open_session("gender")


def test_a_provider_that_takes_no_part_of_the_model_is_an_error() -> None:
    """ONNX Runtime itself would name it first and run everything on the CPU."""
    import onnxruntime

    if "AzureExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("this build of ONNX Runtime has no provider that runs nothing")
    with pytest.raises(ProviderError, match="can run no part of gender"):
        open_session("gender", providers=["azure", "cpu"])


def test_litert_runs_on_the_cpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProviderError, match="iris cannot run on cuda"):
        open_session("iris", providers=["cuda"])
    assert open_session("iris", providers=["cpu"]).provider == "LiteRT"
    monkeypatch.setenv("MIEN_PROVIDERS", "cuda")  # for the models of ONNX Runtime
    assert open_session("iris").provider == "LiteRT"


# --- threads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "1025", "²"])
def test_a_count_of_threads_that_makes_no_sense(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_THREADS", value)
    with pytest.raises(UsageError, match=r"from 1 to 1024|whole number"):
        threads.thread_count(None)


def test_threads_are_those_asked_for_else_of_the_environment_else_the_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MIEN_THREADS", "3")
    assert threads.thread_count(5) == 5
    assert threads.thread_count(None) == 3
    monkeypatch.delenv("MIEN_THREADS")
    assert threads.thread_count(None) == threads.usable_cores() >= 1
    with pytest.raises(UsageError):
        threads.thread_count(0)


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, 64),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 64),
        ({"cpu.max": "nonsense"}, 64),
        ({}, 64),
    ],
)
def test_a_container_gets_the_cores_of_its_quota(
    files: dict[str, str], cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(threads, "CGROUP", tmp_path)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(64)))
    assert threads.usable_cores() == cores


# --- what cannot be opened ----------------------------------------------------------------------


def test_names_that_are_no_model() -> None:
    with pytest.raises(UnknownModelError):
        open_session("nothing")
    with pytest.raises(UsageError, match="media sample"):
        open_session("sample-bikes")


@pytest.mark.parametrize("file", ["fake.onnx", "fake.tflite"])
@pytest.mark.parametrize("data", [b"x", b"\0" * 5000, b"TFL3" * 900])
def test_a_file_that_is_no_model(
    file: str, data: bytes, store: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    (tmp_path / file).write_bytes(data)
    catalogue(data, file=file, path=file)
    with pytest.raises(ModelIntegrityError, match="cannot be loaded by"):
        open_session("fake")


def test_opening_a_model_writes_nothing_to_standard_error() -> None:
    code = "import os; from mien.models import open_session as o; o('iris'); o('face-mesh')\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "os.write(2, b'own')"], capture_output=True, check=True
    )
    assert done.stderr == b"own"


def test_what_others_write_to_standard_error_meanwhile_is_kept() -> None:
    code = """
import os
from mien.models.quiet import without_announcement
with without_announcement():
    os.write(2, b"a\\nINFO: Created TensorFlow Lite XNNPACK delegate for CPU.\\nb\\n")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr == b"a\nb\n"


def test_the_runtimes_leave_nothing_in_the_users_folders(tmp_path: Path) -> None:
    """ONNX Runtime would put a database and an identifier there, to report to its maker."""
    code = (
        "from mien.models import open_session\n"
        "for name in ('centerface', 'face-mesh'): open_session(name, threads=2)\n"
    )
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    store = {"MIEN_MODELS": str(store_folder())}
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", code], env=kept | home | store, check=True)
    assert list(tmp_path.rglob("*")) == []
