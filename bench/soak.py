"""Hours of video in bounded memory: works on a long clip and logs what the processes hold.

python -m bench.soak                       analyses two hours of 1920x1080 with ten faces
python -m bench.soak --redact              hides them in place of that, without the audit
python -m bench.soak --minutes 30 --log bench/results/soak.md

The clip is a minute of ten drifting heads, repeated without encoding it again. Memory is the
proportional set size (PSS) of the command and its workers, read from /proc (Linux).
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import click
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.speed import machine
from mien.media import read_image
from mien.models import file_of
from tests.clips import write_clip

Rgb = NDArray[np.uint8]
WIDTH, HEIGHT, FACES = 1920, 1080, 10
GROUP_S = 2


def crowd(frames: int, rate: int) -> Iterator[Rgb]:
    """Ten heads in two rows, each on a path of its own, over a textured ground."""
    head = read_image(file_of("sample-astronaut"))[0:260, 120:330]
    small = np.asarray(cv2.resize(head, (168, 208), interpolation=cv2.INTER_AREA), np.uint8)
    grain = np.random.default_rng(3).integers(60, 160, (54, 96, 3), np.uint8)
    ground = np.asarray(cv2.resize(grain, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR))
    for number in range(frames):
        picture = ground.astype(np.uint8).copy()
        for face in range(FACES):
            turn = 2 * np.pi * number / frames * (1 + face % 3) + face
            x = 100 + face % 5 * 360 + round(80 * np.sin(turn))
            y = 120 + face // 5 * 480 + round(60 * np.cos(turn))
            picture[y : y + 208, x : x + 168] = small
        yield picture


def repeated(minute: Path, path: Path, times: int) -> None:
    """The packets of a clip, so many times in a row."""
    with av.open(str(minute)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        out = target.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.size]
        length = sum(packet.duration or 0 for packet in packets)
        for turn in range(times):
            for packet in packets:
                copy = av.Packet(bytes(packet))
                copy.time_base, copy.is_keyframe = packet.time_base, packet.is_keyframe
                assert packet.pts is not None
                assert packet.dts is not None
                copy.pts, copy.dts = packet.pts + turn * length, packet.dts + turn * length
                copy.duration = packet.duration
                copy.stream = out
                target.mux(copy)


def family(pid: int) -> list[int]:
    """A process and all its children, theirs included."""
    pids = [pid]
    for parent in pids:
        children = Path(f"/proc/{parent}/task/{parent}/children")
        pids += [int(child) for child in children.read_text().split()] if children.exists() else []
    return pids


def held_mb(pid: int) -> float:
    """Proportional set size of a process and its children, in MB."""
    total = 0
    for each in family(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended since
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def watch(command: list[str], every_s: float) -> Iterator[tuple[float, float]]:
    """Run a command and yield (seconds, MB) until it has ended.

    Raises:
        CalledProcessError: it failed.
    """
    start = time.monotonic()
    process = subprocess.Popen(command)
    while process.poll() is None:
        time.sleep(every_s)
        if process.poll() is None:
            yield time.monotonic() - start, held_mb(process.pid)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def report(
    samples: list[tuple[float, float]], minutes: int, rate: int, redact: bool
) -> Iterator[str]:
    """The log, as Markdown."""
    called = f"python -m bench.soak{' --redact' * redact} --minutes {minutes} --rate {rate}"
    spent = samples[-1][0]
    peak = max(mb for _, mb in samples)
    yield f"Measured with `{called}`: {machine()}.\n"
    yield f"{minutes} minutes of {WIDTH}x{HEIGHT} at {rate} frames a second, {FACES} faces."
    what = "Redacted" if redact else "Analysed"
    yield f"{what} in {spent / 60:.1f} minutes. Most memory held: {peak:.0f} MB.\n"
    yield "| minute of work | least MB | most MB |\n|---|---|---|"
    by_minute: dict[int, list[float]] = {}
    for seconds, mb in samples:
        by_minute.setdefault(int(seconds // 60), []).append(mb)
    for minute, held in by_minute.items():
        yield f"| {minute} | {min(held):.0f} | {max(held):.0f} |"


@click.command()
@click.option("--minutes", default=120, help="Length of the video.")
@click.option("--rate", default=30, help="Frames a second.")
@click.option("--engine", default="local", help="As for `mien analyze`.")
@click.option("--redact", is_flag=True, help="Hide the faces, in place of analysing them.")
@click.option("--log", type=click.Path(path_type=Path), help="Where to keep the log.")
def main(minutes: int, rate: int, engine: str, redact: bool, log: Path | None) -> None:
    """Work on a long video and log the memory held."""
    with TemporaryDirectory() as folder:
        minute, whole = Path(folder) / "minute.mp4", Path(folder) / "whole.mp4"
        options = {"g": str(GROUP_S * rate), "crf": "30"}
        write_clip(minute, crowd(60 * rate, rate), rate=Fraction(rate), options=options)
        repeated(minute, whole, minutes)
        click.echo(f"{minutes} minutes, {whole.stat().st_size / 1e6:.0f} MB", err=True)
        command = [sys.executable, "-m", "mien", "redact" if redact else "analyze", str(whole)]
        command += ["--engine", engine, "-o", f"{folder}/result.{'mp4' if redact else 'json'}"]
        command += ["--no-audit"] if redact else []
        lines = list(report(list(watch(command, every_s=5)), minutes, rate, redact))
    click.echo("\n".join(lines))
    if log is not None:
        log.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
