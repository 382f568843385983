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
import copy
import csv
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.emotion import augment, calibrate, data
from training.emotion.dlib_weights import gray_stem, read_convolutions
from training.emotion.network import ExpressionNet, load_folded, settle
from training.emotion.predict import predict_logits, resized
from training.emotion.restore import read_onnx
from training.emotion.schedule import Settings, parse_stages, rate_share

DEFAULTS = Settings()


class Run:
    """A training run: networks, optimiser, position, and the generator all chance comes from."""

    def __init__(self, settings: Settings, net: ExpressionNet) -> None:
        self.settings = settings
        self.net = net.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(_groups(self.net, settings))
        self.rng = np.random.default_rng(settings.seed)
        self.epoch = 0
        self.step = 0
        self.best = 0.0

    def save(self, path: Path) -> None:
        """Write all that is needed to go on, whole or not at all."""
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "rng": json.dumps(self.rng.bit_generator.state),
            "torch_rng": torch.get_rng_state(),
            "position": (self.epoch, self.step, self.best),
        }
        save_whole(state, path)

    def load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.rng.bit_generator.state = json.loads(state["rng"])
        torch.set_rng_state(state["torch_rng"])
        self.epoch, self.step, self.best = state["position"]


def save_whole(state: dict[str, Any], path: Path) -> None:
    """Save beside the target, then rename, so that a cut run leaves the old file."""
    beside = path.with_suffix(".part")
    torch.save(state, beside)
    os.replace(beside, path)


def _groups(net: ExpressionNet, settings: Settings) -> list[dict[str, Any]]:
    """Parameters by learning rate and decay; normalisations and biases are not decayed."""
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in net.named_parameters():
        rate = settings.head_rate if name.startswith("head") else settings.rate
        decay = settings.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "peak": rate, "weight_decay": decay}
        for (rate, decay), parameters in groups.items()
    ]


def train_epoch(run: Run, part: data.Part, targets: Tensor, weights: Tensor) -> float:
    """One epoch over faces drawn with return; gives the mean loss."""
    settings, rng = run.settings, run.rng
    chances = data.draw_weights(targets.numpy(), settings.draw_power)
    drawn = rng.choice(len(part), len(part), p=chances)
    steps = len(drawn) // settings.batch
    run.net.train()
    losses = []
    for rows in drawn[: steps * settings.batch].reshape(steps, settings.batch):
        set_rate(run, run.step / (steps * settings.epochs))
        images, wanted = _batch(run, part, targets, rows)
        per_face = functional.cross_entropy(run.net(images), wanted, reduction="none")
        loss = (per_face * weights[rows]).sum() / weights[rows].sum()
        run.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
        torch.nn.utils.clip_grad_norm_(run.net.parameters(), 5.0)
        run.optimiser.step()
        run.step += 1
        follow(run)
        losses.append(loss.item())
    return float(np.mean(losses))


def set_rate(run: Run, progress: float) -> None:
    """Set every learning rate for this point of the run, 0..1."""
    share = rate_share(progress, run.settings.warm_up)
    for group in run.optimiser.param_groups:
        group["lr"] = share * group["peak"]


