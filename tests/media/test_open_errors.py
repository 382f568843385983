"""Everything that can be wrong when a video is opened, and that nothing else is ever opened."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from mien.errors import (
    CorruptMediaError,
    InputError,
    InputNotFoundError,
    InputPermissionError,
    MediaError,
    MienError,
    NoVideoError,
    UnsupportedMediaError,
    UsageError,
)
from mien.media import open_video, probe, read_image
from mien.media.container import MOST_STREAMS
from tests.broken.parts import parts_of
from tests.clips import add_silence, numbered, write_clip, write_sound


@pytest.mark.parametrize("opening", [open_video, read_image, probe])
def test_missing_folder_empty(tmp_path: Path, opening: Any) -> None:
    with pytest.raises(InputNotFoundError, match=r"there is no file '.*none\.mp4'"):
        opening(tmp_path / "none.mp4")
    with pytest.raises(FileNotFoundError):  # each of our errors is also the fitting builtin
        opening(tmp_path / "none.mp4" / "deeper")
    with pytest.raises(InputNotFoundError):
        opening("nul\0byte.mp4")
    with pytest.raises(InputError, match="cannot be opened"):
        opening("long" * 2000)
    with pytest.raises(InputError, match="is a folder"):
        opening(tmp_path)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(CorruptMediaError, match=r"empty\.mp4 is empty"):
        opening(tmp_path / "empty.mp4")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_clip(tmp_path / "secret.mp4", numbered(2))

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)  # root may read everything
    with pytest.raises(InputPermissionError, match=r"secret\.mp4 may not be read"):
        open_video(path)


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/stdin"])
def test_what_is_no_plain_file_is_refused_and_not_waited_for(place: str) -> None:
    if not Path(place).exists():
        pytest.skip(f"this system has no {place}")
    if Path(place).is_file():
        pytest.skip(f"{place} is a plain file here")
    with pytest.raises(InputError, match="not a plain file"):
        open_video(place)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(InputError, match="not a plain file"):
        open_video(tmp_path / "pipe.mp4")


def test_open_files_that_do_not_do(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", numbered(2))
    closed = path.open("rb")
    closed.close()
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as pipe, os.fdopen(write_end, "wb") as other:
        other.write(path.read_bytes())
        other.close()
        for source in (closed, pipe, io.TextIOWrapper(path.open("rb")), object()):
            with pytest.raises(UsageError, match=r"binary mode|can seek"):
                open_video(source)  # type: ignore[arg-type]
            if isinstance(source, io.TextIOWrapper):
                source.close()


def test_files_that_are_no_video(tmp_path: Path) -> None:
    photo = io.BytesIO()
    Image.new("RGB", (8, 8)).save(photo, "PNG")
    cases: list[tuple[bytes, type[MienError], str]] = [
        (b"Dear reader,\n" * 50, UnsupportedMediaError, "is text; mien reads JPEG"),
        (b"%PDF-1.7\n\xff\xfe", UnsupportedMediaError, "is a PDF document"),
        (photo.getvalue(), UnsupportedMediaError, r"is a photo \(PNG\)"),
        (b"\0\0\0\x20ftypavif\0\0\0\0" + bytes(99), UnsupportedMediaError, "in AVIF"),
        (bytes(range(1, 256)) * 9, UnsupportedMediaError, "no photo or video that mien knows"),
        (bytes(5000), UnsupportedMediaError, "no photo or video that mien knows"),
        (b"\x1aE\xdf\xa3" + bytes(5000), CorruptMediaError, "damaged Matroska or WebM file"),
        (b"RIFF\xff\xff\0\0AVI " + bytes(99), CorruptMediaError, "damaged AVI file"),
        (b"\0\0\0\x18ftypmp42" + bytes(12), CorruptMediaError, "lacks its index"),
    ]
    path = tmp_path / "video.mp4"
    for data, error, message in cases:
        path.write_bytes(data)
        with pytest.raises(error, match=message) as caught:
            open_video(path)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.m4a", "a.wmv", "a.mka", "a.mp3", "a.wav", "a.flac", "a.ogg"])
def test_only_sound(tmp_path: Path, name: str) -> None:
    codecs = {".mp3": "libmp3lame", ".wav": "pcm_s16le", ".flac": "flac", ".ogg": "libopus"}
    path = write_sound(tmp_path / name, codec=codecs.get(Path(name).suffix))
    with pytest.raises(NoVideoError, match="has no video stream, only audio"):
        open_video(path)


def test_sound_with_cover_art(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        sound: Any = container.add_stream("aac")
        cover: Any = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        add_silence(container, sound, 0.5)
        container.mux(cover.encode(av.VideoFrame(64, 64, "yuvj420p")))
    with pytest.raises(NoVideoError):
        open_video(path)


@pytest.fixture
def server() -> Iterator[tuple[str, socket.socket]]:
    """An address, and the socket that would see it if anybody came."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/clip.mp4", listening


