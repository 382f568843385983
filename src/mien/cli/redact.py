"""`mien redact`: hides faces in videos and photos, in the Redactor's three modes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mien.cli.redact_job import Job, chosen_look, chosen_mode
from mien.cli.redact_run import redact_all
from mien.cli.sources import find_sources
from mien.engines import engine_named
from mien.media.encoder import CODECS, PRESETS, Encoding
from mien.media.remake import REMADE
from mien.redact.effects import EFFECTS, SHAPES, STRENGTHS
from mien.redact.plan import MARGIN
from mien.timeline.presets import REDACTOR_MODES


@click.command("redact")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE…")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="File (.mp4, .m4v, .mov, .mkv; .png, .jpg), or folder [beside the source].",
)
@click.option(
    "--mode",
    type=click.Choice(REDACTOR_MODES, case_sensitive=False),
    help="combined: hide everyone. analyze: write who is where. redact: hide what that says "
    "[combined; with ids or annotations redact].",
)
@click.option(
    "--config", type=click.Path(path_type=Path), help="A JSON preset of Azure Media Redactor."
)
@click.option(
    "--annotations",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="redact: the boxes to hide [foo_annotations.json beside foo.mp4].",
)
@click.option(
    "--ids",
    metavar="FILE|1,2,3",
    help="redact: whom to hide [foo_IDList.txt beside foo.mp4; else everyone].",
)
@click.option("--keep-ids", metavar="FILE|1,2,3", help="redact: hide everyone but these.")
@click.option("--effect", type=click.Choice(EFFECTS), help="How to hide [blur].")
@click.option("--strength", type=click.Choice(STRENGTHS), help="Of blur and pixelate [med].")
@click.option("--mask", type=click.Choice(SHAPES), default="ellipse", help="Its shape [ellipse].")
@click.option(
    "--margin",
    type=float,
    default=MARGIN,
    metavar="P",
    help=f"How far it reaches beyond the face, 0 to 1 [{MARGIN}].",
)
@click.option(
    "--feather", type=float, default=0.0, metavar="P", help="Soft edge, outwards, 0 to 1 [0]."
)
@click.option("--unsafe", is_flag=True, help="Allow an effect that can be seen through.")
@click.option(
    "--paranoid", is_flag=True, help="Two networks, full resolution, every frame; slower."
)
@click.option(
    "--crf", type=int, default=REMADE.crf, metavar="N", help="Quality, 0 (best) to 51 [20]."
)
@click.option(
    "--x264-preset",
    "preset",
    type=click.Choice(PRESETS),
    default=REMADE.preset,
    help="From fast to small [veryfast].",
)
@click.option("--codec", type=click.Choice([*CODECS]), default="h264", help="Of the video [h264].")
@click.option("--no-audit", is_flag=True, help="Do not look at the result for faces to be seen.")
@click.option(
    "--audit-limit",
    type=float,
    default=0.0,
    metavar="S",
    help="Exposed-face-seconds to let pass [0].",
)
@click.option("--resume", is_flag=True, help="Leave out what a run before has done.")
@click.option(
    "--engine",
    default="local",
    metavar="none|local|local:N",
    help="Where long videos are worked on: in N processes, or in this one alone [local].",
)
def command(
    sources: tuple[str, ...],
    output: str | None,
    mode: str | None,
    config: Path | None,
    effect: str | None,
    strength: str | None,
    annotations: Path | None,
    ids: str | None,
    keep_ids: str | None,
    crf: int,
    preset: str,
    codec: str,
    engine: str,
    **choices: Any,
) -> None:
    """Hide the faces in videos and photos, and prove it.

    Of foo.mov comes foo_redacted.mp4, with everything but the hidden faces as it was, and
    foo_audit.json and foo_audit.html, which say whether a face can still be seen. The command fails
    if one can, and says when.

    In two passes: --mode analyze writes foo_annotations.json and a picture of each face,
    foo_thumb000001.jpg and so on. The document may be edited. --mode redact then hides what it
    says: everyone, or the ids that foo_IDList.txt or --ids names, or all but --keep-ids.

    \b
    Example: mien redact interview.mp4
             mien redact photos/ clips/ -o redacted/ --resume
             mien redact street.mov -o street.mkv --paranoid --effect black
             mien redact talk.mp4 --mode analyze
             mien redact talk.mp4 --keep-ids 1
    """
    redactor = chosen_mode(mode, config, annotations, ids, keep_ids)
    look = chosen_look(redactor, effect, strength, choices.pop("mask"), choices.pop("feather"))
    job = Job(
        mode=redactor.mode,
        look=look,
        annotations=annotations,
        ids=ids,
        keep_ids=keep_ids,
        encoding=Encoding(crf=crf, preset=preset, codec=codec),
        engine=engine_named(engine),
        audit=not choices.pop("no_audit"),
        **choices,
    )
    redact_all(find_sources(sources), output, job)
