"""Train the attribute network; resumes from its own checkpoint.

    python -m training.attributes.train --data DATA --out RUN --dlib dlib_face_recognition….dat

Writes into the run's folder: ``settings.json`` (settings, versions, hashes of the data),
``curves.csv`` (a line an epoch), ``last.pt`` (to resume) and ``best.pt`` (averaged weights of
the best validation epoch).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.attributes import augment
from training.attributes.data import (
    KEPT,
    MADE,
    SCORED,
    TRAINED,
    Faces,
    draw_chances,
    read_faces,
    soft_targets,
    split,
)
from training.attributes.faces import FACE_SIDE, faces_folder, faces_hash
from training.attributes.made import made_hash, plain_targets, read_made
from training.attributes.metrics import areas, mean_asked
from training.attributes.network import AttributeNet, colour_stem
from training.attributes.predict import WINDOW, predict_logits, resized
from training.emotion.augment import mix, place, relight
from training.emotion.dlib_weights import read_convolutions
from training.emotion.network import load_folded, settle
from training.recipe import add_recipe, recipe, write_settings
from training.run import Run, read_best
from training.schedule import Settings, Strength

DEFAULTS = Settings(
    stages=((72, 4), (80, 6), (96, 6)),
    draw_power=0.35,
    strength=Strength(
        degraded=0.35, rotation_deg=10.0, scale=0.16, stretch=0.05, shift=0.06, light=0.25,
        erased=0.0, faceless=0.0, mixed_batches=0.25,
    ),
)  # fmt: skip
AttributeRun = Run[AttributeNet]

OTHERS_WEIGHT = 0.3
"""Weight in the loss of an attribute that is learned but not shipped."""


class Pictures(NamedTuple):
    """What is trained on."""

    images: NDArray[np.uint8]
    """(n, 112, 112, 3) RGB."""
    targets: Tensor
    """(n, 46) in 0..1, NaN where unknown."""
    chances: NDArray[np.float64]
    """(n,) how often each is drawn, summing to 1."""
    epoch: int
    """How many are drawn in an epoch."""


def train_epoch(run: AttributeRun, pictures: Pictures, weights: Tensor) -> float:
    """One epoch over pictures drawn with return; gives the mean loss."""

    def loss_of(rows: NDArray[np.int64]) -> Tensor:
        images, wanted = batch(run, pictures, rows)
        return masked_loss(run.answer(images), wanted, weights)

    drawn = run.rng.choice(len(pictures.images), pictures.epoch, p=pictures.chances)
    return run.learn_epoch(drawn, loss_of)


def masked_loss(logits: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Weighted cross entropy over the targets that are known, those that are not being NaN.

    Args:
        logits, wanted: (n, k).
        weights: (k,).
    """
    known = ~wanted.isnan()
    each = functional.binary_cross_entropy_with_logits(
        logits, wanted.nan_to_num(0.5), reduction="none"
    )
    total = known * weights
    return (each * total).sum() / total.sum()


def output_weights(targets: Tensor) -> Tensor:
    """(k,) weight of each output: more for rare attributes, less for what is not shipped."""
    share = (targets > 0.5).float().mean(dim=0).clamp(0.03, 0.97)
    weights = 0.5 / (share * (1 - share)).sqrt()
    others = [at for at, name in enumerate(TRAINED) if name not in KEPT]
    weights[others] *= OTHERS_WEIGHT
    return weights


