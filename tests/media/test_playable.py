from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from mien.errors import CorruptMediaError, InputNotFoundError
from mien.media import open_video
from mien.media.playable import is_playable, write_playable
from tests.clips import numbered, read_number, turn, write_clip

FRAMES = 12


def test_what_browsers_play(tmp_path: Path) -> None:
    for name, options in (
        ("a.mp4", {}),
        ("b.mp4", {"sound_s": 0.5}),
        ("c.mov", {}),
        ("d.webm", {}),
        ("e.webm", {"codec": "libvpx-vp9", "sound_s": 0.5}),
    ):
        assert is_playable(write_clip(tmp_path / name, numbered(3), **options)), name


def test_what_they_do_not(tmp_path: Path) -> None:
    for name, options in (
        ("a.mkv", {}),
        ("b.avi", {}),
        ("c.wmv", {}),
        ("d.ts", {}),
        ("e.mp4", {"codec": "mpeg4"}),
        ("f.mp4", {"pix_fmt": "yuv420p10le"}),
        ("g.mp4", {"pix_fmt": "yuv444p"}),
        ("h.mp4", {"codec": "libx265"}),
    ):
        assert not is_playable(write_clip(tmp_path / name, numbered(3), **options)), name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.avi", {"sound_s": 0.4}),
        ("b.wmv", {"sound_s": 0.4}),
        ("c.mkv", {"pts": [7, 40, 120, 133, 200, 260, 300, 350, 420, 470, 500, 560]}),
        ("d.mkv", {"pix_fmt": "yuv420p10le"}),
        ("e.mp4", {"codec": "libx265", "options": {"bf": "3"}, "rate": "30000/1001"}),
    ],
)
def test_a_copy_is_played_and_has_the_same_frames_at_the_same_times(
    tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    if "pts" in options:
        options = {**options, "time_base": "1/1000"}
    source = write_clip(tmp_path / name, numbered(FRAMES), **options)  # type: ignore[arg-type]
    shares: list[float] = []
    write_playable(source, tmp_path / "web.mp4", on_progress=shares.append)
    assert is_playable(tmp_path / "web.mp4")
    assert shares == sorted(shares)
    with open_video(source) as before, open_video(tmp_path / "web.mp4") as after:
        pairs = [*zip(before.frames(), after.frames(), strict=True)]
        assert after.lead == 0, "the first frame is shown at 0"
    for one, other in pairs:
        assert one.time == other.time
        assert read_number(one.rgb) == read_number(other.rgb)


def test_a_copy_is_upright(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mov", numbered(3), codec="mpeg4")
    turn(source, (0, 1, -1, 0))
    write_playable(source, tmp_path / "web.mp4")
    with open_video(tmp_path / "web.mp4") as copy:
        assert (copy.info.width, copy.info.height, copy.info.rotation) == (96, 160, 0)


def test_sound_that_browsers_do_not_know_becomes_aac(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.wmv", numbered(FRAMES), sound_s=0.4)
    (note,) = write_playable(source, tmp_path / "web.mp4")
    assert "AAC" in note
    with av.open(str(tmp_path / "web.mp4")) as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.name == "aac"
        assert stream.duration is not None
        assert stream.time_base is not None
        assert stream.duration * stream.time_base > Fraction(3, 10)


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    with pytest.raises(CorruptMediaError):
        is_playable(tmp_path / "a.mp4")
    with pytest.raises(InputNotFoundError):
        write_playable(tmp_path / "none.mp4", tmp_path / "web.mp4")
    assert not (tmp_path / "web.mp4").exists()
