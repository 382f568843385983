"""Segments of a video, worked on in threads of this process.

Networks and decoder let go of Python's lock. Two segments with half of the threads each use the
cores better than one segment with all of them: they do not wait for each other in every layer of a
network, and what runs on one thread, which is all that is no network, runs twice at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from queue import SimpleQueue
from threading import Event

from mien.media import Segment
from mien.models.threads import thread_count
from mien.pipeline.segment import Part, SegmentAnalyzer

WORKERS = 2
"""Segments at a time. Each has its networks and holds some frames."""


def parts_by_threads(analyzer: SegmentAnalyzer, segments: Iterable[Segment]) -> Generator[Part]:
    """Yield the part of each segment, in order; the same as `analyzer` gives.

    Closing the generator ends all work at the next frame.

    Args:
        analyzer: what to do; each worker has its own, with its share of the threads.
        segments: of a source that can be opened several times: a path, or bytes.

    Raises:
        As the analyzer, where the part would have come.
    """
    stopped = Event()
    idle: SimpleQueue[SegmentAnalyzer] = SimpleQueue()
    threads = max(1, thread_count(analyzer.threads) // WORKERS)
    for _ in range(WORKERS):
        idle.put(replace(analyzer, threads=threads))

    def work(segment: Segment) -> Part:
        own = idle.get()
        try:
            with own.open(segment) as video:
                part = own.begin(video)
                for row in own.rows(video.frames(), part):
                    if stopped.is_set():
                        break
                    part.rows.append(row)
            return part
        finally:
            idle.put(own)

    todo = iter(segments)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="mien segment") as pool:
        begun = deque(pool.submit(work, segment) for segment in islice(todo, WORKERS))
        try:
            while begun:
                yield begun.popleft().result()
                begun.extend(pool.submit(work, segment) for segment in islice(todo, 1))
        finally:
            stopped.set()
            for future in begun:
                future.cancel()
