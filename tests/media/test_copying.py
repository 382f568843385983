"""A video copied as it is: the same packets at the same times, without what tells of the camera."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from mien.errors import DecodeError, InputNotFoundError, UsageError
from mien.media import open_video
from mien.media.copying import copy_video
from mien.media.sei import ENCODERS, Cleaner, holds_notes
from mien.media.writer import Encoding
from tests.clips import QUARTER_TURNS, cut_edit_list, numbered, turn, write_clip
from tests.media.test_companions import HARMLESS, facts, left_behind, packets, write_rich
from tests.media.test_remake import CLIPS, FAST, note, timed, with_notes, with_range_stated

FRAME = 512  # ticks of write_clip's MP4 files
SECRET = b"+48.1371+011.5753 Pear Phone 15"


def coded(path: Path) -> list[bytes]:
    """The packets of the pictures."""
    return [data for *_, data in packets(path, "video")]


COPIED: dict[str, Callable[[Path], Path]] = {
    name: CLIPS[name]
    for name in (
        "25",
        "29.97, B-frames",
        "uneven, first not at 0, B-frames",
        "Matroska, 29.97",
        "turned",
        "10 bit",
    )
} | {
    "HEVC": lambda p: write_clip(p / "a.mp4", numbered(40), codec="libx265"),
    "MPEG-4": lambda p: write_clip(p / "a.mp4", numbered(40), codec="mpeg4", options={"bf": "2"}),
    "ProRes": lambda p: write_clip(
        p / "a.mov", numbered(40), codec="prores_ks", pix_fmt="yuv422p10le"
    ),
    "hidden at the beginning": lambda p: cut_edit_list(
        write_clip(p / "a.mp4", numbered(40), options={"sc_threshold": "0"}), 12 * FRAME
    ),
}


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("name", COPIED)
def test_the_packets_and_the_times_are_the_same(tmp_path: Path, name: str, suffix: str) -> None:
    if name == "ProRes" and suffix == ".mp4":
        pytest.skip("FFmpeg puts ProRes into MOV and Matroska only")
    source, target = COPIED[name](tmp_path), tmp_path / f"out{suffix}"
    before = timed(source)
    assert copy_video(source, target) == ()
    uneven = "uneven" in name and suffix == ".mkv"
    apart = [abs(a - b) for (a, _), (b, _) in zip(timed(target), before, strict=True)]
    assert max(apart) <= (Fraction(1, 1000) if uneven else 0)
    assert [number for _, number in timed(target)] == [number for _, number in before]
    assert coded(target) == coded(source)[-len(before) :]
    with open_video(source) as old, open_video(target) as new:
        assert with_range_stated(new.stored) == with_range_stated(old.stored)
        assert new.info.pixel_aspect == old.info.pixel_aspect
        if suffix != ".mkv" and name != "hidden at the beginning":
            assert old.info.duration is not None
            assert new.info.duration is not None
            apart = [abs(new.info.duration.exact - old.info.duration.exact)]
            assert max(apart) <= (Fraction(1, 1000) if "Matroska" in name else 0)


def test_a_transport_stream_becomes_mp4(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.ts", numbered(40), options={"bf": "2"}, sound_s=1.5)
    assert copy_video(source, tmp_path / "b.mp4") == ()
    assert timed(tmp_path / "b.mp4") == timed(source)


def test_hidden_pictures_are_not_in_the_copy(tmp_path: Path) -> None:
    options = {"sc_threshold": "0"}
    source = write_clip(tmp_path / "a.mp4", numbered(40), options=options)
    pictures = coded(source)
    cut_edit_list(source, 12 * FRAME)
    copy_video(source, tmp_path / "b.mp4")
    before, after = source.read_bytes(), (tmp_path / "b.mp4").read_bytes()
    assert [data in before for data in pictures] == [True] * 40
    assert [data in after for data in pictures] == [False] * 12 + [True] * 28
    assert [number for _, number in timed(tmp_path / "b.mp4")] == list(range(12, 40))


def write_photos(path: Path, n: int) -> Path:
    """A clip of JPEG pictures with EXIF, lying on their sides."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x8825] = "Sony Ericsson", 6, {1: "N", 2: (48.0, 8.0, 0.0)}
    with av.open(str(path), "w") as container:
        stream = container.add_mux_stream("mjpeg", rate=25, width=160, height=96)
        stream.time_base = Fraction(1, 25)
        for number, rgb in enumerate(numbered(n)):
            coded = BytesIO()
            Image.fromarray(rgb).save(coded, "JPEG", exif=exif)
            packet: Any = av.Packet(coded.getvalue())
            packet.stream, packet.pts, packet.dts, packet.duration = stream, number, number, 1
            packet.time_base, packet.is_keyframe = Fraction(1, 25), True
            container.mux(packet)
    return path


