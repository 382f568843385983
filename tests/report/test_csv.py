"""CSV: its exact text, read back without loss, and how a spreadsheet or a program may change it."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import ConfigurationError, InputError, InputNotFoundError, OutputError
from mien.faces import Faces
from mien.report.csv_reader import read_csv
from mien.report.csv_writer import write_csv
from mien.report.table import photo_table
from mien.timeline.media_analytics import read_media_analytics
from mien.timeline.timeline import Timeline
from tests.report.tables import assert_same, described, read, small, steady, text_of
from tests.timeline.made import text_of as media_analytics_of

EMOTION = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,valence"
VIDEO = "picture_width,picture_height,rotation,rate_num,rate_den,time_base_num,time_base_den"
TEXT = f"""\
seconds,ticks,duration,frame,id,x,y,width,height,score,age,{EMOTION},{VIDEO}
0.0,0,40,0,0,10.0,20.0,32.5,40.0,0.9,31.26,0.25,0.625,0.0,0.125,0.0,0.0,0.0,0.0,0.5,640,360,90,25,1,1,1000
0.0,0,40,0,-1,-8.0,0.1,88.0,90.15,0.5,,,,,,,,,,,640,360,90,25,1,1,1000
0.04,40,40,1,,,,,,,,,,,,,,,,,640,360,90,25,1,1,1000
0.08,80,41,2,0,11.0,21.0,32.5,40.0,,30.0,0.0,0.0,0.25,0.0,0.25,0.0,0.0,0.5,-0.5,640,360,90,25,1,1,1000
"""


def changed(edit: Callable[[list[dict[str, str]]], None], text: str = TEXT) -> str:
    """The table after an edit of its rows, as a program would write it."""
    rows = [*csv.DictReader(io.StringIO(text))]
    edit(rows)
    file = io.StringIO()
    writer = csv.DictWriter(file, [*rows[0]])
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def test_the_text_of_a_table() -> None:
    assert text_of(small()) == TEXT


def test_the_text_read_back_is_the_timeline() -> None:
    assert_same(read(TEXT), small())


@settings(max_examples=80, deadline=None)
@given(described())
def test_any_timeline_comes_back_in_every_bit_and_is_the_same_text_again(
    timeline: Timeline,
) -> None:
    text = text_of(timeline)
    back = read(text)
    assert_same(back, timeline)
    assert text_of(back) == text
    _, body = text.split("\n", 1)
    assert re.fullmatch(r"((-?\d+(\.\d+)?(e[-+]\d+)?)?[,\n])*", body), "a cell is no number"


def test_a_path_gets_the_whole_file_or_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before")
    broken = small()
    box = np.full((3, 4), np.nan)
    with pytest.raises(ValueError, match="row 0 has no box"):
        write_csv(
            Timeline(
                broken.video, broken.pts, broken.durations, broken.frame, Faces(box, box[:, 0])
            ),
            path,
        )
    assert path.read_text() == "before"
    write_csv(small(), str(path))
    assert path.read_text() == TEXT
    assert_same(read_csv(path), small())
    with pytest.raises(OutputError, match="there is no folder"):
        write_csv(small(), tmp_path / "gone" / "table.csv")


def test_a_table_of_a_video_without_frames_is_its_header() -> None:
    whole = small()
    none = np.empty(0, int)
    empty = Timeline(whole.video, none, none, none, whole.faces[[]])
    assert text_of(empty) == TEXT.splitlines(keepends=True)[0]


def test_only_chosen_columns_are_written_and_read() -> None:
    text = text_of(small(), columns=[])
    assert "age" not in text
    assert "valence" not in text
    assert read(text).faces.columns.keys() == {"box_xyxy", "score", "track_id"}


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\r"),
        "\ufeff" + TEXT,
        TEXT + "\n\n",
        TEXT.replace(",", ", "),
        "\n".join(
            ",".join(f'"{cell}"' for cell in line.split(",")) for line in TEXT.split("\n")[:-1]
        ),
        TEXT.replace(",640,", ",640.0,"),
        TEXT.replace(",90.15,", ",9.015E+01,"),
        TEXT.replace("40,1,,", "40,1.0,,").replace("41,2,0,", "41,2.0,0.0,"),  # as pandas writes
    ],
    ids=["crlf", "cr", "mark", "empty", "spaces", "quotes", "float", "exponent", "pandas"],
)
def test_what_programs_do_to_a_csv_changes_nothing(text: str) -> None:
    assert_same(read_csv(io.BytesIO(text.encode())), small())
    assert_same(read(text), small())


def test_columns_may_be_in_any_order_and_what_follows_from_others_left_out() -> None:
    def shuffle(rows: list[dict[str, str]]) -> None:
        for row in rows:
            del row["valence"], row["seconds"]
            for name in sorted(row):
                row[name] = row.pop(name)

    text = changed(shuffle)
    assert text.startswith("age,anger,")
    assert_same(read(text), small())


def test_faces_are_renamed_and_taken_away() -> None:
    def edit(rows: list[dict[str, str]]) -> None:
        rows[0]["id"] = "7"
        for name in ("id", "x", "y", "width", "height", "score"):
            rows[1][name] = ""  # beside a face: the line says only when the frame is
        del rows[3]

    timeline = read(changed(edit))
    assert timeline.faces.track_id is not None
    assert timeline.faces.track_id.tolist() == [7]
    assert timeline.pts.tolist() == [0, 40]
    assert timeline.frame.tolist() == [0]


def test_the_edit_of_the_how_to_page_with_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    rows = pandas.read_csv(io.StringIO(text_of(steady(20, 3))))
    cells = rows.columns[rows.columns.get_loc("id") : rows.columns.get_loc("picture_width")]
    rows.loc[rows.id == 2, "id"] = 1000
    rows.loc[rows.id == 1, cells] = None
    timeline = read(rows.to_csv(index=False))
    whole = steady(20, 3)
    kept = np.tile([True, False, True], 20)
    np.testing.assert_array_equal(timeline.faces.track_id, np.tile([0, 1000], 20))
    for name, column in whole.faces.columns.items():
        if name != "track_id":
            np.testing.assert_array_equal(timeline.faces.columns[name], column[kept])


def test_what_was_read_from_json_can_be_written_as_csv() -> None:
    document = io.StringIO(media_analytics_of(steady(70, 3)))
    timeline = read_media_analytics(document).timeline()
    assert len(timeline.faces) > 100
    assert np.isnan(timeline.faces.score).all()
    assert_same(read(text_of(timeline)), timeline)


LINE = TEXT.splitlines()
HEAD, FIRST, SECOND, EMPTY, LAST = LINE


def _drop(rows: list[dict[str, str]], *names: str) -> None:
    for row in rows:
        for name in names:
            del row[name]


def lines(*parts: str) -> str:
    return "\n".join(parts) + "\n"


BROKEN = [
    ("", "it is empty"),
    (" \n\n", "it is empty"),
    (lines(HEAD), "it has no rows"),
    (lines(FIRST), "there is no column '0.0'"),
    (TEXT.replace(",", ";"), "separated by semicolons"),
    (TEXT.replace(",", "\t"), "separated by tabs"),
    (TEXT.replace("happiness", "hapiness"), "no column 'hapiness'; did you mean happiness"),
    (TEXT.replace("score", "charm"), "there is no column 'charm'"),
    (TEXT.replace("score", "age"), "the column age is there 2 times"),
    (TEXT.replace("ticks,", "seconds,"), "the column seconds is there 2 times"),
    (TEXT.replace("surprise", "pose_yaw"), "a column pose_yaw and none pose_pitch"),
    (lines(HEAD, FIRST + ",1"), "line 2 has 28 cells, the header 27"),
    (lines(HEAD, FIRST, SECOND[:40]), "line 3 has 13 cells"),
    (lines(HEAD, SECOND, FIRST, LAST), "frame 1 is missing; a frame without faces keeps one"),
    (lines(HEAD, EMPTY), "line 2: frame 0 is missing"),
    (lines(HEAD, FIRST, EMPTY, SECOND), "line 4: frame 0 comes late; sort the lines"),
    (TEXT.replace("80,41,2,", "40,41,2,").replace("0.08,", "0.04,"), "ticks 40 is not after 40"),
    (TEXT.replace("0.0,0,40,0,-1", "0.0,0,41,0,-1"), "line 3 gives frame 0 another time"),
    (TEXT.replace("0.08,80", "8.08,80"), r"seconds '8.08' is not ticks × time base, 0.080"),
    (TEXT.replace("0.08,80", ",80"), "seconds '' is not ticks"),
    (TEXT.replace(",80,41", ",1e400,41"), "ticks must be a whole number .* got '1e400'"),
    (TEXT.replace(",80,41", ",,41"), "line 5: ticks must be a whole number .* got nothing"),
    (TEXT.replace(",80,41", ",80,0"), "duration must be a whole number from 1"),
    (TEXT.replace(",80,41", ",80,-41"), "duration must be a whole number from 1"),
    (TEXT.replace(",80,41", f",80,{'9' * 5000}"), "duration must be a whole number"),
    (TEXT.replace(",80,41", ",80.5,41"), "ticks must be a whole number"),
    (TEXT.replace(",0,-1,-8.0", ",0,-2,-8.0"), "line 3: id must be a whole number from -1 to 214"),
    (TEXT.replace(",0,-1,-8.0", ",0,2147483648,-8.0"), "id must be a whole number"),
    (TEXT.replace(",0,-1,-8.0", ",0,1_0,-8.0"), "id must be a whole number"),
    (TEXT.replace(",0,-1,-8.0", ",0,,-8.0"), "line 3: a face without id; write -1"),
    (TEXT.replace(",0,-1,-8.0", ",0,0,-8.0"), "line 3: id 0 is twice in frame 0, also in line 2"),
    (TEXT.replace(",-1,-8.0,", ",-1,nan,"), "x must be a number, got 'nan'; leave a cell"),
    (TEXT.replace(",-1,-8.0,", ",-1,inf,"), "x must be a number, got 'inf'"),
    (TEXT.replace(",-1,-8.0,", ",-1,1e999,"), "x must be -1.04858e.06 to"),
    (TEXT.replace(",-1,-8.0,", ",-1,=1+1,"), r"x must be a number, got '=1\+1'"),
    (TEXT.replace(",-1,-8.0,", ",-1,1_0,"), "x must be a number, got '1_0'"),
    (TEXT.replace(",-1,-8.0,", ",-1,٣,"), "x must be a number"),
    (TEXT.replace(",-1,-8.0,", ",-1,1e,"), "x must be a number, got '1e'"),
    (TEXT.replace(",-1,-8.0,", ',-1,"8,0",'), "x must be a number, got '8,0'"),
    (TEXT.replace(",-1,-8.0,", ',-1,"8.0,'), "line 3 is broken"),
    (TEXT.replace(",31.26,", ",NA,"), "age must be a number, got 'NA'; leave a cell without a"),
    (TEXT.replace(",31.26,", ",-1,"), "age must be 0 to 200, got '-1'"),
    (TEXT.replace(",0.625,", ",62.5,"), "happiness must be 0 to 1, got '62.5'"),
    (TEXT.replace(",0.9,", ",90,"), "score must be 0 to 1"),
    (TEXT.replace(",88.0,", ",0,"), "width must be above 0, got '0'"),
    (TEXT.replace(",88.0,", ",-88,"), "width must be above 0, got '-88'"),
    (TEXT.replace(",88.0,", ",,"), "line 3 has half a box"),
    (TEXT.replace("1,,,,,", "1,4,,,,"), "line 4 has no box; leave its id empty too"),
    (TEXT.replace("1,,,,,,,", "1,,,,,,,4"), "line 4 has no box; leave its age empty too"),
    (TEXT.replace(",-0.5,640", ",0.5,640"), "line 5: valence does not follow"),
    (
        TEXT.replace("0.5,,,,,,,,,,,640", "0.5,,,,,,,,,,,641"),
        "line 3 is of another video than line 2",
    ),
    (TEXT.replace("640,360", "0,360"), "picture_width must be a whole number from 1 to 65536"),
    (TEXT.replace(",1000\n", ",0\n"), "time_base_den must be a whole number from 1"),
    (TEXT.replace(",25,1,", ",25,,"), "rate_den must be a whole number from 1 .* got nothing"),
    (lines(HEAD, "0," * 9000), "line 2 is longer than 16384 characters"),
]


@pytest.mark.parametrize(("text", "sentence"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_table_is_refused_with_the_place(text: str, sentence: str) -> None:
    assert text != TEXT
    with pytest.raises(ConfigurationError, match=sentence) as refusal:
        read(text)
    assert "is no table of faces: " in str(refusal.value)
    assert "\n" not in str(refusal.value)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(TEXT) - 1),
            st.integers(0, 3),
            st.text('0123456789.,-+eE"\n \0;=nai\u0663', max_size=3),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_damage_of_any_kind_is_read_or_refused(damage: list[tuple[int, int, str]]) -> None:
    """Nothing but a timeline or a sentence comes of it."""
    text = TEXT
    for place, cut, put in damage:
        text = text[:place] + put + text[place + cut :]
    try:
        timeline = read(text)
    except ConfigurationError as error:
        sentence = str(error)
    else:
        assert_same(read(text_of(timeline)), timeline)
        return
    assert "is no table of faces: " in sentence


@pytest.mark.parametrize("name", HEAD.split(",")[1:4] + HEAD.split(",")[5:9] + VIDEO.split(","))
def test_a_table_without_a_column_that_it_needs(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"it has no column {name}"):
        read(changed(lambda rows: _drop(rows, name)))


def test_valence_alone_says_nothing() -> None:
    with pytest.raises(ConfigurationError, match="valence, and not the expressions"):
        read(changed(lambda rows: _drop(rows, *EMOTION.split(",")[:-1])))


def test_a_frame_with_faces_without_end_is_refused() -> None:
    row = FIRST.replace(",0,0,10", ",0,-1,10")
    with pytest.raises(ConfigurationError, match="frame 0 has more than 16384 lines"):
        read(lines(HEAD, *[row] * 16_385))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (TEXT.encode("utf-16"), "is not text in UTF-8; save it as CSV UTF-8"),
        (TEXT.replace("score", "größe").encode("latin-1"), "is not text in UTF-8"),
        (TEXT.encode("utf-16-le"), "there is no column"),
        (b"\x00" * 300_000, "line 1 is longer"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 99, "is not text in UTF-8"),
        (b'{"version": 1}', "there is no column"),
    ],
    ids=["utf-16", "latin-1", "utf-16-le", "zeros", "png", "json"],
)
def test_what_is_no_csv_at_all(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match=sentence) as refusal:
        read_csv(path)
    assert str(path) in str(refusal.value)


def test_the_table_of_a_photo_is_no_video() -> None:
    table = photo_table(small().faces[[0]], width=640, height=360, columns=[])
    with pytest.raises(ConfigurationError, match="no column ticks; a photo's table has no times"):
        read(text_of(table))


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError, match="there is no file"):
        read_csv(tmp_path / "gone.csv")
    with pytest.raises(InputError, match="is a folder; name the CSV file in it"):
        read_csv(tmp_path)


def test_the_callers_file_stays_open() -> None:
    file = io.BytesIO(TEXT.encode())
    read_csv(file)
    assert not file.closed


def test_memory_does_not_grow_with_the_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a longer video takes more of, written or read, is a small part of the file's growth:
    the text alone, held for a moment, would be all of it."""
    monkeypatch.setattr("mien.report.table.BLOCK_FRAMES", 32)
    monkeypatch.setattr("mien.timeline.spool.FLUSH_BYTES", 1 << 10)
    path = tmp_path / "table.csv"
    write_csv(steady(50, 1), path)
    read_csv(path)  # what is imported on first use does not count
    sizes, writing, reading = [], [], []
    for frames in (200, 1_000):
        writing.append(_peak(partial(write_csv, steady(frames, 1), path)))
        reading.append(_peak(partial(read_csv, path)))
        sizes.append(path.stat().st_size)
    growth = sizes[1] - sizes[0]
    assert writing[1] - writing[0] < growth / 4
    assert reading[1] - reading[0] < growth / 4


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        result = work()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    del result
    return peak
