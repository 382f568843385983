"""`mien live`: faces as a camera, a stream or a file shows them."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice

import click
import numpy as np

from mien.detect import PROFILES
from mien.media.live_sources import open_live
from mien.pipeline.live import COLUMNS, PROFILE, LiveAnswer, LiveModels, watch_live
from mien.report.live import live_document, live_words

SHOWN_S = 0.1
"""The line on a terminal is written anew so often; in a pipe a line is written each second."""

RECENT_S = 2.0
"""Frames a second and latency are those of so long."""


@click.command("live")
@click.argument("source", metavar="SOURCE")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON document a line for each frame."
)
@click.option("--frames", type=click.IntRange(1), metavar="N", help="End after N frames.")
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), metavar="S", help="End after S seconds."
)
@click.option(
    "--profile",
    type=click.Choice([*PROFILES]),
    default=PROFILE,
    help=f"Speed against the smallest face [{PROFILE}].",
)
@click.option(
    "--emotion",
    type=click.Choice(["on", "off"]),
    default="on",
    help="Whether expressions are read [on].",
)
def command(
    source: str,
    as_json: bool,
    frames: int | None,
    seconds: float | None,
    profile: str,
    emotion: str,
) -> None:
    """Find, follow and describe faces as they come.

    SOURCE is a camera of this machine (its number, or /dev/video0), the address of a stream
    (rtsp://, rtsps://), or a file, which is played as if it were live. The newest frame is looked
    at; those that came meanwhile are dropped, and counted. Nothing is stored.

    A line shows frames a second, the latency (95 of a hundred frames were answered in that time),
    what was dropped, and the faces: id, expression, and the share of people who would agree.

    \b
    Example: mien live 0
             mien live rtsp://user:password@192.0.2.7/stream1 --json
             mien live clip.mp4 --seconds 10
    """
    columns = COLUMNS if emotion == "on" else ()
    models = LiveModels.load(columns, profile=profile)
    view: View = JsonLines() if as_json else Line()
    with open_live(source) as live:
        try:
            for answer in _until(watch_live(live, models), frames, seconds):
                view.show(answer)
        finally:
            view.close()


def _until(
    answers: Iterator[LiveAnswer], frames: int | None, seconds: float | None
) -> Iterator[LiveAnswer]:
    start = time.monotonic()
    for answer in islice(answers, frames):
        yield answer
        if seconds is not None and time.monotonic() - start >= seconds:
            return


class JsonLines:
    """A JSON document a line for each frame."""

    def show(self, answer: LiveAnswer) -> None:
        """Print it, at once."""
        click.echo(json.dumps(live_document(answer)))
        sys.stdout.flush()

    def close(self) -> None:
        """Nothing is left to say."""


class Line:
    """What is seen now in one line, written anew on a terminal; and at the end, what it was like.

    Frames a second and latency come from the last `RECENT_S`.
    """

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._every_s = SHOWN_S if self._terminal else 1.0
        self._recent: deque[tuple[float, float]] = deque()  # when, latency
        self._start = self._shown = time.monotonic()
        self._count = self._dropped = 0
        self._latencies: deque[float] = deque(maxlen=100_000)

    def show(self, answer: LiveAnswer) -> None:
        """Take note of an answer, and show it if it is time."""
        now = time.monotonic()
        self._count, self._dropped = self._count + 1, answer.dropped
        self._latencies.append(answer.latency_s)
        self._recent.append((now, answer.latency_s))
        while self._recent[0][0] < now - RECENT_S:
            self._recent.popleft()
        if self._count > 1 and now - self._shown < self._every_s:
            return
        self._shown = now
        spent = max(now - max(self._start, now - RECENT_S), 1e-3)
        line = (
            f"{len(self._recent) / spent:5.1f} fps  "
            f"{_ms([latency for _, latency in self._recent])}  "
            f"dropped {answer.dropped}  {live_words(answer.faces)}"
        )
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            click.echo(f"\r{line[:width]:<{width}}", nl=False)
        else:
            click.echo(line)
        sys.stdout.flush()

    def close(self) -> None:
        """Sum up."""
        if self._terminal and self._count:
            click.echo()
        spent = max(time.monotonic() - self._start, 1e-3)
        if self._count:
            click.echo(
                f"{self._count} frames, {self._count / spent:.1f} a second, "
                f"{_ms(list(self._latencies))}, {self._dropped} dropped"
            )


View = JsonLines | Line


def _ms(latencies: list[float]) -> str:
    return f"p95 {1000 * float(np.percentile(latencies, 95)):.0f} ms"
