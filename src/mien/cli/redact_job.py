"""What `mien redact` is asked for: its options, understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.cli.sources import Source, plan_outputs
from mien.engines import Engine
from mien.errors import UsageError
from mien.inputs import open_document
from mien.media.encoder import VIDEO_FORMATS, Encoding
from mien.media.writer import IMAGE_FORMATS
from mien.redact.effects import Look
from mien.redact.files import redacted_name
from mien.timeline.presets import Preset, parse_preset

BLUR_TYPES = {
    "Low": ("blur", "low"),
    "Med": ("blur", "med"),
    "High": ("blur", "high"),
    "Box": ("outline", "med"),
    "Black": ("black", "med"),
}
"""The Redactor's names, and what they are here."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of every source; the options of the command."""

    mode: str
    look: Look
    margin: float
    annotations: Path | None
    ids: str | None
    keep_ids: str | None
    unsafe: bool
    paranoid: bool
    encoding: Encoding
    audit: bool
    audit_limit: float
    resume: bool
    engine: Engine | None


def chosen_mode(
    mode: str | None,
    config: Path | None,
    annotations: Path | None,
    ids: str | None,
    keep: str | None,
) -> Preset:
    """The preset, with the mode of the command line laid over it.

    Raises:
        ConfigurationError: the file cannot be read or breaks the rules.
        UsageError: options that belong to another mode.
    """
    of_redact = annotations is not None or ids is not None or keep is not None
    text = "{'version':'1.0','options':{'mode':'combined'}}"
    if config is not None:
        with open_document(config, "JSON") as file:
            text = file.read(1 << 20).decode("utf-8-sig", errors="replace")
    preset = parse_preset(text, kind="redactor")
    if preset.mien is not None:
        raise UsageError("the part 'mien' of a preset is for jobs; here options say the same")
    asked = mode or (preset.mode if config is not None else None)
    preset = preset.replaced(mode=asked or ("redact" if of_redact else "combined"))
    if of_redact and preset.mode != "redact":
        raise UsageError(f"annotations and ids are for --mode redact, not for {preset.mode}")
    return preset


def chosen_look(
    preset: Preset, effect: str | None, strength: str | None, mask: Any, feather: float
) -> Look:
    """The effect of the preset, with that of the command line laid over it."""
    by_preset: tuple[Any, Any] = BLUR_TYPES[preset.blur_type]
    named: Any = effect
    strong: Any = strength or ("med" if effect else by_preset[1])
    return Look(named or by_preset[0], strong, mask, feather)


def plan_targets(
    sources: Sequence[Source], output: str | None, job: Job
) -> list[tuple[Path, Path]]:
    """Each source with its result: a file without a suffix stands for the one that fits.

    Raises:
        UsageError, OutputError: as of `plan_outputs`.
    """
    if job.annotations is not None and len(sources) > 1:
        raise UsageError("--annotations are those of one video; they are found beside several")
    if output is None:
        return _apart([(s.path, s.path.parent) for s in sources])
    path, known = Path(output), (*VIDEO_FORMATS, *IMAGE_FORMATS)
    if len(sources) == 1 and not path.is_dir() and not output.endswith("/") and path.suffix:
        if job.mode == "analyze":
            raise UsageError(f"--mode analyze writes several files; {output} is no folder for them")
        if path.suffix.lower() not in known:
            raise UsageError(f"-o {output} must end in {', '.join(known)}, or be a folder")
        return [(s.path, p) for s, p in plan_outputs(sources, output, "") if p is not None]
    planned = plan_outputs(sources, output if output.endswith("/") else f"{output}/", ".redacted")
    return _apart([(source.path, p.parent) for source, p in planned if p is not None])


def _apart(folders: Sequence[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    """The place of each result in its folder, without a suffix."""
    pairs = [(source, folder / redacted_name(source, "")) for source, folder in folders]
    targets = Counter(target for _, target in pairs)
    if twice := [target for target, count in targets.items() if count > 1]:
        raise UsageError(f"two inputs would both be written to {twice[0]}; run them apart")
    return pairs
