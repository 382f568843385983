"""The files of a redaction: their names, and the list of ids.

Names are those of Azure Media Redactor: of `foo.mov`, `foo_annotations.json`, `foo_thumb000001.jpg`
…, `foo_IDList.txt` and `foo_redacted.mp4`.
"""

from __future__ import annotations

from pathlib import Path

from mien.errors import ConfigurationError
from mien.inputs import open_document

ANNOTATIONS, ID_LIST = "_annotations.json", "_IDList.txt"

LONGEST_LIST = 1 << 24
"""Bytes of a list of ids."""

LARGEST_ID = (1 << 63) - 1


def redacted_name(source: Path, suffix: str = ".mp4") -> str:
    """The name of the redacted copy of a file."""
    return f"{source.stem}_redacted{suffix}"


def annotations_name(source: Path) -> str:
    """The name of the document of the faces of a video."""
    return f"{source.stem}{ANNOTATIONS}"


def thumb_name(source: Path, number: int) -> str:
    """The name of the picture of one id."""
    return f"{source.stem}_thumb{number:06d}.jpg"


def audit_names(output: Path) -> tuple[Path, Path]:
    """Where the audit of a redacted file goes, as JSON and as a page: beside it."""
    stem = output.stem.removesuffix("_redacted")
    return output.with_name(f"{stem}_audit.json"), output.with_name(f"{stem}_audit.html")


def beside(source: Path, ending: str) -> Path | None:
    """The file of the two-pass flow that lies beside a video; None if there is none.

    Its name is the video's without the suffix, and the ending; large and small letters are one.
    """
    wanted = f"{source.stem}{ending}".casefold()
    folder = source.parent
    if not folder.is_dir():
        return None
    found = sorted(path for path in folder.iterdir() if path.name.casefold() == wanted)
    return found[0] if found else None


def read_id_list(path: Path) -> tuple[int, ...] | None:
    """The ids of a list, one a line, as the Redactor's samples have it: blanks, empty lines and a
    byte-order mark are taken as they are. None if it holds none, which stands for everyone.

    Raises:
        InputError: it cannot be opened.
        ConfigurationError: a line is no id; the message says which.
    """
    with open_document(path, "text") as file:
        data = file.read(LONGEST_LIST + 1)
    if len(data) > LONGEST_LIST:
        raise ConfigurationError(f"{path} is longer than {LONGEST_LIST >> 20} MiB")
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no list of ids: it is not text") from error
    return parse_ids(text.splitlines(), f"{path}, line")


def parse_ids(entries: list[str], where: str) -> tuple[int, ...] | None:
    """Ids as text, each once, in their order; None if there are none.

    Raises:
        ConfigurationError: an entry is no id; `where` and its number say which.
    """
    ids: dict[int, None] = {}
    for place, entry in enumerate(entries, 1):
        text = entry.strip().strip("\x00")
        if not text:
            continue
        if not (text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_ID):
            raise ConfigurationError(f"{where} {place}: {text[:40]!r} is no id; ids are numbers")
        ids[int(text)] = None
    return tuple(ids) or None
