from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.faces import ROW_SHAPES, Faces, Problem


def some(n: int, **columns: object) -> Faces:
    boxes = np.arange(n * 4, dtype=np.float32).reshape(n, 4)
    return Faces(boxes, np.linspace(0.5, 1, n), **columns)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("column", "shape"),
    [
        ("score", (3, 1)),  # one axis too many
        ("box_xyxy", (2, 5)),  # five numbers a box
        ("points", (3, 5, 2)),  # a row too many
        ("mesh", (2, 468, 3)),  # the mesh without the iris
        ("emotion", (2, 7)),  # seven expressions
        ("embedding", (2,)),  # an axis missing
        ("track_id", (1,)),
    ],
)
def test_a_misaligned_record_cannot_exist(column: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=f"{column} must have shape"):
        replace(some(2), **{column: np.zeros(shape)})  # type: ignore[arg-type]


@pytest.mark.parametrize("column", ROW_SHAPES)
def test_every_column_takes_its_documented_shape(column: str) -> None:
    shape = (2, *(7 if size is None else size for size in ROW_SHAPES[column]))
    faces = replace(some(2), **{column: np.ones(shape)})  # type: ignore[arg-type]
    assert faces.columns[column].shape == shape
    assert faces.columns[column].dtype == (np.int32 if column == "track_id" else np.float32)


def test_columns_are_read_only_and_the_callers_array_is_left_alone() -> None:
    boxes = np.zeros((1, 4), dtype=np.float32)
    faces = Faces(boxes, np.ones(1))
    with pytest.raises(ValueError, match="read-only"):
        faces.box_xyxy[0, 0] = 1
    boxes[0, 0] = 5  # still writeable for its owner


@pytest.mark.parametrize(
    "rows", [slice(1, None), [1, 2], np.array([1, 2]), np.array([False, True, True])]
)
def test_rows_are_picked_by_slice_list_index_and_mask(rows: object) -> None:
    faces = some(3, track_id=np.array([4, 5, 6]))
    picked = faces[rows]  # type: ignore[index]
    assert len(picked) == 2
    assert picked.track_id is not None
    assert picked.track_id.tolist() == [5, 6]
    assert np.array_equal(picked.box_xyxy, faces.box_xyxy[1:])


def test_one_number_is_refused_as_an_index() -> None:
    with pytest.raises(ValueError, match="not with one number"):
        some(3)[1]  # type: ignore[index]


def test_problems_move_with_their_rows() -> None:
    faces = some(3).with_problems([Problem(2, "age", "too small"), Problem(0, "mesh", "no face")])
    assert faces[[2]].problems == (Problem(0, "age", "too small"),)
    assert faces[[1]].problems == ()
    joined = Faces.concat([faces[[1]], Faces.empty(), faces[[2, 0]]])
    assert joined.problems == (Problem(1, "age", "too small"), Problem(2, "mesh", "no face"))


def test_a_problem_must_name_a_row_that_exists() -> None:
    with pytest.raises(ValueError, match="row 1 of 1"):
        some(1).with_problems([Problem(1, "age", "too small")])


def test_concat_refuses_parts_with_other_columns() -> None:
    with pytest.raises(ValueError, match="columns differ"):
        Faces.concat([some(1), some(1, age=np.ones(1))])
    assert len(Faces.concat([])) == 0


def test_size() -> None:
    faces = Faces(np.array([[10, 20, 14, 29]]), np.ones(1))
    assert faces.size_wh.tolist() == [[4, 9]]


def test_scaling_moves_all_that_is_in_pixels_and_nothing_else() -> None:
    faces = some(1, points=np.ones((1, 5, 2)), mesh=np.ones((1, 478, 3)), age=np.array([40.0]))
    scaled = faces.scaled(2, 3)
    assert scaled.box_xyxy.tolist() == [[0, 3, 4, 9]]
    assert scaled.points is not None
    assert scaled.points[0, 0].tolist() == [2, 3]
    assert scaled.mesh is not None
    assert scaled.mesh[0, 0].tolist() == [2, 3, 2]
    assert scaled.age is not None
    assert scaled.age.tolist() == [40]


def test_shifting_moves_all_that_is_in_pixels_and_nothing_else() -> None:
    faces = some(1, points=np.ones((1, 5, 2)), mesh=np.ones((1, 478, 3)))
    moved = faces.shifted(10, -1)
    assert moved.box_xyxy.tolist() == [[10, 0, 12, 2]]
    assert moved.points is not None
    assert moved.points[0, 0].tolist() == [11, 0]
    assert moved.mesh is not None
    assert moved.mesh[0, 0].tolist() == [11, 0, 1]
