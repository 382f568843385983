"""The bench of redaction: its labels, its scenes, its rule of coverage, its peer."""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.detection.corpus import HERE, pictures
from bench.detection.scoring import ious
from bench.redaction.draw import EXPOSED, draw_exposures
from bench.redaction.evaluate import Result, document, percent, report, steady
from bench.redaction.peer import deface, masks
from bench.redaction.pixels import LEFT, hidden_by_pixels, left
from bench.redaction.scenes import AWAY, PROFILE, SCENES, Generated, generate, shown
from bench.redaction.scoring import COVERED, Hidden, Tally, painted, score, total, whole
from bench.redaction.truth import INNER, POINTS, Shown, Track, in_picture, labelled, spread
from bench.tracking.scenarios import IDENTITIES
from mien.media import open_video, read_image
from mien.models import catalogue
from mien.redact.masks import Masks
from tests.clips import write_clip

Array = NDArray[Any]

LABELLED = labelled()
SIDE = 200


def ellipse(x: float, y: float, half: float, *, grow: float = 1.0) -> Masks:
    return Masks(np.array([[x, y]]), np.full((1, 2), half * grow), np.zeros(1), np.zeros(1))


def nothing(frame: int) -> Masks:
    return Masks.empty()


@dataclass
class OneFace:
    """Ten frames of a face of 40 pixels that walks, and two without anybody."""

    path: Path = Path("one.mp4")
    counted: bool = True
    name = "one"
    kind = "generated"
    size_wh = (SIDE, SIDE)
    frames = 12

    def middle(self, frame: int) -> tuple[float, float]:
        return 50 + 5.0 * frame, 100.0

    def shown(self, frame: int) -> Shown:
        if frame >= 10:
            return Shown.nobody()
        centre, half = np.array([self.middle(frame)]), np.full((1, 2), 20.0)
        seen = in_picture(spread(centre, half * INNER, np.zeros(1)), SIDE, SIDE)
        return Shown(centre, half, np.zeros(1), np.array([0]), seen, np.array([self.counted]))


SPANS = np.full(12, 0.04)


def hide(*, but: tuple[int, ...] = (), grow: float = 1.0) -> Hidden:
    def hidden(frame: int) -> Masks:
        if frame in but or frame >= 10:
            return Masks.empty()
        return ellipse(*OneFace().middle(frame), 20, grow=grow)

    return hidden


# --- labels ---------------------------------------------------------------------------------------


def test_enough_is_labelled() -> None:
    with_faces = [clip for clip in LABELLED if clip.tracks]
    assert len(with_faces) >= 3
    assert len(LABELLED) - len(with_faces) >= 2  # and some without anybody
    counted = sum(int(clip.shown(k).counted.sum()) for clip in LABELLED for k in range(clip.frames))
    assert counted == 792


@pytest.mark.parametrize("clip", LABELLED, ids=lambda clip: clip.name)
def test_labels_are_of_the_pinned_file(clip: Any) -> None:
    entries: dict[str, Any] = {}
    for path in (catalogue.HERE / "catalogue.toml", HERE / "catalogue.toml"):
        entries |= tomllib.loads(path.read_text(encoding="utf-8"))["entries"]
    assert entries[clip.source]["sha256"] == clip.sha256
    assert entries[clip.source]["licence"] == clip.licence


@pytest.mark.parametrize("clip", LABELLED, ids=lambda clip: clip.name)
def test_labels_are_plausible(clip: Any) -> None:
    width, height = clip.size_wh
    for track in clip.tracks:
        assert track.at[0] >= 0
        assert track.at[-1] < clip.frames
        if track.ignore is not None:
            continue
        assert np.diff(track.at).max() <= 5
        sides = track.boxes[:, 2:] - track.boxes[:, :2]
        assert sides.min() >= 12
        aspect = sides[:, 1] / sides[:, 0]
        assert ((aspect > 0.8) & (aspect < 1.9)).all()  # under a helmet a face is wide
        middle = (track.boxes[:, :2] + track.boxes[:, 2:]) / 2
        assert in_picture(middle, width, height).all()


