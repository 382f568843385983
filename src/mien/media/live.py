"""Pictures as they come: the newest frame of a camera, a stream or a file, and none that is late.

with open_live("/dev/video0") as live:
    for frame in live.frames():         # frame.rgb, frame.time, frame.captured_s
        ...
    print(live.came, live.dropped)

A thread reads and decodes without a pause and puts each frame into a slot that holds one. Whoever
takes from it gets the newest there is; what was not taken by then is dropped, and counted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from mien.errors import UsageError
from mien.media.orientation import Picture
from mien.timecode import Time

T = TypeVar("T")


class Pixels(Protocol):
    """A picture whose RGB is made when it is asked for."""

    @property
    def rgb(self) -> Picture: ...


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrame:
    """One frame of a live source.

    Attributes:
        index: 0, 1, 2 … as they came; numbers of dropped frames are missing.
        time: when it was taken, by the source's own clock; the first frame at 0.
        captured_s: when it came, in seconds of `time.monotonic`: what latency is counted from. A
            file's frame comes when it is due.
    """

    index: int
    time: Time
    captured_s: float
    pixels: Pixels

    @property
    def rgb(self) -> Picture:
        """(height, width, 3) uint8, read-only."""
        return self.pixels.rgb


Feed = Callable[[threading.Event], Iterator[LiveFrame | None]]
"""Gives the frames of a source as they come, None for one that is damaged; ends when the source
does, or soon after the event is set. Called once, in a thread of its own."""


class Slot(Generic[T]):
    """Holds the newest of what one thread puts in, until another takes it.

    Attributes:
        dropped: how many were replaced before they were taken.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._items: list[T] = []  # one at most
        self._closed = False
        self._error: BaseException | None = None
        self.dropped = 0

    def put(self, item: T) -> None:
        """Put the newest in, in place of what is there."""
        with self._changed:
            self.dropped += len(self._items)
            self._items[:] = [item]
            self._changed.notify()

    def close(self, error: BaseException | None = None) -> None:
        """Say that no more will come, and why, if that is an error."""
        with self._changed:
            self._closed, self._error = True, error
            self._changed.notify()

    def take(self) -> T | None:
        """Wait for the next; None when no more will come. Raises the error that ended it, after
        what came before was taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed)
            if self._items:
                return self._items.pop()
            if self._error is not None:
                raise self._error
            return None


class Live:
    """An open live source; a context manager, made by `open_live`.

    Args:
        name: for messages; without credentials.
        feed: gives the frames.
    """

    def __init__(self, name: str, feed: Feed) -> None:
        self.name = name
        self.came = 0
        """Frames that came so far."""
        self._feed, self._damaged = feed, 0
        self._slot: Slot[LiveFrame] = Slot()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="mien live", daemon=True)
        self._begun = False

    @property
    def dropped(self) -> int:
        """Frames that came and were not given out: late ones, and damaged ones."""
        return self._slot.dropped + self._damaged

    def frames(self) -> Iterator[LiveFrame]:
        """The newest frame, again and again, until the source ends. Once.

        Raises:
            InputError: the source is gone.
            DecodeError: a file is damaged from here on.
            UsageError: it was called before, or the source has been closed.
        """
        if self._begun or self._stopped.is_set():
            raise UsageError(f"the frames of {self.name} are used up; open it again")
        self._begun = True
        self._thread.start()
        return self._taken()

    def _taken(self) -> Iterator[LiveFrame]:
        try:
            while (frame := self._slot.take()) is not None:
                yield frame
        finally:
            self.close()

    def close(self) -> None:
        """Stop reading. It may take as long as the source takes to give its next packet."""
        self._stopped.set()
        if self._begun and self._thread is not threading.current_thread():
            self._thread.join()
        elif not self._begun:
            self._begun = True
            self._read()  # which frees the source, and gives nothing

    def _read(self) -> None:
        error: BaseException | None = None
        try:
            for frame in self._feed(self._stopped):
                self.came += 1
                if frame is None:
                    self._damaged += 1
                else:
                    self._slot.put(frame)
        except BaseException as raised:
            error = raised
        finally:
            self._slot.close(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