def _batch(
    run: Run, part: data.Part, targets: Tensor, rows: NDArray[np.int64]
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


def follow(run: Run) -> None:
    """Move the averaged network towards the trained one; quickly at first."""
    decay = min(run.settings.average_decay, (1 + run.step) / (10 + run.step))
    trained = run.net.state_dict()
    with torch.no_grad():
        for name, value in run.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(trained[name], 1 - decay)
            else:
                value.copy_(trained[name])


def train(run: Run, part: data.Part, targets: Tensor, weights: Tensor, valid: data.Part,
          folder: Path) -> None:  # fmt: skip
    """Train to the end of the schedule, saving after each epoch.

    The best epoch is the one that is most often right once calibrated (on other faces), as it
    will be in use: rare expressions drawn more often move the bare scores by more than epochs do.
    """
    labels = data.majority(valid.votes)
    while run.epoch < run.settings.epochs:
        started = time.monotonic()
        side = run.settings.side(run.epoch)
        loss = train_epoch(run, part, targets, weights)
        run.epoch += 1
        accuracy = float("nan")
        due = run.epoch % run.settings.evaluate_every == 0
        if due or run.epoch > run.settings.epochs - 4:
            logits = predict_logits(run.average, valid.images, side)
            scores, _ = calibrate.cross_fitted(logits, valid.votes)
            decided = labels != data.NO_MAJORITY
            accuracy = float((scores.argmax(axis=1) == labels)[decided].mean())
            if accuracy >= run.best:
                run.best = accuracy
                save_whole({"net": run.average.state_dict(), "side": side}, folder / "best.pt")
        run.save(folder / "last.pt")
        seconds = time.monotonic() - started
        log_line(folder / "curves.csv", run.epoch, side, loss, accuracy, seconds)


def log_line(path: Path, epoch: int, side: int, loss: float, accuracy: float, s: float) -> None:
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        if new:
            writer.writerow(("epoch", "side", "loss", "valid_accuracy", "seconds"))
        writer.writerow((epoch, side, f"{loss:.4f}", f"{accuracy:.4f}", f"{s:.0f}"))


def teacher_targets(
    teachers: Sequence[Path], part: data.Part, targets: Tensor, settings: Settings
) -> Tensor:
    """Votes mixed with the teachers' mean score of the unchanged faces, (n, 8)."""
    logits = [predict_logits(net, part.images, side) for net, side in map(load_best, teachers)]
    scores = (settings.teacher_slope * torch.stack(logits)).softmax(dim=2).mean(dim=0)
    return settings.teacher_share * scores + (1 - settings.teacher_share) * targets


def load_best(path: Path) -> tuple[ExpressionNet, int]:
    """The averaged network of a ``best.pt`` or an exported file, and the side it was scored at."""
    if path.suffix == ".onnx":
        return read_onnx(path)
    state = torch.load(path, weights_only=True)
    net = ExpressionNet().eval().requires_grad_(False)
    net.load_state_dict(state["net"])
    return net.to(memory_format=torch.channels_last), int(state["side"])


def first_weights(net: ExpressionNet, images: Tensor, start: Path | None,
                  dlib: Path | None) -> None:  # fmt: skip
    """Load the start weights: an earlier run's, dlib's, or none; some faces set what is normal."""
    if start:
        earlier, _ = load_best(start)
        net.load_state_dict(earlier.state_dict())
        if start.suffix == ".onnx":
            settle(net, images)
    elif dlib:
        stem, *others = read_convolutions(dlib)
        load_folded(net, [gray_stem(stem), *others])
        settle(net, images)


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """The options that a whole run and one of five folds have in common."""
    parser.add_argument("--data", type=Path, help=f"data folder, else ${data.DATA_VARIABLE}")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument("--dlib", type=Path, help="dlib's face network to start from")
    parser.add_argument("--stages", default="64x8,72x8", help="SIDExEPOCHS, comma-separated")
    parser.add_argument("--rate", type=float, default=DEFAULTS.rate)
    parser.add_argument("--strength", type=float, default=1.0, help="factor on augmentation")
    parser.add_argument("--draw-power", type=float, default=DEFAULTS.draw_power)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.emotion.train")
    add_recipe(parser)
    parser.add_argument("--start", type=Path, help="best.pt or ONNX file to start from")
    parser.add_argument(
        "--teacher", type=Path, nargs="+", help="best.pt or ONNX files to learn from as well"
    )
    parser.add_argument("--teacher-share", type=float, default=DEFAULTS.teacher_share)
    return parser.parse_args(arguments)


def recipe(arguments: argparse.Namespace) -> Settings:
    """The settings that the options of `add_recipe` ask for."""
    return replace(
        DEFAULTS,
        stages=parse_stages(arguments.stages),
        rate=arguments.rate,
        head_rate=2 * arguments.rate,
        draw_power=arguments.draw_power,
        seed=arguments.seed,
        strength=DEFAULTS.strength.times(arguments.strength),
        drop_depth=DEFAULTS.drop_depth * arguments.strength,
        dropout=DEFAULTS.dropout * arguments.strength,
    )


def begin(
    settings: Settings, faces: NDArray[np.uint8], out: Path, *,
    start: Path | None = None, dlib: Path | None = None,
) -> Run:  # fmt: skip
    """A run at its start, or where the checkpoint in its folder left off."""
    torch.manual_seed(settings.seed)
    out.mkdir(parents=True, exist_ok=True)
    net = ExpressionNet(drop_depth=settings.drop_depth, dropout=settings.dropout)
    run = Run(settings, net)
    first_weights(net, resized(faces[:256], settings.stages[0][0]), start, dlib)
    run.average.load_state_dict(net.state_dict())
    if (out / "last.pt").exists():
        run.load(out / "last.pt")
    return run


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    settings = replace(recipe(arguments), teacher_share=arguments.teacher_share)
    folder = data.data_folder(arguments.data)
    part, valid = data.read_part(folder, "train"), data.read_part(folder, "valid")
    run = begin(settings, part.images, arguments.out, start=arguments.start, dlib=arguments.dlib)
    write_settings(settings, folder, arguments)
    shares, weights = (torch.from_numpy(column) for column in data.vote_targets(part.votes))
    if arguments.teacher:
        shares = teacher_targets(arguments.teacher, part, shares, settings)
    train(run, part, shares, weights, valid, arguments.out)


def write_settings(settings: Settings, folder: Path, arguments: argparse.Namespace) -> None:
    record = {
        "settings": settings.as_dict(),
        "data_sha256": data.data_hash(folder),
        "start": Path(arguments.start or arguments.dlib or "none").name,
        "teacher": [path.name for path in arguments.teacher or ()],
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "numpy": np.__version__,
        },
        "machine": f"{platform.machine()}, {arguments.threads} threads",
        "command": sys.argv[1:],
    }
    (arguments.out / "settings.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
