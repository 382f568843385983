"""A file whose pictures are encoded, with what goes along put in between them in time."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet

from mien.media.encoder import Encoder
from mien.media.soundtrack import Soundtrack
from mien.timecode import Time


class Output:
    """What the writers of encoded pictures have in common.

    Whoever derives from it adds the soundtrack and writes the header before the first picture.
    """

    def __init__(self, container: OutputContainer, encoder: Encoder) -> None:
        self._container, self._encoder = container, encoder
        self._soundtrack: Soundtrack | None = None

    def _encode(self, picture: av.VideoFrame, time: Time, duration: int) -> None:
        ticks = self._encoder.ticks(time, duration)
        self._mux(self._encoder.encode(picture, ticks, duration))

    def _mux(self, packets: Iterable[Packet[Any]]) -> None:
        assert self._soundtrack is not None
        for packet in packets:
            assert packet.pts is not None
            self._soundtrack.until(packet.pts * packet.time_base)
            self._container.mux(packet)

    def finish(self) -> None:
        """Write what is still in the encoder, the rest of what goes along, and the index.

        Raises:
            ValueError: no picture was written.
            OutputError: it cannot be written.
        """
        assert self._soundtrack is not None
        self._mux(self._encoder.rest())
        self._soundtrack.until(None)
        self._container.close()

    def close(self) -> None:
        """Free the encoder. After an error only; what was written is thrown away."""
        with suppress(av.FFmpegError):
            self._container.close()
