"""Start the service, load it, print the figures.

python -m bench.server.run               # the table
python -m bench.server.run --keep        # kept in bench/results/
python -m bench.server.run --soak 10000  # and memory over so many requests
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.keeping import keep_option, tell
from bench.speed import machine
from mien.media import read_image
from mien.models import file_of

DETECT = "/face/v1.0/detect?returnFaceId=true"
LANDMARKS = "&returnFaceLandmarks=true&returnFaceAttributes=emotion"
SIDE = 640

MIEN = (sys.executable, "-m", "mien")
NAME = "bench"

HEAD = ("case", "a second", "p50, ms", "p99, ms", "CPU a request, ms", "answers", "stages, ms")

Times = dict[str, tuple[float, float]]
"""Seconds and number of each stage."""


def portrait() -> NDArray[Any]:
    """A woman who looks into the camera, 640 x 640."""
    picture = read_image(file_of("sample-astronaut"))
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))


def with_small_face() -> NDArray[Any]:
    """The same with a face of some 30 pixels in a corner, which calls for the full look."""
    scene = portrait()
    head = scene[40:260, 190:410]
    scene[20:80, 20:80] = cv2.resize(head, (60, 60), interpolation=cv2.INTER_AREA)
    return scene


CASES = {
    "coarse look, landmarks + emotion": (portrait, DETECT + LANDMARKS),
    "coarse look, no faceId": (portrait, DETECT.replace("true", "false") + LANDMARKS),
    "full look, landmarks + emotion": (with_small_face, DETECT + LANDMARKS),
    "full look, no faceId": (with_small_face, DETECT.replace("true", "false") + LANDMARKS),
}


def made_key(folder: Path) -> str:
    """A key of a service whose data are in this folder."""
    made = subprocess.run(
        [*MIEN, "keys", "create", NAME, "--data", str(folder / "data")],
        env=environment(folder),
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.split()[-1]


@contextmanager
def service(folder: Path) -> Iterator[tuple[str, int]]:
    """A running service with its data in this folder; its address and process number."""
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*MIEN, "serve", "--port", "0", "--data", str(folder / "data")],
            env=environment(folder),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise SystemExit((folder / "log").read_text())
            yield line.split()[-1], process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "MIEN_KEYS": str(folder / "keys")}


def load(address: str, key: str, picture: Path, path: str, *more: str) -> dict[str, Any]:
    """What the load generator says."""
    command = [sys.executable, "-m", "bench.server.load", address, key, str(picture)]
    done = subprocess.run(
        [*command, "--path", path, *more], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def stages(address: str) -> Times:
    """Seconds and number of each stage so far, from the metrics."""
    with urllib.request.urlopen(f"{address}/metrics") as answer:
        text = answer.read().decode()
    pattern = r'mien_stage_seconds_%s\{stage="(\w+)"\} (\S+)'
    sums, counts = (dict(re.findall(pattern % what, text)) for what in ("sum", "count"))
    return {name: (float(sums[name]), float(counts[name])) for name in sums}


def resident_mb(pid: int) -> float:
    """Memory of a process."""
    (line,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(line) / 1024


def since(before: Times, after: Times) -> dict[str, float]:
    """Mean seconds of each stage in between."""
    spent = {}
    for stage, (total, count) in after.items():
        earlier, counted = before.get(stage, (0.0, 0.0))
        if count > counted:
            spent[stage] = (total - earlier) / (count - counted)
    return spent


def cpu_s(pid: int) -> float:
    """Seconds of all cores that a process has used; hardly moves when others share the machine."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def line(name: str, found: dict[str, Any], spent: dict[str, float], cpu: float) -> str:
    """A row of the table, with where the time of a request went."""
    ms, stages = found["ms"], (f"{stage} {1000 * each:.1f}" for stage, each in spent.items())
    return (
        f"| {name} | {found['a_second']:.1f} | {ms['p50']:.0f} | {ms['p99']:.0f} "
        f"| {1000 * cpu:.0f} | {found['statuses']} | {', '.join(stages)} |"
    )


def soak(address: str, key: str, pid: int, picture: Path, path: str, count: int) -> str:
    """Memory before, and after each tenth of so many requests."""
    held = [resident_mb(pid)]
    for _ in range(10):
        load(address, key, picture, path, "--requests", str(count // 10), "--seconds", "3600")
        held.append(resident_mb(pid))
    return f"Memory over {count} requests, MB: {', '.join(f'{each:.0f}' for each in held)}."


@click.command()
@click.option("--clients", default=8, show_default=True)
@click.option("--seconds", default=20.0, show_default=True, help="For each case.")
@click.option("--soak", "soaked", default=0, help="Requests to watch the memory over.")
@keep_option
def main(clients: int, seconds: float, soaked: int, keep: bool) -> None:
    """Requests a second of detect, at so many clients, all on this machine."""
    tell(measured(clients, seconds, soaked), "server", keep=keep)


def measured(clients: int, seconds: float, soaked: int) -> Iterator[str]:
    """The table, as Markdown."""
    yield f"Measured on {date.today()}: {machine()}; load average before: {os.getloadavg()[0]:.1f}."
    yield f"Detect on a portrait of 640 pixels, {clients} clients on the same machine.\n"
    yield f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}"
    with TemporaryDirectory() as name:
        key = made_key(Path(name))
        yield from cases(Path(name), key, clients, seconds, soaked)


def cases(folder: Path, key: str, clients: int, seconds: float, soaked: int) -> Iterator[str]:
    """A row for each case, then the memory."""
    with service(folder) as (address, pid):
        for case, (make, path) in CASES.items():
            picture = folder / "picture.jpg"
            cv2.imwrite(str(picture), make()[..., ::-1])
            load(address, key, picture, path, "--seconds", "2")
            before, busy = stages(address), cpu_s(pid)
            more = ("--clients", str(clients), "--seconds", str(seconds))
            found = load(address, key, picture, path, *more)
            spent = since(before, stages(address))
            yield line(case, found, spent, (cpu_s(pid) - busy) / found["requests"])
        if soaked:
            yield "\n" + soak(address, key, pid, picture, path, soaked)


if __name__ == "__main__":
    main()
