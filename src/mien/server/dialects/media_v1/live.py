"""Live: frames in, faces out, over a WebSocket (RFC 6455). The newest frame is looked at; what came
before it and was not, is dropped and counted. Nothing is stored.

docs/concepts/live.md has the wire.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from mien.errors import MediaError
from mien.pipeline.live import LiveAnswer
from mien.report.live import live_document
from mien.server.dialect import Services, admission_of, caller_of
from mien.server.errors import BusyError, RateError, Refusal
from mien.server.operations import Operation
from mien.timecode import Time

PROTOCOL = "mien.live.v1"
PATH, NAME = "/live", "Live_Watch"

BURST_S = 2.0
"""So many seconds' worth of frames may come at once."""

ADMIT_S = 1.0
"""So often is asked whether whoever watches still may; the answer is looked up anew less often."""

MICROSECOND = Fraction(1, 1_000_000)
NOT_BINARY, AGAINST_RULES = 1003, 1008
"""Codes of RFC 6455, 7.4.1."""

REASON_BYTES = 120
"""Of the reason in a frame that closes; 123 are allowed."""


ABOUT = (
    "Watch faces live, over a WebSocket (RFC 6455): each binary message is a JPEG, each text "
    "message back tells of the faces in the newest one. docs/concepts/live.md has the messages."
)


class RuleError(Refusal):
    """The client broke a rule of the socket, which ends it; `close` is the code that says so."""

    def __init__(self, code: str, message: str, close: int = AGAINST_RULES) -> None:
        super().__init__(400, code, message)
        self.close = close


class Sockets:
    """Holds the conversations of a service, so many at a time."""

    def __init__(self, services: Services) -> None:
        self._services, self._open = services, 0

    async def watch(self, socket: WebSocket) -> None:
        """Hold a conversation; raises `BusyError` if there are too many."""
        self._check_room()
        self._open += 1
        try:
            await Watch(socket, self._services).hold()
        finally:
            self._open -= 1

    async def upgrade(self, request: Request) -> Response:
        """The answer to a plain request: 426, or 503 as long as there are too many.

        A page is not told why its socket was refused. It can ask here.
        """
        self._check_room()
        text = "Speak WebSocket here; see docs/concepts/live.md."
        headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
        raise Refusal(426, "UpgradeRequired", text, headers)

    @property
    def operation(self) -> Operation:
        """What the page of operations shows; it answers requests that are no WebSocket."""
        return Operation(
            *(NAME, "GET", PATH, "Live", ABOUT),
            lambda call: self.upgrade(call.request),
            status=101,
            refusals=(426,),
            headers={"Sec-WebSocket-Protocol": f"{PROTOCOL}, where the client offered it."},
        )

    def _check_room(self) -> None:
        if self._open >= self._services.settings.limits.live_sockets:
            raise BusyError


@dataclass(frozen=True, slots=True)
class Arrived:
    """A frame: its number, its bytes, when its last byte came (`time.monotonic`)."""

    number: int
    data: bytes
    at_s: float


class Watch:
    """One conversation.

    Args:
        socket: that has passed the gate, not yet accepted.
        services: of the service.
    """

    def __init__(self, socket: WebSocket, services: Services) -> None:
        self._socket, self._services = socket, services
        self._limits = services.settings.limits
        self._caller, self._admit = caller_of(socket), admission_of(socket)
        self._stream = services.analyst.stream(emotion=services.policy.allows("emotion"))
        self._newest: Arrived | None = None
        self._there = asyncio.Event()
        self._count = self._dropped = 0
        self._room = BURST_S * self._limits.live_rate
        self._start_s = self._read_s = time.monotonic()

    async def hold(self) -> None:
        """Answer frames until the client goes, breaks a rule, or loses its key."""
        offered = self._socket.scope.get("subprotocols", [])
        try:
            await self._socket.accept(PROTOCOL if PROTOCOL in offered else None)
        except OSError:
            return  # the client is gone
        try:
            await self._converse()
        except WebSocketDisconnect:
            return
        except Refusal as refusal:
            await self._end(refusal)

    async def _converse(self) -> None:
        """Read, answer, and ask who is there, until one of them ends."""
        works = self._read(), self._answer(), self._stay()
        tasks = [asyncio.create_task(each) for each in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _read(self) -> None:
        """Take what the client sends as soon as it comes, and keep the newest."""
        while True:
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    message = await self._socket.receive()
            except TimeoutError:
                text = f"No frame came for {self._limits.idle_s:g} seconds."
                raise RuleError("Idle", text) from None
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            if data is None:
                raise RuleError("NotBinary", "Send each frame as a binary message.", NOT_BINARY)
            self._arrive(data)

    def _arrive(self, data: bytes) -> None:
        now = time.monotonic()
        rate = self._limits.live_rate
        self._room = min(BURST_S * rate, self._room + (now - self._read_s) * rate) - 1
        self._read_s = now
        if self._room < 0:
            raise RuleError("TooManyFrames", f"Send at most {rate} frames a second.")
        if self._newest is not None:
            self._dropped += 1
            self._services.metrics.live("dropped")
        self._newest = Arrived(self._count, data, now)
        self._count += 1
        self._there.set()

    async def _stay(self) -> None:
        """Go on for as long as the key, or the session, is one, whether frames come or not."""
        while True:
            await self._admit()
            await asyncio.sleep(ADMIT_S)

    async def _answer(self) -> None:
        """Answer the newest frame, again and again."""
        while True:
            await self._there.wait()
            taken: list[Arrived] = []
            try:
                await self._services.allowance.call(self._caller)
                answer = await self._look(taken)
            except (MediaError, RateError) as error:
                number = (taken[0] if taken else self._take()).number
                answer = {"frame": number, **told(error), "dropped": self._dropped}
                self._services.metrics.live("refused")
            await self._socket.send_text(json.dumps(answer))

    async def _look(self, taken: list[Arrived]) -> dict[str, Any]:
        """The faces of the newest frame, which is entered in `taken` once it is its turn."""

        def take() -> tuple[bytes, Time]:
            taken.append(self._take())
            return taken[0].data, self._time_of(taken[0])

        seen = await self._services.analyst.follow(self._stream, take)
        (frame,) = taken
        latency = time.monotonic() - frame.at_s
        self._services.metrics.answered_live(latency)
        size_wh = seen.width, seen.height
        at = self._time_of(frame)
        return live_document(
            LiveAnswer(frame.number, at, seen.faces, size_wh, latency, self._dropped)
        )

    def _take(self) -> Arrived:
        newest, self._newest = self._newest, None
        self._there.clear()
        assert newest is not None
        return newest

    def _time_of(self, frame: Arrived) -> Time:
        return Time(round((frame.at_s - self._start_s) / MICROSECOND), MICROSECOND)

    async def _end(self, refusal: Refusal) -> None:
        """Say why, and close."""
        code = refusal.close if isinstance(refusal, RuleError) else AGAINST_RULES
        reason = refusal.message.encode()[:REASON_BYTES].decode(errors="ignore")
        try:
            await self._socket.send_text(json.dumps(told(refusal)))
            await self._socket.close(code, reason)
        except WebSocketDisconnect:
            return  # nobody hears it


def told(error: MediaError | Refusal) -> dict[str, Any]:
    """An error as messages have it."""
    if isinstance(error, Refusal):
        return {"error": {"code": error.code or str(error.status), "message": error.message}}
    text = str(error)
    return {"error": {"code": "InvalidImage", "message": f"{text[:1].upper()}{text[1:]}."}}
