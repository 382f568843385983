"""The store: models on disk, each checked by its hash when it arrives and again when asked.

A file stands in the store under a name that holds the first digits of its source's hash and the
version of its conversion, so that two releases of mien can share one store. Beside it lies a
receipt with its hash, size and time: a file of the size and time it had when it was hashed is not
hashed again on every start.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from mien.errors import (
    ModelError,
    ModelFetchError,
    ModelIntegrityError,
    ModelMissingError,
)
from mien.models import convert
from mien.models.archive import read_member
from mien.models.catalogue import Entry, LocalFile, Member, Packaged, Url, entries, entry
from mien.models.fetch import CHUNK, clean, download, read_url
from mien.models.lock import locked

log = logging.getLogger(__name__)

State = Literal["ready", "missing", "damaged"]


@dataclass(frozen=True)
class Receipt:
    """What was known of a stored file when it was last hashed."""

    sha256: str
    size: int
    mtime_ns: int
    source_sha256: str
    source: str
    licence: str


def store_folder() -> Path:
    """Where models are kept: MIEN_MODELS, or `mien/models` in the user's cache folder."""
    if chosen := os.environ.get("MIEN_MODELS"):
        return Path(chosen).absolute()
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "mien" / "models"


def path_of(model: Entry) -> Path:
    """Where the entry's file is, or would be once it was fetched."""
    if isinstance(model.source, Packaged):
        return model.source.path
    parts = [model.name, model.sha256[:12]]
    if model.convert is not None:
        parts.append(f"c{convert.version(model.convert)}")
    return store_folder() / ("-".join(parts) + Path(model.file).suffix)


def file_of(name: str) -> Path:
    """The model's file, fetched, checked and converted first when it is not in the store.

    A stored file whose size or time has changed since it was hashed is hashed again.

    Raises:
        UnknownModelError: no such name in the catalogue.
        ModelMissingError: it is not in the store and MIEN_OFFLINE=1 forbids to fetch it, or its
            licence was not accepted, or these weights do not come with this release.
        ModelFetchError: it could not be fetched or stored.
        ModelIntegrityError: its bytes are not those of the catalogue.
    """
    model = entry(name)
    path = path_of(model)
    if isinstance(model.source, Packaged):
        if not path.is_file():
            raise ModelMissingError(f"the weights of {name} are not part of this release of mien")
        return path
    if _is_ready(model, path):
        return path
    return pull(name)


def pull(name: str, *, accept_licence: bool = False, force: bool = False) -> Path:
    """Fetch the model into the store unless it is there whole; `force` fetches it in any case.

    Args:
        accept_licence: needed once for an entry marked `opt_in`; its licence is in the message
            of the error that is raised without it.

    Raises:
        ModelMissingError, ModelFetchError, ModelIntegrityError: as in `file_of`.
    """
    model = entry(name)
    path = path_of(model)
    if isinstance(model.source, Packaged):
        return file_of(name)
    _check_allowed(model, accept_licence)
    folder = path.parent
    group = model.source.archive.name if isinstance(model.source, Member) else name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / f".{group}.lock"):
            if force or state_of(model) != "ready":  # another process may have been first
                clean(folder, f".{group}-fetch-")
                with tempfile.TemporaryDirectory(prefix=f".{group}-fetch-", dir=folder) as work:
                    _fetch(model, Path(work))
    except ModelError:
        raise
    except OSError as error:
        raise ModelFetchError(
            f"{name} cannot be written to the model store {folder}: {error.strerror or error}; "
            "free some space there or name another folder in MIEN_MODELS"
        ) from error
    return path


def state_of(model: Entry) -> State:
    """Whether the entry's file is there and whole; every byte is read."""
    path = path_of(model)
    if not path.is_file():
        return "missing"
    wanted = model.sha256
    if model.convert is not None:
        receipt = _read_receipt(path)
        if receipt is None or receipt.source_sha256 != model.sha256:
            return "damaged"
        wanted = receipt.sha256
    return "ready" if wanted in ("", _hash(path)) else "damaged"


