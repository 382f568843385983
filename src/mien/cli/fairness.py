"""`mien fairness`: how evenly mien works over the people in somebody's own labelled pictures."""

from __future__ import annotations

from pathlib import Path

import click

from mien.cli.progress import progress_bar
from mien.detect import PROFILES
from mien.errors import MienError, OutputError, UsageError
from mien.fairness import measure_folder, report_text, write_document, write_page


class LeftOutError(MienError, ValueError):
    """The report is written, but some lines of labels.csv could not be used."""


@click.command("fairness")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the report as a JSON document too.")  # fmt: skip
@click.option("--html", "html_file", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the report as a page too, which needs nothing else.")  # fmt: skip
@click.option("--profile", type=click.Choice(list(PROFILES)), default="balanced",
              help="How hard to look for faces [balanced].")  # fmt: skip
def command(folder: Path, json_file: Path | None, html_file: Path | None, profile: str) -> None:
    """Measure how evenly mien works over the people in your own labelled pictures.

    FOLDER holds pictures and labels.csv, a line for each face. Its columns are file and, as far as
    you know them, left, top, width, height (the box; needed where a picture has several lines),
    person, gender (female, male, other), age (34 or 30s), smile (yes, no), glasses (none, reading,
    sunglasses, goggles), emotion, skin_tone, and group (any name of your own). Empty means not
    known.

    The report says how many faces are found, how often gender, emotion, age and the rest are wrong,
    and how often one person is not recognised and two are confused: by gender, age, skin tone,
    pose, blur and group, with 95 % intervals. Lines whose picture cannot be used are listed, and
    make the command end with exit code 1.

    \b
    Example: mien fairness pictures/
             mien fairness pictures/ --json fairness.json --html fairness.html
    """
    check_outputs(json_file, html_file)
    with progress_bar(folder.resolve().name) as show:
        report = measure_folder(folder, profile=profile, on_progress=show)
    click.echo(report_text(report), nl=False)
    if json_file is not None:
        write_document(report, json_file)
    if html_file is not None:
        write_page(report, html_file)
    if report.left_out:
        raise LeftOutError(
            f"{len(report.left_out)} of {report.lines} lines of labels.csv were left out; mend "
            "them or take them out"
        )


def check_outputs(*paths: Path | None) -> None:
    """Refuse before the work begins what could not be written after it.

    Raises:
        UsageError: two results would go to one file.
        OutputError: there is no folder for one.
    """
    named = [path for path in paths if path is not None]
    if len({path.resolve() for path in named}) < len(named):
        raise UsageError(f"--json and --html both name {named[0]}; give each its own file")
    for path in named:
        if not path.parent.is_dir():
            raise OutputError(f"cannot write {path}: there is no folder {path.parent}; create it")
