"""Pictures in, described faces out: worked on by threads, a bounded number at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray

from mien.faces import Faces
from mien.redact.audit import Audit
from mien.server.errors import BusyError, GoneError
from mien.server.leaving import Client, Gone
from mien.server.metrics import Metrics
from mien.server.settings import Limits
from mien.timecode import Time

Array = NDArray[Any]
Box = tuple[float, float, float, float]
T = TypeVar("T")


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Wants:
    """What a request needs of a picture. Only the stages that this takes are run.

    Attributes:
        columns: of `Faces` ("mesh", "embedding", "emotion", "quality", …); box, score and points
            are always there.
        accurate: look with the accurate profile at full resolution, without a coarse look first.
        recognition: also say how well each face shows (`Seen.fitness`); for faces to be kept.
        boxes: where the faces are, xyxy, when the caller knows: none are looked for, and these are
            described in this order. What the expression stage would not judge is then read as it
            is (`Emotion.in_boxes`).
        still: whether anyone waits for it still; asked between the stages.
    """

    columns: frozenset[str] = frozenset()
    accurate: bool = False
    recognition: bool = False
    boxes: tuple[Box, ...] | None = None
    still: Callable[[], bool] = field(default=_always, compare=False)

    def check_still(self) -> None:
        """Raise GoneError if nobody waits for it any more."""
        if not self.still():
            raise GoneError


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found on a picture.

    Attributes:
        faces: the largest first, or in the order of `Wants.boxes`; the columns that were wanted,
            and those they stand on.
        width: of the picture in pixels, as displayed.
        height: likewise.
        look: "coarse" when one quick look was enough, else "full" or "accurate"; "given" for
            `Wants.boxes`, "live" for a frame of a stream.
        fitness: (n,) 0..1, how well each face shows, for `Template.quality`; NaN for a face
            without an embedding. None when `recognition` was not wanted.
    """

    faces: Faces
    width: int
    height: int
    look: str
    fitness: Array | None = None


class Stream(Protocol):
    """The memory of one stream of frames; see `mien.pipeline.live.LiveFaces`."""

    def see(self, rgb: Array, time: Time) -> Faces:
        """The faces of the next frame."""


class Worker(Protocol):
    """What does the work for one picture at a time; each thread has its own."""

    def see(self, data: bytes, wants: Wants) -> Seen:
        """Decode a picture, find its faces and describe them."""

    def scores(self, crops: Array) -> Array:
        """(n, 8) expressions of tight gray crops (n, H, W); see `EmotionModel.scores`."""

    def audit(self, before: bytes, after: bytes, kept: Array) -> Audit:
        """Look in a redacted picture for faces that can be seen, but for those that are kept."""

    def stream(self, *, emotion: bool) -> Stream:
        """Begin to follow the faces of a stream; any worker may go on with it."""

    def follow(self, stream: Stream, data: bytes, time: Time) -> Seen:
        """Decode the next frame of a stream, and find, follow and describe its faces."""


class Analyst:
    """Sees pictures in worker threads, off the event loop; at most `limits.queue` may wait.

    Args:
        make: makes the worker of a thread; called once for each, before the first request.
        workers: how many threads.
        live: how many more, for the frames of streams alone, so that they and pictures do not wait
            for each other.
        limits: of the queue, and of the time that a picture may wait for its turn.
        metrics: told how long pictures waited.
    """

    def __init__(
        self,
        make: Callable[[], Worker],
        *,
        workers: int,
        live: int = 1,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._limits, self._metrics = limits, metrics
        self._any = make()
        self._idle = [self._any, *(make() for _ in range(workers + live - 1))]
        self._threads = ThreadPoolExecutor(workers + live, thread_name_prefix="mien worker")
        self._turns, self._live_turns = asyncio.Semaphore(workers), asyncio.Semaphore(live)
        self._waiting = 0
        metrics.watch_queue(lambda: self._waiting)

    async def faces(self, data: bytes, wants: Wants, *, gone: Gone | None = None) -> Seen:
        """The faces of a picture, given the bytes of its file.

        Whoever goes leaves the queue at once, and their picture is worked on no further.

        Args:
            data: the file.
            wants: what to find out.
            gone: returns once whoever asked has gone.

        Raises:
            MediaError: it is no usable picture; `MediaTooLargeError`, `UnsupportedMediaError` and
                `CorruptMediaError` tell of what kind.
            BusyError: too many pictures wait already.
            LateError: its turn did not come in time.
            GoneError: whoever asked has gone.
        """
        async with Client(gone) as client:
            wanted = replace(wants, still=client.is_there)
            seen = await self._work(lambda worker: worker.see(data, wanted), client)
        self._metrics.looked(seen.look)
        return seen

    async def scores(self, crops: Array, *, gone: Gone | None = None) -> tuple[Array, float]:
        """(n, 8) expressions of tight gray crops (n, H, W) of uint8, and the seconds it took once
        their turn had come.

        Raises:
            BusyError: too much waits already.
            LateError: their turn did not come in time.
            GoneError: whoever asked has gone; see `faces`.
        """

        def work(worker: Worker) -> tuple[Array, float]:
            start = time.perf_counter()
            return worker.scores(crops), time.perf_counter() - start

        async with Client(gone) as client:
            return await self._work(work, client)

    async def audit(
        self, before: bytes, after: bytes, kept: Array, *, gone: Gone | None = None
    ) -> Audit:
        """Whether faces can be seen in a redacted picture; see `mien.redact.audit.audit_image`.

        Args:
            before, after: the files of the picture and of its copy.
            kept: (k, 4) boxes of the faces that are shown on purpose.
            gone: as of `faces`.

        Raises:
            As `faces`; MismatchError: they differ in size.
        """
        async with Client(gone) as client:
            return await self._work(lambda worker: worker.audit(before, after, kept), client)

    def stream(self, *, emotion: bool) -> Stream:
        """Begin to follow the faces of a stream, with or without their expressions."""
        return self._any.stream(emotion=emotion)

    async def follow(self, stream: Stream, take: Callable[[], tuple[bytes, Time]]) -> Seen:
        """The faces of the next frame of a stream.

        Args:
            stream: has no other frame in work.
            take: gives the newest frame there is, once its turn has come, and when it was taken.

        Raises:
            MediaError: it is no usable picture.
        """
        async with self._live_turns:
            data, time = take()
            return await self._in_thread(lambda worker: worker.follow(stream, data, time))

    def close(self) -> None:
        """Finish what has begun, and end the threads."""
        self._threads.shutdown(wait=True)

    async def _turn(self, client: Client) -> None:
        if self._waiting >= self._limits.queue:
            raise BusyError
        self._waiting += 1
        try:
            with self._metrics.stage("wait"):
                async with client.patience(self._limits.turn_s):
                    await self._turns.acquire()
        finally:
            self._waiting -= 1

    async def _work(self, work: Callable[[Worker], T], client: Client) -> T:
        """Have one of the workers do this in its thread when its turn has come."""
        await self._turn(client)
        try:
            return await self._in_thread(work)
        finally:
            self._turns.release()

    async def _in_thread(self, work: Callable[[Worker], T]) -> T:
        def run() -> T:
            worker = self._idle.pop()  # there is one: each thread holds one at most
            try:
                return work(worker)
            finally:
                self._idle.append(worker)

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)
