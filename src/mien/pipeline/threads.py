"""Segments of a video, worked on in threads of this process.

Networks and decoder let go of Python's lock. Two segments with half of the threads each use the
cores better than one segment with all of them: they do not wait for each other in every layer of a
network, and what runs on one thread, which is all that is no network, runs twice at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import islice
from queue import SimpleQueue
from threading import Event, Thread

from mien.media import Segment
from mien.models.threads import thread_count
from mien.pipeline.follow import Picture
from mien.pipeline.segment import Part, SegmentAnalyzer

WORKERS = 2
"""Segments at a time. Each has its networks and holds some frames."""

PATIENCE_S = 3.0
"""How long a thread that was told to stop is waited for; a frame takes a fraction of that."""

Tasks = SimpleQueue[tuple[Segment, "Future[Part]"] | None]


def parts_by_threads(analyzer: SegmentAnalyzer, segments: Iterable[Segment]) -> Generator[Part]:
    """Yield the part of each segment, in order; the same as `analyzer` gives.

    Closing the generator ends all work at the next frame.

    Args:
        analyzer: what to do; each worker has its own, with its share of the threads.
        segments: of a source that can be opened several times: a path, or bytes.

    Raises:
        As the analyzer, where the part would have come.
    """
    share = max(1, thread_count(analyzer.threads) // WORKERS)
    tasks: Tasks = SimpleQueue()
    stopped, begun, todo = Event(), deque["Future[Part]"](), iter(segments)
    workers = [_started(replace(analyzer, threads=share), tasks, stopped) for _ in range(WORKERS)]
    try:
        begun.extend(_put(tasks, segment) for segment in islice(todo, WORKERS))
        while begun:
            yield begun.popleft().result()
            begun.extend(_put(tasks, segment) for segment in islice(todo, 1))
    finally:
        stopped.set()
        for _ in workers:
            tasks.put(None)
        for worker in workers:
            worker.join(PATIENCE_S)


def _put(tasks: Tasks, segment: Segment) -> Future[Part]:
    part: Future[Part] = Future()
    tasks.put((segment, part))
    return part


def _started(analyzer: SegmentAnalyzer, tasks: Tasks, stopped: Event) -> Thread:
    """A thread that ends with the process, whatever it is at."""
    worker = Thread(
        target=_serve, args=(analyzer, tasks, stopped), name="mien segment", daemon=True
    )
    worker.start()
    return worker


def _serve(analyzer: SegmentAnalyzer, tasks: Tasks, stopped: Event) -> None:
    while (task := tasks.get()) is not None and not stopped.is_set():
        segment, part = task
        try:
            part.set_result(_part(analyzer, segment, stopped))
        except BaseException as error:
            part.set_exception(error)


def _part(analyzer: SegmentAnalyzer, segment: Segment, stopped: Event) -> Part:
    with analyzer.open(segment) as video:
        part = analyzer.begin(video)
        part.rows.extend(analyzer.rows(_until(stopped, video.frames()), part))
    return part


def _until(stopped: Event, frames: Iterator[Picture]) -> Iterator[Picture]:
    """The frames, and an end of it all when nobody wants them any more."""
    for frame in frames:
        if stopped.is_set():
            raise _NotWantedError
        yield frame


class _NotWantedError(Exception):
    """Nobody waits for the part."""
