"""bench.redaction.audit_rates: what is done to a face, and who is in which half."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.redaction.audit_rates import (
    BETWEEN,
    EXPOSED,
    HIDDEN,
    TREATMENTS,
    Canvas,
    Sheets,
    Verdict,
    report,
)
from tests.redact.audit.exposed import Rgb, head, room

BOX = np.array([100.0, 60.0, 160.0, 140.0])


def treated(name: str) -> tuple[Rgb, Rgb]:
    """Where the picture was changed (H, W) bool, and what became of it."""
    before = room(3)
    after = before.copy()
    TREATMENTS[name](after, BOX)
    return (after != before).any(axis=2), after


@pytest.mark.parametrize("name", [*HIDDEN])
def test_what_hides_covers_the_face_and_stays_near_it(name: str) -> None:
    changed, _ = treated(name)
    y, x = np.nonzero(changed)
    assert changed[75:125, 110:150].mean() > 0.9
    assert x.min() >= 90
    assert x.max() < 170
    assert y.min() >= 46
    assert y.max() < 154


def test_what_shows_leaves_a_part_as_it_was() -> None:
    assert not treated("nothing done")[0].any()
    for effect in ("blur", "black"):
        eyes, _ = treated(f"eyes under {effect}")
        mouth, _ = treated(f"mouth under {effect}")
        assert eyes[70:90, 110:150].mean() > 0.9
        assert not eyes[105:].any()
        assert mouth[110:130, 110:150].mean() > 0.9
        assert not mouth[:95].any()
        assert not treated(f"left half under {effect}")[0][:, 130:].any()
    assert treated("outline")[0].mean() < 0.05


def test_every_treatment_is_of_one_kind() -> None:
    assert len(TREATMENTS) == len(EXPOSED) + len(HIDDEN) + len(BETWEEN)


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    """One sheet with one face in all places, of sixteen people."""
    tile = head(112)
    assert cv2.imwrite(str(tmp_path / "000.webp"), np.tile(tile, (16, 16, 1))[..., ::-1])
    lines = [f"Person_{n // 16:02d}_{n % 16:04d},0" for n in range(256)]
    (tmp_path / "scores.csv").write_text("\n".join(["name,x", *lines]), encoding="utf-8")
    return tmp_path


def test_nobody_is_in_both_halves(sheets: Path) -> None:
    halves = [{int(n) // 16 for n in Sheets.of(sheets, half).tiles} for half in ("first", "second")]
    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == {*range(16)}


def test_a_canvas_is_a_function_of_its_seed(sheets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.redaction.audit_rates.FRAMES", 1)
    half = Sheets.of(sheets, "first")
    one, same, other = (Canvas(half, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.frames()[0], same.frames()[0])
    assert [spot.treatment for spot in one.spots] != [spot.treatment for spot in other.spots]
    for spot in one.spots:
        left, top, right, bottom = spot.face(0)
        assert 0 <= left < right <= 960
        assert 0 <= top < bottom <= 540


def test_the_table_counts() -> None:
    some = [Verdict(name, 30.0, 18, name in EXPOSED, 0.5) for name in TREATMENTS for _ in range(2)]
    lines = [*report(some)]
    assert any(line.startswith("| nothing done | 2 | 100.0% | – | 100.0% |") for line in lines)
    assert any(line.startswith("| blur med | 2 | 0.0% | – | 0.0% |") for line in lines)
