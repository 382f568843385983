from __future__ import annotations

import builtins
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from pyarrow import parquet

from mien.errors import OutputError, UsageError
from mien.report.csv_writer import write_csv
from mien.report.parquet import check_parquet, write_parquet
from mien.report.table import photo_table, timeline_table
from mien.timeline.timeline import Timeline
from tests.report.tables import described, small, steady


def written(content: Any, **options: Any) -> pa.Table:
    file = io.BytesIO()
    write_parquet(content, file, **options)
    return parquet.read_table(pa.BufferReader(file.getvalue()))


def test_types_and_nulls() -> None:
    table = written(small())
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["seconds"], types["ticks"], types["id"]) == ("double", "int64", "int32")
    assert (types["x"], types["width"], types["valence"]) == ("float", "double", "float")
    assert table["id"].to_pylist() == [0, -1, None, 0]
    assert table["score"].to_pylist() == [pytest.approx(0.9), 0.5, None, None]
    assert table["x"].to_pylist() == [10, -8, None, 11]
    assert table["height"].to_pylist()[:2] == [40, 90.15]
    assert table["valence"].to_pylist() == [0.5, None, None, -0.5]
    assert table["ticks"].to_pylist() == [0, 0, 40, 80]


@settings(max_examples=50, deadline=None)
@given(described())
def test_it_holds_the_same_table_as_the_csv(timeline: Timeline) -> None:
    table = written(timeline)
    fields = timeline_table(timeline).fields
    assert table.column_names == [field.name for field in fields]
    text = io.StringIO()
    write_csv(timeline, text)
    rows = [line.split(",") for line in text.getvalue().splitlines()[1:]]
    for field, cells in zip(fields, zip(*rows, strict=True), strict=True):
        kind = np.dtype(field.kind).type
        expected = [kind(cell).item() if cell else None for cell in cells]
        assert table[field.name].to_pylist() == expected, field.name


def test_a_photo() -> None:
    table = written(photo_table(small().faces, width=640, height=360, columns=["age"]))
    assert table["age"].to_pylist() == [pytest.approx(31.26), None, 30]
    assert "ticks" not in table.column_names


def test_a_video_without_frames_is_a_table_without_rows() -> None:
    whole = small()
    none = np.empty(0, int)
    table = written(Timeline(whole.video, none, none, none, whole.faces[[]]))
    assert table.num_rows == 0
    assert table.column_names == written(whole).column_names


def test_row_groups_bound_what_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a video five times as long, no more is held before it is written."""
    monkeypatch.setattr("mien.report.parquet.GROUP_ROWS", 500)
    monkeypatch.setattr("mien.report.table.BLOCK_FRAMES", 64)
    peaks = []
    usual = pa.default_memory_pool()
    for frames in (600, 3_000):
        path = tmp_path / f"{frames}.parquet"
        pool = pa.proxy_memory_pool(pa.system_memory_pool())
        pa.set_memory_pool(pool)
        try:
            write_parquet(steady(frames, 2), path)
        finally:
            pa.set_memory_pool(usual)
        peaks.append(pool.max_memory())
        info = parquet.ParquetFile(path).metadata
        assert info.num_rows == 2 * frames
        sizes = [info.row_group(i).num_rows for i in range(info.num_row_groups)]
        assert set(sizes[:-1]) == {512}
        assert sizes[-1] <= 512
    assert 0 < peaks[1] < 1.2 * peaks[0]


def test_a_path_gets_the_whole_file_or_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    write_parquet(small(), str(path))
    assert parquet.read_table(path).num_rows == 4
    path.write_text("before")
    with pytest.raises(UsageError, match="cannot hold the column 'mesh'"):
        write_parquet(small(), path, columns=["mesh"])
    assert path.read_text() == "before"
    with pytest.raises(OutputError, match="there is no folder"):
        write_parquet(small(), tmp_path / "gone" / "table.parquet")


def test_without_pyarrow_the_sentence_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_parquet()
    load = builtins.__import__

    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        if name.split(".")[0] == "pyarrow":
            raise ModuleNotFoundError("No module named 'pyarrow'")
        return load(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UsageError, match=r"run: pip install 'mien\[parquet\]'"):
        check_parquet()
    with pytest.raises(UsageError, match="pyarrow, which is not installed"):
        write_parquet(small(), tmp_path / "table.parquet")
    assert [*tmp_path.iterdir()] == []
