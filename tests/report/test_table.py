from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.describe.attributes import SCORES
from mien.errors import UsageError
from mien.faces import EMOTIONS, ROW_SHAPES, Faces
from mien.report.table import (
    BLOCK_FRAMES,
    FACE_CELLS,
    TABLE_ATTRIBUTES,
    Table,
    columns_of,
    photo_table,
    seconds_of,
    timeline_table,
)
from mien.report.valence import valence
from tests.report.tables import small, steady


def rows_of(table: Table) -> list[dict[str, Any]]:
    names = [field.name for field in table.fields]
    return [
        dict(zip(names, row, strict=True))
        for block in table.blocks()
        for row in zip(*(column.tolist() for column in block), strict=True)
    ]


def test_every_column_of_the_record_is_in_the_table_or_left_out_on_purpose() -> None:
    left_out = {"mesh", "embedding"}
    assert FACE_CELLS.keys() == ROW_SHAPES.keys() - left_out - {"box_xyxy", "track_id"}
    for name, cells in FACE_CELLS.items():
        assert len(cells) == np.prod([size or len(SCORES) for size in ROW_SHAPES[name]]), name
    names = [cell for cells in FACE_CELLS.values() for cell in cells]
    assert len(set(names)) == len(names)


def test_a_row_a_face_and_a_row_a_frame_without_one() -> None:
    table = timeline_table(small())
    rows = rows_of(table)
    assert [row["frame"] for row in rows] == [0, 0, 1, 2]
    assert [row["id"] for row in rows] == [0, -1, None, 0]
    assert [row["seconds"] for row in rows] == [0, 0, 0.04, 0.08]
    assert [row["ticks"] for row in rows] == [0, 0, 40, 80]
    assert [row["duration"] for row in rows] == [40, 40, 40, 41]
    assert [row["x"] for row in rows][:2] == [10, -8]
    assert [row["width"] for row in rows][:2] == [32.5, 88]
    assert rows[1]["height"] == 90.15
    assert np.isnan([rows[2]["x"], rows[2]["width"], rows[2]["age"], rows[3]["score"]]).all()
    assert {tuple(row.values())[-7:] for row in rows} == {(640, 360, 90, 25, 1, 1, 1000)}
    names = [field.name for field in table.fields]
    start = names.index("id")
    assert names[start:-7] == [
        *("id", "x", "y", "width", "height", "score", "age", *EMOTIONS, "valence")
    ]


def test_only_the_columns_that_are_asked_for_and_there() -> None:
    names = [field.name for field in timeline_table(small(), ["age", "pose_deg"]).fields]
    assert "age" in names
    assert "score" in names
    assert {"valence", "happiness", "pose_yaw"}.isdisjoint(names)
    nothing = replace(small(), faces=replace(small().faces, track_id=None))
    assert "id" not in [field.name for field in timeline_table(nothing).fields]


@pytest.mark.parametrize("name", ["mesh", "embedding", "charm"])
def test_columns_that_no_table_holds(name: str) -> None:
    with pytest.raises(UsageError, match=f"cannot hold the column '{name}'"):
        timeline_table(small(), ["age", name])


def test_names_of_attributes_stand_for_columns() -> None:
    assert columns_of(["blur", "noise", "emotion"]) == ("quality", "emotion", "agreement")
    assert set(columns_of(TABLE_ATTRIBUTES)) == FACE_CELLS.keys() - {"score", "measured"}


def test_valence_is_happiness_less_the_strongest_negative_expression() -> None:
    emotion = np.zeros((4, 8), np.float32)
    emotion[0, [1, 3, 6]] = 0.75, 0.125, 0.25  # happiness, sadness, fear
    emotion[1, [7, 5]] = 0.5, 0.25  # contempt, disgust
    emotion[2, [0, 2]] = 0.5, 0.5  # neutral and surprise say nothing
    emotion[3] = np.nan
    np.testing.assert_array_equal(valence(emotion), [0.5, -0.5, 0, np.nan])


def test_a_photo_has_no_time_and_no_ids() -> None:
    faces = small().faces[[0, 1]]
    table = photo_table(replace(faces, track_id=None), width=64, height=36, columns=["age"])
    names = [field.name for field in table.fields]
    assert names == [
        *("x", "y", "width", "height", "score", "age"),
        *("picture_width", "picture_height"),
    ]
    assert [row["x"] for row in rows_of(table)] == [10, -8]


def test_a_photo_without_a_face_is_a_row_with_its_size() -> None:
    (row,) = rows_of(photo_table(Faces.empty(), width=64, height=36))
    assert (row.pop("picture_width"), row.pop("picture_height")) == (64, 36)
    assert np.isnan([*row.values()]).all()


def test_the_blocks_of_a_long_video_join_without_a_seam() -> None:
    timeline = steady(2 * BLOCK_FRAMES + 3, 2)
    table = timeline_table(timeline)
    assert len([*table.blocks()]) == 3
    columns = [np.concatenate(parts) for parts in zip(*table.blocks(), strict=True)]
    named = dict(zip([field.name for field in table.fields], columns, strict=True))
    np.testing.assert_array_equal(named["frame"], timeline.frame)
    np.testing.assert_array_equal(named["x"], timeline.faces.box_xyxy[:, 0])
    np.testing.assert_array_equal(named["id"], timeline.faces.track_id)
    for field, column in zip(table.fields, columns, strict=True):
        assert column.dtype == field.kind, field.name


def test_what_is_no_number_is_never_written() -> None:
    box = small().faces.box_xyxy.copy()
    box[1, 2] = np.nan
    broken = replace(small(), faces=replace(small().faces, box_xyxy=box))
    with pytest.raises(ValueError, match="row 1 has no box"):
        rows_of(timeline_table(broken))
    broken = replace(small(), faces=replace(small().faces, age=np.array([1, np.inf, 2])))
    with pytest.raises(ValueError, match="age holds a number that is not finite"):
        rows_of(timeline_table(broken))


def test_seconds_are_exact_decimals_where_there_are_any() -> None:
    assert seconds_of(np.array([1, 7, 3_600_000]), Fraction(1, 1000)).tolist() == [
        0.001,
        0.007,
        3600,
    ]
    assert seconds_of(np.array([1001, 2002]), Fraction(1, 30000)).tolist() == [
        *(0.033366667, 0.066733333)
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 1 << 50),
    st.fractions(Fraction(1, 10**9), 10, max_denominator=10**9),
)
def test_seconds_are_the_nearest_nanosecond(ticks: int, base: Fraction) -> None:
    (told,) = seconds_of(np.array([ticks]), base)
    exact = ticks * base
    # a double has 53 bits; below 2^23 seconds they are finer than a nanosecond
    assert abs(Fraction(float(told)) - exact) <= Fraction(1, 2 * 10**9) + exact / 2**53
