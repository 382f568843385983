"""What stands beside a face, and where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from mien.faces import EMOTIONS, Faces
from mien.report.annotator import draw
from mien.report.captions import captions_of_picture, captions_of_tracks
from mien.report.style import Place, Style
from mien.timecode import Time
from mien.timeline.timeline import Timeline
from tests.timeline.made import Row, facts, made, timelines

HD = Style(1920, 1080)
HAPPY = np.eye(8)[1]


def photo(*boxes: tuple[float, float, float], **columns: object) -> Faces:
    """Faces of left, top and width, all happy."""
    table = np.array([[x, y, x + w, y + 1.3 * w] for x, y, w in boxes])
    emotion = np.tile(HAPPY, (len(boxes), 1))
    return Faces(table, np.ones(len(boxes)), emotion=emotion, **columns)  # type: ignore[arg-type]


def places(faces: Faces, style: Style = HD) -> list[Place]:
    """Of each face."""
    return [caption.place for caption in captions_of_picture(faces, style)]


def test_one_or_two_people_have_panels_beside_them() -> None:
    assert places(photo((600, 300, 300))) == [Place.RIGHT]
    assert places(photo((1500, 300, 300))) == [Place.LEFT]
    assert places(photo((500, 300, 260), (800, 300, 240))) == [Place.LEFT, Place.RIGHT]


def test_more_people_have_a_line_below() -> None:
    row = photo((100, 300, 200), (600, 300, 200), (1100, 300, 200))
    assert places(row) == [Place.BELOW] * 3


def test_no_caption_hides_another_face() -> None:
    pile = photo((500, 100, 200), (510, 370, 190), (520, 630, 180))
    assert places(pile)[:2] == [Place.NOWHERE, Place.NOWHERE]
    assert places(pile)[2] == Place.BELOW


def test_a_small_face_has_a_tag_alone() -> None:
    assert places(photo((600, 300, 40))) == [Place.NOWHERE]


def test_without_emotions_there_is_no_place_for_them() -> None:
    faces = Faces(np.array([[600.0, 300, 900, 700]]), np.ones(1))
    assert places(faces) == [Place.NOWHERE]


def test_a_face_that_fills_the_picture_has_a_line_over_its_chin() -> None:
    style = Style(200, 240)
    faces = photo((20, 10, 170))
    assert places(faces, style) == [Place.BELOW]
    rect = style.emotions(faces.box_xyxy[0], Place.BELOW)
    assert rect[3] == 240


@pytest.mark.parametrize(
    ("columns", "tag"),
    [
        ({}, ""),
        ({"track_id": [7]}, "7"),
        ({"track_id": [7], "age": [33.6], "gender": [0.9]}, "7 · female, 34"),
        ({"age": [33.4], "gender": [0.1]}, "male, 33"),
        ({"track_id": [-1], "age": [np.nan], "gender": [0.5]}, "female"),
        ({"track_id": [0], "age": [np.nan], "gender": [np.nan]}, "0"),
    ],
)
def test_tags_say_what_is_known(columns: dict[str, list[float]], tag: str) -> None:
    faces = photo((600, 300, 300), **{name: np.array(value) for name, value in columns.items()})
    assert captions_of_picture(faces, HD)[0].tag == tag


def test_a_tag_without_room_keeps_the_id() -> None:
    about = {"track_id": np.array([12]), "age": np.array([30.0]), "gender": np.array([1.0])}
    assert captions_of_picture(photo((600, 300, 60), **about), HD)[0].tag == "12"


def test_a_tag_never_hides_the_id_of_somebody_else() -> None:
    about = {"track_id": [1, 2], "age": [30.0, 40.0], "gender": [1.0, 0.0]}
    columns = {name: np.array(value) for name, value in about.items()}
    apart = captions_of_picture(photo((300, 300, 150), (700, 250, 140), **columns), HD)
    assert [caption.tag for caption in apart] == ["1 · female, 30", "2 · male, 40"]
    near = captions_of_picture(photo((300, 300, 150), (470, 295, 140), **columns), HD)
    assert [caption.tag for caption in near] == ["1", "2 · male, 40"]


def test_letters_follow_the_picture_and_among_small_faces_the_faces() -> None:
    fonts = [Style.of(1920, 1080, photo((100, 100, width))).font for width in (400, 150, 80, 20)]
    assert fonts == [28, 28, 17, 14]
    assert Style.of(1920, 1080, Faces.empty()).font == 28
    assert Style.of(64, 48, Faces.empty()).font == 11
    assert Style.of(9000, 9000, Faces.empty()).font == 64


def test_captions_stay_inside_the_picture() -> None:
    for box in ([-50, -80, 100, 90], [1850, 1000, 1990, 1200], [0, 0, 1920, 1080]):
        corners = np.array(box, float)
        rects = [HD.tag(corners, "3 · female, 34")]
        rects += [HD.emotions(corners, place) for place in (Place.RIGHT, Place.LEFT, Place.BELOW)]
        for x1, y1, x2, y2 in rects:
            assert 0 <= x1 < x2 <= 1920
            assert 0 <= y1 < y2 <= 1080


def talk(frames: int, *, wander: float = 0.0) -> Timeline:
    """Two people side by side; the right one wanders to the right."""
    rows: list[Row] = []
    for k in range(frames):
        rows.append((k, 4, 500, 300, 800, 700))
        rows.append((k, 9, 900 + wander * k, 300, 1180 + wander * k, 680))
    emotion = np.tile(HAPPY, (2 * frames, 1))
    return made([1] * frames, rows, facts(25, size=(1920, 1080)), emotion)


def test_a_person_keeps_one_place_for_all_frames() -> None:
    captions = captions_of_tracks(talk(200), HD)
    assert {name: caption.place for name, caption in captions.items()} == {
        4: Place.LEFT,
        9: Place.RIGHT,
    }
    # at the end there is no room at the right any more, in most frames there is
    assert captions_of_tracks(talk(200, wander=3.0), HD)[9].place is Place.RIGHT
    # now there is none in too many; between the two there is room once, and the larger face has it
    captions = captions_of_tracks(talk(200, wander=4.0), HD)
    assert (captions[4].place, captions[9].place) == (Place.RIGHT, Place.BELOW)


def test_age_and_gender_of_a_person_are_medians_over_the_video() -> None:
    timeline = made([1] * 5, [(k, 3, 100, 100, 500, 600) for k in range(5)], facts(25))
    faces = Faces(
        timeline.faces.box_xyxy,
        timeline.faces.score,
        track_id=timeline.faces.track_id,
        age=np.array([20, 31, np.nan, 32, 90]),
        gender=np.array([0.2, 0.9, np.nan, 0.8, 0.9]),
    )
    known = Timeline(timeline.video, timeline.pts, timeline.durations, timeline.frame, faces)
    assert captions_of_tracks(known, HD)[3].tag == "3 · female, 32"


def test_unconfirmed_faces_have_no_captions_and_are_in_nobodys_way() -> None:
    rows = [(0, 1, 500, 300, 800, 700), (0, -1, 805, 300, 1200, 700)]
    timeline = made([1], rows, facts(25, size=(1920, 1080)), np.tile(HAPPY, (2, 1)))
    captions = captions_of_tracks(timeline, HD)
    assert {name: caption.place for name, caption in captions.items()} == {1: Place.RIGHT}


@settings(max_examples=12, deadline=None)
@given(timelines())
def test_anything_can_be_drawn(timeline: Timeline) -> None:
    """Crowds, faces larger than the picture and outside of it, emotions that failed."""
    style = Style(min(timeline.video.width, 640), min(timeline.video.height, 360))
    captions = captions_of_tracks(timeline, style)
    for frame in range(min(timeline.frame_count, 3)):
        faces = timeline.at(frame)
        assert faces.track_id is not None
        faces = faces[faces.track_id >= 0]
        names: list[int] = [] if faces.track_id is None else faces.track_id.tolist()
        rgb: NDArray[np.uint8] = np.zeros((style.height, style.width, 3), np.uint8)
        draw(
            rgb,
            faces,
            [captions[name] for name in names],
            style,
            names=names,
            guessed=[name % 2 == 0 for name in names],
            time=Time(frame, timeline.video.time_base),
        )


def test_the_order_of_the_emotions_is_that_of_the_record() -> None:
    assert HD.panel_wh[1] - HD.line_wh[1] == (len(EMOTIONS) - 1) * HD.row


@pytest.mark.parametrize(
    ("name", "tag"), [("Ada", "Ada"), ("Zoë Müller", "Zoe Muller"), ("李", "3"), ("", "3")]
)
def test_a_name_stands_in_place_of_the_id_as_far_as_there_are_letters(name: str, tag: str) -> None:
    timeline = made([1, 1], [(0, 3, 100, 100, 300, 300)], video=facts(25, size=(1920, 1080)))
    assert captions_of_tracks(timeline, HD, {3: name, 9: "Grace"})[3].tag == tag