def test_pictures_with_exif_are_turned_and_lose_it(tmp_path: Path) -> None:
    source = write_photos(tmp_path / "a.mov", 5)
    assert "Sony Ericsson" in left_behind(source)
    copy_video(source, tmp_path / "b.mp4", encoding=FAST)
    assert left_behind(tmp_path / "b.mp4") == []
    for path in (source, tmp_path / "b.mp4"):
        with open_video(path) as video:
            assert (video.info.width, video.info.rotation) == (96, 90)


ENCODED: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "some hidden ones are needed": (
        "rests on one that is not",
        lambda p: cut_edit_list(write_clip(p / "a.mp4", numbered(40)), 7 * FRAME),
    ),
    "AVI": ("does not say when", lambda p: write_clip(p / "a.avi", numbered(40))),
    "WMV": ("what else wmv2 holds", lambda p: write_clip(p / "a.wmv", numbered(40))),
    "ProRes": (
        "cannot hold prores",
        lambda p: write_clip(p / "a.mov", numbered(40), codec="prores_ks", pix_fmt="yuv422p10le"),
    ),
    "JPEG": ("what else mjpeg", lambda p: write_photos(p / "a.mov", 40)),
    "VP8": ("what else vp8 holds", lambda p: write_clip(p / "a.webm", numbered(40))),
}


@pytest.mark.parametrize("name", ENCODED)
def test_where_packets_cannot_be_copied_they_are_encoded_anew(tmp_path: Path, name: str) -> None:
    reason, write = ENCODED[name]
    source = write(tmp_path)
    note, *_ = copy_video(source, tmp_path / "b.mp4", encoding=FAST)
    assert note.startswith("the pictures were encoded anew: ")
    assert reason in note
    assert timed(tmp_path / "b.mp4") == timed(source)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_what_goes_along_is_what_goes_along_when_it_is_encoded(tmp_path: Path, suffix: str) -> None:
    source = write_rich(tmp_path / "a.mp4", sounds=["aac", "aac"], subtitles=["mov_text"])
    target = tmp_path / f"b{suffix}"
    notes = copy_video(str(source), str(target))
    assert any("location" in note for note in notes)
    metadata, streams, chapters = facts(target)
    assert set(HARMLESS) <= set(metadata)
    assert streams == facts(source)[1]
    assert chapters == ["0.0 Eins", "0.8 Zwei"]
    assert left_behind(target) == []
    assert [data for *_, data in packets(target, "audio", 1)] == [
        data for *_, data in packets(source, "audio", 1)
    ]


def test_open_files_and_bytes_are_copied(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(10), sound_s=0.4)
    with source.open("rb") as file:
        file.seek(0)
        copy_video(file, tmp_path / "b.mp4")
        assert file.tell() == 0
    copy_video(source.read_bytes(), tmp_path / "c.mp4")
    assert coded(tmp_path / "b.mp4") == coded(tmp_path / "c.mp4") == coded(source)


