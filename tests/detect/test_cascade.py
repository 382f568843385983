from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.detect import PROFILES, BlazeFace, CenterFace, ImageDetector, cascade
from mien.detect.cascade import again, close_view, scale_for, spans, tiles, uncut
from mien.errors import UsageError
from mien.faces import Faces
from mien.media import open_video, read_image
from mien.models import file_of
from tests.detect.scenes import (
    ASTRONAUT,
    bust,
    found,
    gradient,
    iou,
    mirrored,
    noise,
    pasted,
    plain,
    texture,
)

Array = NDArray[Any]
Detectors = dict[str, ImageDetector]
FIVE_FRIENDS = (
    (212, 72, 308, 175),
    (312, 232, 415, 364),
    (436, 230, 516, 312),
    (532, 300, 636, 436),
    (686, 290, 795, 432),
)
"""Faces of multi_face.jpg, labelled by eye."""


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(UsageError, match="no profile 'quick'; take fast, balanced, accurate"):
        ImageDetector.load("quick")


def test_a_profile_can_be_loaded_by_name(astronaut: Array) -> None:
    faces = ImageDetector.load("fast", threads=1).detect(astronaut)
    assert found(faces.box_xyxy, np.array([ASTRONAUT])) == (1, 0)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_portrait(detectors: Detectors, astronaut: Array, profile: str) -> None:
    faces = detectors[profile].detect(astronaut)
    assert len(faces) == 1
    assert iou(faces.box_xyxy, np.array([ASTRONAUT]))[0, 0] > 0.75
    assert faces.points is not None
    assert np.isfinite(faces.points).all()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_group(detectors: Detectors, shared_media: Path, profile: str) -> None:
    faces = detectors[profile].detect(read_image(shared_media / "multi_face.jpg"))
    assert found(faces.box_xyxy, np.array(FIVE_FRIENDS)) == (5, 0)
    areas = faces.size_wh.prod(axis=1)
    assert (np.diff(areas) <= 0).all()  # the largest first


@pytest.mark.parametrize(
    ("profile", "size", "count"),
    [
        ("accurate", 24, 100),
        ("accurate", 36, 100),
        ("accurate", 64, 40),
        ("accurate", 300, 2),
        ("balanced", 36, 100),
        ("balanced", 48, 12),
        ("balanced", 160, 8),
        ("balanced", 300, 2),
        ("fast", 96, 20),
        ("fast", 300, 2),
    ],
)
@pytest.mark.parametrize("ground", ["plain", "texture"])
def test_every_face_of_full_hd_composites(
    detectors: Detectors, astronaut: Array, profile: str, size: int, count: int, ground: str
) -> None:
    canvas = plain(1080, 1920) if ground == "plain" else texture(1080, 1920, seed=5)
    picture, truth = pasted(astronaut, canvas, size, count, seed=size)
    faces = detectors[profile].detect(picture)
    assert found(faces.box_xyxy, truth) == (count, 0)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("size", [60, 200, 1000])
@pytest.mark.parametrize("cut", [0.0, 0.08])
def test_a_face_that_fills_the_picture(
    detectors: Detectors, astronaut: Array, profile: str, size: int, cut: float
) -> None:
    # cut to her face, or a little into it on all four sides
    picture, box = bust(astronaut, size)
    inset = (box[2:] - box[:2]).min() * cut
    left, top = np.ceil(box[:2] + inset).astype(int)
    right, bottom = np.floor(box[2:] - inset).astype(int)
    faces = detectors[profile].detect(np.ascontiguousarray(picture[top:bottom, left:right]))
    assert len(faces) == 1
    assert iou(faces.box_xyxy, (box - [left, top, left, top])[None])[0, 0] > 0.6


