"""Drawn boxes in every frame: held, moved, followed, deleted; and among the faces."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.pipeline.drawn import End, Followed
from mien.redact.drawings import Laid, laid, with_drawn
from mien.timecode import Time
from mien.timeline.edits import Drawing, Key
from mien.timeline.edits.replay import Gone
from mien.timeline.timeline import Timeline
from tests.timeline.made import box, facts, made

Array = NDArray[Any]

TENTH = Fraction(1, 10)
VIDEO = facts(10, TENTH, size=(640, 360))
HERE, THERE = (100.0, 100, 140, 150), (200.0, 100, 240, 150)


def video(frames: int = 40, rows: Any = (), cuts: Any = ()) -> Timeline:
    return replace(made([1] * frames, list(rows), video=VIDEO), cuts=np.array(cuts, np.int64))


def key(frame: int, where: tuple[float, ...] = HERE, *, tracked: bool = False) -> Key:
    return Key(Time(frame, TENTH), where, tracked)  # type: ignore[arg-type]


def drawing(*keys: Key, gone: tuple[Gone, ...] = (), person: int | None = None) -> Drawing:
    return Drawing(1, person, keys, gone)


def nobody_asks(key: Key) -> Followed:
    raise AssertionError("nothing is to be followed")


def walk(first: int, last: int, began: End = "cut", ended: End = "cut", *, speed: float = 10,
         base: Fraction = TENTH) -> Any:  # fmt: skip
    """Follows any box from the first to the last frame, to the right."""

    def follow(key: Key) -> Followed:
        frames = np.arange(first, last + 1)
        moved = (frames - int(key.time.exact / TENTH)) * speed
        boxes = np.array(key.box) + np.stack([moved, 0 * moved, moved, 0 * moved], axis=1)
        pts = frames * int(TENTH / base)
        return Followed(base, pts, boxes.astype(np.float32), np.full(len(frames), 0.8, np.float32),
                        began, ended)  # fmt: skip

    return follow


def test_a_box_holds_its_place_within_its_shot() -> None:
    one = laid(drawing(key(15)), video(cuts=[10, 30]), nobody_asks)
    assert one.frame.tolist() == list(range(10, 30))
    assert (one.box == HERE).all()
    assert (one.confidence == 1).all()
    assert one.lost == ()


def test_between_two_places_it_moves_in_a_line() -> None:
    one = laid(drawing(key(10), key(20, THERE)), video(), nobody_asks)
    assert one.frame.tolist() == list(range(40))
    assert one.box[:, 0].tolist() == [100.0] * 10 + [100 + 10 * k for k in range(11)] + [200.0] * 19


def test_places_of_two_shots_are_apart() -> None:
    one = laid(drawing(key(5), key(30, THERE)), video(cuts=[20]), nobody_asks)
    assert set(one.box[:20, 0]) == {100.0}
    assert set(one.box[20:, 0]) == {200.0}


def test_a_box_that_is_followed_ends_where_it_is_lost() -> None:
    one = laid(drawing(key(15, tracked=True)), video(), walk(12, 25, "lost", "left"))
    assert one.frame.tolist() == list(range(12, 26))
    assert one.box[:, 0].tolist() == [70.0 + 10 * k for k in range(14)]
    assert one.lost == (12,)


def test_times_of_another_base_are_understood() -> None:
    one = laid(drawing(key(15, tracked=True)), video(), walk(12, 25, base=Fraction(1, 600)))
    assert one.frame.tolist() == list(range(12, 26))


def test_the_nearer_of_two_places_counts_where_both_are_followed() -> None:
    keys = key(10, tracked=True), key(20, THERE, tracked=True)
    one = laid(drawing(*keys), video(), walk(5, 30, speed=0))
    assert one.frame.tolist() == list(range(5, 31))
    assert one.box[:, 0].tolist() == [100.0] * 11 + [200.0] * 15


def test_where_both_lost_it_the_line_between_them_counts() -> None:
    def follow(key: Key) -> Followed:
        at = int(key.time.exact / TENTH)
        return walk(at, at + 2 if at == 10 else at, "lost", "lost", speed=0)(key)  # type: ignore[no-any-return]

    keys = key(10, tracked=True), key(20, THERE, tracked=True)
    one = laid(drawing(*keys), video(), follow)
    assert one.frame.tolist() == list(range(10, 21))
    assert one.box[:, 0].tolist() == [100.0] * 3 + [130.0 + 10 * k for k in range(8)]


def test_what_was_deleted_is_not_there() -> None:
    gone = Gone(Time(20, TENTH), None), Gone(Time(12, TENTH), Time(12, TENTH))
    one = laid(drawing(key(15), gone=gone), video(cuts=[10]), nobody_asks)
    assert one.frame.tolist() == [10, 11, *range(13, 20)]


def test_a_time_between_frames_is_that_of_the_frame_before() -> None:
    between = Key(Time(155, Fraction(1, 100)), HERE, False)
    one = laid(drawing(between, key(17, THERE)), video(), nobody_asks)
    assert one.box[15:18, 0].tolist() == [100.0, 150.0, 200.0]


def test_drawn_boxes_get_ids_of_their_own() -> None:
    faces = video(rows=[box(frame, 4) for frame in range(10)] + [box(3, -1)])
    first = laid(drawing(key(5)), faces, nobody_asks)
    second = laid(drawing(key(5, tracked=True)), faces, walk(4, 6))
    whole, names = with_drawn(faces, [first, second])
    assert names == {5: first, 6: second}
    ids = whole.faces.track_id
    assert ids is not None
    assert {name: int((ids == name).sum()) for name in (-1, 4, 5, 6)} == {-1: 1, 4: 10, 5: 40, 6: 3}
    assert (np.diff(whole.frame) >= 0).all()


def test_a_doubtful_box_is_no_sighting() -> None:
    faces = video()
    one = laid(drawing(key(5)), faces, nobody_asks)
    doubtful = Laid(one.drawing, one.frame, one.box, np.where(one.frame < 30, 1.0, 0.1), ())
    whole, _ = with_drawn(faces, [doubtful])
    assert whole.frame.tolist() == list(range(30))


def test_nothing_drawn_changes_nothing() -> None:
    faces = video(rows=[box(frame, 4) for frame in range(10)])
    whole, names = with_drawn(faces, [])
    assert names == {}
    np.testing.assert_array_equal(whole.faces.box_xyxy, faces.faces.box_xyxy)