def _check_allowed(model: Entry, accept_licence: bool) -> None:
    if model.opt_in and not accept_licence:
        raise ModelMissingError(
            f"{model.name} comes under its own licence ({model.licence}; from {model.source}); "
            f"if you accept it, run `mien models pull --accept-licence {model.name}`"
        )
    if os.environ.get("MIEN_OFFLINE", "") not in ("", "0") and not isinstance(
        model.source, LocalFile
    ):
        raise ModelMissingError(
            f"{model.name} is not in the model store {store_folder()} and MIEN_OFFLINE forbids to "
            f"fetch it; run `mien models pull {model.name}` where there is a network"
        )


def _fetch(model: Entry, work: Path) -> None:
    log.info("fetching %s from %s", model.name, model.source)
    if isinstance(model.source, Member):
        archive = model.source.archive
        path = download(archive, work)
        # The other models of the archive come along: it need not be downloaded again.
        for other in entries().values():
            if not isinstance(other.source, Member) or other.source.archive != archive:
                continue
            if other == model or not path_of(other).is_file():
                _store(other, read_member(path, other.source.path), work)
    elif isinstance(model.source, Url):
        _store(model, read_url(model.source), work)
    else:
        assert isinstance(model.source, LocalFile)
        _store(model, _read_file(model.source.path), work)


def _store(model: Entry, chunks: Iterable[bytes], work: Path) -> None:
    """Check the bytes, convert them if need be, and move the whole file to its place."""
    arrived = work / f"{model.name}.source"
    digest, size = hashlib.sha256(), 0
    with arrived.open("wb") as stream:
        for chunk in chunks:
            size += len(chunk)
            if size > model.size:
                raise ModelIntegrityError(f"{model.name} is larger than its {model.size} bytes")
            digest.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    if digest.hexdigest() != model.sha256:
        raise ModelIntegrityError(
            f"{model.name} arrived with the sha256 {digest.hexdigest()} and {size} bytes, where "
            f"the catalogue has {model.sha256} and {model.size}; it was not kept"
        )
    if model.convert is not None:
        data = convert.convert(model.convert, arrived.read_bytes())
        with arrived.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    path = path_of(model)
    arrived.replace(path)
    _write_receipt(model, path, _hash(path))


def _is_ready(model: Entry, path: Path) -> bool:
    """As `state_of`, but a file that has the size and time of its receipt is not read.

    Raises:
        ModelIntegrityError: the file was changed.
    """
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    receipt = _read_receipt(path)
    if receipt is None and model.convert is not None:
        return False  # a process died between the file and its receipt
    if receipt is not None and (stat.st_size, stat.st_mtime_ns) == (receipt.size, receipt.mtime_ns):
        return True
    digest = _hash(path)
    if digest != (receipt.sha256 if receipt is not None else model.sha256):
        raise ModelIntegrityError(
            f"{path} was changed after it was fetched; run `mien models pull {model.name}` to "
            "fetch it again"
        )
    # A store that was copied has new times; one that may not be written is hashed at each start.
    with contextlib.suppress(OSError):
        _write_receipt(model, path, digest)
    return True


def _receipt_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _read_receipt(path: Path) -> Receipt | None:
    try:
        return Receipt(**json.loads(_receipt_path(path).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None  # the caller hashes the file, or fetches it again


def _write_receipt(model: Entry, path: Path, digest: str) -> None:
    stat = path.stat()
    receipt = Receipt(
        sha256=digest,
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        source_sha256=model.sha256,
        source=str(model.source),
        licence=model.licence,
    )
    new = path.with_name(f".{path.name}-{os.getpid()}-{threading.get_ident()}")
    try:
        with new.open("w", encoding="utf-8") as stream:
            json.dump(asdict(receipt), stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(_receipt_path(path))
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_file(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except OSError as error:
        raise ModelFetchError(f"{path} cannot be read: {error.strerror or error}") from error
