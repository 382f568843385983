"""What the expression network doubts, patches and covered faces; and how that is measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from bench.detection.corpus import pictures
from bench.emotion import doubt, patches
from bench.emotion.covered import COVERED, GLASSES, HALVES, KINDS, PARTLY, Seen, covered, seen_faces
from bench.emotion.doubt import CONFIDENT, free_faces, made_covers, main, no_faces
from mien.describe import crops, emotion
from mien.describe.emotion import Emotion

Array = NDArray[Any]

# Floors and ceilings, a little beside what the weights gave when they were committed.
CONFIDENT_PATCHES = 0.03  # of 400 of each kind: 0.9 % of 1,500 without a face, 0.3 % beside faces
REFUSED_HALVES = 0.8  # 91 to 98 %
SOME = ("astronaut", "hopper", "obama", "biden", "guido", "five-friends", "red-family", "moods")


@pytest.fixture(scope="module")
def stage() -> Emotion:
    return Emotion.load(threads=1)


@pytest.fixture(scope="module")
def faces() -> list[Seen]:
    """The faces of some pictures: two covered in truth, and some thirty free ones."""
    return list(seen_faces(1, only=SOME))


@pytest.mark.parametrize("kind", ["pictures without a face", "beside faces"])
def test_patches_of_photos_without_a_face_give_doubt(stage: Emotion, kind: str) -> None:
    read = stage.model.read(patches.kinds()[kind](400, 3))
    assert (read.scores.max(axis=1) > CONFIDENT).mean() <= CONFIDENT_PATCHES
    assert (read.agreement > CONFIDENT).mean() <= CONFIDENT_PATCHES
    assert (read.face > 0.5).mean() <= 2 * CONFIDENT_PATCHES


def test_faces_of_photos_do_not(stage: Emotion, faces: list[Seen]) -> None:
    chips = [
        emotion.chip(face.rgb, mesh[0]) for face in faces if (mesh := face.faces.mesh) is not None
    ]
    read = stage.model.read(chips)
    assert (read.scores.max(axis=1) > CONFIDENT).mean() > 0.7
    assert (read.face > 0.5).mean() > 0.95


def test_free_faces_are_judged_and_covered_eyes_are_not(stage: Emotion, faces: list[Seen]) -> None:
    """Hands before the mouth go unnoticed more often than not: the card says so."""
    figures = free_faces(stage, faces)
    assert figures["free"] >= 30
    assert figures["called_covered"]["hits"] == 0
    assert len(figures["covered"]) == 2
    assert figures["covered"]["five-friends 0, dark glasses"] == "the face is covered: its eyes"


def test_faces_of_which_half_is_covered_are_not_judged(stage: Emotion, faces: list[Seen]) -> None:
    figures = made_covers(stage, faces[:12], threads=1)
    assert figures.keys() == set(KINDS)
    refused = [figures[kind]["not_judged"] for kind in HALVES]
    assert sum(rate["trials"] for rate in refused) >= 36
    hits = sum(rate["hits"] for rate in refused) / sum(rate["trials"] for rate in refused)
    assert hits >= REFUSED_HALVES


@pytest.mark.long
def test_the_figures_of_the_whole_corpus(stage: Emotion) -> None:
    all_faces = list(seen_faces(1))
    told = no_faces(stage.model, 1500)
    for kind, ceiling in (("pictures without a face", 0.015), ("beside faces", 0.008)):
        assert told[kind]["confident"]["value"] <= ceiling
    free = free_faces(stage, all_faces)
    assert free["called_covered"]["value"] <= 0.025  # 2 of 125
    covers = made_covers(stage, all_faces, threads=1)
    for kind in HALVES:
        assert covers[kind]["not_judged"]["value"] >= 0.87, kind  # 0.91 to 0.98
    assert covers[GLASSES]["not_judged"]["value"] >= 0.76  # 0.81


def test_patches_come_from_their_seed_and_differ() -> None:
    for make in patches.kinds().values():
        first, again, other = make(12, 1), make(12, 1), make(12, 2)
        assert len(first) == 12
        assert all((one == two).all() for one, two in zip(first, again, strict=True))
        pairs = zip(first, other, strict=True)
        assert not all(one.shape == two.shape and (one == two).all() for one, two in pairs)
        for patch in first:
            assert patch.dtype == np.uint8
            assert patch.shape[0] == patch.shape[1]
            assert min(patch.shape[:2]) >= patches.LEAST_SIDE


def test_a_crop_beside_faces_keeps_clear_of_them() -> None:
    rgb = np.zeros((200, 300, 3), np.uint8)
    box = np.array([[100.0, 50.0, 180.0, 150.0]])
    rgb[25:175, 80:200] = 255  # the box and a quarter of its size around it
    rng = np.random.default_rng(1)
    crops_found = [patches._clear_square(rgb, box, rng) for _ in range(50)]
    assert all(crop is not None and crop.max() == 0 for crop in crops_found)


def test_where_faces_fill_the_picture_there_is_no_crop() -> None:
    whole = np.array([[0.0, 0.0, 90.0, 90.0]])
    rgb = np.zeros((90, 90, 3), np.uint8)
    assert patches._clear_square(rgb, whole, np.random.default_rng(1)) is None


def test_what_was_seen_before_a_face_is_told_of_labelled_faces() -> None:
    counts = {picture.name: len(picture.truth.faces) for picture in pictures()}
    for name, which in (*COVERED, *PARTLY):
        assert 0 <= which < counts[name]
    assert not COVERED.keys() & PARTLY.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_cover_lies_where_it_says(kind: str, faces: list[Seen]) -> None:
    face = faces[0]
    assert face.faces.mesh is not None
    red = np.zeros((90, 90, 3), np.uint8)
    red[..., 0] = 255
    after = covered(face, kind, [red], np.random.default_rng(2))
    assert after.shape == face.rgb.shape
    changed = (after != face.rgb).any(axis=2).astype(np.uint8) * 255
    seen = cv2.cvtColor(changed, cv2.COLOR_GRAY2RGB)
    matrix = crops.similarity(emotion.anchors(face.faces.mesh[0]), 100 * emotion.TEMPLATE)
    inside = crops.cut(seen, matrix, 100)[..., 0] > 127
    places: dict[str, tuple[Any, Any]] = {
        "lower half": (np.s_[60:], np.s_[:54]),
        "upper half": (np.s_[:50], np.s_[56:]),
        "left half": (np.s_[:, :47], np.s_[:, 53:]),
        "right half": (np.s_[:, 53:], np.s_[:, :47]),
        "dark glasses": (np.s_[36:42, 26:35], np.s_[60:]),
        "another head": (np.s_[40:50, :10], np.s_[:, 60:]),
    }
    wholly, free = places[kind]
    if kind == "another head" and not inside[wholly].any():
        inside = inside[:, ::-1]
    assert inside[wholly].mean() > 0.97
    assert not inside[free].any()


def test_the_command_prints_and_keeps_its_figures(
    faces: list[Seen], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubt, "seen_faces", lambda _: iter(faces[:2]))
    path = tmp_path / "doubt.json"
    done = CliRunner().invoke(main, ["--patches", "12", "--threads", "1", "--json", str(path)])
    assert done.exit_code == 0, done.output
    figures = json.loads(path.read_text())
    assert len(figures["model_sha256"]) == 64
    assert figures["no_faces"]["generated"]["patches"] == 12
    for said in ("patches without a face", "free faces called covered", *KINDS):
        assert said in done.output
