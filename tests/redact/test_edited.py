"""A whole redaction by edits, as the documentation has it; and what is refused."""

from __future__ import annotations

import re
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from mien.errors import MismatchError, UsageError
from mien.media.seek import Reel
from mien.redact.edited import look_of, margin_of, redact_edited
from mien.redact.effects import Look
from mien.timeline.edits import SetEffect
from mien.timeline.timeline import VideoFacts
from tests.redact.clips import HEIGHT, MAN, WIDTH, WOMAN, place_of
from tests.timeline.made import made

PAGE = Path(__file__).parents[2] / "docs/concepts/redaction_review.md"


def test_the_program_of_the_documentation(
    two_people: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    shutil.copy(two_people, tmp_path / "walk.mp4")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, PAGE.name, "exec"), {})
    assert capsys.readouterr().out == "True ()\n"
    before, after = (Reel(tmp_path / name) for name in ("walk.mp4", "walk_redacted.mp4"))
    for frame in (5, 60):
        one, other = (reel.frame(Fraction(frame, 25)).rgb.astype(int) for reel in (before, after))
        for name, hidden in ((WOMAN, True), (MAN, False)):
            x, y = (int(v) for v in place_of(name, frame))
            face = slice(y - 15, y + 15), slice(x - 12, x + 12)
            assert (abs(one[face] - other[face]).mean() > 15) == hidden, name


def test_what_the_log_says_and_what_is_said_beside_it() -> None:
    assert look_of(None) == Look()
    said = SetEffect("pixelate", "high", "box", 0.3, 0.2)
    assert look_of(said) == Look("pixelate", "high", "box", 0.2)
    assert look_of(said, effect="black", strength=None) == Look("black", "high", "box", 0.2)
    assert (margin_of(None), margin_of(said)) == (0.15, 0.3)
    with pytest.raises(UsageError, match="fog"):
        look_of(None, effect="fog")


def test_what_cannot_be_is_refused_before_anything_is_written(
    two_people: Path, tmp_path: Path
) -> None:
    facts = VideoFacts(WIDTH, HEIGHT, Fraction(25), Fraction(1, 25))
    timeline, target = made([1] * 75, [], video=facts), tmp_path / "a.mp4"
    with pytest.raises(UsageError, match="seen through"):
        redact_edited(two_people, target, timeline, look=lambda said: Look("blur", "low"))
    with pytest.raises(UsageError, match="margin"):
        redact_edited(two_people, target, timeline, margin=3)
    other = made([1] * 75, [], video=VideoFacts(WIDTH, 99, Fraction(25), Fraction(1, 25)))
    with pytest.raises(MismatchError, match="another size"):
        redact_edited(two_people, target, other)
    shorter = made([1] * 60, [], video=facts)
    with pytest.raises(MismatchError):
        redact_edited(two_people, target, shorter)
    assert not target.exists()
