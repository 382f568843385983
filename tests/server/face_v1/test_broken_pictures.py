"""Damaged pictures at a real server: an answer to each, never a fault, and memory that stays."""

from __future__ import annotations

import io
import sys
from collections import Counter
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.broken.bytewise import WAYS, flipped, flipped_header
from tests.server import people
from tests.server.face_v1 import PREFIX
from tests.server.inside import HEADER
from tests.server.live import Live

SEED = 20261121
FEW, MANY = 40, 5000
SETTLED = 1000
"""After so many pictures the process has taken what memory it takes."""
GROWTH_MB = 150
QUERY = {
    "returnFaceLandmarks": "true",
    "returnFaceAttributes": "age,gender,headPose,smile,emotion,blur,exposure,noise",
}
REFUSALS = {"InvalidImage", "InvalidImageSize"}


def originals() -> list[bytes]:
    """Pictures of every kind that is taken, with and without what can come beside the pixels."""
    image = Image.open(io.BytesIO(people.woman())).resize((200, 200))
    exif = Image.Exif()
    exif[0x0112] = 3
    kinds: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("JPEG", image, {"quality": 90}),
        ("JPEG", image, {"progressive": True, "exif": exif}),
        ("JPEG", image.convert("L"), {"restart_marker_blocks": 4}),
        ("JPEG", image.convert("CMYK"), {}),
        ("PNG", image, {}),
        ("PNG", image.convert("RGBA"), {"compress_level": 1}),
        ("PNG", image.convert("P"), {}),
        ("GIF", image.convert("P"), {}),
        ("BMP", image, {}),
        ("BMP", image.convert("P"), {}),
    ]
    files = []
    for kind, picture, options in kinds:
        file = io.BytesIO()
        picture.save(file, kind, **options)
        files.append(file.getvalue())
    return files


def damaged(count: int) -> list[bytes]:
    """Damaged pictures, each by one way; half of them only by a few bits, so that many decode."""
    random = np.random.default_rng(SEED)
    files, ways = originals(), list(WAYS)
    return [
        (
            (flipped, flipped_header)[index // 2 % 2]
            if index % 2
            else ways[random.integers(len(ways))]
        )(files[random.integers(len(files))], random)
        for index in range(count)
    ]


def sent(live: Live, key: str, pictures: list[bytes], memory: list[float]) -> Counter[Any]:
    """What came of each; the memory of the service is noted after every hundredth."""
    told: Counter[Any] = Counter()
    headers = {HEADER: key, "Content-Type": "application/octet-stream"}
    with httpx.Client(base_url=live.url, headers=headers, params=QUERY, timeout=120) as client:
        for number, picture in enumerate(pictures):
            answer = client.post(f"{PREFIX}/detect", content=picture)
            assert answer.status_code in (200, 400), (number, answer.text)
            told[200 if answer.status_code == 200 else answer.json()["error"]["code"]] += 1
            if number % 100 == 99:
                memory.append(live.memory_mb())
    return told


def test_damaged_pictures_are_answered(live: Live, key: str) -> None:
    told = sent(live, key, damaged(FEW), [])
    assert set(told) <= {200, *REFUSALS}
    assert 0 < told[200] < FEW
    assert live.process.poll() is None


@pytest.mark.long
def test_thousands_of_damaged_pictures(live: Live, key: str) -> None:
    memory: list[float] = []
    told = sent(live, key, damaged(MANY), memory)
    settled, most = memory[SETTLED // 100 - 1], max(memory[SETTLED // 100 :])
    sys.stdout.write(
        f"seed {SEED}: {dict(told)}; memory {settled:.0f} MB after {SETTLED}, at most {most:.0f}\n"
    )
    assert set(told) <= {200, *REFUSALS}
    assert told[200] >= 0.3 * MANY
    assert most < settled + GROWTH_MB
    assert live.process.poll() is None
