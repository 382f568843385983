"""What the attribute network says of real faces, seen by eye: for each attribute one face that has
it and one that has not, so that none can be constant. What nobody here wears is rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.detection.corpus import pictures, read
from mien.describe import crops
from mien.describe.attribute_model import CORNERS, SIDE, TEMPLATE, crops_by_landmarks
from mien.describe.attribute_stage import Attributes
from mien.describe.attributes import FacialHair, Hair, Terms, named, terms
from mien.describe.mesh import Mesh
from mien.faces import Faces
from tests.describe.portraits import Portrait
from training.attributes.data import SCORED
from training.attributes.occluders.scene import Scene
from training.attributes.occluders.wear import KINDS

Array = NDArray[Any]
BARE = dict.fromkeys(SCORED, -8.0)
"""Scores of a face with nothing on."""
Tell = Callable[[str], Terms]
CASES: list[tuple[str, Callable[[Terms], Any], dict[str, Any]]] = [
    ("smile", lambda t: _yes(t.smile), {"moods-1": True, "moods-0": False, "obama-0": True}),
    ("lips apart", lambda t: _yes(t.lips_apart), {"moods-5": True, "moods-0": False}),
    (
        "moustache",
        lambda t: _yes(_hair_of(t).moustache),
        {"giunchedi-0": True, "collage-9": True, "astronaut-0": False, "biden-0": False},
    ),
    (
        "beard",
        lambda t: _yes(_hair_of(t).beard),
        {"giunchedi-0": True, "astronaut-0": False, "hillside-man-0": False},
    ),
    (
        "sideburns",
        lambda t: _yes(_hair_of(t).sideburns),
        {"giunchedi-0": True, "astronaut-0": False},
    ),
    (
        "glasses",
        lambda t: t.glasses,
        {
            "hopper-0": "ReadingGlasses",
            "henner-0": "ReadingGlasses",
            "five-friends-0": "Sunglasses",
            "worn goggles": "SwimmingGoggles",
            "astronaut-0": "NoGlasses",
            "obama-0": "NoGlasses",
        },
    ),
    (
        "bald",
        lambda t: _yes(None if t.hair is None else t.hair.bald),
        {"portrait-man-0": True, "astronaut-0": False, "carphone-7-0": False},
    ),
    (
        "colour of hair",
        lambda t: _first(t.hair),
        {
            "astronaut-0": "brown",
            "maher-0": "blond",
            "hillside-man-0": "black",
            "biden-0": "gray",
        },
    ),
    (
        "makeup of the lips",
        lambda t: t.makeup and t.makeup.lip_makeup,
        {"red-family-4": True, "collage-8": True, "guido-0": False, "biden-0": False},
    ),
    (
        "makeup of the eyes",
        lambda t: t.makeup and t.makeup.eye_makeup,
        {"red-family-4": True, "guido-0": False, "biden-0": False},
    ),
    (
        "headwear",
        lambda t: _worn(t, "headWear"),
        {"hopper-0": True, "sofa-family-2": True, "astronaut-0": False, "biden-0": False},
    ),
    (
        "worn glasses",
        lambda t: _worn(t, "glasses"),
        {"hopper-0": True, "five-friends-0": True, "biden-0": False},
    ),
    (
        "covered eyes",
        lambda t: t.occlusion and t.occlusion.eye_occluded,
        {"five-friends-0": True, "biden-0": False, "hopper-0": False},
    ),
    (
        "covered mouth",
        lambda t: t.occlusion and t.occlusion.mouth_occluded,
        {"worn thing, mouth": True, "worn mask": True, "moods-0": False, "giunchedi-0": False},
    ),
    (
        "covered forehead",
        lambda t: t.occlusion and t.occlusion.forehead_occluded,
        {"three-children-2": True, "worn hand, forehead": True, "moods-0": False},
    ),
    (
        "kind of mask",
        lambda t: t.mask and t.mask.type,
        {
            "worn hand, mouth": "otherMaskOrOcclusion",
            "worn mask": "faceMask",
            "moods-0": "noMask",
            "guido-0": "noMask",
        },
    ),
]


def _yes(value: float | None) -> bool | None:
    return None if value is None else value >= 0.5


def _hair_of(found: Terms) -> FacialHair:
    assert found.facial_hair is not None
    return found.facial_hair


def _first(hair: Hair | None) -> str | None:
    return hair.hair_color[0].color if hair is not None and hair.hair_color else None


def _worn(found: Terms, kind: str) -> bool | None:
    return None if found.accessories is None else kind in [each.type for each in found.accessories]


def dressed(portrait: Portrait, kind: str) -> Array:
    """The crop of a head, with something rendered on."""
    assert portrait.faces.mesh is not None
    assert portrait.faces.points is not None
    corners = portrait.faces.points[0, CORNERS].astype(float)
    mesh = portrait.faces.mesh[0].astype(float)
    matrix = crops.similarity(corners, TEMPLATE * SIDE)
    depth = crops.scale_of(matrix) * mesh[:, 2:]
    (crop,) = crops_by_landmarks(portrait.rgb, portrait.faces.points)
    placed = np.hstack([crops.apply(matrix, mesh[:, :2]), depth])
    scene = Scene.of(crop, placed, BARE, "test", np.random.default_rng(3))
    KINDS[kind].put(scene)
    return scene.finished()


@pytest.fixture(scope="module")
def stage() -> Attributes:
    return Attributes.load(threads=1)


@pytest.fixture(scope="module")
def tell(stage: Attributes, mesh_stage: Mesh, astronaut: Portrait) -> Iterator[Tell]:
    """The terms of a labelled face of the corpus, named picture-number, or of the astronaut with
    something rendered on, named "worn mask".
    """
    known = {picture.name: picture for picture in pictures()}

    @cache
    def told(face: str) -> Terms:
        if face.startswith("worn "):
            (scores,) = stage.model.scores([dressed(astronaut, face.removeprefix("worn "))])
            return terms(named(scores))
        name, _, number = face.rpartition("-")
        rgb, box = read(known[name]), known[name].truth.faces[[int(number)]]
        faces = stage.describe(rgb, mesh_stage.describe(rgb, Faces(box, np.ones(1))))
        assert faces.attributes is not None
        assert np.isfinite(faces.attributes).any(), faces.problems
        return terms(named(faces.attributes[0]))

    yield told
    told.cache_clear()


@pytest.mark.parametrize(("attribute", "read_off", "faces"), CASES, ids=[case[0] for case in CASES])
def test_faces_that_have_it_and_faces_that_have_not(
    attribute: str, read_off: Callable[[Terms], Any], faces: dict[str, Any], tell: Tell
) -> None:
    assert len(set(faces.values())) > 1
    assert {face: read_off(tell(face)) for face in faces} == faces
