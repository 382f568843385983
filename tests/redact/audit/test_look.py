"""One frame against another: what can be seen, what is hidden, and what is no face."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.errors import UsageError
from mien.media import read_image
from mien.models import file_of
from mien.redact.audit.look import CELLS, FrameAuditor, changed
from mien.track.boxes import iou
from tests.detect.scenes import gradient, noise, texture
from tests.redact.audit.exposed import Rgb, box_at, hidden, painted, room


@pytest.fixture(scope="module")
def auditor() -> FrameAuditor:
    return FrameAuditor.load(threads=2)


def overlap(box: Rgb, boxes: Rgb) -> float:
    return float(iou(box[None], boxes).max(initial=0))


@pytest.mark.parametrize("side", [48, 96, 200])
def test_a_face_that_is_not_hidden_is_found(auditor: FrameAuditor, side: int) -> None:
    picture = painted(room(4), (70, 20), side=side)
    found = auditor.look(picture, picture)
    assert len(found) == 1
    assert overlap(box_at(70, 20, side), found.box_xyxy) > 0.5
    assert found.kept.min() > 0.9
    assert found.hidden == 0


@pytest.mark.parametrize(
    ("effect", "strength"),
    [("blur", "med"), ("blur", "high"), ("pixelate", "med"), ("solid", "med"), ("black", "med")],
)
@pytest.mark.parametrize("side", [48, 96, 200])
def test_a_hidden_face_is_counted_as_hidden(
    auditor: FrameAuditor, side: int, effect: str, strength: str
) -> None:
    picture = painted(room(4), (70, 20), side=side)
    after = hidden(picture, box_at(70, 20, side), effect=effect, strength=strength)
    found = auditor.look(picture, after)
    assert (len(found), found.hidden) == (0, 1)


def test_one_hidden_and_one_not(auditor: FrameAuditor) -> None:
    picture = painted(room(4), (10, 20), (200, 120))
    found = auditor.look(picture, hidden(picture, box_at(10, 20)))
    assert (len(found), found.hidden) == (1, 1)
    assert overlap(box_at(200, 120), found.box_xyxy) > 0.5


@pytest.mark.parametrize("effect", ["blur", "black"])
@pytest.mark.parametrize("shown", ["eyes", "mouth"])
def test_a_half_covered_face_can_be_seen(auditor: FrameAuditor, effect: str, shown: str) -> None:
    picture, box = painted(room(4), (70, 20), side=140), box_at(70, 20, 140)
    after, half = hidden(picture, box, effect=effect), round(float(box[1] + box[3]) / 2)
    part = slice(None, half) if shown == "eyes" else slice(half, None)
    after[part] = picture[part]
    found = auditor.look(picture, after)
    assert len(found) == 1
    eyes, mouth = found.kept[0]
    assert (eyes > mouth) == (shown == "eyes")


def test_an_outline_hides_nothing(auditor: FrameAuditor) -> None:
    picture = painted(room(4), (70, 20))
    assert len(auditor.look(picture, hidden(picture, box_at(70, 20), effect="outline"))) == 1


@pytest.mark.parametrize("picture", [gradient(240, 320), texture(240, 320, 1), noise(96, 128, 2)])
def test_where_nobody_is_nobody_is_found(auditor: FrameAuditor, picture: Rgb) -> None:
    found = auditor.look(picture, picture)
    assert (len(found), found.hidden) == (0, 0)


def test_a_place_blurred_where_nobody_is(auditor: FrameAuditor) -> None:
    picture = texture(240, 320, 1)
    found = auditor.look(picture, hidden(picture, box_at(100, 80)))
    assert (len(found), found.hidden) == (0, 0)


def test_a_change_all_over_leads_to_the_whole_source(auditor: FrameAuditor) -> None:
    """A face is hidden, and the whole picture is darker: every cell has changed."""
    picture = painted(room(4), (70, 20))
    after = (hidden(picture, box_at(70, 20)) * 0.7).astype(np.uint8)
    assert changed(picture, after)[1] > 0.9
    found = auditor.look(picture, after)
    assert (len(found), found.hidden) == (0, 1)


def test_a_crowd_of_masks(auditor: FrameAuditor) -> None:
    """Forty faces hidden but one; more regions than are looked at one by one."""
    places = [(8 + 80 * column, 8 + 76 * row) for row in range(5) for column in range(8)]
    picture = painted(room(5, 660, 400), *places, side=72)
    boxes = [box_at(x, y, 72) for x, y in places]
    found = auditor.look(picture, hidden(picture, *boxes[1:]))
    assert overlap(boxes[0], found.box_xyxy) > 0.5
    assert len(found) == 1
    assert found.hidden >= 36


@pytest.mark.parametrize("shape", [(1, 1), (2, 3000), (3000, 2), (31, 33)])
def test_pictures_of_odd_shapes(auditor: FrameAuditor, shape: tuple[int, int]) -> None:
    before, after = np.zeros((*shape, 3), np.uint8), np.full((*shape, 3), 255, np.uint8)
    assert len(auditor.look(before, before)) == 0
    assert len(auditor.look(before, after)) == 0


def test_pictures_that_do_not_fit(auditor: FrameAuditor) -> None:
    picture = room(4)
    with pytest.raises(UsageError, match="cannot be compared"):
        auditor.look(picture, picture[:-1])
    with pytest.raises(UsageError, match="uint8"):
        auditor.look(picture, picture.astype(float))


class TestChanged:
    def test_what_was_changed(self) -> None:
        picture = texture(480, 960, 3)
        after = picture.copy()
        after[100:200, 300:420] = after[100:200, 300:420].mean(axis=(0, 1)).astype(np.uint8)
        boxes, share = changed(picture, after)
        cell = 960 / CELLS
        assert len(boxes) >= 1
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        assert np.abs(low - [300, 100]).max() <= 4 * cell
        assert np.abs(high - [420, 200]).max() <= 4 * cell
        assert 0.005 < share < 0.03

    def test_what_an_encoder_does_is_no_change(self) -> None:
        picture = read_image(file_of("sample-astronaut"))
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 40])
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert decoded is not None
        assert changed(picture, np.asarray(decoded, np.uint8))[1] < 0.01
