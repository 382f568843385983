"""The report as a document: JSON, one stable form, kept by schemas/fairness.schema.json."""

from __future__ import annotations

import json
import math
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from mien.atomic import replacing
from mien.fairness.looking import SAME_FACE
from mien.fairness.measures import FEW, Measure, Slice
from mien.fairness.report import Report
from mien.models import entry
from mien.version import __version__

VERSION = 1
"""Of the form. It rises when a key gets another meaning or goes; keys may come."""

DIGITS = 9
"""Decimals of shares and years."""


def write_document(report: Report, path: str | PathLike[str]) -> None:
    """Write the document; what stood at the path stays until it is whole.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(Path(path)) as file:
        document = report_document(report)
        file.write(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def fairness_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every document keeps."""
    path = files("mien.fairness").joinpath("schemas/fairness.schema.json")
    schema: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return schema


def report_document(report: Report) -> dict[str, Any]:
    """What was measured, as JSON has it; shares 0 to 1, null where there is no value."""
    return {
        "document": "mien fairness",
        "version": VERSION,
        "folder": report.folder,
        "lines": report.lines,
        "pictures": report.pictures,
        "faces": report.faces,
        "persons": report.persons,
        "few": FEW,
        "measures": [_measure(one) for one in report.measures],
        "thresholds": [
            {
                "distance": point.threshold,
                "expected_false_match": point.expected,
                "false_non_match": _slice(point.false_non_match),
                "false_match": _slice(point.false_match),
            }
            for point in report.points
        ],
        "differences": [
            {
                "measure": found.measure.name,
                "dimension": found.highest.dimension,
                "highest": found.highest.group,
                "lowest": found.lowest.group,
            }
            for found in report.differences
        ],
        "missing": [one._asdict() for one in report.missing],
        "left_out": [one._asdict() for one in report.left_out],
        "measured_by": {
            "mien": __version__,
            "models": {name: entry(name).sha256 for name in report.models},
            "profile": report.profile,
            "same_face_from": SAME_FACE,
            "seconds": round(report.seconds, 3),
        },
    }


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "name": measure.name,
        "title": measure.title,
        "says": measure.says,
        "unit": measure.unit,
        "not_described": measure.undescribed,
        "slices": [
            {"dimension": one.dimension, "group": one.group, **_slice(one)}
            for one in measure.slices
        ],
    }


def _slice(one: Slice) -> dict[str, Any]:
    counts = {"pairs": one.trials, "persons": one.persons}
    return {
        **({"faces": one.trials} if one.persons is None else counts),
        **({} if one.events is None else {"events": one.events}),
        "value": _number(one.value),
        "low": _number(one.low),
        "high": _number(one.high),
        "few": one.few,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, DIGITS)
