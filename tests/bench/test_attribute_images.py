from __future__ import annotations

import numpy as np

from bench.attribute_images import ACROSS, TILE, Told, sheet, words


def test_attributes_in_words() -> None:
    told = {
        "smile": 0.988,
        "facialHair": {"moustache": 0.46, "beard": 0.75, "sideburns": 0.01},
        "glasses": "Sunglasses",
        "hair": {
            "bald": 0.01,
            "invisible": False,
            "hairColor": [
                {"color": "gray", "confidence": 0.81},
                {"color": "brown", "confidence": 0.3},
                {"color": "black", "confidence": 0.2},
            ],
        },
        "makeup": {"eyeMakeup": False, "lipMakeup": True},
        "occlusion": {"foreheadOccluded": True, "eyeOccluded": True, "mouthOccluded": False},
        "accessories": [{"type": "headWear", "confidence": 0.75}],
        "mask": {"type": "noMask", "noseAndMouthCovered": False},
    }
    assert words(told) == [
        "smile 0.99",
        "Sunglasses",
        "moust. 0.46 beard 0.75 side 0.01",
        "bald 0.01, gray 0.81, brown 0.30",
        "makeup: lip",
        "occluded: forehead, eye",
        "wears: headWear 0.75",
        "noMask",
    ]


def test_what_is_not_told_has_no_words() -> None:
    assert words({}) == []
    told = {"makeup": {"eyeMakeup": False}, "hair": {"hairColor": []}, "accessories": []}
    assert words(told) == ["makeup: none", "wears: nothing"]


def test_every_face_has_a_place_on_the_sheet() -> None:
    red = np.full((TILE, TILE, 3), (255, 0, 0), np.uint8)
    picture = np.asarray(sheet([Told(red, ["smile 0.5"])] * (ACROSS + 1)))
    reds = (picture == (255, 0, 0)).all(axis=2)
    assert reds.sum() == (ACROSS + 1) * TILE * TILE
    assert (picture[TILE : TILE + 20, :TILE] < 100).any()  # letters
