"""Copies of a video: one that browsers play, and one with its faces drawn on it."""

from __future__ import annotations

import json

from mien.errors import UsageError
from mien.jobs.codes import Code, TaskError
from mien.jobs.work import Output, Work
from mien.media.playable import write_playable
from mien.report.annotated import write_annotated
from mien.timeline.archive import read_timeline

TIMELINE = "_timeline.npz"
MOST_NAMES = 10_000


def make_playable(work: Work) -> list[Output]:
    """Make `foo_web.mp4` of `foo.avi`; see `mien.media.playable`.

    Raises:
        TaskError: there is no video.
        MienError: as of `write_playable`.
    """
    made = Output(f"{work.video.plain.stem}_web.mp4", work.folder / "web.mp4")
    for note in write_playable(work.video.path, made.path, on_progress=work.progress):
        work.tell(_of_client(note, work))
    return [made]


def annotate(work: Work) -> list[Output]:
    """Make `foo_annotated.mp4` of `foo.mp4` and `foo_timeline.npz`, which may be in another of the
    input assets. The configuration may name people: `{"names": {"0": "Ada"}}`.

    Raises:
        TaskError: the configuration cannot be used, or the video or timeline is missing.
        MienError: as of `mien.report.annotated.write_annotated`.
    """
    try:
        names = names_of(work.configuration)
    except UsageError as error:
        raise TaskError(Code.CONFIGURATION, str(error)) from error
    found = work.beside(TIMELINE)
    if found is None:
        raise TaskError(
            Code.MALFORMED_INPUT,
            f"the input has no {work.video.plain.stem}{TIMELINE}; make it with mien Video Analyzer",
        )
    made = Output(f"{work.video.plain.stem}_annotated.mp4", work.folder / "annotated.mp4")
    timeline = read_timeline(found.path)
    notes = write_annotated(
        work.video.path, timeline, made.path, names=names, on_progress=work.progress
    )
    for note in notes:
        work.tell(_of_client(note, work))
    return [made]


def names_of(configuration: str) -> dict[int, str]:
    """The names in a configuration, by id; none in an empty one.

    Raises:
        UsageError: it is no object with names.
    """
    try:
        given = json.loads(configuration or "{}")
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the configuration is not valid JSON: {error}") from error
    names = given.get("names", {}) if isinstance(given, dict) else None
    if not isinstance(names, dict) or len(names) > MOST_NAMES or given.keys() - {"names"}:
        raise UsageError('the configuration must be an object such as {"names": {"0": "Ada"}}')
    for id, name in names.items():
        if not (id.isascii() and id.isdecimal() and len(id) < 10 and isinstance(name, str)):
            raise UsageError(f"'names' gives each id a text, and {id[:20]!r} has none")
    return {int(id): name for id, name in names.items()}


def _of_client(note: str, work: Work) -> str:
    """A sentence with the client's name of the file, and no path of the service."""
    return note.replace(str(work.video.path), work.video.name)
