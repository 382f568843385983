"""The audit as a document: JSON, one stable form, kept by schemas/audit.schema.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from mien.atomic import replacing
from mien.models import entry
from mien.redact.audit.audit import Audit, AuditedFile
from mien.redact.audit.look import CERTAIN, DOUBTFUL, SEEN
from mien.redact.audit.runs import Run
from mien.version import __version__

VERSION = 1
"""Of the form. It rises when a key gets another meaning or goes; keys may come."""


def write_audit(audit: Audit, path: str | PathLike[str]) -> None:
    """Write the document; what stood at the path stays until it is whole.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(Path(path)) as file:
        file.write(json.dumps(audit_document(audit), indent=1, allow_nan=False) + "\n")


def audit_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every document keeps."""
    text = files("mien.redact.audit").joinpath("schemas/audit.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def audit_document(audit: Audit) -> dict[str, Any]:
    """What an audit found, as JSON has it; times in seconds, boxes xyxy in pixels.

    Settings that JSON does not know, such as paths and fractions, are told as text.
    """
    return {
        "document": "mien audit",
        "version": VERSION,
        "kind": audit.kind,
        "passed": audit.passed(),
        "limit_seconds": audit.limit_s,
        "source": _file(audit.source),
        "output": _file(audit.output),
        "width": audit.width,
        "height": audit.height,
        "frames": audit.frames,
        "seconds": seconds(audit.length),
        "residual": {
            "face_frames": audit.residual_faces,
            "exposed_face_seconds": seconds(audit.exposed_face_seconds),
            "longest_run": None if audit.longest is None else _extent(audit.longest),
            "persons": [_person(name, runs) for name, runs in audit.persons.items()],
            "runs": [{"person": run.person, **_run(run)} for run in audit.residual],
        },
        "doubtful": {
            "face_frames": sum(run.frames for run in audit.doubtful),
            "runs": [_run(run) for run in audit.doubtful],
        },
        "shown_on_purpose": {
            "face_frames": sum(run.frames for run in audit.shown),
            "runs": [_run(run) for run in audit.shown],
        },
        "hidden_face_frames": audit.hidden_faces,
        "settings": json.loads(json.dumps(dict(audit.settings), default=str)),
        "audited_by": {
            "mien": __version__,
            "models": {name: entry(name).sha256 for name in audit.models},
            "seen_from": SEEN,
            "doubtful_from": DOUBTFUL,
            "certain_from": CERTAIN,
            "seconds": round(audit.audit_s, 3),
        },
    }


def seconds(value: Fraction) -> float:
    """Microseconds are kept."""
    return round(float(value), 6)


def _file(file: AuditedFile | None) -> dict[str, Any] | None:
    if file is None:
        return None
    return {"name": file.name, "bytes": file.bytes, "sha256": file.sha256}


def _extent(run: Run) -> dict[str, Any]:
    """When it is: from the first frame's beginning to the last one's end."""
    return {
        "first": seconds(run.first.exact),
        "end": seconds(run.end),
        "frames": run.frames,
        "seconds": seconds(run.seconds),
    }


def _run(run: Run) -> dict[str, Any]:
    eyes, mouth = run.best.kept
    best = {
        "time": seconds(run.best.time.exact),
        "box": [round(float(edge), 1) for edge in run.best.box_xyxy],
        "score": round(run.best.score, 3),
        "eyes_kept": round(eyes, 3),
        "mouth_kept": round(mouth, 3),
    }
    return {**_extent(run), "score": round(run.score, 3), "best": best}


def _person(name: int, runs: Sequence[Run]) -> dict[str, Any]:
    return {
        "person": name,
        "runs": len(runs),
        "face_frames": sum(run.frames for run in runs),
        "exposed_seconds": seconds(sum((run.seconds for run in runs), Fraction(0))),
        "first": seconds(min(run.first for run in runs).exact),
        "end": seconds(max(run.end for run in runs)),
    }
