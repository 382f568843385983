"""Segments: the same result however they are worked on, and seams that nobody sees."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.engines import LocalEngine
from mien.errors import DecodeError, UsageError
from mien.faces import Faces
from mien.media import plan_halves, plan_segments, read_image
from mien.models import file_of
from mien.pipeline import analyze_video
from mien.pipeline.segment import SegmentAnalyzer
from mien.pipeline.threads import parts_by_threads
from mien.timeline.media_analytics import write_media_analytics
from mien.timeline.timeline import Timeline
from tests.clips import write_clip

Rgb = NDArray[np.uint8]
RATE, GROUP = 5, 60  # frames a second, and of a group of pictures: twelve seconds


def face(side: int = 96) -> Rgb:
    """The astronaut's head."""
    head = read_image(file_of("sample-astronaut"))[30:250, 120:340]
    return np.asarray(cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def room(seed: int) -> Rgb:
    """A textured background of 320x240."""
    grain = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return np.asarray(cv2.resize(grain, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)


def frame(background: Rgb, *places: tuple[int, int]) -> Rgb:
    """With the head at these (x, y)."""
    picture = background.copy()
    for x, y in places:
        picture[y : y + 96, x : x + 96] = face()
    return picture


def clip(folder: Path, frames: list[Rgb]) -> Path:
    options = {"g": str(GROUP), "sc_threshold": "0"}
    return write_clip(folder / "clip.mp4", frames, rate=RATE, options=options)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds, four segments: one head drifts, another comes and goes, a cut at 30 s."""
    first, second = room(1), room(2)
    frames = []
    for number in range(200):
        places = [(20 + number // 2, 100)] if number < 150 else [(150, 60)]
        if 40 <= number < 110:
            places.append((210, 20 + number // 8))
        frames.append(frame(first if number < 150 else second, *places))
    return clip(tmp_path_factory.mktemp("walk"), frames)


def digest(timeline: Timeline) -> str:
    text = io.StringIO()
    write_media_analytics(timeline, text, mode="faces", window_ms=500, interval_ms=500)
    return hashlib.sha256(text.getvalue().encode()).hexdigest()


def test_one_result_for_any_number_of_workers_and_threads(walk: Path) -> None:
    assert len(list(plan_segments(walk))) == 4
    here = analyze_video(walk)
    assert here.frame_count == 200
    assert here.cuts.tolist() == [150]
    assert len(here.tracks()) >= 1
    results = [here, analyze_video(walk, threads=1), analyze_video(walk.read_bytes())]
    results += [analyze_video(walk, engine=LocalEngine(workers)) for workers in (1, 2, 3)]
    assert {digest(timeline) for timeline in results} == {digest(here)}
    for other in results[1:]:
        assert np.array_equal(other.cuts, here.cuts)
        for name, column in here.faces.columns.items():
            assert np.array_equal(column, getattr(other.faces, name), equal_nan=True), name


def test_a_cautious_look_has_one_result_too(walk: Path) -> None:
    here = analyze_video(walk, cautious=True)
    there = analyze_video(walk, cautious=True, engine=LocalEngine(2))
    assert digest(there) == digest(here)
    assert len(here.faces) >= len(analyze_video(walk).faces)


@pytest.fixture(scope="module")
def stroll(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds in one group of pictures: a head drifts, another is there in the middle."""
    frames = [
        frame(room(7), (20 + 2 * number, 100), *([(210, 20)] if 15 <= number < 40 else []))
        for number in range(50)
    ]
    return clip(tmp_path_factory.mktemp("stroll"), frames)


def test_a_cautious_look_at_a_short_video_is_of_two_halves(stroll: Path) -> None:
    """Worked on at once, or one after the other, the seam is not seen."""
    assert len(list(plan_segments(stroll))) == 1
    assert len(plan_halves(stroll)) == 2
    here = analyze_video(stroll, cautious=True)
    with stroll.open("rb") as file:
        others = [
            analyze_video(stroll, cautious=True, threads=1),
            analyze_video(stroll, cautious=True, engine=LocalEngine(2)),
            analyze_video(stroll.read_bytes(), cautious=True),
            analyze_video(file, cautious=True),
        ]
    assert {digest(other) for other in others} == {digest(here)}
    frames = [here.frame[rows].tolist() for rows in here.tracks().values()]
    assert frames == [list(range(50)), list(range(15, 40))]


def test_work_in_threads_ends_with_whoever_wants_it(walk: Path) -> None:
    parts = parts_by_threads(SegmentAnalyzer(walk), plan_segments(walk))
    assert len(next(parts).rows) == GROUP
    begun = time.perf_counter()
    parts.close()
    assert time.perf_counter() - begun < 1
    assert not [t for t in threading.enumerate() if t.name.startswith("mien segment")]


def test_an_error_in_a_thread_is_raised(walk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: SegmentAnalyzer, rgb: Rgb, faces: Faces) -> Faces:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(SegmentAnalyzer, "_embed", fail)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        analyze_video(walk)
    assert not [t for t in threading.enumerate() if t.name.startswith("mien segment")]


def test_columns_of_workers(walk: Path) -> None:
    options = {"columns": ("pose_deg", "embedding"), "keep": ("embedding",)}
    here = analyze_video(walk, **options)  # type: ignore[arg-type]
    there = analyze_video(walk, engine=LocalEngine(2), **options)  # type: ignore[arg-type]
    for timeline in (here, there):
        assert timeline.faces.embedding is not None
        assert timeline.faces.mesh is None
    assert here.faces.pose_deg is not None
    assert there.faces.pose_deg is not None
    assert np.allclose(here.faces.pose_deg, there.faces.pose_deg, atol=1e-3, equal_nan=True)


def test_ids_pass_from_segment_to_segment_and_end_at_a_cut(tmp_path: Path) -> None:
    """Without joining by looks: the seams at 12 and 36 s are not seen, the cut at 24 s is; it
    falls on a seam too."""
    first, second = room(3), room(4)
    frames = [frame(first, (100, 70))] * 120 + [frame(second, (104, 70))] * 120
    path = clip(tmp_path, frames)
    assert len(list(plan_segments(path))) == 4
    timeline = analyze_video(path, reid=False)
    spans = {name: (rows[0], rows[-1]) for name, rows in timeline.tracks().items()}
    assert {n: timeline.frame[list(ends)].tolist() for n, ends in spans.items()} == {
        0: [0, 119],
        1: [120, 239],
    }
    assert set(analyze_video(path, reid=True).tracks()) == {0}


@pytest.mark.parametrize("seen", [59, 61])
def test_a_face_that_shows_for_a_moment_beyond_a_seam(tmp_path: Path, seen: int) -> None:
    """It is there in one frame of one of the segments, too short to be believed by itself."""
    empty = room(5)
    there = frame(empty, (100, 70))
    if seen == 61:  # it leaves one frame after the seam
        frames = [there] * 61 + [empty] * 59
        expected = list(range(61))
    else:  # it comes one frame before the seam
        frames = [empty] * 59 + [there] * 61
        expected = list(range(59, 120))
    timeline = analyze_video(clip(tmp_path, frames), reid=False)
    assert list(timeline.tracks()) == [0]
    assert timeline.frame[timeline.tracks()[0]].tolist() == expected


def damaged(folder: Path) -> Path:
    path = clip(folder, [frame(room(6), (100, 70))] * 150)
    data = bytearray(path.read_bytes())
    third = list(plan_segments(path))[2]
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    (bad,) = [p for p in packets if p.pts == third.start]
    assert bad.pos is not None
    noise = np.random.default_rng(0).integers(0, 256, bad.size - 60, np.uint8)
    data[bad.pos + 60 : bad.pos + bad.size] = noise.tobytes()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("workers", [0, 2])
def test_damage_keeps_the_segments_before_it(tmp_path: Path, workers: int) -> None:
    engine = LocalEngine(workers) if workers else None
    with pytest.raises(DecodeError, match=r"up to .*24.* only") as caught:
        analyze_video(damaged(tmp_path), engine=engine)
    partial = caught.value.partial
    assert isinstance(partial, Timeline)
    assert partial.frame_count == 120
    assert list(partial.tracks()) == [0]


def test_workers_need_a_path(walk: Path) -> None:
    with pytest.raises(UsageError, match="need a path"):
        analyze_video(walk.read_bytes(), engine=LocalEngine(2))


def test_slow_columns_are_measured_now_and_then(walk: Path) -> None:
    """Five frames a second: every second one is measured with `every_s=0.4`."""
    timeline = analyze_video(walk, columns=("age", "attributes", "openness"), every_s=0.4)
    measured, age = timeline.faces.measured, timeline.faces.age
    attributes = timeline.faces.attributes
    assert measured is not None
    assert age is not None
    assert timeline.faces.openness is not None
    seen = np.isfinite(timeline.faces.score) | (measured == 1)
    drifting = timeline.tracks()[0]
    share = np.nanmean(measured[drifting])
    assert 0.45 < share < 0.6
    assert np.isfinite(age[drifting]).mean() > 0.95
    assert np.isfinite(timeline.faces.openness[drifting][seen[drifting]]).all()
    between = drifting[1:-1][measured[drifting][1:-1] == 0]
    middle = (age[between - 1] + age[between + 1]) / 2
    assert np.nanmedian(np.abs(age[between] - middle)) < 6  # of a face that is read each time
    assert attributes is not None
    assert np.isfinite(attributes[drifting]).mean() > 0.95
    line = (attributes[between - 1] + attributes[between + 1]) / 2
    assert np.nanmedian(np.abs(attributes[between] - line)) < 0.01
    every = analyze_video(walk, columns=("age",), every_s=0)
    assert every.faces.measured is not None
    assert set(every.faces.measured.tolist()) == {1.0}


def test_every_s_below_zero(walk: Path) -> None:
    with pytest.raises(UsageError, match="every_s"):
        analyze_video(walk, every_s=-1)
