"""The audit of whole files, whose exposure is known to the frame."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mien.engines import LocalEngine
from mien.errors import InputNotFoundError, MismatchError, UsageError
from mien.media import read_image
from mien.media.writer import write_image
from mien.models import file_of
from mien.redact.audit.audit import Audit, audit_image, audit_video, audited_file, on_purpose
from mien.redact.audit.document import audit_document
from mien.redact.audit.look import FrameAuditor
from mien.redact.audit.pairs import plan_stretches
from mien.timecode import Time
from tests.clips import write_clip
from tests.describe import portraits
from tests.redact.audit.exposed import Rgb, box_at, hidden, painted, pair, room

RATE = 2


@pytest.fixture(scope="module")
def auditor() -> FrameAuditor:
    return FrameAuditor.load(threads=2)


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Thirty seconds, several segments; the face shows in two runs, one over a seam."""
    folder = tmp_path_factory.mktemp("exposed")
    return pair(folder, 60, [*range(26, 36), 50], rate=RATE, group=24)


@pytest.fixture(scope="module")
def audit(exposed: tuple[Path, Path]) -> Audit:
    return audit_video(*exposed, limit_s=0.1, settings={"effect": "blur"})


def spans(audit: Audit) -> list[tuple[int, int, int]]:
    """First frame, last frame and number of frames of each residual run."""
    return [
        (int(run.first.exact * RATE), int(run.last.exact * RATE), run.frames)
        for run in audit.residual
    ]


def test_exactly_the_exposed_frames_are_reported(audit: Audit) -> None:
    assert spans(audit) == [(26, 35, 10), (50, 50, 1)]
    assert audit.frames == 60
    assert audit.length == 30
    assert audit.residual_faces == 11
    assert audit.exposed_face_seconds == Fraction(11, 2)
    assert audit.hidden_faces == 49
    assert audit.longest is audit.residual[0]
    assert (audit.width, audit.height) == (320, 240)


def test_both_runs_show_one_person(audit: Audit) -> None:
    assert [run.person for run in audit.residual] == [1, 1]
    assert list(audit.persons) == [1]


def test_the_limit(audit: Audit) -> None:
    assert not audit.passed()
    assert not audit.passed(5.4)
    assert audit.passed(5.5)


def test_files_are_told_by_their_hash(audit: Audit, exposed: tuple[Path, Path]) -> None:
    for file, path in zip((audit.source, audit.output), exposed, strict=True):
        assert file is not None
        assert file.name == path.name
        assert file.bytes == path.stat().st_size
        assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_pictures_are_of_the_output_where_the_face_is(audit: Audit) -> None:
    for run in audit.residual:
        assert run.picture is not None
        picture = read_image(run.picture)
        assert picture.shape[1] == 480
        red = (picture[..., 0] > 200) & (picture[..., 1] < 110) & (picture[..., 2] < 110)
        assert red.sum() > 200


def test_one_result_whoever_computes_it(audit: Audit, exposed: tuple[Path, Path]) -> None:
    source, output = exposed
    assert len(list(plan_stretches(source, output))) == 2
    others = [
        audit_video(source, output, threads=1),
        audit_video(source, output, engine=LocalEngine(2)),
        audit_video(source.read_bytes(), output.read_bytes()),
    ]
    for other in others:
        same = replace(
            other,
            source=audit.source,
            output=audit.output,
            limit_s=audit.limit_s,
            settings=audit.settings,
            audit_s=audit.audit_s,
        )
        assert audit_document(same) == audit_document(audit)
        assert [r.picture for r in same.residual] == [r.picture for r in audit.residual]


def test_who_is_shown_on_purpose_is_told_apart(exposed: tuple[Path, Path]) -> None:
    def kept(time: Time) -> Rgb:
        frame = int(time.exact * RATE)
        assert time.exact * RATE - frame == Fraction(1, 2)  # the middle of a frame
        return box_at(20 + frame, 70)[None] if frame < 40 else np.zeros((0, 4))

    audit = audit_video(*exposed, kept=kept)
    assert spans(audit) == [(50, 50, 1)]
    assert [run.frames for run in audit.shown] == [10]
    assert audit.exposed_face_seconds == Fraction(1, 2)


def test_all_hidden_passes(tmp_path: Path) -> None:
    audit = audit_video(*pair(tmp_path, 12, []))
    assert audit.passed()
    assert (audit.residual, audit.hidden_faces, audit.longest) == ((), 12, None)


def test_a_video_that_was_not_redacted_fails(tmp_path: Path) -> None:
    source, _ = pair(tmp_path, 6, [])
    audit = audit_video(source, source)
    assert not audit.passed()
    assert (audit.residual_faces, audit.hidden_faces) == (6, 0)


def test_a_video_without_a_face(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [room(6)] * 5)
    audit = audit_video(path, path)
    assert audit.passed()
    assert (audit.frames, audit.hidden_faces) == (5, 0)


