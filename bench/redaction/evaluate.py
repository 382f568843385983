"""How well faces are hidden, and how fast: mien's profiles, and deface, on the same clips.

python -m bench.redaction.evaluate                            real and generated clips
python -m bench.redaction.evaluate --only bikes --draw out    and pictures of what was exposed
python -m bench.redaction.evaluate --peer PYTHON --keep       with deface; kept in bench/results/

Each clip is redacted by one after the other, so that all meet the same load of the machine; its
time is that of the whole way from the file to the redacted file, without the audit. Clips of
variable rate are first written anew at a constant one: deface would double frames.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from unittest.mock import patch

import click
import numpy as np
from numpy.typing import NDArray

from bench.keeping import keep_option, tell, write
from bench.redaction.draw import draw_exposures
from bench.redaction.peer import deface
from bench.redaction.pixels import hidden_by_pixels
from bench.redaction.scenes import SCENES, generate
from bench.redaction.scoring import Hidden, Tally, score, total
from bench.redaction.truth import Clip, labelled, spans_s
from bench.speed import machine
from bench.tracking.scenarios import SEEDS
from mien.media import open_video
from mien.media.encoder import Encoding
from mien.media.writer import create_video
from mien.redact.masks import Masks
from mien.redact.plan import PlanOfTimeline
from mien.redact.video import redact_video
from mien.timecode import Time

Array = NDArray[Any]


@dataclass(frozen=True)
class Redacted:
    """What a way did to a file."""

    hidden: Hidden
    seconds: float
    output: Path


Way = Callable[[Path, Path], Redacted]
"""Redacts a file into a folder."""

PEER = "deface"

UNEVEN = 0.02
"""A clip has a variable rate if a frame is shown for so much more or less than the median one."""

CRF = 12
"""Of clips that are written anew."""


@dataclass(frozen=True)
class Result:
    """A way on a clip."""

    way: str
    kind: str
    size_wh: tuple[int, int]
    seconds: float
    tally: Tally


def mien(profile: str, video: Path, out: Path) -> Redacted:
    """mien, "balanced" or "paranoid". Its masks are noted as the renderer asks for them."""
    asked, noted = PlanOfTimeline.masks, dict[Fraction, Masks]()

    def noting(plan: PlanOfTimeline, time: Time, duration: int) -> Masks:
        noted[time.exact] = masks = asked(plan, time, duration)
        return masks

    output = out / f"{video.stem}_{profile}.mp4"
    with patch.object(PlanOfTimeline, "masks", noting):
        start = perf_counter()
        redact_video(video, output, paranoid=profile == "paranoid", audit=False)
        seconds = perf_counter() - start
    with open_video(video) as source:
        times = [frame.time.exact for frame in source.frames()]
    return Redacted(lambda k: noted.get(times[k], Masks.empty()), seconds, output)


def peer(python: str, video: Path, out: Path) -> Redacted:
    """deface, in an environment of its own."""
    hidden, seconds = next(deface(python, [video], out))
    return Redacted(hidden, seconds, out / f"{video.stem}_deface.mp4")


def steady(clip: Clip, folder: Path) -> Path:
    """The clip's file; or one of the same frames at a constant rate."""
    spans = spans_s(clip.path)
    if len(spans) != clip.frames:
        raise ValueError(f"{clip.name} has {len(spans)} frames, and {clip.frames} are labelled")
    middle = np.median(spans)
    if (np.abs(spans - middle) < UNEVEN * middle).all():
        return clip.path
    path, rate = folder / f"{clip.name}-steady.mp4", Fraction(30)
    if not path.exists():
        width, height = clip.size_wh
        with (
            open_video(clip.path) as video,
            create_video(path, width=width, height=height, time_base=1 / rate, rate=rate,
                         encoding=Encoding(crf=CRF)) as writer,
        ):  # fmt: skip
            for frame in video.frames():
                writer.write(frame.rgb, type(frame.time)(frame.index, 1 / rate), 1)
    return path


def results(
    clips: Sequence[Clip], ways: dict[str, Way], folder: Path, draw: Path | None
) -> Iterator[Result]:
    """Every way on every clip. The first one is redacted twice, so that the time is that of a
    process that has run; deface sees to that itself."""
    for clip in clips:
        path = steady(clip, folder)
        if clip is clips[0]:
            for name in ways.keys() - {PEER}:
                ways[name](path, folder)
        spans = spans_s(path)
        for name, way in ways.items():
            redacted = way(path, folder)
            tally = score(clip, redacted.hidden, spans)
            tally.hidden_by_pixels = hidden_by_pixels(clip, path, redacted.output)
            if draw is not None:
                draw_exposures(clip, path, redacted.hidden, tally, draw / name)
            yield Result(name, clip.kind, clip.size_wh, redacted.seconds, tally)


