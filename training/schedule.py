"""What changes over a run (learning rate, input size), and all its settings."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Strength:
    """How far the changes go; shares are of faces, distances of the side of the crop."""

    degraded: float = 0.25
    rotation_deg: float = 15.0
    scale: float = 0.14
    stretch: float = 0.06
    shift: float = 0.07
    light: float = 0.25
    erased: float = 0.3
    faceless: float = 0.02
    mixed_batches: float = 0.33
    mix_alpha: float = 0.4

    def times(self, factor: float) -> Strength:
        """All shares and distances times a factor; below 1 for the end of a training."""
        kept = {"faceless": self.faceless, "mix_alpha": self.mix_alpha}
        return Strength(**{name: factor * value for name, value in asdict(self).items()} | kept)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides a run, beside the data and the start weights.

    Attributes:
        stages: (input side in pixels, epochs) one after the other; small first is cheap.
        rate: peak learning rate of the body; `head_rate` that of the head.
        draw_power: rare expressions are drawn by frequency to the power minus this.
        teacher_share: share of the teacher's scores in the target where there is a teacher.
        teacher_slope: factor on the teacher's logits, which mixing makes too even.
        average_decay: decay a step of the averaged weights that are evaluated and shipped.
        mirrored: whether a face is scored with its mirror image.
        bfloat16: whether convolutions are trained in half the bits: twice as fast on processors
            made for it, slower on others.
    """

    stages: tuple[tuple[int, int], ...] = ((64, 8), (72, 8))
    batch: int = 128
    rate: float = 1.5e-3
    head_rate: float = 3e-3
    weight_decay: float = 0.05
    warm_up: float = 0.15
    draw_power: float = 0.35
    teacher_share: float = 0.5
    teacher_slope: float = 1.3
    average_decay: float = 0.998
    drop_depth: float = 0.05
    dropout: float = 0.2
    evaluate_every: int = 2
    mirrored: bool = True
    bfloat16: bool = False
    seed: int = 1
    strength: Strength = field(default_factory=Strength)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a JSON file."""
        return asdict(self)

    @property
    def epochs(self) -> int:
        return sum(epochs for _, epochs in self.stages)

    def side(self, epoch: int) -> int:
        """The input side of an epoch, counted from 0."""
        for side, epochs in self.stages:
            if epoch < epochs:
                return side
            epoch -= epochs
        return self.stages[-1][0]


def parse_stages(text: str) -> tuple[tuple[int, int], ...]:
    """``"64x8,72x8"`` → ((64, 8), (72, 8)): eight epochs at 64 pixels, then eight at 72."""
    stages = []
    for stage in text.split(","):
        side, _, epochs = stage.partition("x")
        if not (side.isdecimal() and epochs.isdecimal()):
            raise ValueError(f"a stage is SIDExEPOCHS such as 64x8, got {stage!r}")
        stages.append((int(side), int(epochs)))
    return tuple(stages)


def rate_share(progress: float, warm_up: float) -> float:
    """Share of the peak learning rate: up over `warm_up`, then down a cosine to nearly 0.

    Args:
        progress: 0 at the start of the run, 1 at its end.
    """
    if progress < warm_up:
        return 0.05 + 0.95 * progress / warm_up
    return 0.002 + 0.998 * 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))
