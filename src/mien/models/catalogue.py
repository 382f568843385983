"""The catalogue: what each model is, where it comes from, and the hash it must have.

`catalogue.toml` holds it; MIEN_CATALOGUE may name a further file of the same form, with models of
one's own (a `path` beside that file, or a `url`).
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from mien.errors import ConfigurationError, UnknownModelError

HERE = Path(__file__).parent
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FILE = re.compile(r"[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Archive:
    """One file of a pinned distribution on the package index, or an archive at a URL.

    `tag` (python-abi-platform) names one wheel of many; None where only one fits.
    """

    name: str
    file: str
    sha256: str
    size: int
    distribution: str = ""
    version: str = ""
    tag: str | None = None
    url: str | None = None

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel; otherwise it is a source distribution."""
        return self.file.endswith(".whl")

    def __str__(self) -> str:
        return self.url or f"{self.distribution} {self.version}"


@dataclass(frozen=True)
class Member:
    """One member of an archive."""

    archive: Archive
    path: str

    def __str__(self) -> str:
        return f"{self.archive}, {self.path}"


@dataclass(frozen=True)
class Url:
    """A file on the web."""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class LocalFile:
    """A file of the user's own."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class Packaged:
    """Weights that travel inside mien."""

    path: Path

    def __str__(self) -> str:
        return f"mien, weights/{self.path.name}"


Source = Member | Url | LocalFile | Packaged


@dataclass(frozen=True)
class Entry:
    """One model or media sample.

    `sha256` and `size` are those of the source: of a converted model, before its conversion. Only
    weights inside the package may be without (empty, 0). `opt_in` entries are fetched only once
    their licence was accepted.
    """

    name: str
    kind: Literal["model", "media"]
    source: Source
    file: str
    licence: str
    sha256: str = ""
    size: int = 0
    input: str | None = None
    labels: tuple[str, ...] = ()
    card: Path | None = None
    convert: str | None = None
    opt_in: bool = False


@cache
def _read(path: Path) -> dict[str, Entry]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"the catalogue {path} cannot be read: {error}") from error
    try:
        archives = {
            name: Archive(name=name, **fields) for name, fields in table.get("archives", {}).items()
        }
        entries = {
            name: _entry(name, dict(fields), archives, path.parent)
            for name, fields in table["entries"].items()
        }
        for archive in archives.values():
            _check(archive.name, archive.file, archive.sha256, archive.size)
            if not (archive.url or (archive.distribution and archive.version)):
                raise ValueError(f"{archive.name}: a distribution and version, or a url, is needed")
            _check_url(archive.name, archive.url)
        for entry in entries.values():
            _check_entry(entry)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"the catalogue {path} breaks its rules: {error}") from error
    return entries


def _entry(name: str, fields: dict[str, Any], archives: dict[str, Archive], folder: Path) -> Entry:
    source: Source
    if "archive" in fields:
        source = Member(archives[fields.pop("archive")], fields.pop("member"))
    elif "url" in fields:
        source = Url(fields.pop("url"))
    elif "path" in fields:
        source = LocalFile(folder / fields.pop("path"))
    else:
        source = Packaged(folder / "weights" / fields.pop("package"))
    card = folder / "cards" / f"{name}.md"
    fields["labels"] = tuple(fields.get("labels", ()))
    return Entry(name=name, source=source, card=card if card.is_file() else None, **fields)


def _check(name: str, file: str, sha256: str, size: int) -> None:
    # Names become file names in the store: nothing in them may leave it.
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of small letters, digits and single hyphens")
    if not _FILE.fullmatch(file):
        raise ValueError(f"{name}: {file!r} is not a plain file name")
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{name}: sha256 must be 64 hexadecimal digits")
    if size <= 0:
        raise ValueError(f"{name}: size must be positive")


def _check_url(name: str, url: str | None) -> None:
    if url is not None and urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{name}: only http and https URLs are fetched")


def _check_entry(entry: Entry) -> None:
    if entry.kind not in ("model", "media"):
        raise ValueError(f"{entry.name}: kind must be model or media")
    if isinstance(entry.source, Url):
        _check_url(entry.name, entry.source.url)
    unpinned = isinstance(entry.source, Packaged) and not entry.sha256
    _check(entry.name, entry.file, "0" * 64 if unpinned else entry.sha256, entry.size or unpinned)


def entries() -> dict[str, Entry]:
    """Every entry by name: mien's own, then those of MIEN_CATALOGUE.

    Raises:
        ConfigurationError: a catalogue breaks its rules, or uses a name that mien has taken.
    """
    own = _read(HERE / "catalogue.toml")
    further = os.environ.get("MIEN_CATALOGUE")
    if not further:
        return dict(own)
    more = _read(Path(further).absolute())
    if taken := own.keys() & more.keys():
        raise ConfigurationError(f"the catalogue {further} may not redefine {', '.join(taken)}")
    return own | more


def entry(name: str) -> Entry:
    """The entry of this name.

    Raises:
        UnknownModelError: there is none.
    """
    known = entries()
    if name not in known:
        raise UnknownModelError(f"there is no model {name!r}; known are {', '.join(known)}")
    return known[name]
