"""From what was typed to the files that are meant, and from a file to the name of its result."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.errors import InputNotFoundError, OutputError, UsageError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"}
MP4_SUFFIXES = {".mp4", ".m4v", ".mov"}
OTHER_VIDEO = {".wmv", ".asf", ".mkv", ".avi", ".webm", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg"}
MEDIA_SUFFIXES = IMAGE_SUFFIXES | MP4_SUFFIXES | OTHER_VIDEO
"""What is picked up in a folder. A file that is named outright is opened whatever its name."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, and its place below the folder that was named (its name, if none was)."""

    path: Path
    place: Path


def find_sources(arguments: Sequence[str]) -> list[Source]:
    """All files that the arguments stand for: files, folders (searched through), and patterns.

    Raises:
        InputNotFoundError: a folder without media, or a pattern that fits nothing. A plain file
            that is missing is reported when it is opened, so that it does not stop the others.
    """
    found = [source for argument in arguments for source in _expand(argument)]
    return list({source.path: source for source in found}.values())


def _expand(argument: str) -> Iterator[Source]:
    path = Path(argument)
    if path.is_dir():
        yield from _media_below(path)
    elif glob.has_magic(argument) and not path.exists():
        matches = [Path(match) for match in sorted(glob.glob(argument, recursive=True))]
        if not matches:
            raise InputNotFoundError(f"nothing fits the pattern '{argument}'")
        for match in matches:
            if match.is_dir():
                yield from _media_below(match)
            else:
                yield Source(match, Path(match.name))
    else:
        yield Source(path, Path(path.name))


def _media_below(folder: Path) -> list[Source]:
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in MEDIA_SUFFIXES and not file.name.startswith(".")
    )
    if not files:
        raise InputNotFoundError(f"there is no photo or video in the folder {folder}")
    return [Source(file, file.relative_to(folder)) for file in files]


def plan_outputs(
    sources: Sequence[Source], output: str | None, suffix: str, *, option: str = "-o"
) -> list[tuple[Source, Path | None]]:
    """Pair each source with the file of its result; None means standard output.

    One source goes to `output` itself unless that is a folder. Several go into the folder
    `output`, which is made if only its last part is missing, each under its own place with
    `suffix` for its ending, or behind its ending where two would meet. `option` is what `output`
    was given by.

    Raises:
        UsageError: several sources and no output, or a result would overwrite a source.
        OutputError: the folder cannot be made or is a file.
    """
    if output is None:
        if len(sources) > 1:
            raise UsageError(
                f"{len(sources)} files were given; name a folder for them with {option}"
            )
        return [(sources[0], None)]
    target = Path(output)
    if len(sources) == 1 and not target.is_dir() and not output.endswith("/"):
        if not target.parent.is_dir():
            raise OutputError(f"cannot write {target}: there is no folder {target.parent}")
        pairs = [(sources[0], target)]
    else:
        make_folder(target)
        pairs = [(source, target / name) for source, name in _named(sources, suffix)]
        for folder in sorted({path.parent for _, path in pairs}):
            make_folder(folder, below=target)
    inputs = {source.path.resolve() for source in sources}
    for _, path in pairs:
        if path.resolve() in inputs:
            raise UsageError(f"the result {path} would overwrite an input; choose another {option}")
    return list(pairs)


def _named(sources: Sequence[Source], suffix: str) -> list[tuple[Source, Path]]:
    short = [source.place.with_suffix(suffix) for source in sources]
    taken = Counter(short)
    long = [source.place.with_name(source.place.name + suffix) for source in sources]
    names = [a if taken[a] == 1 else b for a, b in zip(short, long, strict=True)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UsageError(f"two inputs would both be written to {twice[0]}; run them apart")
    return list(zip(sources, names, strict=True))


def make_folder(folder: Path, *, below: Path | None = None) -> None:
    """Make a folder unless it is there: the last part of its path, or all parts that are `below`.

    Raises:
        OutputError: there is a file of that name, no folder above it, or no permission.
    """
    if below is None and not folder.parent.is_dir():
        raise OutputError(f"cannot write to {folder}: there is no folder {folder.parent}")
    try:
        folder.mkdir(exist_ok=True, parents=below is not None)
    except FileExistsError as error:
        raise OutputError(f"cannot write into {folder}: it is a file") from error
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