def test_apple_players_get_their_kind_of_hevc(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mkv", numbered(5), codec="libx265")
    copy_video(source, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


# ---------------------------------------------------------------- notes within the packets


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv"])
def test_free_notes_in_h264_go(tmp_path: Path, suffix: str) -> None:
    plain = write_clip(tmp_path / "plain.mp4", numbered(20), options={"bf": "2"})
    unit = note(bytes(range(16)) + SECRET * 20 + bytes(7))
    source = with_notes(plain, tmp_path / f"a{suffix}", unit)
    assert SECRET in source.read_bytes()
    assert copy_video(source, tmp_path / "b.mp4") == ()
    assert SECRET not in (tmp_path / "b.mp4").read_bytes()
    assert timed(tmp_path / "b.mp4") == timed(plain)
    if suffix != ".ts":
        assert coded(tmp_path / "b.mp4") == coded(plain)


def test_free_notes_in_hevc_go(tmp_path: Path) -> None:
    plain = write_clip(tmp_path / "plain.mp4", numbered(20), codec="libx265")
    source = with_notes(plain, tmp_path / "a.mp4", note(bytes(16) + SECRET, head=b"\x4e\1"))
    assert copy_video(source, tmp_path / "b.mp4") == ()
    assert coded(tmp_path / "b.mp4") == coded(plain)
    assert timed(tmp_path / "b.mp4") == timed(plain)


def test_free_notes_before_the_packets_go(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(5), codec="libx265")
    with av.open(str(source)) as container:
        extradata = container.streams.video[0].codec_context.extradata
    assert extradata is not None
    whole = Cleaner("hevc", extradata)
    assert whole.clean_record(extradata) == extradata
    secret = note(bytes(16) + SECRET, head=b"\x4e\1")
    array = b"\x27\0\1" + len(secret).to_bytes(2, "big") + secret
    noted = extradata[:22] + bytes([extradata[22] + 1]) + extradata[23:] + array
    clean = whole.clean_record(noted)
    assert SECRET not in clean
    assert clean == noted[: -len(array)] + b"\x27\0\0"
    for size in (-3, 23, 22):  # broken
        assert whole.clean_record(noted[:size]) == noted[:size]


AVCC = b"\1\x64\0\x1f\xff"


def length_prefixed(*units: bytes) -> bytes:
    """A packet of MP4."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


@pytest.mark.parametrize("name", ENCODERS)
def test_notes_of_the_free_encoders_stay(name: bytes) -> None:
    packet = length_prefixed(note(name + b"settings"), b"\x65picture")
    assert Cleaner("h264", AVCC).clean(packet) is None


@pytest.mark.parametrize("codec", ["mpeg4", "mpeg2video"])
def test_user_data_of_mpeg_is_noticed(codec: str) -> None:
    start = b"\0\0\1\xb2"
    assert holds_notes(codec, b"\0\0\1\xb6picture" + start + SECRET)
    assert not holds_notes(codec, start + b"Lavc61" + start + b"GA94captions")
    assert not holds_notes("h264", start + SECRET)


def test_other_messages_stay_beside_a_note() -> None:
    captions, secret = note(b"captions\0\0\1", kind=4), note(bytes(16) + SECRET)
    both = captions[:-1] + secret[1:]
    clean = Cleaner("h264", AVCC).clean(length_prefixed(both, b"\x65picture"))
    assert clean == length_prefixed(captions, b"\x65picture")
    start = b"\0\0\0\1"
    clean = Cleaner("h264", None).clean(start + both + start + b"\x65picture")
    assert clean == start + captions + start + b"\x65picture"


def test_other_packets_stay_as_they_are() -> None:
    packet = length_prefixed(b"\x65picture", b"")
    assert Cleaner("h264", AVCC).clean(packet) is None
    assert Cleaner("mpeg4", None).clean(b"\0\0\1" + note(bytes(16) + SECRET)) is None
    assert Cleaner("h264", AVCC).clean(b"\xff\xff\xff\xff\6\5") is None  # cut off


# ---------------------------------------------------------------- what is refused


def test_what_cannot_be_copied(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(5))
    with pytest.raises(UsageError, match=r"does not end in \.mp4"):
        copy_video(source, tmp_path / "b.avi")
    with pytest.raises(UsageError, match="is the video itself"):
        copy_video(source, source)
    with pytest.raises(InputNotFoundError):
        copy_video(tmp_path / "none.mp4", tmp_path / "b.mp4")
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_a_video_that_is_cut_off_is_none(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mkv", numbered(40))
    source.write_bytes(source.read_bytes()[:-3000])
    with pytest.raises(DecodeError, match="cut off"):
        copy_video(source, tmp_path / "b.mp4", encoding=Encoding(preset="ultrafast"))
    assert os.listdir(tmp_path) == ["a.mkv"]


def test_a_turned_clip_stays_turned_in_every_container(tmp_path: Path) -> None:
    for degrees, matrix in QUARTER_TURNS.items():
        source = turn(write_clip(tmp_path / "a.mov", numbered(5)), matrix)
        for suffix in (".mp4", ".mov", ".mkv"):
            copy_video(source, tmp_path / f"b{suffix}")
            with open_video(tmp_path / f"b{suffix}") as video:
                assert video.info.rotation == degrees
            assert timed(tmp_path / f"b{suffix}") == timed(source)
