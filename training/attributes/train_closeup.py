"""Train a close-up; resumes from its own checkpoint.

    python -m training.attributes.train_closeup eyes --data DATA --happiness happiness.npz \\
        --out RUNS/eyes

The folder of the run is as that of `training.attributes.train`. What ranks an epoch is the mean
cross entropy on the persons kept apart, its sign turned, so that more is better.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.attributes import augment
from training.attributes.closeups import CLOSE_UPS, CloseUp, CloseUpNet, predict
from training.attributes.data import draw_chances, read_faces, split
from training.attributes.faces import check_faces, faces_folder, faces_hash
from training.attributes.labels import read_labels
from training.attributes.teachers import by_eye, more_labels, read_happiness, targets
from training.emotion.augment import place, relight
from training.recipe import add_recipe, recipe, write_settings
from training.run import Run
from training.schedule import Settings, Strength

DEFAULTS = Settings(
    stages=((112, 7),),
    batch=64,
    rate=3e-3,
    weight_decay=0.02,
    draw_power=0.35,
    average_decay=0.995,
    drop_depth=0.0,
    evaluate_every=1,
    strength=Strength(
        degraded=0.2, rotation_deg=8.0, scale=0.12, stretch=0.05, shift=0.035, light=0.25,
        erased=0.0, faceless=0.0, mixed_batches=0.0,
    ),
)  # fmt: skip
CloseUpRun = Run[CloseUpNet]

TOLD_SHARE = 0.2
"""Share of what is drawn that is labelled by eye, where there are such faces."""

WORST = 10.0
"""Taken less the cross entropy, so that what ranks an epoch is above 0."""


class Pictures(NamedTuple):
    """What is trained on: images, targets (n, k) with NaN where unknown, and chances (n,)."""

    images: NDArray[np.uint8]
    targets: Tensor
    chances: NDArray[np.float64]


def chances_of(
    wanted: NDArray[np.float32], told: NDArray[np.bool_], person: NDArray[np.int64], power: float
) -> NDArray[np.float64]:
    """(n,) how often each face is drawn: as in `train`, but for `TOLD_SHARE` of those told."""
    chances = draw_chances(wanted, person, power)
    if not told.any():
        return chances
    others = (1 - TOLD_SHARE) * chances / chances[~told].sum()
    return np.asarray(np.where(told, TOLD_SHARE / told.sum(), others))


def loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross entropy over the targets that are known."""
    known = ~wanted.isnan()
    return functional.binary_cross_entropy_with_logits(logits[known], wanted[known])


def batch(run: CloseUpRun, close_up: CloseUp, pixels: NDArray[np.uint8]) -> Tensor:
    """Changed parts of some faces, (batch, 3, h, w)."""
    strength, rng = run.settings.strength, run.rng
    pixels = augment.degrade(pixels, strength.degraded, rng)
    images = torch.from_numpy(pixels).float().permute(0, 3, 1, 2)
    images = place(
        images, close_up.size, strength, rng, centre=close_up.centre, share=close_up.extent
    )
    images = relight(images, strength.light, rng)
    images = augment.tint(images, augment.COLOUR, augment.GRAY, rng)
    return images.contiguous(memory_format=torch.channels_last)


def train(
    run: CloseUpRun, close_up: CloseUp, pictures: Pictures, valid: Pictures, folder: Path
) -> None:
    """Train to the end of the schedule."""

    def loss_of(rows: NDArray[np.int64]) -> Tensor:
        return loss(run.answer(batch(run, close_up, pictures.images[rows])), pictures.targets[rows])

    def learn() -> float:
        drawn = run.rng.choice(len(pictures.images), len(pictures.images), p=pictures.chances)
        return run.learn_epoch(drawn, loss_of)

    def score(side: int) -> float:
        found = loss(predict(run.average, close_up, valid.images), valid.targets)
        return WORST - float(found)

    run.train(folder, learn, score, score_name="valid_score")


def main() -> None:
    """Train one close-up from nothing, or go on."""
    parser = argparse.ArgumentParser(prog="python -m training.attributes.train_closeup")
    parser.add_argument("close_up", choices=CLOSE_UPS)
    parser.add_argument("--happiness", type=Path, required=True, help="as teachers writes it")
    add_recipe(parser, DEFAULTS)
    parser.set_defaults(start=None)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    folder, close_up = faces_folder(arguments.data), CLOSE_UPS[arguments.close_up]
    check_faces(folder)
    faces = read_faces(folder)
    happiness, more = read_happiness(arguments.happiness), more_labels()
    likely = by_eye(faces.logits, happiness, read_labels().of("calibration"), more)
    wanted, told = targets(close_up.outputs, likely, more)
    seen, unseen = split(faces.person)
    settings = recipe(arguments, DEFAULTS)
    settings = replace(settings, head_rate=settings.rate)
    chances = chances_of(wanted[seen], told[seen], faces.person[seen], settings.draw_power)
    pictures = Pictures(faces.images[seen], torch.from_numpy(wanted[seen]), chances)
    valid = Pictures(faces.images[unseen], torch.from_numpy(wanted[unseen]), np.empty(0))
    torch.manual_seed(settings.seed)
    run = Run(settings, CloseUpNet(close_up, dropout=settings.dropout))
    run.begin(arguments.out)
    write_settings(settings, arguments, data_sha256=faces_hash(folder))
    train(run, close_up, pictures, valid, arguments.out)


if __name__ == "__main__":
    main()
