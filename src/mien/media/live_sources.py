"""What can be watched live: a camera of this machine, an RTSP stream, a file."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mien.errors import (
    InputError,
    InputNotFoundError,
    InputPermissionError,
    MediaTooLargeError,
    MienError,
    NoVideoError,
    UnsupportedMediaError,
    UsageError,
)
from mien.media.frame import Frame, Painter
from mien.media.limits import Limits
from mien.media.live import Live, LiveFrame
from mien.media.orientation import Orientation
from mien.media.planes import Layout
from mien.media.video import Video, clock_for, open_video
from mien.timecode import Time

SCHEMES = ("rtsp", "rtsps")
CAMERA = re.compile(r"\d{1,3}|/dev/video\d{1,3}")
CAMERAS = "video4linux2,v4l2"
"""FFmpeg's reader of cameras, on Linux."""

PROTOCOLS = "rtsp,rtsps,rtp,tcp,udp,tls"
"""What an RTSP stream may be carried by; nothing else is opened, whatever the server says."""

OPEN_S, READ_S = 10.0, 5.0
"""For a source to show what it has, and for its next packet to come."""

UNTIMED = 5
"""FFmpeg knows no time for the first picture of an RTSP stream, so it is left out; but not more
than these."""

PROBE_US = "5000000"
"""So long, at most, a stream is looked at for the size of its pictures."""


def open_live(source: str | int | PathLike[str], *, limits: Limits | None = None) -> Live:
    """Open a live source.

    Args:
        source: the number of a camera or its path (0, "/dev/video0"; Linux), an address
            ("rtsp://…", "rtsps://…"), or a file, which is played as if it were live: each frame
            comes when it is due. "./0" is a file.
        limits: the largest frame to accept.

    Raises:
        UsageError: an address of another kind.
        InputError: the source cannot be opened.
        MediaError: it has no usable video.
    """
    limits = limits or Limits()
    text = os.fspath(source) if isinstance(source, PathLike) else str(source)
    if CAMERA.fullmatch(text):
        return _camera(f"/dev/video{text}" if text.isdigit() else text, limits)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        return _stream(text, limits)
    return _file(open_video(text, limits=limits), text)


