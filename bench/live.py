"""How fast and how late live is here: two faces at 640x360, as a camera would give them.

python -m bench.live                   print the tables
python -m bench.live --keep            and keep them in bench/results/ under today's date

Latency counts from when a frame is due (a file) or its last byte has come (the socket) to its
answer; decoding is in it. The client of the socket shares the machine with the service.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click
import cv2
import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bench.keeping import keep_option, tell
from bench.server.run import made_key, service
from bench.speed import machine, timed_methods, walk
from mien.describe.emotion import Emotion
from mien.describe.iris import Iris
from mien.describe.mesh import Mesh
from mien.detect.video import VideoDetector
from mien.media import open_video
from mien.media.live_sources import open_live
from mien.pipeline.live import LiveFaces, LiveModels, watch_live
from mien.track.cuts import CutDetector
from mien.track.tracker import OnlineTracker
from tests.clips import write_clip

WIDTH, HEIGHT, FACES = 640, 360, 2
WARM_S = 2.0
"""So much at the beginning is not counted."""

HEAD = ("source", "answers a second", "p50, ms", "p95, ms", "p99, ms", "dropped")
STAGES: dict[str, list[tuple[type, str]]] = {
    "detect": [(VideoDetector, "detect")],
    "follow, with looks": [(OnlineTracker, "update")],
    "mesh": [(Mesh, "describe")],
    "of which irises": [(Iris, "refine")],
    "expression": [(Emotion, "describe")],
    "cuts": [(CutDetector, "update")],
}


class Run(NamedTuple):
    """What came of watching: the seconds of it, the latency of each answer in ms, how many were
    dropped."""

    spent_s: float
    latency_ms: list[float]
    dropped: int

    def row(self, what: str) -> str:
        """Of the table."""
        p50, p95, p99 = np.percentile(self.latency_ms, [50, 95, 99])
        rate = len(self.latency_ms) / self.spent_s
        return f"| {what} | {rate:.1f} | {p50:.0f} | {p95:.0f} | {p99:.0f} | {self.dropped} |"


def from_file(clip: Path) -> Run:
    """A file, watched as if it were live."""
    latency: list[float] = []
    models = LiveModels.load()
    with open_live(clip) as live:
        answers = watch_live(live, models)
        for answer in answers:
            if answer.time.seconds >= WARM_S:
                break
        start, before = time.monotonic(), live.dropped
        for answer in answers:
            assert len(answer.faces) == FACES, f"{len(answer.faces)} faces in {answer.frame}"
            latency.append(1000 * answer.latency_s)
        return Run(time.monotonic() - start, latency, live.dropped - before)


def over_socket(address: str, key: str, clip: Path, rate: int) -> Run:
    """The frames of a clip, sent to the service when they are due."""
    with open_video(clip) as video:
        frames = [jpeg(frame.rgb) for frame in video.frames()]
    url = address.replace("http", "ws", 1) + "/media/v1/live"
    headers = {"Ocp-Apim-Subscription-Key": key}
    told: list[dict[str, Any]] = []
    with connect(url, additional_headers=headers, proxy=None, compression=None) as socket:
        sender = threading.Thread(target=send, args=(socket, frames, rate))
        sender.start()
        try:
            while not told or told[-1]["frame"] < len(frames) - 1:
                told.append(json.loads(socket.recv(timeout=30)))
        except ConnectionClosed as closed:
            raise SystemExit(f"the service closed the socket: {closed}") from closed
        sender.join()
    counted = [each for each in told if each["time"] >= WARM_S]
    assert {len(each["faces"]) for each in counted} == {FACES}
    latency = [each["latencyMs"] for each in counted]
    spent = counted[-1]["time"] - counted[0]["time"]
    return Run(spent, latency, counted[-1]["dropped"] - counted[0]["dropped"])


def send(socket: ClientConnection, frames: list[bytes], rate: int) -> None:
    """Send each frame when it is due."""
    start = time.monotonic()
    for number, data in enumerate(frames):
        time.sleep(max(0.0, start + number / rate - time.monotonic()))
        socket.send(data)


def jpeg(rgb: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """A frame as a client sends it."""
    done, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert done
    return data.tobytes()


def stages(clip: Path) -> Iterator[tuple[str, float]]:
    """(stage, ms a frame) when every frame is looked at, one after the other."""
    live = LiveFaces(LiveModels.load())
    with open_video(clip) as video, timed_methods(STAGES) as spent:
        frames = [(frame.rgb, frame.time) for frame in video.frames()]
        for rgb, at in frames[:30]:
            live.see(rgb, at)
        spent.update(dict.fromkeys(spent, 0.0))
        start = time.perf_counter()
        for rgb, at in frames[30:]:
            live.see(rgb, at)
        whole = time.perf_counter() - start
    for name, took in spent.items():
        yield name, 1000 * took / len(frames[30:])
    yield "whole", 1000 * whole / len(frames[30:])


def tables(seconds: int) -> Iterator[str]:
    """The report, line by line, as Markdown."""
    load = os.getloadavg()[0]
    yield f"Measured on {date.today()}: {machine()}; load average before: {load:.1f}.\n"
    yield f"Two faces at {WIDTH}x{HEIGHT}, {seconds} s, the first {WARM_S:g} of them not counted.\n"
    yield f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}"
    with TemporaryDirectory() as name:
        clips = {rate: Path(name) / f"{rate}.mp4" for rate in (30, 60)}
        for rate, clip in clips.items():
            write_clip(clip, walk(WIDTH, HEIGHT, seconds * rate), rate=rate)
            yield from_file(clip).row(f"a file, {rate} frames a second")
        key = made_key(Path(name))
        with service(Path(name)) as (address, _):
            run = over_socket(address, key, clips[30], 30)
            yield run.row("the socket, 30 frames a second")
        yield "\n| stage | ms a frame |\n|---|---|"
        for stage, spent in stages(clips[30]):
            yield f"| {stage} | {spent:.2f} |"


@click.command()
@click.option("--seconds", default=30, show_default=True, help="Of each clip.")
@keep_option
def main(seconds: int, keep: bool) -> None:
    """Measure live."""
    tell(tables(seconds), "live", keep=keep)


if __name__ == "__main__":
    main()
