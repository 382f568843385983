"""Draws what a clip's expressions do over time, as SVG.

python -m bench.emotion.over_time CLIP -o plot.svg
python -m bench.emotion.over_time woman-moods-clip -o docs/images/emotions_over_time.svg

CLIP is a file or the name of a media sample of the benches. One panel a person: each expression's
share, and below in gray how far people would agree on the strongest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import click
import numpy as np
from numpy.typing import NDArray

from bench.detection.corpus import corpus_catalogue
from mien.faces import EMOTIONS
from mien.models import file_of
from mien.pipeline import analyze_video
from mien.timeline.timeline import Timeline

Array = NDArray[Any]
LEFT, TOP, WIDTH, HEIGHT, GAP = 60, 40, 760, 150, 60
COLOURS = ("#999999", "#e69f00", "#56b4e9", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000")
"""Of Okabe and Ito's set, which colour-blind people can tell apart; in the order of EMOTIONS."""
LEAST = 0.05
"""Expressions that never reach this share are left out of the legend."""


def drawing(timeline: Timeline) -> str:
    """The SVG of all people of a timeline, one panel each."""
    tracks = timeline.tracks()
    last = max(float(timeline.duration.seconds), 1e-9)
    parts = ['<rect width="100%" height="100%" fill="#ffffff"/>']
    for panel, (person, rows) in enumerate(tracks.items()):
        top = TOP + panel * (HEIGHT + GAP)
        parts += _panel(timeline, person, rows, top, last)
    size = (LEFT + WIDTH + 110, TOP + len(tracks) * (HEIGHT + GAP))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" '
        f'width="{size[0]}" height="{size[1]}" font-family="sans-serif" font-size="12">'
    )
    lines = [head, "<title>Perceived expressions over time</title>", *parts, "</svg>"]
    return "\n".join(lines) + "\n"


def _panel(timeline: Timeline, person: int, rows: Array, top: int, last: float) -> Iterator[str]:
    faces = timeline.faces
    assert faces.emotion is not None
    assert faces.agreement is not None
    x = LEFT + WIDTH * timeline.seconds[timeline.frame[rows]] / last
    size = f'width="{WIDTH}" height="{HEIGHT}"'
    yield f'<rect x="{LEFT}" y="{top}" {size} fill="none" stroke="#777"/>'
    yield _text(LEFT, top - 8, f"face {person}")
    for share in (0, 0.5, 1):
        yield _text(LEFT - 8, top + HEIGHT * (1 - share) + 4, f"{share:g}", "end")
    for mark in range(int(last) + 1):
        yield _text(LEFT + WIDTH * mark / last, top + HEIGHT + 16, f"{mark} s", "middle")
    yield from _lines(x, top + HEIGHT * (1 - faces.agreement[rows]), "#bbbbbb", dashed=True)
    shown = 0
    for name, colour, values in zip(EMOTIONS, COLOURS, faces.emotion[rows].T, strict=True):
        yield from _lines(x, top + HEIGHT * (1 - values), colour)
        if np.nanmax(values, initial=0) >= LEAST:
            shown += 1
            yield _text(LEFT + WIDTH + 10, top + 14 * shown, name, colour=colour)
    yield _text(LEFT + WIDTH + 10, top + 14 * (shown + 1), "agreement", colour="#999999")


def _lines(x: Array, y: Array, colour: str, *, dashed: bool = False) -> Iterator[str]:
    """A line through every stretch without NaN."""
    known = np.flatnonzero(np.isfinite(y))
    for stretch in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        points = " ".join(f"{x[at]:.1f},{y[at]:.1f}" for at in stretch)
        style = f'stroke="{colour}" stroke-width="1.6"' + (' stroke-dasharray="3 3"' * dashed)
        yield f'<polyline points="{points}" fill="none" {style}/>'


def _text(x: float, y: float, words: str, anchor: str = "start", colour: str = "#222222") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(words)}</text>"


@click.command()
@click.argument("clip")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def main(clip: str, output: Path) -> None:
    """Analyse a clip and draw its expressions over time."""
    path = Path(clip)
    if not path.exists():
        with corpus_catalogue():
            path = file_of(clip)
    timeline = analyze_video(path, columns=("emotion",))
    output.write_text(drawing(timeline), encoding="utf-8")


if __name__ == "__main__":
    main()