def test_a_real_man_who_talks(tmp_path: Path) -> None:
    """Hidden in every frame but three, by what a detector finds in the source, re-encoded."""
    clip = file_of("sample-carphone")
    every = portraits.frames(clip, set(range(30)))
    boxes = np.linspace(portraits.CARPHONE[0][0], portraits.CARPHONE[42][0], 43)
    before = [every[n] for n in range(30)]
    after = [
        picture if 12 <= n < 15 else hidden(picture, boxes[n]) for n, picture in enumerate(before)
    ]
    source = write_clip(tmp_path / "a.mp4", before)
    output = write_clip(tmp_path / "b.mp4", after, options={"crf": "26"})
    audit = audit_video(source, output)
    assert [(round(run.first.exact * 25), run.frames) for run in audit.residual] == [(12, 3)]
    assert audit.hidden_faces == 27


def test_two_people_are_two_persons(tmp_path: Path) -> None:
    """One after the other, at one place, with half a second between."""
    ground = room(7)
    woman = painted(ground, (60, 70))
    other = ground.copy()
    face = portraits.carphone()[60].rgb[10:130, 20:140]
    other[70:190, 60:180] = face
    frames = [woman] * 3 + [ground] * 5 + [other] * 3
    path = write_clip(tmp_path / "a.mp4", frames, rate=5)
    audit = audit_video(path, path)
    assert [run.frames for run in audit.residual] == [3, 3]
    assert [run.person for run in audit.residual] == [1, 2]


def test_progress_goes_up_to_one(tmp_path: Path) -> None:
    told: list[float] = []
    audit_video(*pair(tmp_path, 8, []), on_progress=told.append)
    assert told == sorted(told)
    assert len(told) == 8
    assert told[-1] == 1


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"a\xff.mp4")
    path.write_bytes(b"abc")
    file = audited_file(path)
    assert file.name == "a\\xff.mp4"
    assert file.bytes == 3
    assert file.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert audited_file(b"abc") == replace(file, name="the data")


class TestBadInput:
    def test_limit_below_zero(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="limit must be 0 or more"):
            audit_video(*pair(tmp_path, 2, []), limit_s=-1)
        with pytest.raises(UsageError, match="limit must be 0 or more"):
            audit_video(*pair(tmp_path, 2, []), limit_s=float("nan"))

    def test_an_engine_needs_paths(self, tmp_path: Path) -> None:
        source, output = pair(tmp_path, 2, [])
        with pytest.raises(UsageError, match="worker processes need paths"):
            audit_video(io.BytesIO(source.read_bytes()), output, engine=LocalEngine(1))

    def test_a_missing_output(self, tmp_path: Path) -> None:
        source, _ = pair(tmp_path, 2, [])
        with pytest.raises(InputNotFoundError, match="nothing"):
            audit_video(source, tmp_path / "nothing.mp4")

    def test_another_video(self, tmp_path: Path) -> None:
        source, _ = pair(tmp_path, 4, [])
        longer = write_clip(tmp_path / "b.mp4", [room(1)] * 5, rate=5)
        for engine in (None, LocalEngine(1)):
            with pytest.raises(MismatchError, match="the source has ended"):
                audit_video(source, longer, engine=engine)


class TestPhoto:
    def test_what_is_hidden_passes(self, auditor: FrameAuditor) -> None:
        picture = painted(room(4), (70, 20))
        audit = audit_image(picture, hidden(picture, box_at(70, 20)), auditor=auditor)
        assert audit.passed()
        assert (audit.kind, audit.frames, audit.hidden_faces) == ("photo", 1, 1)
        assert audit.source is None

    def test_each_face_that_can_be_seen(self, auditor: FrameAuditor, tmp_path: Path) -> None:
        picture = painted(room(4), (10, 20), (200, 120))
        path = tmp_path / "a.png"
        write_image(path, picture)
        audit = audit_image(picture, picture, files=(path, path), auditor=auditor)
        assert not audit.passed()
        assert not audit.passed(100)
        assert [run.person for run in audit.residual] == [1, 2]
        assert audit.output is not None
        assert audit.output.name == "a.png"

    def test_shown_on_purpose(self, auditor: FrameAuditor) -> None:
        picture = painted(room(4), (10, 20), (200, 120))
        kept = np.array([box_at(10, 20), box_at(200, 120)])
        audit = audit_image(picture, picture, kept=kept, auditor=auditor)
        assert audit.passed()
        assert len(audit.shown) == 2

    def test_another_size(self, auditor: FrameAuditor) -> None:
        with pytest.raises(MismatchError, match="shapes"):
            audit_image(room(1), room(1)[:-2], auditor=auditor)


def test_a_kept_face_excuses_one_finding_only() -> None:
    boxes = np.array([[0, 0, 10, 10], [2, 0, 12, 10], [50, 50, 60, 60]], float)
    kept = np.array([[1, 0, 10, 10], [80, 80, 90, 90]], float)
    assert on_purpose(boxes, kept).tolist() == [True, False, False]
    assert on_purpose(boxes, np.zeros((0, 4))).tolist() == [False] * 3
    assert on_purpose(boxes[:0], kept).tolist() == []
