"""The documents of an audit: the JSON and the page."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from mien.errors import OutputError
from mien.redact.audit.audit import Audit, AuditedFile
from mien.redact.audit.document import audit_document, audit_schema, write_audit
from mien.redact.audit.page import (
    COLUMNS,
    MOST_ROWS,
    audit_page,
    headline,
    stretches,
    write_audit_page,
)
from mien.redact.audit.persons import picture_of
from mien.redact.audit.runs import Run, Sight
from mien.timecode import Time
from tests.pages import Page
from tests.redact.audit.exposed import room

HOSTILE = "<script>alert(1)</script>\"'&\u202egnp.mp4"


def run(start: int, frames: int = 5, *, person: int = 1, picture: bytes | None = None) -> Run:
    """Frames at 25 a second, from `start`."""
    first, last = Time(start, Fraction(1, 25)), Time(start + frames - 1, Fraction(1, 25))
    box = np.array([10.0, 20.0, 60.0, 80.0])
    seen = Sight(first, box, 0.8125, (0.91, 0.25))
    length = Fraction(frames, 25)
    end = first.exact + length
    return Run(first, last, end, frames, length, 0.875, seen, box, box, person, picture)


def audit(*residual: Run, **changes: object) -> Audit:
    before, after = (AuditedFile(name, 1234, f"{n:064x}") for n, name in enumerate("ab"))
    length = Fraction(20)
    whole = Audit("video", before, after, 640, 360, 500, length, residual, (), (), 42, 0.0, {}, 3.5)
    return replace(whole, **changes)  # type: ignore[arg-type]


class TestDocument:
    @pytest.mark.parametrize(
        "found",
        [
            audit(),
            audit(run(0), run(100, 1, person=2), shown=(run(50),), limit_s=0.5),
            audit(doubtful=(run(7, person=0),)),
            audit(run(0, 1), kind="photo", source=None, output=None, length=Fraction(0)),
        ],
    )
    def test_it_keeps_its_schema(self, found: Audit) -> None:
        validator = jsonschema.Draft202012Validator(audit_schema())
        validator.check_schema(audit_schema())
        validator.validate(json.loads(json.dumps(audit_document(found), allow_nan=False)))

    def test_the_schema_refuses_what_is_not_in_the_form(self) -> None:
        validator = jsonschema.Draft202012Validator(audit_schema())
        document = audit_document(audit(run(0)))
        for broken in (
            {**document, "more": 1},
            {key: value for key, value in document.items() if key != "frames"},
            {**document, "passed": "yes"},
            {**document, "frames": 0},
        ):
            assert not validator.is_valid(broken)

    def test_what_it_says(self) -> None:
        document = audit_document(
            audit(run(0), run(100, 1), run(200, 3, person=2), shown=(run(50),), limit_s=0.2)
        )
        residual = document["residual"]
        assert document["passed"] is False
        assert residual["face_frames"] == 9
        assert residual["exposed_face_seconds"] == 0.36
        assert residual["longest_run"] == {"first": 0, "end": 0.2, "frames": 5, "seconds": 0.2}
        assert residual["persons"][0] == {
            "person": 1,
            "runs": 2,
            "face_frames": 6,
            "exposed_seconds": 0.24,
            "first": 0,
            "end": 4.04,
        }
        assert residual["runs"][2]["best"] == {
            "time": 8.0,
            "box": [10.0, 20.0, 60.0, 80.0],
            "score": 0.812,
            "eyes_kept": 0.91,
            "mouth_kept": 0.25,
        }
        assert residual["runs"][2]["score"] == 0.875
        assert document["shown_on_purpose"]["face_frames"] == 5
        assert len(document["audited_by"]["models"]) == 5

    def test_settings_that_json_does_not_know(self) -> None:
        settings = {"path": Path("a/b"), "share": Fraction(1, 3), "ids": (1, 2)}
        told = audit_document(audit(settings=settings))["settings"]
        assert told == {"path": "a/b", "share": "1/3", "ids": [1, 2]}

    def test_it_is_written_whole_or_not(self, tmp_path: Path) -> None:
        path = tmp_path / "a_audit.json"
        write_audit(audit(run(0)), path)
        assert json.loads(path.read_text(encoding="utf-8")) == audit_document(audit(run(0)))
        with pytest.raises(OutputError, match="create it"):
            write_audit(audit(), tmp_path / "nowhere" / "a.json")


class TestPage:
    def test_passed(self) -> None:
        page = audit_page(audit())
        read = Page(page)
        assert "Audit passed: b" in read.text
        assert "Passed: no face can be seen that should be hidden" in read.text
        assert "img" not in read.names
        assert page.count("<h1>") == 1

    def test_failed_says_where_to_look_first(self) -> None:
        found = audit(run(25), run(100, 1, person=2), run(200, 3), run(300, 2))
        read = Page(audit_page(found))
        said = " ".join(read.text)
        assert "Failed: 4 faces can be seen, in 11 face-frames, 0.440 s in all" in said
        where = "0:00:01.000 to 0:00:01.200, 0:00:08.000 to 0:00:08.120, "
        where += "0:00:12.000 to 0:00:12.080 and 1 more below"
        assert where in said
        assert said.index(where) < said.index("residual face-frames")

    def test_within_the_limit(self) -> None:
        assert headline(audit(run(0, 1), limit_s=0.5)) == (
            "Passed within the limit: 1 face can be seen, in 1 face-frame, 0.040 s in all"
            " (limit 0.5 s)"
        )

    def test_a_photo(self) -> None:
        picture = picture_of(room(1), np.array([10.0, 20.0, 60.0, 80.0]))
        shown = replace(run(0, 1, picture=picture), seconds=Fraction(0), end=Fraction(0))
        found = audit(shown, kind="photo", length=Fraction(0), frames=1)
        read = Page(audit_page(found))
        assert "Failed: 1 face can be seen" in read.text
        assert "svg" not in read.names

    def test_what_no_detector_was_certain_of_is_told_apart(self) -> None:
        picture = picture_of(room(1), np.array([10.0, 20.0, 60.0, 80.0]))
        found = audit(doubtful=(run(0, person=0, picture=picture),))
        assert found.passed()
        assert audit_document(found)["doubtful"]["face_frames"] == 5
        read = Page(audit_page(found))
        assert "Passed: no face can be seen that should be hidden" in read.text
        assert "Perhaps a face" in read.text
        assert read.names.count("img") == 1

    def test_each_run_has_its_picture(self) -> None:
        picture = picture_of(room(1), np.array([10.0, 20.0, 60.0, 80.0]))
        read = Page(audit_page(audit(run(0, picture=picture), run(50, picture=picture))))
        data = [value for value in read.values if value.startswith("data:image/jpeg;base64,")]
        assert len(data) == 2
        assert read.names.count("img") == 2

    def test_hostile_names_and_settings(self) -> None:
        """They are shown as they are, and nothing of them is markup."""
        file = AuditedFile(HOSTILE, 5, "0" * 64)
        settings = {HOSTILE: HOSTILE, "list": [HOSTILE]}
        page = audit_page(audit(run(0), source=file, output=file, settings=settings))
        read = Page(page)
        assert "script" not in read.names
        assert "<script" not in page
        assert read.text.count(HOSTILE) == 5  # the output, both files, a setting and its name

    def test_it_needs_nothing_else_and_may_load_nothing(self) -> None:
        picture = picture_of(room(1), np.array([10.0, 20.0, 60.0, 80.0]))
        page = audit_page(audit(run(0, picture=picture), shown=(run(40),)))
        assert "http" not in page.replace("http-equiv", "")
        assert "url(" not in page
        assert "@import" not in page
        assert "default-src &#x27;none&#x27;" in page
        assert not {"script", "link", "iframe", "object"} & {*Page(page).names}

    def test_three_thousand_runs_make_no_endless_page(self) -> None:
        many = [run(number * 10, 3, person=number + 1) for number in range(3000)]
        found = audit(*many, length=Fraction(1200))
        page = audit_page(found)
        assert len(page) < 1_000_000
        assert f"{3000 - MOST_ROWS:,} more rows are in the JSON document." in page

    def test_it_is_written_whole_or_not(self, tmp_path: Path) -> None:
        path = tmp_path / "a_audit.html"
        write_audit_page(audit(), path)
        assert path.read_text(encoding="utf-8") == audit_page(audit())
        with pytest.raises(OutputError, match="create it"):
            write_audit_page(audit(), tmp_path / "nowhere" / "a.html")


class TestTimeline:
    def test_where_a_run_is(self) -> None:
        assert stretches([run(125, 25)], Fraction(20)) == [(250, 300)]

    def test_a_frame_of_an_hour_can_be_seen(self) -> None:
        ((start, stop),) = stretches([run(45_000, 1)], Fraction(3600))
        assert (start, stop) == (500, 502)

    def test_the_last_frame(self) -> None:
        ((start, stop),) = stretches([run(89_999, 1)], Fraction(3600))
        assert (start, stop) == (COLUMNS - 2, COLUMNS)

    def test_runs_that_touch_are_one_mark(self) -> None:
        assert stretches([run(0, 250), run(250, 250)], Fraction(20)) == [(0, COLUMNS)]
        assert stretches([run(0, 50), run(20, 10), run(450, 50)], Fraction(20)) == [
            (0, 100),
            (900, 1000),
        ]

    def test_nothing(self) -> None:
        assert stretches([], Fraction(20)) == []
        assert stretches([run(0, 1)], Fraction(0)) == [(0, COLUMNS)]


@pytest.mark.parametrize(
    "box", [(-20, -20, 30, 40), (300, 200, 340, 260), (5, 5, 5, 5), (0, 0, 320, 240)]
)
def test_a_picture_of_a_face_at_the_edge(box: tuple[int, int, int, int]) -> None:
    data = picture_of(room(1), np.array(box, float))
    assert data[:3] == b"\xff\xd8\xff"
