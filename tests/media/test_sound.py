"""Sound that goes along: the same packets, at the same time beside the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from mien.errors import DecodeError, InputNotFoundError
from mien.media import open_video
from mien.media.sound import Sound
from mien.media.source import Source
from mien.media.writer import Encoding, create_video_like
from tests.clips import numbered, write_clip

RATE = 48000


def copy(source: Source, target: Path) -> tuple[str, ...]:
    """Write a video's pictures and sound anew; what the writer has to say."""
    with open_video(source) as video, Sound(source, video.info.start) as sound:
        fast = Encoding(preset="ultrafast")
        with create_video_like(video.info, target, sound=sound, encoding=fast) as writer:
            for frame in video.frames():
                writer.write(frame.rgb, frame.time, frame.duration)
            return writer.notes


def packets(path: Path, stream: int = 0) -> list[tuple[Fraction, bytes]]:
    """Time, counted from the first picture, and bytes of every packet of a sound stream."""
    with open_video(path) as video:
        start = video.info.start.exact
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return []
        found = container.demux(container.streams.audio[stream])
        return [((p.pts or 0) * p.time_base - start, bytes(p)) for p in found if p.size]


def burst_begins(path: Path) -> float:
    """Seconds from the first picture to where the sound gets loud."""
    with open_video(path) as video:
        start = video.info.start.seconds
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            assert frame.time is not None
            level = np.abs(frame.to_ndarray().astype(float)).reshape(-1)
            level /= 32768 if frame.format.name.startswith("s16") else 1
            if (loud := np.flatnonzero(level > 0.1)).size:
                return float(frame.time + loud[0] / frame.sample_rate - start)
    raise AssertionError("there is no burst")


