"""Azure Media Redactor: its modes and files; and more than it had: choices of people, an audit.

A preset may have a part of our own, "mien", among its options, all of whose names may be left out:

    {"effect": "pixelate", "strength": "high", "mask": "box", "margin": 0.2, "feather": 0,
     "audit": true, "auditLimit": 0}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mien.errors import ConfigurationError, UsageError
from mien.inputs import open_document
from mien.jobs.codes import Code, TaskError
from mien.jobs.work import Output, Work
from mien.media.writer import write_image
from mien.redact.audit import Audit, write_audit, write_audit_page
from mien.redact.edited import look_of, redact_edited
from mien.redact.effects import Effect, Look, Strength, check_safe
from mien.redact.files import (
    ANNOTATIONS,
    ID_LIST,
    annotations_name,
    audit_names,
    read_id_list,
    redacted_name,
    thumb_name,
)
from mien.redact.plan import MARGIN
from mien.redact.thumbs import best_views
from mien.redact.video import Redaction, Stage, find_faces, redact_video
from mien.timeline.archive import read_timeline
from mien.timeline.detectable import detectable
from mien.timeline.edits import Edit, SetEffect, edit_of
from mien.timeline.media_analytics import write_media_analytics
from mien.timeline.presets import REDACTOR, Preset, parse_preset

LOOKS: dict[str, tuple[Effect, Strength]] = {
    "Low": ("blur", "med"),
    "Med": ("blur", "med"),
    "High": ("blur", "high"),
    "Box": ("outline", "med"),
    "Black": ("black", "med"),
}
"""The Redactor's blur types. Its Low can be seen through; whoever asks for it gets Med."""

TOLD = {
    "Low": "a blur of type Low can be seen through; Med was used",
    "Box": "a blur of type Box outlines faces and hides nothing",
}

TIMELINE, EDITS = "_timeline.npz", "_edits.json"
"""Endings of the files that redact takes in place of annotations: an analysis, and its log."""

LONGEST_LOG = 1 << 26
"""Bytes of a log of edits."""

SHARES: dict[Stage, float] = {"looking": 7, "hiding": 3, "auditing": 4}
"""How long the stages take, one by the other."""

MOST_TOLD = 5
"""Moments at which somebody can be seen that the history names; the others are in the audit."""

