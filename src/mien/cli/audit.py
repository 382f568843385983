"""`mien audit`: says whether faces can be seen in a redacted file, however it was made."""

from __future__ import annotations

from pathlib import Path

import click

from mien.cli.progress import progress_bar
from mien.cli.redact_run import audit_photo, check_passed, write_both
from mien.engines import engine_named
from mien.errors import UsageError
from mien.media import probe
from mien.redact.audit import audit_video


@click.command("audit")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option(
    "--audit-limit",
    type=float,
    default=0.0,
    metavar="S",
    help="Exposed-face-seconds to let pass [0].",
)
@click.option(
    "--engine",
    default="local",
    metavar="none|local|local:N",
    help="Where long videos are looked at: in N processes, or in this one alone [local].",
)
def command(source: Path, output: Path, audit_limit: float, engine: str) -> None:
    """Look in every frame of OUTPUT for faces of SOURCE that can still be seen.

    OUTPUT is a redacted copy of SOURCE, made by mien or by anything else that keeps the size and
    the times of the frames. What was found goes to foo_audit.json and foo_audit.html beside OUTPUT.
    The command fails if a face can be seen, and says when.

    \b
    Example: mien audit interview.mp4 interview_redacted.mp4
    """
    kinds = probe(source).kind, probe(output).kind
    if kinds[0] != kinds[1]:
        raise UsageError(f"one of {source} and {output} is a photo and the other a video")
    if kinds[0] == "image":
        found = audit_photo(source, output)
    else:
        with progress_bar(output.name) as show:
            found = audit_video(
                source,
                output,
                limit_s=audit_limit,
                engine=engine_named(engine),
                on_progress=show,
            )
    write_both(found, output)
    check_passed(found, output)
    click.echo(f"nobody can be seen in {output}: {found.hidden_faces} faces are hidden in it")
