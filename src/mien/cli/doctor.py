"""`mien doctor`: does this machine have what mien needs?"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import click

from mien.errors import MienError
from mien.media import open_video, probe, read_image
from mien.models import Entry, entries, file_of, open_session, store_folder
from mien.models.catalogue import Packaged
from mien.models.store import state_of
from mien.models.threads import thread_count
from mien.version import __version__

PACKAGES = ("numpy", "av", "pillow", "opencv-python-headless", "onnxruntime", "ai-edge-litert")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, and what was found or what to do."""

    subject: str
    state: Literal["ok", "missing", "broken"]
    detail: str


class UnwellError(MienError):
    """Something that mien needs is missing or broken."""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
def command(as_json: bool) -> None:
    """Check Python, the packages, and that the models are whole and run.

    \b
    Example: mien doctor
    """
    findings = list(examine())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        width = max(len(finding.subject) for finding in findings)
        for finding in findings:
            click.echo(f"{finding.state:8}{finding.subject:{width + 2}}{finding.detail}")
    if any(finding.state == "broken" for finding in findings):
        raise UnwellError("something that mien needs is broken; the lines above say what")


def examine() -> Iterator[Finding]:
    """Look at everything, in the order in which it is needed."""
    yield Finding(
        "mien", "ok", f"{__version__}, Python {platform.python_version()}, {sys.platform}"
    )
    for package in PACKAGES:
        yield _package(package)
    yield Finding("processor", "ok", f"{thread_count(None)} threads for inference")
    yield Finding("model store", "ok", str(store_folder()))
    for model in entries().values():
        if not model.opt_in:
            yield _model(model)


def _package(name: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, "broken", f"not installed; run: pip install {name}")


def _model(model: Entry) -> Finding:
    """Whether a model is there, whole, and loads; whether a sample decodes."""
    try:
        match state_of(model):
            case "missing" if isinstance(model.source, Packaged):
                return Finding(model.name, "missing", "not part of this release")
            case "missing":
                return Finding(model.name, "missing", f"run: mien models pull {model.name}")
            case "damaged":
                return Finding(model.name, "broken", f"run: mien models pull {model.name}")
        return Finding(model.name, "ok", _runs(model))
    except (MienError, OSError) as error:
        return Finding(model.name, "broken", str(error))


def _runs(model: Entry) -> str:
    if model.kind == "model":
        return f"runs on {open_session(model.name).provider}"
    path = file_of(model.name)
    if probe(path).kind == "image":
        height, width = read_image(path).shape[:2]
        return f"decodes, {width}x{height}"
    with open_video(path) as video:
        next(video.frames())
        return f"decodes, {video.info.width}x{video.info.height}, {video.info.codec}"