def shown(address: str) -> str:
    """An address as messages may have it: without user, password, path and query, where cameras
    take passwords."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "the address"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme.lower()}://{host}{'' if port is None else f':{port}'}"


def _camera(path: str, limits: Limits) -> Live:
    if CAMERAS not in av.formats_available:
        raise UsageError(
            "cameras are read on Linux only (Video4Linux); give the address of an RTSP stream"
        )
    if not Path(path).exists():
        raise InputNotFoundError(f"there is no camera {path}; `ls /dev/video*` shows those there")
    return _received(path, path, "v4l2", {}, limits)


def _stream(address: str, limits: Limits) -> Live:
    name = shown(address)
    scheme = address.partition(":")[0].lower()
    if scheme not in SCHEMES:
        raise UsageError(f"'{scheme}' addresses cannot be watched; give rtsp:// or rtsps://")
    if name.endswith("://") or name == "the address":
        raise UsageError("the address names no host; write rtsp://HOST:PORT/PATH")
    options = {
        "rtsp_transport": "tcp",  # over UDP, lost packets would be torn pictures
        "protocol_whitelist": PROTOCOLS,
        "allowed_media_types": "video",
        "fpsprobesize": "0",
        "analyzeduration": PROBE_US,
    }
    return _received(address, name, "rtsp", options, limits)


def _received(target: str, name: str, form: str, options: dict[str, str], limits: Limits) -> Live:
    """A source whose packets come when they come."""
    error: MienError
    try:
        container = av.open(
            target,
            format=form,
            options=options,
            metadata_errors="replace",
            timeout=(OPEN_S, READ_S),
        )
    except (av.FFmpegError, ValueError) as raised:
        error = _why_not(name, raised)
    else:
        try:
            stream = _video_of(container, name, limits)
        except BaseException:
            container.close()
            raise
        return Live(name, lambda stopped: _frames(container, stream, name, stopped))
    raise error  # out here: the cause names the address with its password


def _video_of(container: InputContainer, name: str, limits: Limits) -> VideoStream:
    known = [stream for stream in container.streams.video if stream.codec_context is not None]
    if not container.streams.video:
        raise NoVideoError(f"{name} has no video stream")
    if not known:
        raise UnsupportedMediaError(f"{name} is in a codec that this FFmpeg cannot decode")
    stream = known[0]
    context = stream.codec_context
    if context.width * context.height > limits.video_pixels:
        raise MediaTooLargeError(
            f"{name} has frames of {context.width} x {context.height} pixels and the limit is "
            f"{limits.video_pixels}; set it to a smaller size"
        )
    context.thread_type, context.thread_count = "NONE", 1  # more would keep frames back
    context.options = {"max_pixels": str(limits.video_pixels)}
    return stream


def _frames(
    container: InputContainer, stream: VideoStream, name: str, stopped: threading.Event
) -> Iterator[LiveFrame | None]:
    reason = "it has ended"
    try:
        if not stopped.is_set():
            yield from _decoded(container, stream, stopped)
    except av.FFmpegError as error:
        reason = _reason(error)  # not the cause: it names the address with its password
    finally:
        container.close()
    if not stopped.is_set():
        raise InputError(f"{name} gives no more frames: {reason}")


def _decoded(
    container: InputContainer, stream: VideoStream, stopped: threading.Event
) -> Iterator[LiveFrame | None]:
    """The frames; None for one that cannot be used. Raises av.FFmpegError."""
    clock, index, untimed = clock_for(container, stream), 0, 0
    painter: Painter | None = None
    layout = (0, 0, "")
    for packet in container.demux(stream):
        captured = time.monotonic()
        if stopped.is_set() or not packet.size:
            return
        try:
            pictures = packet.decode()
        except av.InvalidDataError:
            yield None
            continue
        for picture in pictures:
            untimed += picture.pts is None
            if picture.is_corrupt or (picture.pts is None and not index and untimed < UNTIMED):
                yield None
                continue
            if painter is None or layout != _layout(picture):
                layout = _layout(picture)
                painter = Painter(Orientation(), Layout.of(picture))
            at = Time(clock.at(picture.pts), clock.time_base)
            yield LiveFrame(index, at, captured, Frame(index, at, 1, picture, painter))
            index += 1


def _layout(picture: av.VideoFrame) -> tuple[int, int, str]:
    return picture.width, picture.height, picture.format.name


def _file(video: Video, name: str) -> Live:
    def frames(stopped: threading.Event) -> Iterator[LiveFrame]:
        with video:
            if stopped.is_set():
                return
            start = time.monotonic()
            for frame in video.frames():
                due = start + frame.time.seconds
                if stopped.wait(max(0.0, due - time.monotonic())):
                    return
                yield LiveFrame(frame.index, frame.time, due, frame)

    return Live(name, frames)


def _why_not(name: str, error: Exception) -> MienError:
    """Why a source cannot be opened."""
    if isinstance(error, av.ExitError):
        return InputError(f"{name} gave no picture within {OPEN_S:.0f} s; is it switched on?")
    if isinstance(error, (av.HTTPUnauthorizedError, av.HTTPForbiddenError, PermissionError)):
        return InputPermissionError(
            f"{name} may not be watched; give rtsp://USER:PASSWORD@HOST/PATH, or for a camera of "
            "this machine join its group (video)"
        )
    if isinstance(error, (av.HTTPNotFoundError, FileNotFoundError)):
        return InputNotFoundError(f"{name} has nothing there; check the path of the stream")
    return InputError(f"{name} cannot be opened: {_reason(error)}; check that it is there")


def _reason(error: Exception) -> str:
    if isinstance(error, av.ExitError):
        return f"nothing came for {READ_S:.0f} s"
    if isinstance(error, av.EOFError):
        return "it has ended"
    return (getattr(error, "strerror", None) or "its data cannot be read").lower()
