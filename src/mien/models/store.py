"""The store: models on disk, each checked by its hash when it arrives and again when asked.

A file stands in the store under a name that holds the first digits of its source's hash and the
version of its conversion, so that two releases of mien can share one store. Beside it lies a
receipt with its hash, size and time: a file that still has the size and time it had when it was
hashed is not hashed again at every start.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from mien.errors import ModelError, ModelFetchError, ModelIntegrityError, ModelMissingError
from mien.models import convert
from mien.models.catalogue import Entry, LocalFile, Member, Packaged, Url, entries, entry
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
        ModelFetchError: it could not be fetched, stored or read.
        ModelIntegrityError: its bytes are not those of the catalogue.
    """
    model = entry(name)
    path = path_of(model)
    state = quick_state(model)
    if state == "ready":
        return path
    if state == "missing":
        return pull(name)
    if isinstance(model.source, Packaged):
        raise ModelIntegrityError(f"{path} was changed; install mien again")
    raise ModelIntegrityError(
        f"{path} was changed after it was fetched; run `mien models pull {name}` to fetch it again"
    )


def pull(name: str, *, accept_licence: bool = False, force: bool = False) -> Path:
    """Fetch the model into the store unless it is there whole; `force` fetches it in any case.

    Args:
        accept_licence: needed to fetch an entry marked `opt_in`; the error that is raised without
            it shows the licence.

    Raises:
        UnknownModelError, ModelMissingError, ModelFetchError, ModelIntegrityError: as `file_of`.
    """
    model = entry(name)
    path = path_of(model)
    if not force and state_of(model) == "ready":
        return path
    _check_allowed(model, accept_licence)
    group = model.source.archive.name if isinstance(model.source, Member) else name
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / f".{group}.lock"):
            _clean(folder, f".{group}-fetch-")
            # Another process may have fetched it while this one waited.
            if force or state_of(model) != "ready":
                with tempfile.TemporaryDirectory(prefix=f".{group}-fetch-", dir=folder) as work:
                    _fetch(model, Path(work))
    except ModelError:
        raise
    except OSError as error:
        raise ModelFetchError(
            f"{name} cannot be written to the model store {folder}: {error.strerror or error}; "
            "make room or give access there, or name another folder in MIEN_MODELS"
        ) from error
    return path


def state_of(model: Entry) -> State:
    """Whether the entry's file is there and whole; every byte of it is read.

    Raises:
        ModelFetchError: the file is there and cannot be read.
    """
    path = path_of(model)
    receipt = _read_receipt(path)
    wanted = model.sha256
    if model.convert is not None:
        if receipt is None or receipt.source_sha256 != model.sha256:
            return "missing"  # a process died between the file and its receipt
        wanted = receipt.sha256
    try:
        digest = _hash(path)
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError as error:
        raise ModelFetchError(f"{path} cannot be read: {error.strerror or error}") from error
    return "ready" if wanted in ("", digest) else "damaged"


def quick_state(model: Entry) -> State:
    """As `state_of`, but a file that has the size and time of its receipt is not read."""
    path = path_of(model)
    receipt = _read_receipt(path)
    if receipt is not None and receipt.source_sha256 == model.sha256:
        with contextlib.suppress(OSError):  # state_of says what is wrong with it
            stat = path.stat()
            if (stat.st_size, stat.st_mtime_ns) == (receipt.size, receipt.mtime_ns):
                return "ready"
    state = state_of(model)
    if state == "ready" and not isinstance(model.source, Packaged):
        # A copied store has new times. One that may not be written is hashed at each start.
        with contextlib.suppress(OSError):
            _write_receipt(model, path)
    return state


def _check_allowed(model: Entry, accept_licence: bool) -> None:
    if isinstance(model.source, Packaged):
        raise ModelMissingError(
            f"the weights of {model.name} do not come with this release of mien; "
            "install one that has them"
        )
    if model.opt_in and not accept_licence:
        raise ModelMissingError(
            f"{model.name} comes under the licence {model.licence} from {model.source}; "
            f"if you accept it, run `mien models pull --accept-licence {model.name}`"
        )
    offline = os.environ.get("MIEN_OFFLINE", "") not in ("", "0")
    if offline and not isinstance(model.source, LocalFile):
        raise ModelMissingError(
            f"{model.name} is not in the model store {store_folder()} and MIEN_OFFLINE forbids to "
            f"fetch it; run `mien models pull {model.name}` where there is a network"
        )


def _fetch(model: Entry, work: Path) -> None:
    # Imported here: what reaches the network is not loaded by a start that needs no network.
    from mien.models.archive import read_member
    from mien.models.fetch import download, read_file, read_url

    source = model.source
    size = source.archive.size if isinstance(source, Member) else model.size
    log.info("fetching %s from %s (%.1f MB)", model.name, source, size / 1e6)
    if isinstance(source, Url):
        _store(model, read_url(source.url, limit=model.size), work)
    elif isinstance(source, LocalFile):
        _store(model, read_file(source.path), work)
    elif isinstance(source, Member):
        path = download(source.archive, work)
        _store(model, read_member(path, source.path), work)
        # What else mien has from this archive comes along: it need not be downloaded again.
        for other in entries().values():
            if not isinstance(other.source, Member) or other.source.archive != source.archive:
                continue
            if not path_of(other).exists():
                _store(other, read_member(path, other.source.path), work)


def _store(model: Entry, chunks: Iterable[bytes], work: Path) -> None:
    """Check the bytes, convert them if need be, and move the whole file to its place."""
    arrived = work / f"{model.name}.arrived"
    digest, size = hashlib.sha256(), 0
    with arrived.open("wb") as stream:
        for chunk in chunks:
            size += len(chunk)
            if size > model.size:
                raise ModelIntegrityError(
                    f"{model.name} is larger than the {model.size} bytes of the catalogue"
                )
            digest.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    if digest.hexdigest() != model.sha256:
        raise ModelIntegrityError(
            f"{model.name} arrived with {size} bytes and the sha256 {digest.hexdigest()}, where "
            f"the catalogue has {model.size} and {model.sha256}; it was not kept"
        )
    if model.convert is not None:
        data = convert.convert(model.convert, arrived.read_bytes())
        arrived = work / f"{model.name}.converted"
        _write_whole(arrived, data)
    path = path_of(model)
    _receipt_path(path).unlink(missing_ok=True)  # never one file with the receipt of another
    arrived.replace(path)
    _write_receipt(model, path)


def _clean(folder: Path, prefix: str) -> None:
    """Remove what a process that was killed while it fetched left behind."""
    for stale in folder.glob(f"{prefix}*"):
        shutil.rmtree(stale, ignore_errors=True)


def _receipt_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _read_receipt(path: Path) -> Receipt | None:
    try:
        return Receipt(**json.loads(_receipt_path(path).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None  # none, or none to be trusted: the file is hashed, or fetched again


def _write_receipt(model: Entry, path: Path) -> None:
    stat = path.stat()
    receipt = Receipt(
        sha256=_hash(path),
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        source_sha256=model.sha256,
        source=str(model.source),
        licence=model.licence,
    )
    new = path.with_name(f".{path.name}-{os.getpid()}-{threading.get_ident()}")
    try:
        _write_whole(new, json.dumps(asdict(receipt), indent=1).encode())
        new.replace(_receipt_path(path))
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _write_whole(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
