"""`--annotated`: where the copies go that the faces are drawn on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mien.cli.sources import Source, plan_outputs
from mien.errors import UsageError
from mien.media.writer import IMAGE_FORMATS, VIDEO_FORMATS

OPTION = "--annotated"
ENDINGS = {"video": VIDEO_FORMATS, "image": IMAGE_FORMATS}
IN_FOLDER = {"video": ".mp4", "image": ".jpg"}
"""What the copies in a folder are."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Where the copy of each source goes; without any there are none.

    `named` says whether the one path is that of the file, as it was given, or lacks its suffix.
    """

    paths: Mapping[Path, Path] = field(default_factory=dict)
    named: bool = False

    def path_for(self, source: Path, kind: str) -> Path | None:
        """The copy of a source that is an "image" or a "video"; None if there is to be none.

        Raises:
            UsageError: the file that was named is for the other kind.
        """
        path = self.paths.get(source)
        if path is None or not self.named:
            return path and path.with_name(path.name + IN_FOLDER[kind])
        if path.suffix.lower() not in ENDINGS[kind]:
            what = "video" if kind == "video" else "photo"
            raise UsageError(
                f"{source.name} is a {what}, so that {OPTION} must end in {_listed(ENDINGS[kind])}"
            )
        return path


def plan_copies(sources: Sequence[Source], target: str | None, results: Collection[Path]) -> Copies:
    """Understand `--annotated`: a file for one source, a folder for several, or for one.

    In a folder the copy of `clip.mov` is `clip.annotated.mp4`, that of a photo a JPEG.

    Args:
        sources: all that is to be analysed.
        target: what was given; None for no copies.
        results: where the documents go.

    Raises:
        UsageError: no suffix of a video or photo, several sources and a file, or a copy in the
            place of an input or a document.
        OutputError: there is no folder for it.
    """
    if target is None:
        return Copies()
    path = Path(target)
    known = path.suffix.lower() in VIDEO_FORMATS or path.suffix.lower() in IMAGE_FORMATS
    folder = path.is_dir() or target.endswith("/")
    if len(sources) > 1 and (path.is_file() or (known and not folder)):
        raise UsageError(f"{len(sources)} files were given; name a folder for them with {OPTION}")
    named = len(sources) == 1 and not folder
    if named and not known:
        raise UsageError(
            f"{OPTION} {target} must end in {_listed(VIDEO_FORMATS)} for a video, in "
            f"{_listed(IMAGE_FORMATS)} for a photo, or be a folder"
        )
    pairs = plan_outputs(sources, target, ".annotated", option=OPTION)
    paths = {source.path: place for source, place in pairs if place is not None}
    _check_free(paths.values(), named, [*(source.path for source in sources), *results])
    return Copies(paths, named)


def _check_free(paths: Collection[Path], named: bool, taken: Sequence[Path]) -> None:
    endings = [""] if named else [*IN_FOLDER.values()]
    there = {path.resolve() for path in taken}
    for path in paths:
        for ending in endings:
            copy = path.with_name(path.name + ending)
            if copy.resolve() in there:
                raise UsageError(f"{copy} is an input or a result already; choose another {OPTION}")


def _listed(endings: Collection[str]) -> str:
    return ", ".join(endings)
