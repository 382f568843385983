"""What Prometheus reads at /metrics. Labels take few values: none comes from a request as it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
"""Seconds: from a small network's run to the longest that a request may wait."""


SWITCHED = 101
"""Status of a request that became a WebSocket."""


class Metrics:
    """The counters and histograms of one service, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._requests = Counter(
            "mien_requests",
            "Requests answered.",
            ("dialect", "operation", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "mien_request_seconds",
            "From the head of a request to the end of its answer.",
            ("dialect", "operation"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._stages = Histogram(
            "mien_stage_seconds",
            "Each stage of the work on a request: wait, fetch, decode, detect, mesh, embed, emotion"
            " and so on.",
            ("stage",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._looks = Counter(
            "mien_looks",
            "Pictures by the look that was enough: coarse, full or accurate.",
            ("look",),
            registry=self._registry,
        )
        self._frames = Counter(
            "mien_live_frames",
            "Frames sent to live sockets: answered, refused or dropped.",
            ("outcome",),
            registry=self._registry,
        )
        self._latency = Histogram(
            "mien_live_seconds",
            "From the last byte of such a frame to its answer.",
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._open = Gauge("mien_requests_open", "Requests in flight.", registry=self._registry)

    def watch_queue(self, waiting: Callable[[], float]) -> None:
        """Have the number of waiting pictures read whenever the metrics are."""
        gauge = Gauge("mien_queue", "Pictures that wait for a worker.", registry=self._registry)
        gauge.set_function(waiting)

    def answered(self, dialect: str, operation: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(dialect, operation, str(status)).inc()
        if status != SWITCHED:  # a WebSocket lasts as long as somebody watches
            self._seconds.labels(dialect, operation).observe(seconds)

    def live(self, outcome: str, count: int = 1) -> None:
        """Count frames that were sent to live sockets: answered, refused or dropped."""
        self._frames.labels(outcome).inc(count)

    def answered_live(self, seconds: float) -> None:
        """Count a frame of a live socket that was answered in this time."""
        self.live("answered")
        self._latency.observe(seconds)

    def looked(self, look: str) -> None:
        """Count a picture by the look that was enough."""
        self._looks.labels(look).inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage, also when it fails. Dialects use "store" for what the gallery does."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._stages.labels(name).observe(time.perf_counter() - start)

    def took(self, stage: str, seconds: float) -> None:
        """Note a stage that was measured elsewhere."""
        self._stages.labels(stage).observe(seconds)

    @contextmanager
    def open(self) -> Iterator[None]:
        """A request is in flight."""
        with self._open.track_inprogress():
            yield

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)