def batch(run: AttributeRun, pictures: Pictures, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Changed faces (batch, 3, side, side) and their targets (batch, 46)."""
    strength, rng = run.settings.strength, run.rng
    pixels = augment.degrade(pictures.images[rows], strength.degraded, rng)
    images = torch.from_numpy(pixels).float().permute(0, 3, 1, 2)
    left, top, width = (edge / FACE_SIDE for edge in WINDOW)
    images = place(
        images, run.settings.side(run.epoch), strength, rng,
        centre=(left + width / 2, top + width / 2), share=width,
    )  # fmt: skip
    images = relight(images, strength.light, rng)
    images = augment.tint(images, augment.COLOUR, augment.GRAY, rng)
    images, wanted = mix(images, pictures.targets[rows], strength, rng)
    return images.contiguous(memory_format=torch.channels_last), wanted


def train(run: AttributeRun, pictures: Pictures, valid: Faces, folder: Path) -> None:
    """Train to the end of the schedule, saving after each epoch; the best ranks best."""
    weights = output_weights(pictures.targets)
    made = bool(pictures.targets[:, len(SCORED) :].isfinite().any())

    def area(side: int) -> float:
        logits = predict_logits(run.average, valid.images, side).numpy()
        return mean_asked(areas(logits[:, : len(SCORED)], valid.logits, SCORED))

    def learn() -> float:
        return train_epoch(run, pictures, weights)

    run.train(folder, learn, area, score_name="valid_area", kept={"made": made})


def load_best(path: Path) -> tuple[AttributeNet, int]:
    """The averaged network of a ``best.pt``, and the side it was scored at."""
    return read_best(path, AttributeNet())


def made_was_learned(path: Path) -> bool:
    """Whether the network of a ``best.pt`` was trained on generated occluders."""
    return bool(torch.load(path, weights_only=True).get("made", False))


def read_pictures(
    everything: Faces, seen: NDArray[np.bool_], made: Path | None, power: float
) -> Pictures:
    """The plain faces that are seen in training, and those with generated occluders if any.

    Half of what is drawn is plain, half made.

    Raises:
        ValueError: something was made of a face that is not to be seen.
    """
    plain = soft_targets(everything.logits)
    if not made:
        unknown = np.full((len(plain), len(MADE)), np.nan, np.float32)
        targets = np.hstack([plain, unknown])[seen]
        chances = draw_chances(targets, everything.person[seen], power)
        return Pictures(everything.images[seen], torch.from_numpy(targets), chances, len(chances))
    covered = read_made(made)
    if not seen[covered.face].all():
        raise ValueError(f"{made} has pictures of persons who are kept apart")
    rows = np.hstack([plain, plain_targets(plain)])[seen], covered.targets(plain)
    persons = everything.person[seen], everything.person[covered.face]
    halves = [draw_chances(*each, power) / 2 for each in zip(rows, persons, strict=True)]
    return Pictures(
        np.concatenate([everything.images[seen], covered.images]),
        torch.from_numpy(np.concatenate(rows)),
        np.concatenate(halves),
        len(rows[0]),
    )


def begin(
    settings: Settings, images: NDArray[np.uint8], out: Path, *,
    start: Path | None = None, dlib: Path | None = None,
) -> AttributeRun:  # fmt: skip
    """A run at its start, or where the checkpoint in its folder left off."""
    torch.manual_seed(settings.seed)
    net = AttributeNet(drop_depth=settings.drop_depth, dropout=settings.dropout)
    run = Run(settings, net)
    if start:
        net.load_state_dict(load_best(start)[0].state_dict())
    elif dlib:
        stem, *others = read_convolutions(dlib)
        load_folded(net, [colour_stem(stem), *others])
        settle(net, resized(images[:256], settings.stages[0][0]))
    run.begin(out)
    return run


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options of a run."""
    parser = argparse.ArgumentParser(prog="python -m training.attributes.train")
    add_recipe(parser, DEFAULTS)
    parser.add_argument("--start", type=Path, help="best.pt to start from")
    parser.add_argument("--made", type=Path, help="folder of faces with generated occluders")
    return parser.parse_args(arguments)


def main() -> None:
    """Train from the start weights, or go on."""
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    folder = faces_folder(arguments.data)
    everything = read_faces(folder)
    seen, unseen = split(everything.person)
    valid = everything[unseen]
    settings = recipe(arguments, DEFAULTS)
    pictures = read_pictures(everything, seen, arguments.made, settings.draw_power)
    del everything
    run = begin(
        settings, pictures.images, arguments.out, start=arguments.start, dlib=arguments.dlib
    )
    write_settings(
        settings,
        arguments,
        data_sha256=faces_hash(folder),
        made_sha256=made_hash(arguments.made) if arguments.made else None,
        pictures={"train": len(pictures.images), "valid": len(valid)},
    )
    train(run, pictures, valid, arguments.out)


if __name__ == "__main__":
    main()