def test_labels_agree_with_those_of_the_detection_corpus() -> None:
    """Made apart from these, by eye as well, for frames of the same clips."""
    by_source, overlaps = {clip.source: clip for clip in LABELLED}, []
    for picture in pictures():
        if picture.frame is None or picture.source not in by_source:
            continue
        here = by_source[picture.source].shown(picture.frame)
        here = here[here.counted]
        boxes = np.hstack([here.centre_xy - here.half_wh, here.centre_xy + here.half_wh])
        assert len(boxes) == len(picture.truth.faces), picture.name
        overlaps += ious(boxes, picture.truth.faces)[0].diagonal().tolist()
    assert len(overlaps) == 21
    assert min(overlaps) > 0.75
    assert np.median(overlaps) > 0.9


def test_between_labels_a_box_moves_in_a_straight_line() -> None:
    boxes = np.array([[0.0, 0, 10, 20], [10, 4, 20, 24]])
    track = Track("somebody", None, np.array([5.0, 10]), boxes)
    inside = track.box(7)
    assert inside is not None
    assert inside.tolist() == [4, 1.6, 14, 21.6]
    assert track.box(4) is None
    assert track.box(11) is None


@pytest.mark.parametrize(
    ("at", "box", "reason"),
    [([5.0, 5], [0.0, 0, 9, 9], "must rise"), ([5.0, 6], [0.0, 0, 0, 9], "no area")],
)
def test_a_slip_in_a_label_is_refused(at: list[float], box: list[float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Track("somebody", None, np.array(at), np.array([box, box]))


def test_nobody_is_in_sight_where_nobody_is() -> None:
    bikes = next(clip for clip in LABELLED if clip.name == "bikes")
    assert [int(bikes.shown(k).counted.sum()) for k in (29, 30, 44, 45, 82, 83, 102, 103, 137)] == [
        0, 1, 1, 0, 1, 0, 0, 1, 0,
    ]  # fmt: skip


def test_points_turn_clockwise() -> None:
    flat = spread(np.zeros((1, 2)), np.array([[10.0, 1]]), np.array([90.0]))[0]
    assert np.abs(flat[:, 0]).max() < 1.01
    right_before = POINTS[:, 0].argmax()
    assert flat[right_before, 1] > 9  # what lay on the right lies below


# --- the rule of coverage -------------------------------------------------------------------------


def test_all_is_hidden() -> None:
    tally = score(OneFace(), hide(), SPANS)
    assert (tally.faces, tally.covered, tally.longest, tally.exposures) == (10, 10, 0, [])
    assert tally.coverage == 1
    assert tally.area_ratio == pytest.approx(1)
    assert (tally.empty, tally.false_share) == (2, 0)


def test_nothing_is_hidden() -> None:
    tally = score(OneFace(), nothing, SPANS)
    assert (tally.coverage, tally.longest, tally.area_ratio) == (0, 10, 0)
    assert tally.exposed_s == pytest.approx(0.4)
    assert tally.exposures[3].box_xyxy == (45, 80, 85, 120)


def test_the_longest_run_is_of_one_face_without_a_break() -> None:
    tally = score(OneFace(), hide(but=(1, 2, 5, 6, 7, 9)), SPANS)
    assert (tally.covered, tally.longest) == (4, 3)
    assert [exposure.frame for exposure in tally.exposures] == [1, 2, 5, 6, 7, 9]


@pytest.mark.parametrize(
    ("grow", "coverage"),
    [(INNER * 1.02, 1), (INNER * 0.9, 0)],  # the pixels that a mask touches add up to 5 %
)
def test_the_inner_area_decides(grow: float, coverage: float) -> None:
    assert score(OneFace(), hide(grow=grow), SPANS).coverage == coverage


def test_an_eye_that_peeps_out_is_an_exposure() -> None:
    def hidden(frame: int) -> Masks:
        x, y = OneFace().middle(frame)
        return ellipse(x + 8, y, 20)

    tally = score(OneFace(), hidden, SPANS)
    assert tally.coverage == 0
    assert tally.exposures[0].covered > 0.9


def test_only_what_can_be_seen_must_be_covered() -> None:
    clip, cut = OneFace(), np.array([[-6.0, 100]])
    seen = in_picture(spread(cut, np.full((1, 2), 20 * INNER), np.zeros(1)), SIDE, SIDE)
    half = Shown(cut, np.full((1, 2), 20.0), np.zeros(1), np.array([0]), seen, np.array([True]))
    clip.shown = lambda frame: half  # type: ignore[method-assign]
    small = score(clip, lambda frame: ellipse(0, 100, 14), SPANS)
    assert 0 < seen.mean() < 0.4
    assert small.coverage == 1


def test_faces_that_do_not_count_are_told_apart() -> None:
    tally = score(OneFace(counted=False), hide(but=(0,)), SPANS)
    assert (tally.faces, tally.partial, tally.partial_covered) == (0, 10, 9)
    assert np.isnan(tally.coverage)
    assert tally.area_ratio == pytest.approx(0.9)


def test_masks_on_nobody_are_counted() -> None:
    everywhere = score(OneFace(), lambda frame: ellipse(100, 100, 20), SPANS)
    assert everywhere.false_share == pytest.approx(np.pi * 20**2 / SIDE**2, rel=0.1)


def test_two_overlapping_masks_are_counted_once() -> None:
    two = Masks.concat([ellipse(50, 50, 20), ellipse(50, 50, 20)])
    assert painted(two, SIDE, SIDE).sum() == painted(two[:1], SIDE, SIDE).sum()


def test_totals_add_up() -> None:
    some = [score(OneFace(), hide(but=but), SPANS) for but in ((1,), (4, 5, 6))]
    both = total(some)
    assert (both.faces, both.covered, both.longest, len(both.exposures)) == (20, 16, 3, 4)
    assert both.exposed_s == pytest.approx(0.16)


# --- the rule of pixels ---------------------------------------------------------------------------


@pytest.fixture
def face() -> Array:
    rng = np.random.default_rng(4)
    return rng.integers(0, 255, (SIDE, SIDE, 3), np.uint8)


def test_detail_is_left_where_nothing_was_done(face: Array) -> None:
    assert left(face, face, OneFace().shown(4)) == pytest.approx(1)


@pytest.mark.parametrize(("part", "hidden"), [(1.0, True), (0.5, False)])
def test_a_blur_over_half_of_a_face_does_not_hide_it(
    face: Array, part: float, hidden: bool
) -> None:
    after, end = face.copy(), round(50 + 40 * part)
    after[80:120, 50:end] = cv2.blur(face, (21, 21))[80:120, 50:end]
    assert bool(left(face, after, OneFace().shown(4))[0] < LEFT) is hidden


def test_nothing_is_left_of_a_face_without_detail() -> None:
    flat = np.full((SIDE, SIDE, 3), 90, np.uint8)
    assert left(flat, flat, OneFace().shown(4)).tolist() == [0]


def test_noise_that_comes_with_compression_does_not_count(face: Array) -> None:
    other = np.random.default_rng(5).integers(0, 255, face.shape, np.uint8)
    assert left(face, other, OneFace().shown(4))[0] < LEFT / 2


def test_hidden_frames_are_counted_in_a_file(tmp_path: Path, face: Array) -> None:
    blurred = face.copy()
    for k in range(10):
        x = round(OneFace().middle(k)[0])
        blurred[75:125, x - 25 : x + 25] = 110
    write_clip(tmp_path / "a.mp4", [face] * 12)
    write_clip(tmp_path / "b.mp4", [face] * 5 + [blurred] * 7)
    write_clip(tmp_path / "short.mp4", [face] * 11)
    assert hidden_by_pixels(OneFace(), tmp_path / "a.mp4", tmp_path / "a.mp4") == 0
    assert hidden_by_pixels(OneFace(), tmp_path / "a.mp4", tmp_path / "b.mp4") == 5
    with pytest.raises(ValueError, match="as many frames"):
        hidden_by_pixels(OneFace(), tmp_path / "a.mp4", tmp_path / "short.mp4")


# --- scenes ---------------------------------------------------------------------------------------


def lengths(scene: Any) -> list[int]:
    return [int(np.isfinite(actor.width).sum()) for actor in scene.actors]


def test_scenes_depend_on_the_seed_alone() -> None:
    for name, make in SCENES.items():
        first, again, other = make(5).scene, make(5).scene, make(6).scene
        for a, b in zip(first.actors, again.actors, strict=True):
            assert np.array_equal(a.centre, b.centre), name
        assert not np.array_equal(first.actors[0].centre, other.actors[0].centre), name


def test_a_head_that_turns_away_shows_no_face() -> None:
    scene = SCENES["turning"](5).scene
    faces = [actor for actor in scene.actors if actor.identity < IDENTITIES]
    assert len(faces) == 3
    for number, actor in enumerate(scene.actors):
        if actor.identity >= IDENTITIES:
            continue
        turned = [k for k in range(scene.frames) if actor.squeeze[k] < AWAY]
        assert len(turned) >= 25
        for k in range(scene.frames):
            here = shown(scene, k)
            rows = here.track == number
            assert rows.sum() == (k not in turned)
            assert not (here.counted[rows] & (actor.squeeze[k] < PROFILE)).any()


def test_flashes_and_darts_are_as_short_and_fast_as_they_say() -> None:
    assert lengths(SCENES["flash"](5).scene) == [100, 30, 15, 8, 30]
    for actor in SCENES["dart"](5).scene.actors:
        there = np.isfinite(actor.width)
        step = np.abs(np.diff(actor.centre[there], axis=0)[:, 0])
        assert 0.4 < (step / actor.width[there][1:]).max() <= 0.5


def test_small_faces_are_small() -> None:
    take = SCENES["many_small"](5)
    widths = np.array([actor.width[0] for actor in take.scene.actors])
    assert len(widths) == 40
    assert ((widths >= 24) & (widths <= 40)).all()


def test_a_strobe_is_dark_for_frames_at_a_time() -> None:
    light = SCENES["strobe"](5).light
    assert light is not None
    assert 0.2 < (light.max(axis=1) < 0.3).mean() < 0.6


def test_somebody_else_stands_there_after_the_cut() -> None:
    scene = SCENES["cut_mid"](5).scene
    assert scene.cuts == (45, 65, 110)
    assert [shown(scene, k).track.tolist() for k in (44, 45, 64, 65, 109, 110)] == [
        [0], [], [], [1], [1], [2],
    ]  # fmt: skip
    assert scene.actors[0].identity == scene.actors[1].identity != scene.actors[2].identity
    before, after = shown(scene, 109), shown(scene, 110)
    assert np.linalg.norm(before.centre_xy - after.centre_xy) < before.half_wh[0, 0]


def test_what_is_behind_something_is_not_asked_for() -> None:
    scene = SCENES["occlusion"](11).scene
    visible = [shown(scene, k) for k in range(scene.frames)]
    hidden_once = [k for k, here in enumerate(visible) if len(here) < 3]
    assert hidden_once
    assert any(0 < here.seen.mean() < 1 for here in visible)


@pytest.fixture(scope="module")
def cut_clip(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generate("cut_mid", 5, tmp_path_factory.mktemp("scenes"))


def test_a_painted_face_lies_where_the_truth_says(cut_clip: Generated) -> None:
    """Against the same picture without it: the inner area changes, what is far does not."""
    with open_video(cut_clip.path) as video:
        frames = [frame.rgb for frame in video.frames() if frame.index in (44, 50, 65, 70)]
    assert len(frames) == 4
    here = cut_clip.shown(65)
    apart = np.abs(frames[2].astype(int) - frames[3].astype(int)).sum(axis=2)
    face = painted(whole(here), *cut_clip.size_wh)
    far = ~painted(Masks(here.centre_xy, here.half_wh * 2.5, here.angle_deg, here.track), 640, 360)
    assert apart[face].mean() > 4 * apart[far].mean()
    assert np.median(np.abs(frames[0].astype(int) - frames[1].astype(int))) > 10  # a cut


def test_a_scene_is_painted_once(cut_clip: Generated) -> None:
    before = cut_clip.path.stat().st_mtime_ns
    again = generate("cut_mid", 5, cut_clip.path.parent)
    assert again.path.stat().st_mtime_ns == before


# --- the peer, the tables -------------------------------------------------------------------------


def test_a_mask_of_deface_fills_its_box() -> None:
    made = masks([[10, 20, 30, 60], [5, 5, 5, 9]])
    assert len(made) == 1
    assert made.centre_xy.tolist() == [[20, 40]]
    assert made.half_wh.tolist() == [[10, 20]]
    assert len(masks([])) == 0


def test_a_python_without_deface_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"could not run deface: .*No module named 'deface'"):
        next(deface(sys.executable, [tmp_path / "a.mp4"], tmp_path))


@pytest.mark.parametrize("even", [True, False])
def test_an_uneven_clip_is_written_anew_at_a_constant_rate(
    tmp_path: Path, face: Array, even: bool
) -> None:
    pts = [40 * k for k in range(12)] if even else [k * k * 10 for k in range(12)]
    clip = OneFace(tmp_path / "clip.mkv")
    write_clip(clip.path, [face] * 12, pts=pts, time_base="1/1000")
    path = steady(clip, tmp_path)
    assert (path == clip.path) is even
    with open_video(path) as video:
        times = [frame.time.exact for frame in video.frames()]
    steps = {b - a for a, b in pairwise(times)}
    assert (len(times), steps) == (12, {Fraction(1, 25) if even else Fraction(1, 30)})


def test_labels_of_another_clip_are_refused(tmp_path: Path, face: Array) -> None:
    clip = OneFace(tmp_path / "clip.mp4")
    write_clip(clip.path, [face] * 5)
    with pytest.raises(ValueError, match="one has 5 frames, and 12 are labelled"):
        steady(clip, tmp_path)


def test_pictures_of_what_was_exposed(tmp_path: Path, face: Array) -> None:
    clip = OneFace(tmp_path / "clip.mp4")
    write_clip(clip.path, [face * 0] * 12)
    hidden = hide(but=(3, 4))
    draw_exposures(clip, clip.path, hidden, score(clip, hidden, SPANS), tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["one-0003.png", "one-0004.png"]
    drawn = read_image(tmp_path / "out" / names[0])
    assert (np.abs(drawn.astype(int) - EXPOSED).sum(axis=2) < 150).sum() > 40


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "100.00"), (0.99996, "99.99"), (0.5, "50.00"), (float("nan"), "")]
)
def test_a_share_is_not_rounded_up_to_all(share: float, text: str) -> None:
    assert percent(share) == text


def test_the_tables_hold_every_way_and_clip() -> None:
    tally = score(OneFace(), hide(but=(3,)), SPANS)
    some = [
        Result(way, kind, (SIDE, SIDE), 0.5 if way == "balanced" else 2.5, tally)
        for way in ("balanced", "deface")
        for kind in ("real", "generated")
    ]
    lines = list(report(some))
    assert sum(line.startswith("| balanced ") for line in lines) == 3  # of real, generated, all
    line = next(line for line in lines if line.startswith("| one "))
    assert line == "| one | 12 | 10 | 90.00 | 0.00 | 1 | 0.04 | 0.90 | 0.00 | 24.0 | 5.00 |"
    read = json.loads(document([*some, Result("x", "real", (1, 1), 1, Tally("nobody"))]))
    assert read["results"][0]["tally"]["exposures"][0]["frame"] == 3
    assert read["results"][0]["coverage"] == 0.9
    assert read["results"][-1]["coverage"] is None


def test_a_face_may_lack_one_point_in_a_hundred() -> None:
    assert COVERED == 0.99
    assert len(POINTS) > 400