def write_burst(path: Path, codec: str, *, at_s: float, first_picture_s: float) -> Path:
    """Silence with a burst of noise at this time, and pictures that begin later than the sound."""
    samples = np.zeros(2 * RATE, np.int16)
    begin = int(at_s * RATE)
    samples[begin : begin + RATE // 4] = np.random.default_rng(3).integers(-20000, 20000, RATE // 4)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream(codec, rate=RATE)
        assert isinstance(sound, AudioStream)
        sound.codec_context.layout = "mono"
        step = sound.codec_context.frame_size or 960
        for at in range(0, len(samples) - step, step):
            piece = av.AudioFrame.from_ndarray(samples[None, at : at + step], "s16", "mono")
            piece.sample_rate, piece.pts, piece.time_base = RATE, at, Fraction(1, RATE)
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
        for number, rgb in enumerate(numbered(30, 64, 48)):
            picture = av.VideoFrame.from_ndarray(rgb, "rgb24")
            picture.pts = number + round(first_picture_s * 25)
            picture.time_base = Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(
    ("name", "options"),
    [("a.mp4", {"bf": "2"}), ("a.mov", {}), ("a.mkv", {}), ("a.avi", {}), ("a.flv", {})],
)
def test_packets_are_the_same_and_keep_their_place(
    tmp_path: Path, name: str, options: dict[str, str], suffix: str
) -> None:
    how: dict[str, Any] = {"options": options} if options else {}
    source = write_clip(tmp_path / name, numbered(40), sound_s=1.7, **how)
    target = tmp_path / f"out{suffix}"
    assert copy(source, target) == ()
    before, after = packets(source), packets(target)
    assert len(before) > 70
    assert [data for _, data in after] == [data for _, data in before]
    apart = [abs(b - a) for (a, _), (b, _) in zip(before, after, strict=True)]
    exact = suffix != ".mkv" and name not in ("a.mkv", "a.flv")
    assert max(apart) <= (Fraction(1, RATE) if exact else Fraction(1, 1000))


def test_the_packets_of_a_transport_stream_lose_their_headers_only(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.ts", numbered(40), sound_s=1.7)
    copy(source, tmp_path / "a.mp4")
    before, after = packets(source), packets(tmp_path / "a.mp4")
    assert [data for _, data in after] == [data[7:] for _, data in before]  # ADTS: 7 bytes


@pytest.mark.parametrize(
    ("name", "codec", "suffix", "note"),
    [
        ("a.mov", "pcm_mulaw", ".mp4", "(pcm_mulaw) cannot be kept in MP4 and was encoded anew"),
        ("a.mkv", "libopus", ".mov", "(opus) cannot be kept in MOV and was encoded anew as AAC"),
        ("a.mkv", "pcm_s16le", ".mkv", None),
        ("a.mkv", "aac", ".mp4", None),
    ],
)
def test_sound_stays_with_the_pictures(
    tmp_path: Path, name: str, codec: str, suffix: str, note: str | None
) -> None:
    """Also where the pictures begin later than the sound, and what lies before them is left out."""
    source = write_burst(tmp_path / name, codec, at_s=0.8, first_picture_s=0.4)
    target = tmp_path / f"out{suffix}"
    notes = copy(source, target)
    assert len(notes) == (note is not None)
    assert all(str(note) in text for text in notes)
    assert burst_begins(source) == pytest.approx(0.4, abs=0.004)
    assert burst_begins(target) == pytest.approx(burst_begins(source), abs=0.003)
    times = [time for time, _ in packets(target)]
    assert times[0] >= Fraction(-1, 4)
    assert times[-1] == pytest.approx(1.55, abs=0.1)


def test_sound_longer_and_shorter_than_the_pictures(tmp_path: Path) -> None:
    for seconds in (0.3, 5.0):
        source = write_clip(tmp_path / f"{seconds}.mp4", numbered(40), sound_s=seconds)
        copy(source, tmp_path / f"{seconds}.mkv")
        before, after = packets(source), packets(tmp_path / f"{seconds}.mkv")
        assert [data for _, data in after] == [data for _, data in before]


def test_every_sound_stream_goes_along_under_its_language(tmp_path: Path) -> None:
    one = write_clip(tmp_path / "one.mp4", numbered(10), sound_s=0.4)
    source = tmp_path / "two.mp4"
    languages = ("deu", "fra")
    with av.open(str(one)) as origin, av.open(str(source), "w") as container:
        video = container.add_stream_from_template(origin.streams.video[0])
        sounds = [container.add_stream_from_template(origin.streams.audio[0]) for _ in languages]
        for sound, language in zip(sounds, languages, strict=True):
            sound.metadata["language"] = language
        for packet in origin.demux():
            if packet.dts is None:
                continue
            for stream in [video] if packet.stream.type == "video" else sounds:
                packet.stream = stream
                container.mux(packet)
    copy(source, tmp_path / "out.mp4")
    assert packets(tmp_path / "out.mp4", 1) == packets(source, 1)
    with av.open(str(tmp_path / "out.mp4")) as container:
        got = [stream.metadata["language"] for stream in container.streams.audio]
    assert got == list(languages)


def test_bytes_and_an_open_file_shared_with_the_pictures(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(300), sound_s=12)
    copy(source.read_bytes(), tmp_path / "bytes.mp4")
    with open(source, "rb") as file:
        copy(file, tmp_path / "file.mp4")
    for name in ("bytes.mp4", "file.mp4"):
        assert packets(tmp_path / name) == packets(source)


def test_no_sound_is_no_sound(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(10))
    assert copy(source, tmp_path / "out.mp4") == ()
    assert packets(tmp_path / "out.mp4") == []


def test_a_source_that_is_gone(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(3))
    with open_video(source) as video:
        start = video.info.start
    source.unlink()
    with pytest.raises(InputNotFoundError):
        Sound(source, start)


def test_sound_that_cannot_be_decoded_is_an_error_where_it_must_be(tmp_path: Path) -> None:
    source = write_burst(tmp_path / "a.mkv", "flac", at_s=0.5, first_picture_s=0)
    data = bytearray(source.read_bytes())
    damage(data, [bytes_ for _, bytes_ in packets(source)][20:30])
    source.write_bytes(data)
    assert copy(source, tmp_path / "as_it_is.mkv") == ()
    with pytest.raises(DecodeError, match=r"the sound can be decoded up to 0:00:0\d"):
        copy(source, tmp_path / "anew.mov")
    assert not (tmp_path / "anew.mov").exists()


def damage(data: bytearray, parts: Sequence[bytes]) -> None:
    """Overwrite the heads of these parts."""
    for part in parts:
        at = data.find(part)
        data[at : at + 8] = b"\xff" * 8


@pytest.mark.parametrize("name", ["face_noface.mov", "single_face.mp4"])
def test_real_clips(shared_media: Path, tmp_path: Path, name: str) -> None:
    """HEVC with uneven times and AAC; H.264 and MP3."""
    source, target = shared_media / name, tmp_path / "out.mp4"
    assert copy(source, target) == ()
    assert [data for _, data in packets(target)] == [data for _, data in packets(source)]
    apart = [b - a for (a, _), (b, _) in zip(packets(source), packets(target), strict=True)]
    assert max(abs(each) for each in apart) <= Fraction(1, 1000)
    with open_video(source) as before, open_video(target) as after:
        times = [frame.time.exact for frame in before.frames()]
        assert [frame.time.exact for frame in after.frames()] == times
