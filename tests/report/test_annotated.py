"""Annotated videos and photos: what was found, drawn on the very frame it was found on."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import DecodeError, InputNotFoundError, OutputError, UsageError
from mien.faces import EMOTIONS, Faces
from mien.media import Source, open_video
from mien.media.lettering import lettering
from mien.media.writer import Encoding
from mien.report.annotated import Pages, annotate_picture, write_annotated
from mien.report.palette import colour_of
from mien.report.style import Place, Style
from mien.timeline.timeline import Timeline, TimelineBuilder, VideoFacts
from tests.clips import QUARTER_TURNS, number_picture, read_number, turn, write_clip

Rgb = NDArray[Any]
CRISP = Encoding(crf=8, preset="ultrafast")
WIDTH, HEIGHT, STEP = 640, 480, 4


def scene(number: int, width: int = WIDTH, height: int = HEIGHT) -> Rgb:
    """The number in the upper half, gray in the lower."""
    picture = np.full((height, width, 3), 110, np.uint8)
    picture[: height // 2] = number_picture(number, width, height // 2)
    return picture


def box_of(number: int) -> tuple[float, float, float, float]:
    """Where the face of a frame is: four pixels further right in each."""
    return 40.0 + STEP * number, 300.0, 160.0 + STEP * number, 420.0


def timeline_of(clip: Path, **columns: Any) -> Timeline:
    """One person, id 2, in every frame."""
    with open_video(clip) as video:
        info = video.info
        facts = VideoFacts(info.width, info.height, info.rate, info.time_base)
        with TimelineBuilder(facts) as builder:
            for frame in video.frames():
                number = read_number(frame.rgb[: info.height // 2])
                given = {name: np.array([column[frame.index]]) for name, column in columns.items()}
                face: dict[str, Any] = {"score": np.ones(1), "track_id": np.array([2])} | given
                faces = Faces(np.array([box_of(number)]), **face)
                builder.add(frame.time, frame.duration, faces)
            return builder.finish()


def edges(rgb: Rgb) -> list[int]:
    """The columns in which the line of the box of id 2 has its middle, left and right."""
    row = rgb[350:370].astype(int).mean(axis=0)
    far = np.abs(row - np.array(colour_of(2))).max(axis=1)
    hits = np.flatnonzero(far < 45)
    left, right = (hits[hits < hits.mean()], hits[hits > hits.mean()])
    return [round(left.mean() + 0.5), round(right.mean() + 0.5)]


UNEVEN = np.cumsum(np.random.default_rng(8).integers(200, 2400, 30)).tolist()
SOURCES: dict[str, dict[str, Any]] = {
    "29.97, B-frames": {"name": "a.mp4", "rate": "30000/1001", "options": {"bf": "3", "g": "100"}},
    "uneven, first not at 0": {
        "name": "a.mp4",
        "pts": UNEVEN,
        "time_base": "1/15360",
        "options": {"bf": "2", "g": "100"},
    },
    "Matroska": {"name": "a.mkv", "rate": "24000/1001"},
    "transport stream": {"name": "a.ts", "rate": 25},
}


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize("kind", SOURCES)
def test_the_box_is_on_the_frame_it_belongs_to(tmp_path: Path, kind: str, suffix: str) -> None:
    how = dict(SOURCES[kind])
    source = write_clip(tmp_path / how.pop("name"), (scene(i) for i in range(30)), **how)
    timeline = timeline_of(source)
    target = tmp_path / f"out{suffix}"
    assert write_annotated(source, timeline, target, encoding=CRISP) == ()
    times = []
    with open_video(target) as video:
        for frame in video.frames():
            number = read_number(frame.rgb[: HEIGHT // 2])
            assert number == frame.index
            left, _, right, _ = box_of(number)
            assert edges(frame.rgb) == [pytest.approx(left, abs=1.5), pytest.approx(right, abs=1.5)]
            times.append(frame.time.exact)
    assert times == [timeline.time(k).exact for k in range(30)]
    assert kind != "uneven, first not at 0" or len({b - a for a, b in pairwise(times)}) > 20


def test_a_turned_and_an_odd_video_are_drawn_as_they_are_shown(tmp_path: Path) -> None:
    upright = [scene(i, 481, 641) for i in range(3)]
    lying = (np.ascontiguousarray(np.rot90(picture, 1)) for picture in upright)
    source = tmp_path / "a.mov"
    write_clip(source, lying, codec="png", pix_fmt="rgb24")
    turn(source, QUARTER_TURNS[90])
    write_annotated(source, timeline_of(source), tmp_path / "out.mp4", encoding=CRISP)
    with open_video(tmp_path / "out.mp4") as video:
        assert (video.info.width, video.info.height, video.info.rotation) == (482, 642, 0)
        for frame in video.frames():
            assert read_number(frame.rgb[:320]) == frame.index
            left, _, right, _ = box_of(frame.index)
            assert edges(frame.rgb) == [pytest.approx(left, abs=1.5), pytest.approx(right, abs=1.5)]


def test_the_sound_goes_along(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", (scene(i) for i in range(30)), sound_s=1.2)
    target = tmp_path / "out.mp4"
    write_annotated(source, timeline_of(source), target, encoding=CRISP)

    def sound(path: Path) -> list[tuple[int | None, bytes]]:
        with av.open(str(path)) as container:
            found = container.demux(container.streams.audio[0])
            return [(packet.pts, bytes(packet)) for packet in found if packet.size]

    assert sound(target) == sound(source)
    assert len(sound(target)) > 50


def test_what_is_not_drawn_on_stays_as_it_was(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", (scene(i) for i in range(5)), options={"crf": "1"})
    write_annotated(source, timeline_of(source), tmp_path / "out.mp4", encoding=CRISP)
    with open_video(source) as before, open_video(tmp_path / "out.mp4") as after:
        for one, other in zip(before.frames(), after.frames(), strict=True):
            apart = np.abs(one.rgb.astype(int) - other.rgb)[: HEIGHT // 2]
            assert apart.mean() < 1.5
            assert np.abs(one.rgb.astype(int) - other.rgb)[300:420].max() > 80


# ---------------------------------------------------------------- timelines that do not fit


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """30 numbered frames."""
    return write_clip(tmp_path / "clip.mp4", (scene(i) for i in range(30)))


def test_a_frame_that_the_timeline_lacks_is_an_error(clip: Path, tmp_path: Path) -> None:
    whole = timeline_of(clip)
    with pytest.raises(UsageError, match=r"no frame at 0:00:00\.800, where the video has one"):
        write_annotated(clip, whole.between(0.0, 0.79), tmp_path / "out.mp4")
    with pytest.raises(UsageError, match=r"no frame at 0:00:00\.000"):
        write_annotated(clip, whole.between(0.1, 9.0), tmp_path / "out.mp4")
    assert os.listdir(tmp_path) == ["clip.mp4"]


def test_frames_that_the_video_lacks_are_an_error(clip: Path, tmp_path: Path) -> None:
    short = write_clip(tmp_path / "short.mp4", (scene(i) for i in range(20)))
    with pytest.raises(UsageError, match="has 20 frames and the timeline 30"):
        write_annotated(short, timeline_of(clip), tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_a_timeline_of_another_size_or_rate_is_an_error(clip: Path, tmp_path: Path) -> None:
    timeline = timeline_of(clip)
    other = write_clip(tmp_path / "ntsc.mp4", (scene(i) for i in range(30)), rate="30000/1001")
    with pytest.raises(UsageError, match=r"no frame at 0:00:00\.033"):
        write_annotated(other, timeline, tmp_path / "out.mp4")
    small = write_clip(tmp_path / "small.mp4", (scene(i, 320, 240) for i in range(30)))
    with pytest.raises(UsageError, match="of 640 x 480 pixels, and this is one of 320 x 240"):
        write_annotated(small, timeline, tmp_path / "out.mp4")


def test_a_finer_clock_of_the_timeline_is_the_same_time(clip: Path) -> None:
    timeline = timeline_of(clip)
    facts = replace(timeline.video, time_base=timeline.video.time_base / 7)
    finer = replace(timeline, video=facts, pts=timeline.pts * 7, durations=timeline.durations * 7)
    with open_video(clip) as video:
        pages, fine = Pages(video, timeline), Pages(video, finer)
        for frame in video.frames():
            one, other = (each.drawn(frame.rgb, frame.time) for each in (pages, fine))
            assert (one == other).all()
        fine.check_complete()


def test_outputs_that_cannot_be(clip: Path, tmp_path: Path) -> None:
    timeline = timeline_of(clip)
    link = tmp_path / "link.mp4"
    link.symlink_to(clip)
    before = clip.read_bytes()
    for path in (clip, str(clip), link):
        with pytest.raises(UsageError, match="choose another name"):
            write_annotated(clip, timeline, path)
    with pytest.raises(UsageError, match="does not end in"):
        write_annotated(clip, timeline, tmp_path / "out.gif")
    with pytest.raises(OutputError, match="there is no folder"):
        write_annotated(clip, timeline, tmp_path / "none" / "out.mp4")
    with pytest.raises(InputNotFoundError):
        write_annotated(tmp_path / "gone.mp4", timeline, tmp_path / "out.mp4")
    assert clip.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["clip.mp4", "link.mp4"]


def test_a_video_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "a.mkv", (scene(i) for i in range(30)))
    timeline = timeline_of(whole)
    data = whole.read_bytes()
    with pytest.raises(DecodeError):
        write_annotated(data[: len(data) * 2 // 3], timeline, tmp_path / "out.mp4")
    assert os.listdir(tmp_path) == ["a.mkv"]


def test_bytes_and_open_files_and_progress(clip: Path, tmp_path: Path) -> None:
    timeline, told = timeline_of(clip), list[float]()
    write_annotated(clip, timeline, tmp_path / "a.mp4", encoding=CRISP, on_progress=told.append)
    data = clip.read_bytes()
    sources: tuple[Source, ...] = (data, io.BytesIO(data))
    for number, source in enumerate(sources):
        target = tmp_path / f"{number}.mp4"
        write_annotated(source, timeline, target, encoding=CRISP)
        assert target.read_bytes() == (tmp_path / "a.mp4").read_bytes()
    assert told == [pytest.approx((k + 1) / 30) for k in range(30)]


# ---------------------------------------------------------------- what is drawn


def pages_of(clip: Path, timeline: Timeline) -> list[Rgb]:
    """All frames as they are drawn on, before they are encoded."""
    with open_video(clip) as video:
        pages = Pages(video, timeline)
        return [pages.drawn(frame.rgb, frame.time) for frame in video.frames()]


def coloured(rgb: Rgb) -> int:
    """How many pixels of the lower half have the colour of id 2, the tag left out."""
    far = np.abs(rgb[302:425].astype(int) - np.array(colour_of(2))).max(axis=2)
    return int((far < 12).sum())


def test_a_face_out_of_sight_has_a_dashed_box(clip: Path) -> None:
    """Single frames that were passed over do not count; a gap of ten frames (0.4 s) does."""
    score = np.ones(30)
    score[[2, 4, 6]] = np.nan
    score[12:22] = np.nan
    drawn = [coloured(page) for page in pages_of(clip, timeline_of(clip, score=score))]
    whole = drawn[0]
    for k in range(30):
        share = drawn[k] / whole
        assert (0.4 < share < 0.75) if 12 <= k < 22 else share == pytest.approx(1, abs=0.05), k


def test_single_frames_are_not_dashed_however_long_they_last(tmp_path: Path) -> None:
    slow = write_clip(tmp_path / "slow.mp4", (scene(i) for i in range(9)), rate=2)
    score = np.array([1, np.nan, 1, np.nan, 1, np.nan, np.nan, 1, 1])
    emotion = np.eye(8)[[0, 1, 0, 1, 0, 1, 0, 1, 0]]
    timeline = timeline_of(slow, score=score, emotion=emotion)
    pages = pages_of(slow, timeline)
    drawn = [coloured(page) for page in pages]
    dashed = [count < 0.8 * max(drawn) for count in drawn]
    assert dashed == [False, False, False, False, False, True, True, False, False]
    style = Style(WIDTH, HEIGHT)
    for k in range(9):  # and frames half a second apart are not averaged
        assert bar_lengths(pages[k], style, box_of(k))[k % 2] == style.bar_wh[0]


def test_faces_without_an_id_are_left_out(clip: Path) -> None:
    bare = timeline_of(clip, track_id=np.full(30, -1))
    assert max(coloured(page) for page in pages_of(clip, bare)) == 0
    faces = replace(bare.faces, track_id=None)
    assert max(coloured(page) for page in pages_of(clip, replace(bare, faces=faces))) == 0


def text_at(rgb: Rgb, x: int, y: int, text: str, size: int) -> float:
    """How well what is there correlates with a text whose line begins at (x, y)."""
    wanted = lettering(text, size).astype(float)
    there = rgb[y : y + wanted.shape[0], x : x + wanted.shape[1]].mean(axis=2)
    return float(np.corrcoef(wanted.ravel(), there.ravel())[0, 1])


def test_the_time_of_the_frame_is_written_on_it(clip: Path) -> None:
    style = Style(WIDTH, HEIGHT)
    pages = pages_of(clip, timeline_of(clip))
    x = style.font // 2 + style.pad
    top = HEIGHT - style.font // 2 - style.tag_height

    def likeness(page: Rgb, text: str) -> float:
        return max(text_at(page, x, top + dy, text, style.font) for dy in range(-6, 8))

    for k, text in ((0, "0:00:00.000"), (7, "0:00:00.280"), (29, "0:00:01.160")):
        assert likeness(pages[k], text) > 0.98
        assert likeness(pages[k], "0:00:00.240") < 0.98


def bar_lengths(page: Rgb, style: Style, box: Sequence[float]) -> list[int]:
    """Bright pixels in each of the eight bars of a panel at the right of a box."""
    x1, y1, _, _ = style.emotions(np.array(box), Place.RIGHT)
    left = x1 + style.words + 2 * style.pad
    lengths = []
    for row in range(8):
        y = y1 + style.pad + row * style.row
        strip = page[y : y + style.line_wh[1] - 2 * style.pad, left : left + style.bar_wh[0]]
        level = strip.astype(int).max(axis=2).max(axis=0)
        lengths.append(int((level > 140).sum()))
    return lengths


def test_bars_are_as_long_as_the_shares_and_in_the_order_of_the_record() -> None:
    style = Style(WIDTH, HEIGHT)
    shares = np.array([0.1, 0.5, 0.0, 0.0, 0.25, 0.0, 0.15, 0.0])
    ground = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    box = [60, 200, 200, 380]
    faces = Faces(np.array([box]), np.ones(1), emotion=shares[None])
    lengths = bar_lengths(annotate_picture(ground, faces), style, box)
    full = style.bar_wh[0]
    assert lengths == [pytest.approx(share * full, abs=2) for share in shares]
    assert len(lengths) == len(EMOTIONS)


def test_bars_of_a_video_are_means_of_half_a_second(clip: Path) -> None:
    """Happy in every second frame and neutral between: half and half, and nothing flickers."""
    emotion = np.zeros((30, 8))
    emotion[np.arange(30), np.arange(30) % 2] = 1
    emotion[14] = np.nan
    timeline = timeline_of(clip, emotion=emotion)
    style = Style(WIDTH, HEIGHT)
    for k, page in enumerate(pages_of(clip, timeline)[6:24], start=6):
        neutral, happy, *rest = bar_lengths(page, style, box_of(k))
        assert neutral == pytest.approx(style.bar_wh[0] / 2, abs=0.08 * style.bar_wh[0] + 1)
        assert happy == pytest.approx(style.bar_wh[0] / 2, abs=0.08 * style.bar_wh[0] + 1)
        assert max(rest) == 0


def test_what_failed_is_not_shown(clip: Path) -> None:
    failed = timeline_of(clip, emotion=np.full((30, 8), np.nan))
    plain = timeline_of(clip)
    for one, other in zip(pages_of(clip, failed), pages_of(clip, plain), strict=True):
        assert (one == other).all()


# ---------------------------------------------------------------- photos


def test_a_photo_is_copied_and_drawn_on() -> None:
    ground = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    ground.flags.writeable = False
    boxes = np.array([[60, 60, 260, 300], [400, 100, 520, 260]], float)
    drawn = annotate_picture(ground, Faces(boxes, np.ones(2)))
    assert (ground == 110).all()
    for row, (x1, _, x2, _) in enumerate(boxes.astype(int).tolist()):
        assert drawn[180, x1].tolist() == list(colour_of(row))
        assert drawn[180, x2].tolist() == list(colour_of(row))
    assert (drawn[80:280, 80:240] == 110).all()
    assert (annotate_picture(ground, Faces.empty()) == ground).all()


def test_landmarks_are_drawn_on_large_faces_only() -> None:
    ground = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    mesh = np.full((2, 478, 3), 0.0)
    mesh[0, :, :2], mesh[1, :, :2] = (200, 200), (430, 130)
    boxes = np.array([[60, 60, 300, 340], [400, 100, 460, 160]], float)
    drawn = annotate_picture(ground, Faces(boxes, np.ones(2), mesh=mesh))
    assert drawn[200, 200].min() > 230
    assert (drawn[125:135, 425:435] == 110).all()


def test_a_photo_with_a_face_that_was_put_there_has_a_dashed_box() -> None:
    ground = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    box = np.array([[60, 60, 260, 300]], float)
    seen, put = (
        (annotate_picture(ground, Faces(box, np.array([score]))) != 110).any(axis=2).sum()
        for score in (0.9, np.nan)
    )
    assert 0.4 < put / seen < 0.8


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (20, 20)])
def test_the_smallest_pictures(size: tuple[int, int]) -> None:
    faces = Faces(np.array([[-3.0, -3, 15, 15]]), np.ones(1), emotion=np.eye(8)[:1])
    drawn = annotate_picture(np.zeros((*size, 3), np.uint8), faces)
    assert drawn.shape == (*size, 3)


def test_what_is_no_picture() -> None:
    with pytest.raises(UsageError, match="uint8"):
        annotate_picture(np.zeros((4, 4, 3)), Faces.empty())
