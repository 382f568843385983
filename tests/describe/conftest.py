from __future__ import annotations

from pathlib import Path

import pytest

from mien.describe.mesh import Mesh
from tests.describe import portraits
from tests.describe.portraits import Portrait


@pytest.fixture(scope="session")
def mesh_stage() -> Mesh:
    return Mesh.load(threads=1)


@pytest.fixture(scope="session")
def astronaut(mesh_stage: Mesh) -> Portrait:
    """The astronaut, her mesh fitted."""
    rgb, faces = portraits.astronaut()
    return Portrait(rgb, mesh_stage.describe(rgb, faces))


@pytest.fixture(scope="session")
def carphone(mesh_stage: Mesh) -> dict[int, Portrait]:
    """Frames of the man in the car, his mesh fitted."""
    return {
        index: Portrait(rgb, mesh_stage.describe(rgb, faces))
        for index, (rgb, faces) in portraits.carphone().items()
    }


@pytest.fixture(scope="session")
def family(shared_media: Path, mesh_stage: Mesh) -> dict[str, Portrait]:
    """Fourteen pictures of six people, by name, their meshes fitted."""
    found = {}
    for name, label in portraits.FAMILY.items():
        rgb = portraits.read(shared_media / f"{name}.jpg")
        found[name] = Portrait(rgb, mesh_stage.describe(rgb, portraits.labelled(label)))
    return found
