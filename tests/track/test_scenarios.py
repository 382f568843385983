"""Whole scenarios of the generator under a simulated detector, held to floors.

The published figures with the real detector and network are made by bench/tracking/evaluate.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from bench.tracking.evaluate import evaluate, follow, simulated
from bench.tracking.scenarios import IDENTITIES, SCENARIOS, SEEDS, TUNING_SEEDS
from bench.tracking.scene import HEAD

FLOORS = dict.fromkeys(SCENARIOS, 0.97)
"""IDF1. One detection in thirty is missing, so 0.985 is what a perfect tracker scores."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_people_keep_their_ids(name: str) -> None:
    rows, _ = evaluate(simulated, [name], SEEDS[:1])
    assert rows[name]["switches"] == 0
    assert rows[name]["IDF1"] >= FLOORS[name]
    assert rows[name]["precision"] >= 0.99


@pytest.mark.parametrize("name", ["crossing", "occlusion", "exit_return", "cut"])
def test_pieces_keep_their_ids_without_joining(name: str) -> None:
    rows, _ = evaluate(simulated, [name], SEEDS[:1], reid=False)
    assert rows[name]["switches"] == 0
    assert rows[name]["IDF1"] >= FLOORS[name]


@pytest.mark.parametrize("seed", [*SEEDS, *TUNING_SEEDS])
def test_no_switch_at_crossings(seed: int) -> None:
    rows, costs = evaluate(simulated, ["crossing"], [seed])
    assert rows["crossing"]["switches"] == 0
    # A few embeddings a track and some more at each crossing, not one for each of the 700 faces.
    assert costs["crossing"].embedded < 80


def test_ids_depend_on_the_video_alone() -> None:
    scene = SCENARIOS["crowd"](SEEDS[0])
    first, second = (follow(scene, simulated) for _ in range(2))
    assert first.ids == second.ids
    for a, b in zip(first.frames, second.frames, strict=True):
        assert a.track_id is not None
        assert b.track_id is not None
        assert a.track_id.tolist() == b.track_id.tolist()


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenes_are_what_they_say(name: str) -> None:
    """24 to 400 pixels, at most half a face a frame, the same scene from the same seed."""
    scene, again = (SCENARIOS[name](SEEDS[1]) for _ in range(2))
    for actor, twin in zip(scene.actors, again.actors, strict=True):
        assert np.array_equal(actor.centre, twin.centre)
        assert 0 <= actor.identity < IDENTITIES
        width = actor.width[np.isfinite(actor.width)]
        assert width.min() >= 23
        assert width.max() <= 415
        step = np.linalg.norm(np.diff(actor.centre, axis=0), axis=1) / actor.width[1:]
        there = np.isfinite(step) & np.isfinite(actor.width[:-1])
        assert step[there].max() <= 0.55


def test_the_occlusions_hide_a_face_whole_for_half_a_second() -> None:
    scene = SCENARIOS["occlusion"](SEEDS[0])
    for actor in scene.actors:
        seen = [actor.identity in truth.identity for truth in scene.truths()]
        gone = "".join("." if s else "x" for s in seen).split(".")
        assert max(map(len, gone)) >= 15


def test_heads_reach_past_their_face_boxes() -> None:
    assert 1.2 < HEAD < 1.5
