"""A small RTSP server (RFC 2326) on this machine, which sends numbered pictures as H.264 over the
connection itself (RTP interleaved; RFC 3550, RFC 6184).
"""

from __future__ import annotations

import base64
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext

from tests.clips import numbered

SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"
    "a=control:track0\r\n"
)
MOST_BYTES, RATE = 1200, 25
START_CODE = re.compile(rb"\x00\x00\x00?\x01")


@dataclass
class Rtsp:
    """A server.

    Attributes:
        frames: it sends so many, then closes.
        user: it asks for, as "name:password".
        silent_after: it sends no more from here on, and stays.
        broken: numbers of frames whose bytes are exchanged for others.
    """

    frames: int = 25
    user: str | None = None
    silent_after: int | None = None
    broken: tuple[int, ...] = ()
    port: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    def url(self, user: str = "") -> str:
        return f"rtsp://{user}127.0.0.1:{self.port}/stream"

    def serve(self, listening: socket.socket) -> None:
        """Answer one client after the other until the listening ends."""
        while not self.done.is_set():
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        text = connection.makefile("rb")
        while lines := _head(text):
            method = lines[0].split()[0]
            headers = dict(line.split(": ", 1) for line in lines[1:])
            more, body = "", ""
            code = "200 OK" if self._knows(headers) else "401 Unauthorized"
            if code != "200 OK":
                more = 'WWW-Authenticate: Basic realm="t"\r\n'
            elif method == "DESCRIBE":
                body = SDP
                more = f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n"
            elif method == "SETUP":
                more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            answer = f"RTSP/1.0 {code}\r\nCSeq: {headers['CSeq']}\r\nSession: 7\r\n{more}\r\n{body}"
            connection.sendall(answer.encode())
            if method == "PLAY" and code == "200 OK":
                self._play(connection)
                return

    def _knows(self, headers: dict[str, str]) -> bool:
        want = self.user and "Basic " + base64.b64encode(self.user.encode()).decode()
        return not want or headers.get("Authorization") == want

    def _play(self, connection: socket.socket) -> None:
        count = 0
        start = time.monotonic()
        for number, data in enumerate(encoded(self.frames)):
            if number == self.silent_after:
                self.done.wait()
                return
            if self.done.wait(max(0.0, start + number / RATE - time.monotonic())):
                return
            data = data[:40] + bytes(len(data)) if number in self.broken else data
            units = [unit for unit in START_CODE.split(data) if unit]
            for at, unit in enumerate(units):
                for payload, last in _payloads(unit):
                    mark = 0x80 if last and at == len(units) - 1 else 0
                    stamp = number * 90000 // RATE
                    head = struct.pack(">BBHII", 0x80, mark | 96, count & 0xFFFF, stamp, 1)
                    connection.sendall(struct.pack(">cBH", b"$", 0, 12 + len(payload)))
                    connection.sendall(head + payload)
                    count += 1


def _head(text: object) -> list[str]:
    lines = []
    while line := text.readline().decode().strip():  # type: ignore[attr-defined]
        lines.append(line)
    return lines


def _payloads(unit: bytes) -> Iterator[tuple[bytes, bool]]:
    """A NAL unit as one packet, or in parts (FU-A)."""
    if len(unit) <= MOST_BYTES:
        yield unit, True
        return
    kind, rest = unit[0], unit[1:]
    parts = [rest[at : at + MOST_BYTES] for at in range(0, len(rest), MOST_BYTES)]
    for number, part in enumerate(parts):
        edge = (0x80 if number == 0 else 0) | (0x40 if number == len(parts) - 1 else 0)
        yield bytes([kind & 0xE0 | 28, edge | kind & 0x1F]) + part, number == len(parts) - 1


def encoded(frames: int) -> Iterator[bytes]:
    """The bytes of each numbered picture, with the parameter sets in key pictures."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = 320, 180, "yuv420p"
    context.time_base, context.framerate = Fraction(1, RATE), Fraction(RATE)
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "5", "crf": "18"}
    for number, rgb in enumerate(numbered(frames, 320, 180)):
        picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        picture.pts = number
        yield b"".join(bytes(packet) for packet in context.encode(picture))


@contextmanager
def rtsp(server: Rtsp) -> Iterator[Rtsp]:
    """Run it while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        server.port = listening.getsockname()[1]
        thread = threading.Thread(target=server.serve, args=(listening,))
        thread.start()
        try:
            yield server
        finally:
            server.done.set()
            thread.join()