HOSTILE = {
    "playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{target}'\n",
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nu={target}\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet '
    'mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
    "RealText": "<window duration=10>{target}</window>",
    "metadata": ";FFMETADATA1\ntitle={target}\n",
}


@pytest.mark.parametrize("suffix", [".m3u8", ".mp4", ".sdp", ".mpd", ".ffconcat", ""])
@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_else_is_opened(
    tmp_path: Path, server: tuple[str, socket.socket], kind: str, suffix: str
) -> None:
    address, listening = server
    other = write_clip(tmp_path / "other.mp4", numbered(2))
    for target in (address, str(other), other.name):
        path = tmp_path / f"hostile{suffix}"
        path.write_text(HOSTILE[kind].format(target=target))
        for source in (path, path.read_bytes()):
            with pytest.raises(MediaError):
                open_video(source)
        with path.open("rb") as file, pytest.raises(MediaError):
            open_video(file)
    with pytest.raises(TimeoutError):
        listening.accept()


@pytest.mark.parametrize("form", ["{}", "concat:{}", "subfile,,start,0,end,0,,:{}", "async:{}"])
def test_a_path_is_never_taken_for_an_address(server: tuple[str, socket.socket], form: str) -> None:
    address, listening = server
    with pytest.raises(InputNotFoundError):
        open_video(form.format(address))
    with pytest.raises(TimeoutError):
        listening.accept()


def test_an_open_file_s_name_is_never_opened(
    tmp_path: Path, server: tuple[str, socket.socket]
) -> None:
    class Named(io.BytesIO):
        name = ""

    address, listening = server
    file = Named(b"not a video, but with a name that is an address")
    file.name = address
    with pytest.raises(UnsupportedMediaError, match="is text"):
        open_video(file)
    with pytest.raises(TimeoutError):
        listening.accept()


def test_the_error_of_an_open_file_reaches_the_caller(tmp_path: Path) -> None:
    class Failing(io.BytesIO):
        left = 6

        def read(self, size: int | None = -1, /) -> bytes:
            self.left -= 1
            if self.left < 0:
                raise ConnectionResetError("the disk went away")
            return super().read(size)

    data = write_clip(tmp_path / "a.mp4", numbered(60, 320, 192)).read_bytes()

    def read() -> None:
        with open_video(Failing(data)) as video:
            list(video.frames())

    with pytest.raises(ConnectionResetError, match="the disk went away"):
        read()


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_clip(tmp_path / "a.mp4", numbered(20, 320, 192))
    capfd.readouterr()
    data = bytearray(path.read_bytes())
    data[2000:2600] = bytes(600)
    for broken in (bytes(data), path.read_bytes()[:900], b"\x1aE\xdf\xa3" + bytes(5000)):
        with pytest.raises(MediaError), open_video(broken) as video:
            list(video.frames())
    assert capfd.readouterr() == ("", "")


def test_no_more_streams_are_opened_than_a_multiplex_has(tmp_path: Path) -> None:
    """Each costs memory, and a few bytes announce one."""
    data = write_clip(tmp_path / "clip.mkv", numbered(3)).read_bytes()
    (tracks,) = (part for part in parts_of(data) if part.name == "Tracks")
    many = data[: tracks.end] + data[tracks.at : tracks.end] * 999 + data[tracks.end :]
    opened: Any = open_video(many)
    with opened:
        assert 1 < len(opened._container.streams) <= MOST_STREAMS
        assert len(list(opened.frames())) == 3
