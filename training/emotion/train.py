"""Train the expression network; resumes from its own checkpoint.

    python -m training.emotion.train --data DATA --out RUN --dlib dlib_face_recognition….dat
    python -m training.emotion.train --data DATA --out NEXT --start RUN/best.pt \\
        --teacher RUN/best.pt

Writes into the run's folder: ``settings.json`` (settings, versions, hash of the data),
``curves.csv`` (a line an epoch), ``last.pt`` (to resume) and ``best.pt`` (averaged weights of
the best validation epoch).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.emotion import augment, calibrate, data
from training.emotion.dlib_weights import gray_stem, read_convolutions
from training.emotion.network import ExpressionNet, ExpressionPair, load_folded, settle
from training.emotion.predict import predict_logits, resized
from training.emotion.restore import read_onnx
from training.recipe import add_recipe, recipe, write_settings
from training.run import Run, read_best
from training.schedule import Settings

DEFAULTS = Settings()
ExpressionRun = Run[ExpressionNet]


def train_epoch(run: ExpressionRun, part: data.Part, targets: Tensor, weights: Tensor) -> float:
    """One epoch over faces drawn with return; gives the mean loss."""

    def loss_of(rows: NDArray[np.int64]) -> Tensor:
        images, wanted = _batch(run, part, targets, rows)
        per_face = functional.cross_entropy(run.answer(images), wanted, reduction="none")
        return (per_face * weights[rows]).sum() / weights[rows].sum()

    chances = data.draw_weights(targets.numpy(), run.settings.draw_power)
    return run.learn_epoch(run.rng.choice(len(part), len(part), p=chances), loss_of)


def _batch(
    run: ExpressionRun, part: data.Part, targets: Tensor, rows: NDArray[np.int64]
) -> tuple[Tensor, Tensor]:
    """Changed faces (batch, 1, side, side) and their targets (batch, 8)."""
    strength, rng = run.settings.strength, run.rng
    pixels = augment.degrade(part.images[rows], strength.degraded, rng)
    images = torch.from_numpy(pixels).float()[:, None]
    images = augment.place(images, run.settings.side(run.epoch), strength, rng)
    images = augment.relight(images, strength.light, rng)
    images = augment.erase(images, strength.erased, rng)
    images, wanted = augment.faceless(images, targets[rows], strength.faceless, rng)
    images, wanted = augment.mix(images, wanted, strength, rng)
    return images.contiguous(memory_format=torch.channels_last), wanted


def train(run: ExpressionRun, part: data.Part, targets: Tensor, weights: Tensor,
          valid: data.Part | None, folder: Path) -> None:  # fmt: skip
    """Train to the end of the schedule, saving after each epoch; without `valid` the last is best.

    The best epoch is the one that is most often right once calibrated (on other faces), as it
    will be in use: rare expressions drawn more often move the bare scores by more than epochs do.
    """

    def accuracy(valid: data.Part, side: int) -> float:
        logits = predict_logits(run.average, valid.images, side)
        scores, _ = calibrate.cross_fitted(logits, valid.votes)
        return accuracy_of(scores, valid)

    def learn() -> float:
        return train_epoch(run, part, targets, weights)

    kept = {"mirrored": run.average.mirrored}
    score = partial(accuracy, valid) if valid is not None else None
    run.train(folder, learn, score, score_name="valid_accuracy", kept=kept)


def accuracy_of(scores: NDArray[np.float32], faces: data.Part) -> float:
    """Share of the faces with a majority whose top score is the majority's."""
    labels = data.majority(faces.votes)
    decided = labels != data.NO_MAJORITY
    return float((scores.argmax(axis=1) == labels)[decided].mean())


def teacher_targets(
    teachers: Sequence[Path], part: data.Part, targets: Tensor, settings: Settings
) -> Tensor:
    """Votes mixed with the teachers' mean score of the unchanged faces, (n, 8).

    Teachers read each face and its mirror image, also those that are shipped without.
    """
    logits = []
    for net, side in map(load_best, teachers):
        if isinstance(net, ExpressionNet):
            net.mirrored = True
        logits.append(predict_logits(net, part.images, side))
    scores = (settings.teacher_slope * torch.stack(logits)).softmax(dim=2).mean(dim=0)
    return settings.teacher_share * scores + (1 - settings.teacher_share) * targets


def load_best(path: Path) -> tuple[ExpressionNet | ExpressionPair, int]:
    """The averaged network of a ``best.pt`` or what is in an exported file, and the side of its
    input when it was scored."""
    if path.suffix == ".onnx":
        return read_onnx(path)
    mirrored = torch.load(path, weights_only=True).get("mirrored", True)
    return read_best(path, ExpressionNet(mirrored=mirrored))


def load_one(path: Path) -> tuple[ExpressionNet, int]:
    """As `load_best`; of two networks that which reads the faces."""
    net, side = load_best(path)
    return net.ways[0], side


def first_weights(net: ExpressionNet, images: Tensor, start: Path | None,
                  dlib: Path | None) -> None:  # fmt: skip
    """Load the start weights: an earlier run's, dlib's, or none; some faces set what is normal."""
    if start:
        earlier, _ = load_one(start)
        net.load_state_dict(earlier.state_dict())
        if start.suffix == ".onnx":
            settle(net, images)
    elif dlib:
        stem, *others = read_convolutions(dlib)
        load_folded(net, [gray_stem(stem), *others])
        settle(net, images)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.emotion.train")
    add_recipe(parser, DEFAULTS)
    parser.add_argument("--start", type=Path, help="best.pt or ONNX file to start from")
    parser.add_argument(
        "--teacher", type=Path, nargs="+", help="best.pt or ONNX files to learn from as well"
    )
    parser.add_argument(
        "--one-way", action="store_true", help="read no mirror image, in half the time"
    )
    parser.add_argument("--teacher-share", type=float, default=DEFAULTS.teacher_share)
    return parser.parse_args(arguments)


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings that the options ask for."""
    return replace(
        recipe(arguments, DEFAULTS),
        teacher_share=arguments.teacher_share,
        mirrored=not arguments.one_way,
    )


def begin(
    settings: Settings, faces: NDArray[np.uint8], out: Path, *,
    start: Path | None = None, dlib: Path | None = None,
) -> ExpressionRun:  # fmt: skip
    """A run at its start, or where the checkpoint in its folder left off."""
    torch.manual_seed(settings.seed)
    net = ExpressionNet(
        drop_depth=settings.drop_depth, dropout=settings.dropout, mirrored=settings.mirrored
    )
    run = Run(settings, net)
    first_weights(net, resized(faces[:256], settings.stages[0][0]), start, dlib)
    run.begin(out)
    return run


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    settings = settings_of(arguments)
    folder = data.data_folder(arguments.data)
    part, valid = data.read_part(folder, "train"), data.read_part(folder, "valid")
    run = begin(settings, part.images, arguments.out, start=arguments.start, dlib=arguments.dlib)
    teachers = [path.name for path in arguments.teacher or ()]
    write_settings(settings, arguments, data_sha256=data.data_hash(folder), teacher=teachers)
    shares, weights = (torch.from_numpy(column) for column in data.vote_targets(part.votes))
    if arguments.teacher:
        shares = teacher_targets(arguments.teacher, part, shares, settings)
    train(run, part, shares, weights, valid, arguments.out)


if __name__ == "__main__":
    main()