_KINDS: dict[str, type | tuple[type, ...]] = {
    "effect": str,
    "strength": str,
    "mask": str,
    "margin": (int, float),
    "feather": (int, float),
    "audit": bool,
    "auditLimit": (int, float),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the part "mien" of a preset asks for; None: what the preset, or the log of edits, says.

    Raises:
        UsageError: a value that cannot be, or an effect that can be seen through.
    """

    effect: str | None = None
    strength: str | None = None
    mask: str | None = None
    margin: float | None = None
    feather: float | None = None
    audit: bool = True
    audit_limit: float = 0.0

    def __post_init__(self) -> None:
        if self.margin is not None and not 0 <= self.margin <= 1:
            raise UsageError(f"the margin must be a share between 0 and 1, got {self.margin}")
        if not 0 <= self.audit_limit < float("inf"):
            raise UsageError(f"auditLimit must be 0 or more seconds, got {self.audit_limit}")
        check_safe(self.look(None), unsafe=False)

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Wish:
        """What was asked for; without that part no audit is made, as the Redactor made none.

        Raises:
            UsageError: an unknown name, or a wrong value.
        """
        if given is None:
            return cls(audit=False)
        for name, value in given.items():
            if name not in _KINDS:
                raise UsageError(f"'mien' has '{name[:40]}', none of {', '.join(_KINDS)}")
            kind = _KINDS[name]
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise UsageError(f"'{name}' of 'mien' has a value of the wrong type")
        known = {name: value for name, value in given.items() if name != "auditLimit"}
        return cls(**known, audit_limit=given.get("auditLimit", 0.0))

    def look(self, otherwise: SetEffect | None) -> Look:
        """How to hide."""
        return look_of(
            otherwise,
            effect=self.effect,
            strength=self.strength,
            shape=self.mask,
            feather=self.feather,
        )


def redact_faces(work: Work) -> list[Output]:
    """Azure Media Redactor. Of `foo.mp4`, analyze makes `foo_annotations.json` and a picture of
    each face, redact `foo_redacted.mp4`, combined the same of everyone who is found.

    Redact goes by what lies beside the video: `foo_timeline.npz`, and the log `foo_edits.json` if
    there is one; else `foo_annotations.json`, and `foo_IDList.txt` if there is one.

    Raises:
        TaskError: the configuration cannot be used, there is no video, or redact has nothing to go
            by.
        MienError: as of `mien.redact_video`.
    """
    try:
        preset = parse_preset(work.configuration, kind=REDACTOR)
        wish = Wish.of(preset.mien)
    except UsageError as error:
        raise TaskError(Code.CONFIGURATION, str(error)) from error
    if preset.mode == "analyze":
        return _analyze(work)
    made = Output(redacted_name(_path(work)), work.folder / "redacted.mp4")
    by_edits = preset.mode == "redact" and work.beside(TIMELINE) is not None
    done = (_by_edits if by_edits else _by_ids)(work, preset, wish, made.path)
    told = None if preset.mien is not None or by_edits else TOLD.get(preset.blur_type)
    for note in (told, *done.notes):
        if note is not None:
            work.tell(note)
    return [made] if done.audit is None else [made, *_proof(work, done.audit)]


def _by_edits(work: Work, preset: Preset, wish: Wish, target: Path) -> Redaction:
    """Hide by an analysis and the log of its edits."""
    found, log = work.beside(TIMELINE), work.beside(EDITS)
    assert found is not None
    edits = [] if log is None else read_edits(log.path)
    otherwise = SetEffect(*LOOKS[preset.blur_type])
    return redact_edited(
        work.video.path,
        target,
        read_timeline(found.path),
        edits,
        look=lambda said: wish.look(said or otherwise),
        margin=wish.margin,
        engine=work.engine,
        audit=wish.audit,
        limit_s=wish.audit_limit,
        on_progress=_shower(work, looking=bool(edits), auditing=wish.audit),
    )


def _by_ids(work: Work, preset: Preset, wish: Wish, target: Path) -> Redaction:
    """Hide by annotations and a list of ids, or everyone who is found."""
    annotations = ids = None
    if preset.mode == "redact":
        found, listed = work.beside(ANNOTATIONS), work.beside(ID_LIST)
        if found is None:
            raise TaskError(
                Code.MALFORMED_INPUT,
                f"mode redact needs {annotations_name(_path(work))} in the input asset; "
                "make it with mode analyze",
            )
        annotations, ids = found.path, None if listed is None else read_id_list(listed.path)
    look = wish.look(SetEffect(*LOOKS[preset.blur_type]))
    return redact_video(
        work.video.path,
        target,
        annotations=annotations,
        ids=ids,
        effect=look.effect,
        strength=look.strength,
        mask=look.shape,
        feather=look.feather,
        margin=MARGIN if wish.margin is None else wish.margin,
        engine=work.engine,
        audit=wish.audit,
        limit_s=wish.audit_limit,
        on_progress=_shower(work, looking=annotations is None, auditing=wish.audit),
    )


def _proof(work: Work, audit: Audit) -> list[Output]:
    """The audit as a document and as a page, under the names that the client knows."""
    redacted = Path(redacted_name(_path(work)))
    source = audit.source and replace(audit.source, name=work.video.name)
    output = audit.output and replace(audit.output, name=redacted.name)
    named = replace(audit, source=source, output=output)
    document, page = audit_names(redacted)
    outputs = [
        Output(document.name, work.folder / "audit.json"),
        Output(page.name, work.folder / "audit.html"),
    ]
    write_audit(named, outputs[0].path)
    write_audit_page(named, outputs[1].path)
    if audit.passed():
        work.tell("the audit found no face that can be seen")
    else:
        moments = [f"{run.first} to {run.last}" for run in audit.residual[:MOST_TOLD]]
        more = len(audit.residual) - len(moments)
        where = ", ".join(moments) + (f" and {more} times more" if more else "")
        work.tell(f"faces can be seen at {where}; look at {page.name}")
    return outputs


def _shower(work: Work, *, looking: bool, auditing: bool) -> Callable[[Stage, float], None]:
    """Tells of the progress of those stages that there are."""
    there: list[Stage] = ["hiding"]
    if looking:
        there.insert(0, "looking")
    if auditing:
        there.append("auditing")
    whole = sum(SHARES[stage] for stage in there)

    def show(stage: Stage, share: float) -> None:
        before = sum(SHARES[each] for each in there[: there.index(stage)])
        work.progress((before + share * SHARES[stage]) / whole)

    return show


def read_edits(path: Path) -> list[Edit]:
    """A log of edits, as `GET …/edits` gives it: a JSON array.

    Raises:
        InputError: it cannot be opened.
        ConfigurationError: it is none.
    """
    with open_document(path, "log of edits") as file:
        data = file.read(LONGEST_LOG + 1)
    if len(data) > LONGEST_LOG:
        raise ConfigurationError(f"{path} is longer than {LONGEST_LOG >> 20} MiB")
    try:
        given = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is no log of edits: it is not JSON") from error
    if not isinstance(given, list):
        raise ConfigurationError(f"{path} is no log of edits: it is no array")
    try:
        return [edit_of(each) for each in given]
    except UsageError as error:
        raise ConfigurationError(f"{path} is no log of edits: {error}") from error


def _analyze(work: Work) -> list[Output]:
    timeline = find_faces(
        work.video.path, engine=work.engine, on_progress=lambda share: work.progress(0.9 * share)
    )
    timeline = timeline.relabelled({number: number + 1 for number in timeline.tracks()})
    outputs = [Output(annotations_name(_path(work)), work.folder / "annotations.json")]
    write_media_analytics(timeline, outputs[0].path)
    for number, picture in best_views(work.video.path, timeline):
        thumb = Output(thumb_name(_path(work), number), work.folder / f"thumb{number}.jpg")
        write_image(thumb.path, picture)
        outputs.append(thumb)
    held = len(detectable(timeline, 0, timeline.frame_count).row)
    if left := len(timeline.faces) - held:
        work.tell(
            f"{left} of {len(timeline.faces)} boxes are not in the annotations: below 24 or above "
            "2048 pixels, beyond 64 in a frame, or seen too shortly; mode combined hides them too"
        )
    return outputs


def _path(work: Work) -> Path:
    return Path(work.video.name)