@pytest.mark.parametrize("share", [0.6, 0.8, 1.0])
@pytest.mark.parametrize("shape", [(1080, 1920), (1280, 720), (144, 176)])
def test_a_face_that_takes_much_of_the_height(
    detectors: Detectors, astronaut: Array, share: float, shape: tuple[int, int]
) -> None:
    height, width = shape
    side = min(height, width)
    picture, box = bust(astronaut, side * share * 0.9)  # her face is taller than wide
    centre = ((box[:2] + box[2:]) / 2).astype(int)
    left, top = (centre - [width // 2, height // 2]).tolist()
    scene = plain(height, width, 90)
    rows, columns = slice(max(top, 0), top + height), slice(max(left, 0), left + width)
    shown = picture[rows, columns]
    y, x = max(-top, 0), max(-left, 0)
    scene[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
    faces = detectors["balanced"].detect(scene)
    truth = (box - [left, top, left, top])[None]
    assert found(faces.box_xyxy, truth) == (1, 0)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "picture",
    [
        plain(1, 1),
        plain(1, 4000),
        plain(50, 10_000),
        plain(720, 1280, 0),
        noise(480, 640, 1),
        noise(64, 64, 2),
        texture(720, 1280, 3),
        texture(1080, 1920, 4),
        gradient(600, 800),
    ],
    ids=["1x1", "line", "strip", "black", "noise", "small-noise", "texture", "texture-hd", "ramp"],
)
def test_no_face_where_there_is_none(detectors: Detectors, profile: str, picture: Array) -> None:
    faces = detectors[profile].detect(picture)
    assert len(faces) == 0
    assert faces.columns.keys() == {"box_xyxy", "score", "points"}


@pytest.mark.parametrize("profile", ["balanced", "accurate"])
def test_no_face_on_cartoon_animals(detectors: Detectors, profile: str) -> None:
    with open_video(file_of("sample-bunny")) as video:
        frames = [frame.rgb for frame in video.frames() if frame.index in (11, 77)]
    assert [len(detectors[profile].detect(rgb)) for rgb in frames] == [0, 0]


@pytest.mark.parametrize("profile", ["balanced", "accurate"])
def test_faces_in_a_very_long_picture(detectors: Detectors, astronaut: Array, profile: str) -> None:
    strip = plain(120, 10_000)
    picture, truth = pasted(astronaut, strip, 50, 12, seed=3)
    faces = detectors[profile].detect(picture)
    assert found(faces.box_xyxy, truth) == (12, 0)


def test_faces_where_tiles_meet_are_found_once(detectors: Detectors, astronaut: Array) -> None:
    # 4K: more than one tile; faces of 40 to 160 pixels on a grid that crosses every seam
    canvas = texture(2160, 3840, seed=6)
    busts = {size: bust(astronaut, size) for size in (40, 90, 160)}
    truth = []
    for row, y in enumerate(range(20, 1700, 420)):
        for column, x in enumerate(range(10, 3400, 377)):
            picture, box = busts[(40, 90, 160)[(row + column) % 3]]
            canvas[y : y + len(picture), x : x + len(picture)] = picture
            truth.append(box + np.array([x, y, x, y]))
    faces = detectors["accurate"].detect(canvas)
    assert found(faces.box_xyxy, np.array(truth)) == (len(truth), 0)


def test_a_mirror_mirrors_the_faces(detectors: Detectors, shared_media: Path) -> None:
    rgb = read_image(shared_media / "multi_face.jpg")
    faces = detectors["balanced"].detect(rgb)
    other = detectors["balanced"].detect(np.ascontiguousarray(rgb[:, ::-1]))
    assert faces.points is not None
    assert other.points is not None
    boxes, points = mirrored(other.box_xyxy, other.points, rgb.shape[1])
    match = iou(faces.box_xyxy, boxes)
    assert (match.max(axis=1) > 0.8).all()
    apart = np.abs(points[match.argmax(axis=1)] - faces.points).max(axis=(1, 2))
    assert (apart < 0.1 * faces.size_wh.max(axis=1)).all()


@pytest.mark.parametrize("profile", PROFILES)
def test_two_calls_agree_and_leave_no_trace(
    detectors: Detectors, astronaut: Array, profile: str
) -> None:
    before = astronaut.copy()
    first = detectors[profile].detect(astronaut)
    detectors[profile].detect(noise(200, 300, 7))
    second = detectors[profile].detect(astronaut)
    for name, column in first.columns.items():
        np.testing.assert_array_equal(column, second.columns[name])
    np.testing.assert_array_equal(astronaut, before)


def test_what_is_no_picture_is_refused(detectors: Detectors) -> None:
    with pytest.raises(ValueError, match=r"\(H, W, 3\)"):
        detectors["balanced"].detect(np.zeros((10, 10), np.uint8))


class Crowded:
    """Stands for CenterFace: every look sees doubtful faces everywhere."""

    def __init__(self) -> None:
        self.close = 0

    def detect(self, rgb: Array, **_: object) -> Faces:
        y, x = np.mgrid[0 : rgb.shape[0] - 10 : 12, 0 : rgb.shape[1] - 10 : 12]
        corner = np.column_stack([x.ravel(), y.ravel()])
        boxes = np.concatenate([corner, corner + 10], axis=1)
        scores = np.linspace(0.2, 0.5, len(boxes))
        return Faces(boxes, scores, points=np.zeros((len(boxes), 5, 2)))

    def detect_placed(self, pictures: list[Array], places: object, **_: object) -> list[Faces]:
        self.close += len(pictures)
        return [Faces.empty()] * len(pictures)


def test_the_work_on_a_hostile_picture_is_bounded() -> None:
    network = Crowded()
    detector = ImageDetector(network, PROFILES["balanced"])  # type: ignore[arg-type]
    assert len(detector.detect(plain(480, 640))) == 0
    assert network.close == cascade.MOST_CLOSE


def test_a_doubtful_candidate_needs_a_second_sighting(
    centerface: CenterFace, astronaut: Array
) -> None:
    detector = ImageDetector(centerface, PROFILES["balanced"])
    points = np.zeros((2, 5, 2))
    on_face, beside = ASTRONAUT, (300, 300, 380, 400)
    claims = Faces(np.array([on_face, beside]), np.array([0.2, 0.55]), points=points)
    confirmed = detector._confirmed(astronaut, claims)
    assert len(confirmed) == 1
    assert iou(confirmed.box_xyxy, np.array([ASTRONAUT]))[0, 0] > 0.7
    assert confirmed.score[0] > 0.6


def test_what_the_second_network_alone_has_seen_counts_too() -> None:
    points = np.zeros((2, 5, 2))
    known = Faces(np.array([[0, 0, 40, 50], [100, 0, 140, 50]]), np.ones(2), points=points)
    also = np.array([[2, 2, 41, 51], [110, 10, 130, 40], [200, 0, 240, 50]])
    others = Faces(also, np.full(3, 0.7), points=np.zeros((3, 5, 2)))
    both = cascade.united(known, others)
    np.testing.assert_array_equal(both.box_xyxy[:, 0], [0, 100, 200])
    assert cascade.united(known, others[[0, 1]]) is known


def test_paranoia_takes_the_word_of_either_network(blazeface: BlazeFace, astronaut: Array) -> None:
    blind = ImageDetector(Blind(), PROFILES["paranoid"], blazeface)  # type: ignore[arg-type]
    faces = blind.detect(astronaut)
    assert found(faces.box_xyxy, np.array([ASTRONAUT])) == (1, 0)


class Blind:
    """A network that sees nothing."""

    def detect(self, rgb: Array, **_: object) -> Faces:
        return Faces(np.zeros((0, 4)), np.zeros(0), points=np.zeros((0, 5, 2)))

    def detect_placed(self, pictures: list[Array], places: object, **_: object) -> list[Faces]:
        return [Faces.empty()] * len(pictures)


def test_the_better_sighting_counts() -> None:
    claim = Faces(np.array([[0, 0, 10, 10]]), np.array([0.5]))
    near, far = [0, 0, 10, 9], [8, 8, 18, 18]
    assert len(again(claim, Faces(np.array([far]), np.array([0.9])))) == 0
    assert again(claim, Faces(np.array([near]), np.array([0.4]))).score[0] == 0.5
    better = again(claim, Faces(np.array([far, near]), np.array([0.9, 0.8])))
    np.testing.assert_array_equal(better.box_xyxy, [near])


@settings(deadline=None)
@given(st.integers(1, 50_000), st.integers(1, 50_000), st.sampled_from([230_400, 2_073_600]))
def test_the_input_of_a_look_is_bounded(width: int, height: int, pixels: int) -> None:
    picture = np.broadcast_to(np.uint8(0), (height, width, 3))
    scale = scale_for(picture, pixels)
    assert 0 < scale <= 1
    area = max(32, width * scale) * max(32, height * scale)
    assert area <= pixels * 1.001
    # and nothing is given away
    assert scale == 1 or area > pixels * 0.999 or min(width, height) * scale <= 32


@settings(deadline=None)
@given(st.integers(1, 20_000), st.floats(200, 3000), st.floats(0.05, 0.4))
def test_spans_cover_and_overlap(length: int, most: float, part: float) -> None:
    shared = most * part
    parts = spans(length, most, shared)
    assert parts[0][0] == 0
    assert parts[-1][1] == length
    assert all(end - start <= most + 1 for start, end in parts)
    for (_, end), (start, _) in pairwise(parts):
        assert end - start >= shared - 2


def test_tiles_are_views_at_their_corners() -> None:
    picture = noise(900, 2000, 8)
    parts = list(tiles(picture, 1.0))
    assert len(parts) == 2
    for part, (left, top) in parts:
        assert np.shares_memory(part, picture)
        same = picture[top : top + part.shape[0], left : left + part.shape[1]]
        np.testing.assert_array_equal(part, same)


def test_a_face_cut_by_a_seam_is_left_to_the_neighbour() -> None:
    picture, part, corner = plain(100, 300), plain(100, 150), (100, 0)
    boxes = {
        (150, 20, 180, 50): True,
        (102, 20, 130, 50): False,  # at the left seam
        (220, 20, 250, 50): False,  # at the right one
        (150, 0, 180, 100): True,  # above and below is the edge of the picture
        (150, -9, 180, 109): True,
    }
    kept = uncut(np.array(list(boxes)), picture, part, corner, 4.0)
    assert kept.tolist() == list(boxes.values())


@pytest.mark.parametrize("shift", range(0, 48, 12))
def test_a_face_on_a_seam_is_found_whole(
    detectors: Detectors, astronaut: Array, shift: int
) -> None:
    picture, box = bust(astronaut, 36)
    scene = plain(200, 1000)
    seam = spans(1000, cascade.TILE / 2, cascade.OVERLAP / 2)[0][1]
    left = int(seam - box[2]) + shift
    scene[40 : 40 + len(picture), left : left + len(picture)] = picture
    faces = detectors["accurate"].detect(scene)
    assert len(faces) == 1
    assert iou(faces.box_xyxy, (box + np.array([left, 40, left, 40]))[None])[0, 0] > 0.7


@pytest.mark.parametrize(
    "box",
    [
        (100, 100, 140, 150),
        (-30, -20, 20, 30),  # past the upper left corner
        (480, 490, 560, 580),  # past the lower right one
        (-600, 5, -500, 90),  # beside the picture
        (0, 0, 0, 0),
        (-2000, -2000, 3000, 3000),  # far larger than the picture
    ],
)
def test_a_close_view_fits_its_input(astronaut: Array, box: tuple[float, ...]) -> None:
    part, where, (left, top) = close_view(astronaut, np.array(box, np.float32), 48)
    assert part.size
    assert where.input(part).shape == (128, 128, 3)
    same = astronaut[top : top + part.shape[0], left : left + part.shape[1]]
    np.testing.assert_array_equal(part, same)
