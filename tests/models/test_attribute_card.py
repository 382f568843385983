"""The attribute weights in the package, their hash in the catalogue, the figures on their card."""

from __future__ import annotations

import hashlib
import re

from mien.models import card, entry, file_of, path_of, state_of
from mien.models.catalogue import Packaged


def test_the_catalogue_has_the_hash_of_the_weights_in_the_package() -> None:
    model = entry("attributes")
    content = file_of("attributes").read_bytes()
    assert isinstance(model.source, Packaged)
    assert (model.sha256, model.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert len(content) <= 12_000_000
    assert state_of(model) == "ready"


def test_the_figures_on_the_card_are_those_of_the_weights_in_the_package() -> None:
    text = card("attributes")
    told = re.search(r"Figures of the weights with the SHA-256 `([0-9a-f]{64})`", text)
    assert told is not None
    assert told[1] == hashlib.sha256(path_of(entry("attributes")).read_bytes()).hexdigest()
    for words in ("for research", "FaRL", "labelled by eye", "Mean over the 14 marked"):
        assert words in text
