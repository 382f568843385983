"""`mien demo`: the main job on real media, told in a few lines."""

from __future__ import annotations

from pathlib import Path

import click

from mien.cli.analyze import photo_analyzer
from mien.cli.progress import progress_bar
from mien.cli.redact_run import check_passed, progress_bars, write_both
from mien.cli.sources import make_folder
from mien.faces import Faces
from mien.media import read_image
from mien.models import file_of
from mien.pipeline import analyze_video
from mien.redact.audit import Audit
from mien.redact.files import audit_names, redacted_name
from mien.redact.video import redact_video
from mien.report.face_api import (
    ATTRIBUTES,
    columns_for,
    detect_entries,
    write_photo_document,
)
from mien.timeline.media_analytics import write_media_analytics
from mien.timeline.timeline import Timeline

CLIP, PHOTO = "sample-carphone", "sample-astronaut"


@click.command("demo")
@click.option(
    "-o",
    "--output",
    default="out",
    type=click.Path(path_type=Path),
    help="Folder for the results [out].",
)
def command(output: Path) -> None:
    """Fetch what is missing, analyse a real clip and a real photo, hide the face in the clip, and
    say what was found.

    \b
    Example: mien demo -o results
    """
    make_folder(output)
    clip, photo = file_of(CLIP), file_of(PHOTO)
    with progress_bar("clip") as show:
        timeline = analyze_video(clip, on_progress=show)
    write_media_analytics(timeline, output / "clip.json")
    click.echo(_told_of_clip(timeline, clip, output / "clip.json"))
    rgb = read_image(photo)
    faces = photo_analyzer(("mesh", *columns_for(ATTRIBUTES)), "balanced").analyze(rgb)
    height, width = rgb.shape[:2]
    size = {"width": width, "height": height}
    write_photo_document(
        faces, output / "photo.json", name=photo.name, attributes=ATTRIBUTES, **size
    )
    click.echo(_told_of_photo(faces, size, photo, output / "photo.json"))
    hidden = output / redacted_name(Path("clip"))
    with progress_bars("clip") as show_stage:
        audit = redact_video(clip, hidden, on_progress=show_stage).audit
    assert audit is not None
    write_both(audit, hidden)
    click.echo(_told_of_audit(audit, hidden))
    check_passed(audit, hidden)


def _told_of_clip(timeline: Timeline, clip: Path, result: Path) -> str:
    video = timeline.video
    lines = [
        f"clip    {clip}",
        f"        {timeline.frame_count} frames of {video.width}x{video.height}, "
        f"{float(video.rate):.2f} a second, {timeline.duration} long",
    ]
    for person, rows in timeline.tracks().items():
        first, last = (timeline.time(int(timeline.frame[row])) for row in (rows[0], rows[-1]))
        lines.append(f"        face {person}: {len(rows)} frames, from {first} to {last}")
    return "\n".join([*lines, f"        as Azure Media Face Detector wrote it: {result}"])


def _told_of_photo(faces: Faces, size: dict[str, int], photo: Path, result: Path) -> str:
    lines = [
        f"photo   {photo}",
        f"        {len(faces)} face(s) on {size['width']}x{size['height']}",
    ]
    for entry in detect_entries(faces, attributes=("age", "gender", "emotion"), **size):
        said = entry.get("faceAttributes", {})
        words = [f"looks {said['age']:.0f} years old"] if "age" in said else []
        words += [said["gender"]] if "gender" in said else []
        if "emotion" in said:
            name, share = max(said["emotion"].items(), key=lambda item: item[1])
            words.append(f"{name} {share:.0%}")
        lines.append(f"        {', '.join(words)}")
    return "\n".join([*lines, f"        as Face API v1.0 detect gave it: {result}"])


def _told_of_audit(audit: Audit, hidden: Path) -> str:
    return "\n".join(
        [
            f"hidden  {hidden}",
            f"        audited: {audit.hidden_faces} faces hidden and {audit.residual_faces} to be "
            f"seen in {audit.frames} frames",
            f"        proof: {audit_names(hidden)[1]}",
        ]
    )
