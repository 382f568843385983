"""The report as JSON, page and text."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from mien.errors import OutputError
from mien.fairness import (
    fairness_schema,
    report_document,
    report_page,
    report_text,
    words,
    write_document,
    write_page,
)
from mien.fairness.intervals import wilson
from mien.fairness.labels import Age
from mien.fairness.measures import Slice
from mien.fairness.page import MOST_LEFT_OUT
from mien.fairness.report import Missing, Report
from mien.media import read_image
from tests.fairness.made import HOSTILE, face, left_out, people, report, times
from tests.pages import Page


def full() -> Report:
    """Something of everything: 100 women of whom 20 are taken for men, 100 men, ages, persons."""
    faces = [
        *times(20, gender="female", female=0.0),
        *times(80, gender="female", female=1.0),
        *times(97, gender="male", female=0.0),
        *times(3, gender="male", female=1.0),
        *times(4, gender="male"),
        *times(5, labelled_age=Age(30, 40), age=51.0),
        face(labelled_age=Age(70, math.inf), age=20.0),
        *people([3] * 10, spread=0.3, group=HOSTILE),
    ]
    return report(faces, left_out=left_out(12), folder=HOSTILE)


class TestJson:
    @pytest.mark.parametrize("made", [full(), report(times(1)), report([])])
    def test_it_keeps_its_schema(self, made: Report) -> None:
        validator = jsonschema.Draft202012Validator(fairness_schema())
        validator.check_schema(fairness_schema())
        document = {**report_document(made), "lines": max(1, made.lines)}
        validator.validate(json.loads(json.dumps(document, allow_nan=False)))

    def test_the_schema_refuses_what_is_not_in_the_form(self) -> None:
        validator = jsonschema.Draft202012Validator(fairness_schema())
        document = report_document(full())
        for broken in (
            {**document, "more": 1},
            {key: value for key, value in document.items() if key != "measures"},
            {**document, "lines": 0},
            {**document, "measures": [{**document["measures"][0], "unit": "per cent"}]},
        ):
            assert not validator.is_valid(broken)

    def test_what_it_says(self) -> None:
        document = report_document(full())
        measures = {one["name"]: one for one in document["measures"]}
        women = {"dimension": "gender", "group": "female", "faces": 100, "events": 20,
                 "value": 0.2, "low": round(wilson(20, 100)[0], 9),
                 "high": round(wilson(20, 100)[1], 9), "few": False}  # fmt: skip
        assert women in measures["gender_error"]["slices"]
        assert measures["gender_error"]["not_described"] == 4
        assert measures["gender_error"]["slices"][0]["faces"] == 200
        assert measures["age_error_years"]["slices"][0] == {
            "dimension": "all", "group": "all", "faces": 5,
            "value": 16.0, "low": 16.0, "high": 16.0, "few": True,
        }  # fmt: skip
        pairs = measures["false_non_match"]["slices"][0]
        assert (pairs["pairs"], pairs["persons"], pairs["few"]) == (30, 10, True)
        assert document["differences"] == [
            {"measure": "gender_error", "dimension": "gender",
             "highest": "female", "lowest": "male"},
        ]  # fmt: skip
        assert document["missing"][0]["name"] == "emotion_error"
        assert len(document["left_out"]) == 12
        assert document["left_out"][0]["file"] == HOSTILE
        assert set(document["measured_by"]["models"]) == {"age", "gender"}

    def test_it_is_written_whole_or_not(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        write_document(full(), path)
        assert json.loads(path.read_text(encoding="utf-8")) == report_document(full())
        with pytest.raises(OutputError, match="create it"):
            write_document(full(), tmp_path / "nowhere" / "a.json")


class TestPage:
    def test_it_is_whole(self) -> None:
        made = full()
        read = Page(report_page(made))
        said = " ".join(read.text)
        for measure in made.measures:
            assert measure.title in read.text
            assert measure.says in read.text
        assert (
            "Gender: wrong, by gender: female 20.0 % (13.3 to 28.9), male 3.0 % (1.0 to 8.5)"
            in said
        )
        assert "Emotion: wrong: left out, nobody said" in said
        assert read.names.count("svg") == sum(len(one.slices) for one in made.measures)
        assert read.names.count("h1") == 1
        assert "Of 4 more, found and labelled, mien says nothing." in read.text

    def test_hostile_text_is_no_markup(self) -> None:
        page = report_page(full())
        read = Page(page)
        of_group = [
            one for measure in full().measures for one in measure.slices if one.group == HOSTILE
        ]
        assert len(of_group) == 3  # found, not recognised, and taken for another
        assert "script" not in read.names
        assert "<script" not in page
        assert read.text.count(HOSTILE) == 1 + 12 + len(of_group)
        assert read.text.count(f"{HOSTILE} is damaged") == 12

    def test_it_needs_nothing_else_and_may_load_nothing(self) -> None:
        page = report_page(full())
        assert "http" not in page.replace("http-equiv", "")
        assert "url(" not in page
        assert "@import" not in page
        assert "default-src &#x27;none&#x27;" in page
        assert not {"script", "link", "iframe", "object", "img"} & {*Page(page).names}

    def test_light_and_dark(self) -> None:
        assert "prefers-color-scheme: dark" in report_page(full())

    def test_bars_stay_in_their_frame(self) -> None:
        read = Page(report_page(full()))
        drawn = [float(value) for value in read.values if _is_number(value)]
        assert drawn
        assert min(drawn) >= 0
        assert max(drawn) <= 240

    def test_ten_thousand_lines_left_out_make_no_endless_page(self) -> None:
        page = report_page(report(times(1), left_out=left_out(10_000)))
        assert f"{10_000 - MOST_LEFT_OUT:,} more are in the JSON document." in page
        assert len(page) < 1_000_000

    def test_it_is_written_whole_or_not(self, tmp_path: Path) -> None:
        path = tmp_path / "a.html"
        write_page(full(), path)
        assert path.read_text(encoding="utf-8") == report_page(full())
        with pytest.raises(OutputError, match="create it"):
            write_page(full(), tmp_path / "nowhere" / "a.html")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium here")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it_and_runs_nothing(tmp_path: Path, scheme: str) -> None:
    """The words of a label that would change the title stay words; the picture is not empty."""
    attack = "<img src=x onerror=document.title='hit'><script>document.title='hit'</script>"
    made = report([*times(40, group=attack), face(group="b", yaw=50.0)], folder=attack)
    write_page(made, tmp_path / "a.html")
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=900,1200",
               f"--blink-settings=preferredColorScheme={int(scheme == 'light')}",
               f"--user-data-dir={tmp_path / 'profile'}"]  # fmt: skip
    url = (tmp_path / "a.html").as_uri()
    shot = tmp_path / "a.png"
    told = subprocess.run([*browser, "--dump-dom", url], capture_output=True, timeout=120)
    subprocess.run([*browser, f"--screenshot={shot}", url], capture_output=True, timeout=120)
    assert b"<title>Fairness: &lt;img src=x" in told.stdout
    assert told.stdout.count(b"<svg") == len(made.measures[0].slices) > 3
    paper = read_image(shot)[5, 5].mean()
    assert (paper > 200) if scheme == "light" else (paper < 60)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


class TestText:
    def test_a_line_of_a_table(self) -> None:
        lines = report_text(full()).splitlines()
        at = lines.index("Gender: wrong")
        assert lines[at + 2].split() == ["all", "200", "11.5", "%", "7.8", "to", "16.7"]
        assert lines[at + 3].split()[:3] == ["gender", "female", "100"]
        assert lines[at + 4].split()[:2] == ["male", "100"]

    def test_it_fits_a_terminal(self) -> None:
        lines = report_text(full()).splitlines()
        tables = [line for line in lines if line.startswith("  ") and "script" not in line]
        assert len(tables) > 40
        assert max(map(len, tables)) < 110

    def test_what_is_left_out_is_counted_and_named(self) -> None:
        said = report_text(full())
        assert "12 lines of 240 left out, whose pictures or boxes cannot be used:" in said
        assert said.count("is damaged") == 10
        assert "and 2 more; --json and --html list all" in said

    def test_nothing_moves_the_cursor_or_turns_the_writing(self) -> None:
        made = report(times(1, group="a\x1b[2J"), left_out=left_out(1))
        assert "\u202e" not in report_text(made)
        assert "\x1b" not in report_text(made)

    def test_no_difference(self) -> None:
        assert words.NO_DIFFERENCE in report_text(report(times(40, gender="male", female=0.0)))


class TestWords:
    @pytest.mark.parametrize(
        ("value", "said"),
        [
            *((0.0, "0.0 %"), (1.0, "100.0 %"), (0.1234, "12.3 %"), (0.01, "1.0 %")),
            *((0.0099, "0.99 %"), (0.00123, "0.12 %"), (0.0000456, "0.005 %")),
            (math.nan, "–"),
        ],
    )
    def test_shares(self, value: float, said: str) -> None:
        assert words.figure(value, "share") == said

    def test_years(self) -> None:
        assert words.figure(-3.14, "years") == "−3.1 years"
        assert words.figure(-0.04, "years") == "0.0 years"
        one = Slice("all", "all", 5, 1, -2.04, 4.0)
        assert words.interval(one, "years") == "−2.0 to 4.0"

    def test_what_is_missing_for_one_reason_is_one_line(self) -> None:
        lost = [Missing(name, name.upper(), "no label") for name in ("a", "b")]
        made = report(times(1), missing=(*lost, Missing("c", "C", "no model")))
        assert words.missing(made) == ["A; B: left out, no label", "C: left out, no model"]

    def test_counts(self) -> None:
        assert words.counted(Slice("all", "all", 1234, 0, 0, 1, 0)) == "1,234"
        assert words.counted(Slice("all", "all", 12, 0, 0, 1, 0)) == "12 *"
        assert words.counted(Slice("all", "all", 1234, 0, 0, 1, 0, 56)) == "1,234 of 56"
