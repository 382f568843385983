"""The painter puts each head where the truth says it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.tracking.identities import Identity, head
from bench.tracking.render import Painter
from bench.tracking.scenarios import SCENARIOS
from bench.tracking.scene import HEAD, Scene

Array = NDArray[Any]
GROUND = np.full((90, 160, 3), 60, np.uint8)


@pytest.fixture(scope="module")
def cast() -> list[Identity]:
    """Twenty-four heads of one even colour each."""
    colours = np.stack([np.arange(24) * 10 + 10, np.full(24, 230), np.full(24, 20)], axis=1)
    plain = [np.full((200, 200, 3), colour, np.uint8) for colour in colours]
    box = np.array([60.0, 50.0, 140.0, 154.0])
    return [Identity(str(n), (head(rgb, box),)) for n, rgb in enumerate(plain)]


def quiet(scene: Scene) -> Scene:
    """The scene without noise, flicker and changes of light."""
    actors = tuple(replace(actor, gain=np.ones(scene.frames)) for actor in scene.actors)
    return replace(scene, noise=0.0, flicker=0.0, shutter=0.0, actors=actors)


@pytest.mark.parametrize("name", SCENARIOS)
def test_faces_are_painted_where_the_truth_has_them(name: str, cast: list[Identity]) -> None:
    scene = quiet(SCENARIOS[name](5))
    painter = Painter(scene, cast, [GROUND])
    seen = 0
    for k in range(0, scene.frames, 29):
        frame, truth = painter.frame(k), scene.truth(k)
        assert frame.shape == (scene.height, scene.width, 3)
        whole = truth.visible == 1
        for box, person in zip(truth.box_xyxy[whole], truth.identity[whole], strict=True):
            centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
            colour = [person * 10 + 10, 230, 20]
            y, x = np.nonzero(np.abs(frame.astype(int) - colour).max(axis=2) < 4)
            away = (np.stack([x, y], axis=1) - centre) / half
            head = away[np.abs(away).max(axis=1) < 1.5 * HEAD]  # nobody else has the colour there
            assert np.abs(head).max() < 1.2 * HEAD  # it leans by up to nine degrees
            assert (head.max(axis=0) > 0.85).all()  # and is squeezed by up to 15 %
            assert (head.min(axis=0) < -0.85).all()
            seen += 1
    assert seen > 3


def test_a_frame_is_a_pure_function_of_the_seed(cast: list[Identity]) -> None:
    scene = SCENARIOS["noise_blur"](5)
    first, second = Painter(scene, cast), Painter(scene, cast)
    second.frame(3)
    assert np.array_equal(first.frame(40), second.frame(40))
    assert not np.array_equal(first.frame(40), first.frame(41))


def test_a_hidden_face_cannot_be_seen(cast: list[Identity]) -> None:
    scene = quiet(SCENARIOS["occlusion"](5))
    painter = Painter(scene, cast, [GROUND])
    hidden = 0
    for k in range(0, scene.frames, 7):
        frame, there = painter.frame(k).astype(int), scene.truth(k).identity
        for actor in scene.actors:
            if actor.identity not in there:
                colour = [actor.identity * 10 + 10, 230, 20]
                middle = frame[np.abs(frame - colour).max(axis=2) < 4]
                assert len(middle) < 0.15 * actor.width[k] ** 2
                hidden += 1
    assert hidden >= 3
