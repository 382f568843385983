"""What goes along with the pictures: all that is harmless, bit by bit, and nothing that tells where
and with what a video was taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition, Stream
from av.subtitles.subtitle import AssSubtitle
from av.video.stream import VideoStream

from mien.errors import OutputError
from mien.media import open_video
from mien.media.copying import copy_video
from mien.media.encoder import told
from tests.clips import numbered, write_clip
from tests.media.test_remake import remake, timed

MILLISECOND = Fraction(1, 1000)
SECRETS = ("+48.1371+011.5753", "Pear Phone 15", "Sony Ericsson", "my diary")
METADATA = {
    "title": "Das Werk",
    "artist": "Eine Person",
    "album": "Sammlung",
    "genre": "Film",
    "date": "2020",
    "copyright": "2020 Eine Person",
    "creation_time": "2020-01-02T03:04:05.000000Z",
    "location": "+48.1371+011.5753/",
    "comment": "my diary",
    "make": "Sony Ericsson",
    "com.apple.quicktime.model": "Pear Phone 15",
    "com.apple.quicktime.location.ISO6709": "+48.1371+011.5753/",
}
HARMLESS = ("title", "artist", "album", "genre", "date", "copyright", "creation_time")
CHAPTERS: list[Any] = [
    {"id": 1, "start": 0, "end": 800, "time_base": MILLISECOND, "metadata": {"title": "Eins"}},
    {"id": 2, "start": 800, "end": 1600, "time_base": MILLISECOND, "metadata": {"title": "Zwei"}},
]
FONT, COVER = b"\0\1\0\0" + bytes(range(256)), b"\xff\xd8\xff\xe0" + b"preview" * 40


def text_packet(codec: str, number: int) -> bytes:
    """A line of subtitles with one word in italics."""
    line = f"Satz <i>{number}</i>"
    if codec == "mov_text":
        return len(line).to_bytes(2, "big") + line.encode()
    if codec == "ass":
        return f"{number},0,Default,,0,0,0,,Satz {{\\i1}}{number}{{\\i0}}".encode()
    return line.encode()


def write_rich(
    path: Path,
    *,
    subtitles: Sequence[str] = (),
    sounds: Sequence[str] = (),
    begin: Callable[[OutputContainer], None] = lambda container: None,
    second_video: bool = False,
    video_metadata: dict[str, str] | None = None,
) -> Path:
    """A clip of 40 numbered pictures with names, chapters and these streams."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.metadata.update({"title": "Bild", "language": "eng"} | (video_metadata or {}))
        other = container.add_stream("mpeg4", rate=25) if second_video else None
        if isinstance(other, VideoStream):
            other.width, other.height, other.pix_fmt = 64, 48, "yuv420p"
        audio = [_add_sound(container, name, number) for number, name in enumerate(sounds)]
        texts = [_add_text(container, name) for name in subtitles]
        container.metadata.update(METADATA)
        container.set_chapters(CHAPTERS)
        begin(container)
        for number, rgb in enumerate(numbered(40)):
            picture = av.VideoFrame.from_ndarray(rgb, "rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(video.encode(picture))
            if isinstance(other, VideoStream):
                container.mux(other.encode(picture))
            if number % 10 == 0:
                for stream, codec in zip(texts, subtitles, strict=True):
                    container.mux(_text(stream, codec, number))
        container.mux(video.encode(None))
        for number, stream in enumerate(audio):
            _mux_noise(container, stream, number)
    return path


def _add_sound(container: OutputContainer, codec: str, number: int) -> AudioStream:
    sound = container.add_stream(codec, rate=48000)
    assert isinstance(sound, AudioStream)
    sound.codec_context.layout = "stereo"
    german = "ger" if container.format.name == "mov" else "deu"
    sound.metadata.update({"language": (german, "fra")[number], "title": f"Ton {number}"})
    sound.disposition = Disposition.default if number else Disposition.comment
    return sound


def _mux_noise(container: OutputContainer, stream: AudioStream, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(-9000, 9000, (1, 2 * 72_000), np.int16)
    sound = av.AudioFrame.from_ndarray(samples, "s16", "stereo")
    sound.sample_rate, sound.pts, sound.time_base = 48000, 0, Fraction(1, 48000)
    container.mux(stream.encode(sound))
    container.mux(stream.encode(None))


def _add_text(container: OutputContainer, codec: str) -> Stream:
    stream = container.add_mux_stream(codec, time_base=MILLISECOND)
    stream.metadata.update({"language": "deu", "title": f"Text in {codec}"})
    return stream


def _text(stream: Stream, codec: str, number: int) -> av.Packet[Any]:
    packet: av.Packet[Any] = av.Packet(text_packet(codec, number))
    packet.stream, packet.pts, packet.dts = stream, number * 40, number * 40
    packet.duration, packet.time_base = 300, MILLISECOND
    return packet


def packets(path: Path, kind: str, number: int = 0) -> list[tuple[Fraction, Fraction, bytes]]:
    """Time from the first picture, length and bytes of the packets of a stream, in seconds."""
    with open_video(path) as video:
        start = video.info.start.exact
    with av.open(str(path)) as container:
        streams = [stream for stream in container.streams if stream.type == kind]
        return [
            ((p.pts or 0) * p.time_base - start, (p.duration or 0) * p.time_base, bytes(p))
            for p in container.demux(streams[number])
            if p.size
        ]


def facts(path: Path) -> tuple[dict[str, str], list[tuple[str, str, str]], list[str]]:
    """The metadata by lower-case names; kind, language and title of each stream; the chapters."""
    with av.open(str(path)) as container:
        metadata = {name.lower(): text for name, text in container.metadata.items()}
        streams: list[tuple[str, str, str]] = [
            (
                s.type,
                s.metadata.get("language", ""),
                s.metadata.get("title", "") or s.metadata.get("name", ""),
            )
            for s in container.streams
            if s.type != "data"
        ]
        chapters = [
            f"{float(c['start'] * (c['time_base'] or 0))} {c['metadata'].get('title')}"
            for c in container.chapters()
        ]
    return metadata, streams, chapters


def _title(stream: Stream) -> str:
    return stream.metadata.get("title") or stream.metadata.get("name", "")


def in_mac_codes(path: Path, streams: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The streams with the code that MOV has for German."""
    german = {"deu": "ger"} if path.suffix == ".mov" else {}
    return [(kind, german.get(language, language), name) for kind, language, name in streams]


def left_behind(path: Path) -> list[str]:
    """Which of the secrets are anywhere in the file."""
    data = path.read_bytes()
    return [secret for secret in SECRETS if secret.encode() in data]


# ---------------------------------------------------------------- names, chapters, languages


@pytest.mark.parametrize("after", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("before", [".mp4", ".mov", ".mkv"])
def test_harmless_names_stay_and_places_and_devices_go(
    tmp_path: Path, before: str, after: str
) -> None:
    source = write_rich(tmp_path / f"a{before}", sounds=["aac", "aac"])
    assert "my diary" in left_behind(source)
    target = tmp_path / f"b{after}"
    (note,) = remake(source, target)
    assert note.startswith("left out of what is said about the video: ")
    assert "location" in note
    assert "title" not in note
    assert left_behind(target) == []
    metadata, streams, chapters = facts(target)
    assert {name: metadata.get(name) for name in HARMLESS} == {k: METADATA[k] for k in HARMLESS}
    assert streams == in_mac_codes(target, facts(source)[1])
    assert chapters == ["0.0 Eins", "0.8 Zwei"]
    with av.open(str(target)) as container:
        first, second = (int(stream.disposition) for stream in container.streams.audio)
        assert second & Disposition.default
        assert not first & Disposition.default


def test_a_time_code_stays(tmp_path: Path) -> None:
    source = write_rich(tmp_path / "a.mov", video_metadata={"timecode": "10:20:30:05"})
    for suffix in (".mov", ".mp4"):
        target = tmp_path / f"b{suffix}"
        assert not any("data" in note for note in remake(source, target))
        with av.open(str(target)) as container:
            assert container.streams.video[0].metadata["timecode"] == "10:20:30:05"


# ---------------------------------------------------------------- sound


@pytest.mark.parametrize(
    ("name", "codecs", "after"),
    [
        ("a.mp4", ["aac", "ac3"], ".mp4"),
        ("a.mov", ["aac", "pcm_s16le"], ".mov"),
        ("a.mkv", ["aac", "libopus"], ".mp4"),
        ("a.mkv", ["flac", "ac3"], ".mkv"),
        ("a.mkv", ["libmp3lame", "flac"], ".mp4"),
        ("a.mp4", ["aac", "libmp3lame"], ".mkv"),
    ],
)
def test_every_packet_of_every_sound_is_the_same(
    tmp_path: Path, name: str, codecs: list[str], after: str
) -> None:
    source = write_rich(tmp_path / name, sounds=codecs)
    target = tmp_path / f"b{after}"
    (note,) = remake(source, target)
    assert "sound" not in note
    for number in range(2):
        old, new = packets(source, "audio", number), packets(target, "audio", number)
        assert len(old) > 10
        assert [data for *_, data in new] == [data for *_, data in old]
        apart = max(abs(a - b) for (a, *_), (b, *_) in zip(old, new, strict=True))
        assert apart <= (MILLISECOND if "mkv" in name + after else 0)


def test_sound_that_the_container_cannot_hold_becomes_aac(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.wmv", numbered(40), sound_s=1.6)
    (note,) = remake(source, tmp_path / "b.mp4")
    assert note.endswith("(wmav2) cannot be kept in MP4 and was encoded anew as AAC")
    with av.open(str(tmp_path / "b.mp4")) as container:
        (sound,) = container.streams.audio
        assert sound.codec_context.name == "aac"
    assert timed(tmp_path / "b.mp4") == timed(source)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(("name", "seconds"), [("a.mp4", 1.2), ("a.mkv", 1.2), ("a.ts", 0.6)])
def test_sound_from_before_the_first_picture_stays_before_it(
    tmp_path: Path, name: str, seconds: float, suffix: str
) -> None:
    source, target = tmp_path / name, tmp_path / f"b{suffix}"
    with av.open(str(source), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "bf": "2"})
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        sound = _add_sound(container, "aac", 0)
        _mux_noise(container, sound, 0)
        for number, rgb in enumerate(numbered(20)):
            picture = av.VideoFrame.from_ndarray(rgb, "rgb24")
            picture.pts, picture.time_base = number + round(seconds * 25), Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
    remake(source, target)
    assert timed(target) == timed(source)
    old, new = packets(source, "audio"), packets(target, "audio")
    skip = 7 if name.endswith(".ts") else 0  # the headers of a transport stream
    assert [data for *_, data in new] == [data[skip:] for *_, data in old]
    assert float(old[0][0]) == pytest.approx(-seconds, abs=0.05)
    assert abs(new[0][0] - old[0][0]) <= (
        MILLISECOND if "k" in name + suffix else Fraction(1, 48000)
    )


# ---------------------------------------------------------------- subtitles


@pytest.mark.parametrize(
    ("name", "codecs", "after"),
    [
        ("a.mp4", ["mov_text"], ".mp4"),
        ("a.mp4", ["mov_text"], ".mov"),
        ("a.mkv", ["subrip", "ass", "webvtt"], ".mkv"),
    ],
)
def test_subtitles_are_the_same_where_they_fit(
    tmp_path: Path, name: str, codecs: list[str], after: str
) -> None:
    source, target = write_rich(tmp_path / name, subtitles=codecs), tmp_path / f"b{after}"
    (note,) = remake(source, target)
    assert "subtitles" not in note
    for number, codec in enumerate(codecs):
        before = packets(source, "subtitle", number)
        assert text_packet(codec, 30) in [data for *_, data in before]
        assert packets(target, "subtitle", number) == before
    expected = [("subtitle", "deu", f"Text in {codec}") for codec in codecs]
    assert facts(target)[1][1:] == in_mac_codes(target, expected)


@pytest.mark.parametrize(
    ("name", "codecs", "after", "becomes"),
    [
        ("a.mkv", ["subrip", "ass", "webvtt"], ".mp4", "mov_text"),
        ("a.mkv", ["subrip"], ".mov", "mov_text"),
        ("a.mp4", ["mov_text"], ".mkv", "subrip"),
    ],
)
def test_other_text_becomes_that_of_the_container(
    tmp_path: Path, name: str, codecs: list[str], after: str, becomes: str
) -> None:
    source, target = write_rich(tmp_path / name, subtitles=codecs), tmp_path / f"b{after}"
    notes = [note for note in remake(source, target) if "subtitles" in note]
    assert len(notes) == len(codecs)
    assert all(note.endswith(f"as they are and became {becomes}") for note in notes)
    for number in range(len(codecs)):
        said = dialogue(target, number)
        assert [at for at, _ in said] == [0.0, 0.4, 0.8, 1.2]
        on, off = "{\\i1}", "{\\i0}"
        for (_, line), count in zip(said, (0, 10, 20, 30), strict=True):
            assert line.split(",,")[-1].removesuffix(off) == f"Satz {on}{count}"


def dialogue(path: Path, number: int) -> list[tuple[float, str]]:
    """When each subtitle is shown, in seconds, and its line in ASS."""
    with av.open(str(path)) as container:
        return [
            (float((packet.pts or 0) * packet.time_base), line.ass.decode())
            for packet in container.demux(container.streams.subtitles[number])
            for line in (packet.decode() if packet.size > 2 else [])
            if isinstance(line, AssSubtitle)
        ]


def test_subtitles_that_are_pictures_stay_in_matroska_and_leave_mov(tmp_path: Path) -> None:
    source = write_rich(tmp_path / "a.mkv", subtitles=["hdmv_pgs_subtitle"])
    notes = remake(source, tmp_path / "b.mp4")
    assert any("(pgssub) are pictures, which MP4 cannot keep" in note for note in notes)
    assert [kind for kind, *_ in facts(tmp_path / "b.mp4")[1]] == ["video"]
    assert not any("subtitles" in note for note in remake(source, tmp_path / "b.mkv"))
    assert packets(tmp_path / "b.mkv", "subtitle") == packets(source, "subtitle")


# ---------------------------------------------------------------- fonts, covers, data


def attach(container: OutputContainer) -> None:
    """A font and a preview picture."""
    container.add_attachment("letters.ttf", "application/x-truetype-font", FONT)
    container.add_attachment("cover.jpg", "image/jpeg", COVER)
    container.add_attachment("notes.txt", "text/plain", b"my diary")


def test_fonts_stay_and_other_attached_files_go(tmp_path: Path) -> None:
    source = write_rich(tmp_path / "a.mkv", subtitles=["ass"], begin=attach)
    notes = remake(source, tmp_path / "b.mkv")
    assert "a cover or preview picture was left out" in notes
    assert "the attached file notes.txt was left out" in notes
    data = (tmp_path / "b.mkv").read_bytes()
    assert FONT in data
    assert COVER not in data
    assert left_behind(tmp_path / "b.mkv") == []
    notes = remake(source, tmp_path / "b.mp4")
    assert "the attached file letters.ttf was left out" in notes
    assert COVER not in (tmp_path / "b.mp4").read_bytes()


def test_covers_and_boxes_of_an_mp4_go(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    with av.open(str(source), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        cover = container.add_mux_stream("mjpeg", width=160, height=96)
        cover.disposition = Disposition.attached_pic
        for number, rgb in enumerate(numbered(10)):
            picture = av.VideoFrame.from_ndarray(rgb, "rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        packet: Any = av.Packet(COVER)
        packet.stream, packet.pts, packet.dts = cover, 0, 0
        container.mux(packet)
    notes = b"<x:xmpmeta>Pear Phone 15</x:xmpmeta>"
    box = (24 + len(notes)).to_bytes(4, "big") + b"uuid" + bytes(16) + notes
    source.write_bytes(source.read_bytes() + box)
    assert COVER in source.read_bytes()
    assert left_behind(source) == ["Pear Phone 15"]
    for way in (remake, copy_video):
        assert way(source, tmp_path / "b.mp4") == ("a cover or preview picture was left out",)
        assert left_behind(tmp_path / "b.mp4") == []
        assert COVER not in (tmp_path / "b.mp4").read_bytes()
        assert timed(tmp_path / "b.mp4") == timed(source)


def test_another_video_goes_as_nobody_is_hidden_in_it(tmp_path: Path) -> None:
    source = write_rich(tmp_path / "a.mp4", second_video=True, sounds=["aac"])
    assert "another video was left out" in remake(source, tmp_path / "b.mp4")
    assert [kind for kind, *_ in facts(tmp_path / "b.mp4")[1]] == ["video", "audio"]
    assert timed(tmp_path / "b.mp4") == timed(source)


def test_tracks_of_data_go(tmp_path: Path) -> None:
    source = tmp_path / "a.ts"
    with av.open(str(source), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        data = container.add_data_stream("klv")
        data.time_base = MILLISECOND
        for number, rgb in enumerate(numbered(20)):
            picture = av.VideoFrame.from_ndarray(rgb, "rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(video.encode(picture))
            packet: av.Packet[Any] = av.Packet(b"+48.1371+011.5753")
            packet.stream, packet.pts, packet.dts = data, number * 40, number * 40
            packet.time_base = MILLISECOND
            container.mux(packet)
        container.mux(video.encode(None))
    assert left_behind(source)
    notes = remake(source, tmp_path / "b.mp4")
    assert notes == ("a track of data (klv) was left out",)
    assert left_behind(tmp_path / "b.mp4") == []


def transport_packets(data: bytes | bytearray, pid: int) -> list[int]:
    """Where the packets of a transport stream begin that have this number."""
    starts = range(0, len(data), 188)
    return [at for at in starts if (data[at + 1] & 31) << 8 | data[at + 2] == pid]


def test_streams_of_a_kind_that_nobody_knows_go(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.ts", numbered(20), sound_s=0.8)
    data = bytearray(source.read_bytes())
    begins = [at for at in transport_packets(data, 0x100) if data[at + 1] & 0x40]
    for at in begins[:4]:  # of the sound: another number, and a private kind
        data[at + 1 : at + 3] = bytes([data[at + 1] & 0xE0 | 1, 0xAB])
        data[data.index(b"\0\0\1", at) + 3] = 0xBF
    source.write_bytes(data)
    with av.open(str(source)) as container:
        assert [str(stream.type) for stream in container.streams][2:] == ["unknown"]
    notes = remake(source, tmp_path / "b.mp4")
    assert notes == ("a track of data (of an unknown kind) was left out",)
    assert timed(tmp_path / "b.mp4") == timed(source)


def test_what_the_container_finds_damaged_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"b\.mp4: the sound or the subtitles .* are damaged"),
        told(tmp_path / "b.mp4"),
    ):
        raise av.InvalidDataError(1094995529, "Invalid data found when processing input")
