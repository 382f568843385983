from __future__ import annotations

from typing import Any

import pytest
from numpy.typing import NDArray

from mien.detect import PROFILES, BlazeFace, CenterFace, ImageDetector
from mien.media import read_image
from mien.models import file_of

Rgb = NDArray[Any]


@pytest.fixture(scope="session")
def centerface() -> CenterFace:
    return CenterFace.load(threads=2)


@pytest.fixture(scope="session")
def blazeface() -> BlazeFace:
    return BlazeFace.load(threads=2)


@pytest.fixture(scope="session")
def detectors(centerface: CenterFace, blazeface: BlazeFace) -> dict[str, ImageDetector]:
    """One for each profile, sharing the networks."""
    return {
        name: ImageDetector(centerface, profile, blazeface if profile.both else None)
        for name, profile in PROFILES.items()
    }


@pytest.fixture(scope="session")
def astronaut() -> Rgb:
    """A woman who smiles into the camera; 512 x 512, her face at `scenes.ASTRONAUT`."""
    return read_image(file_of("sample-astronaut"))
