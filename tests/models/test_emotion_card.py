"""The weights in the package, their hash in the catalogue, and the figures on their card."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mien.models import card, entry, file_of, path_of, state_of
from mien.models.catalogue import Packaged


def test_the_catalogue_has_the_hash_of_the_weights_in_the_package() -> None:
    model = entry("emotion")
    content = file_of("emotion").read_bytes()
    assert isinstance(model.source, Packaged)
    assert (model.sha256, model.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert len(content) <= 12_000_000
    assert state_of(model) == "ready"


def test_the_figures_on_the_card_are_those_of_the_weights_in_the_package() -> None:
    told = re.search(r"Figures of the weights with the SHA-256 `([0-9a-f]{64})`", card("emotion"))
    assert told is not None
    assert told[1] == hashlib.sha256(path_of(entry("emotion")).read_bytes()).hexdigest()


def test_the_pictures_of_the_card_are_there_and_small() -> None:
    path = entry("emotion").card
    assert path is not None
    names = re.findall(r"!\[[^]]+\]\(([^)]+)\)", path.read_text(encoding="utf-8"))
    assert len(names) == 3
    drawings = [path.with_name(name).read_text(encoding="utf-8") for name in names]
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).tag.endswith("svg")
    assert sum(map(len, drawings)) < 40_000


@pytest.mark.parametrize("damage", [b"", b"\0"])
def test_weights_that_were_changed_are_noticed(
    damage: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = entry("emotion")
    changed = tmp_path / "emotion.onnx"
    changed.write_bytes(path_of(model).read_bytes()[:-1] + damage)
    monkeypatch.setattr("mien.models.store.path_of", lambda _: changed)
    assert state_of(model) == "damaged"
