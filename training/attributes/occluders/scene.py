"""A face of the set with something on: what is worn is drawn, rendered, and told as labels."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from training.attributes.data import MADE
from training.attributes.occluders import canvas, regions
from training.attributes.occluders.base import Base, base_of
from training.attributes.occluders.canvas import Pixels
from training.attributes.occluders.head import Head
from training.attributes.occluders.light import Light, light_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a part is rendered; those of training and test have no value in common.

    Attributes:
        times: pixels of the layers along one of the picture.
        shadow: range of how dark a shadow is.
        reach: range of how far it lies off, in pixels.
        blur: range of factors on the picture's own blur.
        codec: in which some pictures are compressed afterwards.
        quality: range of its quality.
    """

    times: int
    shadow: tuple[float, float]
    reach: tuple[float, float]
    blur: tuple[float, float]
    codec: str
    quality: tuple[int, int]


SETTINGS = {
    "train": Settings(3, (0.15, 0.38), (0.7, 1.6), (0.7, 0.95), "JPEG", (35, 95)),
    "test": Settings(4, (0.40, 0.55), (1.7, 2.6), (1.0, 1.2), "WEBP", (30, 90)),
}
COMPRESSED = 0.3
"""Share of pictures that are compressed once more, plain ones too."""


@dataclass(slots=True, eq=False)
class Scene:
    """A picture on which things are put one after the other.

    Attributes:
        picture: (s, s, 3) levels so far.
        head: in pixels of the layers.
        light: of the picture.
        part: "train" or "test".
        base: what the face has on before anything is put on.
        rng: of all that is drawn at random.
        parts: masks of the parts of the face, (s, s).
        hidden: (s, s) opacity of all that was put on.
        worn: what was put on, in words.
        facts: names of the network's outputs and their values, where they follow from what is
            worn; NaN where they are not known any more.
    """

    picture: Floats
    head: Head
    light: Light
    part: str
    base: Base
    rng: Generator
    parts: dict[str, NDArray[np.bool_]]
    hidden: Floats
    worn: list[str] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, rgb: Pixels, mesh: NDArray[np.floating], logits: Mapping[str, float], part: str,
           rng: Generator) -> Scene:  # fmt: skip
        """Nothing is put on yet.

        Args:
            rgb: (s, s, 3) picture of a face.
            mesh: (468 or 478, 3) its mesh, in pixels.
            logits: its scores by name of attribute.
        """
        head = Head.of(mesh)
        side = rgb.shape[0]
        parts = regions.parts_of(head, side)
        large = Head.of(np.asarray(mesh) * SETTINGS[part].times)
        return cls(rgb.astype(np.float64), large, light_of(rgb, head), part,
                   base_of(rgb, parts, logits), rng, parts, np.zeros((side, side)))  # fmt: skip

    @property
    def settings(self) -> Settings:
        """How this part is rendered."""
        return SETTINGS[self.part]

    def layer(self) -> Pixels:
        """(S, S, 4) nothing yet."""
        side = self.settings.times * len(self.picture)
        return np.zeros((side, side, 4), np.uint8)

    def lay(self, layer: Pixels, what: str, **facts: float) -> None:
        """Put a painted layer on the picture, with its shadow.

        What else was worn and is now hidden is not known any more.
        """
        ways = self.settings
        shadow = self.rng.uniform(*ways.shadow), self.rng.uniform(*ways.reach)
        picture = canvas.shadowed(self.picture, layer, self._face(), self.light, *shadow)
        blur = self.rng.uniform(*ways.blur)
        self.picture, hides = canvas.laid(picture, self._toned(layer), self.light, blur, self.rng)
        eyes = max(float((hides[self.parts[eye]] > 0.5).mean()) if self.parts[eye].any() else 0.0
                   for eye in ("left eye", "right eye"))  # fmt: skip
        mouth = float((hides[self.parts["mouth"]] > 0.5).mean()) if self.parts["mouth"].any() else 0
        for name, gone in (("Sunglasses", eyes), ("Swimming_Goggles", eyes), ("Face_Mask", mouth)):
            if name in self.facts and gone > 0.3:
                self.facts[name] = np.nan
        self.hidden = 1 - (1 - self.hidden) * (1 - hides)
        self.worn.append(what)
        self.facts.update(facts)

    def _face(self) -> Floats:
        side = len(self.picture)
        mask = np.zeros((side, side), np.float32)
        outline = (self.head.outline(0) / self.settings.times).round().astype(np.int32)
        cv2.fillConvexPoly(mask, outline, 1.0)
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.0), np.float64)

    def _toned(self, layer: Pixels) -> Pixels:
        """The layer as gray as the picture is."""
        spread = float(np.percentile(np.ptp(self.picture, axis=2), 80))
        keep = np.clip((spread - 6) / 14, 0, 1)
        if keep == 1:
            return layer
        gray = layer[..., :3] @ np.array([0.299, 0.587, 0.114])
        toned = gray[..., None] + keep * (layer[..., :3] - gray[..., None])
        return np.dstack([toned.astype(np.uint8), layer[..., 3]])

    def finished(self) -> Pixels:
        """(s, s, 3) the picture, some compressed once more."""
        made = np.clip(self.picture.round(), 0, 255).astype(np.uint8)
        if self.rng.random() >= COMPRESSED:
            return made
        quality = int(self.rng.integers(*self.settings.quality))
        stream = io.BytesIO()
        Image.fromarray(made).save(stream, self.settings.codec, quality=quality)
        return np.array(Image.open(stream).convert("RGB"))


def labels_of(scene: Scene) -> tuple[dict[str, float], set[str]]:
    """What is known of a picture: values of outputs, NaN if unknown; and what cannot be told.

    Returns:
        For each of `MADE`, and for what follows from things worn, 1, 0 or NaN; and the CelebA
        attributes of which the scores of the plain face do not hold any more.
    """
    base = scene.base
    shares = regions.hidden_shares(scene.parts, scene.hidden)
    forehead = regions.verdict(shares["forehead"])
    eyes = regions.eyes_verdict(scene.parts, shares)
    mouth = regions.verdict(shares["mouth"])
    glasses = np.nan if base.glasses != 0 and base.dark != 0 else 0.0
    known = {
        "Sunglasses": glasses,
        "Swimming_Goggles": glasses,
        "Face_Mask": 0.0,
        "Forehead_Occluded": base.forehead if forehead == 0 else forehead,
        "Eyes_Occluded": glasses if eyes == 0 else eyes,
        "Mouth_Occluded": mouth,
    }
    assert tuple(known) == MADE
    known.update(scene.facts)
    return known, regions.not_told(shares) - scene.facts.keys()
