"""LiteRT's one unconditional line, kept off standard error."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ANNOUNCEMENT = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
_lock = threading.Lock()
_announced = False


@contextmanager
def without_announcement() -> Iterator[None]:
    """Drop the line LiteRT writes to descriptor 2 once a process; it has no setting for it.

    Whatever else is written there meanwhile is passed on afterwards.
    """
    global _announced
    with _lock:
        if _announced:
            yield
            return
        _announced = True
        try:
            kept = os.dup(2)
        except OSError:  # a daemon without standard error
            yield
            return
        with tempfile.TemporaryFile() as held:
            os.dup2(held.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(kept, 2)
                os.close(kept)
                held.seek(0)
                lines = held.read().splitlines(keepends=True)
                rest = b"".join(line for line in lines if line.strip() != _ANNOUNCEMENT)
                if rest:
                    os.write(2, rest)