COLUMNS = (
    "frames | face-frames | covered % | in pixels % | longest run | exposed s | area × | false % "
    "| frames a second | times deface"
)


def head(name: str) -> str:
    """The first two lines of a table, after an empty one."""
    return f"\n| {name} | {COLUMNS} |\n|---|{'---|' * (COLUMNS.count('|') + 1)}"


def row(name: str, some: Sequence[Result], everything: Sequence[Result]) -> str:
    """A line of the tables: results of one way, among those of all."""
    tally = some[0].tally if len(some) == 1 else total(result.tally for result in some)
    seconds, clips = sum(result.seconds for result in some), {(r.kind, r.tally.clip) for r in some}
    theirs = [r.seconds for r in everything if r.way == PEER and (r.kind, r.tally.clip) in clips]
    ratio = sum(theirs) / seconds if len(theirs) == len(some) else float("nan")
    return (
        f"| {name} | {tally.frames} | {tally.faces} | {percent(tally.coverage)} "
        f"| {percent(tally.by_pixels)} | {tally.longest} "
        f"| {tally.exposed_s:.2f} | {number(tally.area_ratio)} | {percent(tally.false_share)} "
        f"| {tally.frames / seconds:.1f} | {number(ratio)} |"
    )


def percent(share: float) -> str:
    """With two decimals, not rounded up to 100; empty if there is nothing to tell."""
    if not np.isfinite(share):
        return ""
    return f"{np.floor(share * 10_000) / 100:.2f}" if share < 1 else "100.00"


def number(value: float) -> str:
    """With two decimals; empty if there is nothing to tell."""
    return f"{value:.2f}" if np.isfinite(value) else ""


def report(some: Sequence[Result]) -> Iterator[str]:
    """The tables, line by line, as Markdown: all ways together, then each by clip."""
    ways = list(dict.fromkeys(result.way for result in some))
    kinds = list(dict.fromkeys(result.kind for result in some))
    for kind in [*kinds, "all"] if len(kinds) > 1 else kinds:
        yield head(f"{kind} clips")
        for way in ways:
            yield row(way, [r for r in some if r.way == way and kind in (r.kind, "all")], some)
    for way in ways:
        yield head(way)
        for result in some:
            if result.way == way:
                yield row(result.tally.clip, [result], some)


def document(some: Sequence[Result]) -> str:
    """The same as JSON, with every exposed face."""
    rows = [{**asdict(r), "coverage": r.tally.coverage, "area_ratio": r.tally.area_ratio}
            for r in some]  # fmt: skip
    clean = json.loads(json.dumps(rows), parse_constant=lambda _: None)
    return json.dumps({"date": str(date.today()), "machine": machine(), "results": clean}, indent=1)


def chosen_clips(kind: str, only: Sequence[str], seeds: Sequence[int], folder: Path) -> list[Clip]:
    """The clips that were asked for."""
    clips: list[Clip] = []
    if kind in ("real", "all"):
        clips += [clip for clip in labelled() if not only or clip.name in only]
    if kind in ("generated", "all"):
        clips += [generate(name, seed, folder) for name in SCENES if not only or name in only
                  for seed in seeds]  # fmt: skip
    return clips


@click.command()
@click.option("--kind", type=click.Choice(["all", "real", "generated"]), default="all")
@click.option("--only", multiple=True, metavar="NAME", help="Of these clips alone.")
@click.option("--seed", "seeds", type=int, multiple=True, help=f"Of generated clips: {SEEDS[0]}.")
@click.option("--profile", "profiles", multiple=True, default=["balanced", "paranoid"])
@click.option("--peer", "python", metavar="PYTHON", help="A Python that has deface, to compare.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where generated clips are kept.")
@click.option("--draw", type=click.Path(path_type=Path), help="Folder for what was exposed.")
@keep_option
def main(
    kind: str,
    only: tuple[str, ...],
    seeds: tuple[int, ...],
    profiles: tuple[str, ...],
    python: str | None,
    folder: Path | None,
    draw: Path | None,
    keep: bool,
) -> None:
    """Measure coverage and speed."""
    ways: dict[str, Way] = {profile: partial(mien, profile) for profile in profiles}
    if python is not None:
        ways[PEER] = partial(peer, python)
    with TemporaryDirectory() as scratch:
        place = folder or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        clips = chosen_clips(kind, only, seeds or SEEDS[:1], place)
        some = []
        for result in results(clips, ways, place, draw):
            some.append(result)
            click.echo(row(f"{result.way} {result.tally.clip}", [result], some), err=True)
    tell([f"Measured on {date.today()}: {machine()}.", *report(some)], "redaction", keep=keep)
    if keep:
        write(document(some), f"redaction-{date.today()}.json")


if __name__ == "__main__":
    main()
