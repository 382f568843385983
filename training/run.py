"""A training run, whatever its network learns: steps, epochs, and checkpoints to go on from.

A run's folder holds ``curves.csv`` (a line an epoch), ``last.pt`` (to resume) and ``best.pt``
(averaged weights of the best validation epoch; of the last where there is no validation).
"""

from __future__ import annotations

import copy
import csv
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.schedule import Settings, rate_share

Net = TypeVar("Net", bound=nn.Module)


class Run(Generic[Net]):
    """A training run: networks, optimiser, position, and the generator all chance comes from."""

    def __init__(self, settings: Settings, net: Net) -> None:
        self.settings = settings
        self.net = net.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(_groups(self.net, settings))
        self.rng = np.random.default_rng(settings.seed)
        self.epoch = 0
        self.step = 0
        self.best = 0.0

    def begin(self, folder: Path) -> None:
        """Begin with the weights that `net` has, or where the folder's checkpoint left off."""
        folder.mkdir(parents=True, exist_ok=True)
        self.average.load_state_dict(self.net.state_dict())
        if (folder / "last.pt").exists():
            self.load(folder / "last.pt")

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
        """Go on from what `save` wrote."""
        state = torch.load(path, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.rng.bit_generator.state = json.loads(state["rng"])
        torch.set_rng_state(state["torch_rng"])
        self.epoch, self.step, self.best = state["position"]

    def answer(self, images: Tensor) -> Tensor:
        """What the network that is trained says of a batch."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
            said: Tensor = self.net(images)
        return said.float()

    def learn_epoch(
        self, drawn: NDArray[np.int64], loss_of: Callable[[NDArray[np.int64]], Tensor]
    ) -> float:
        """One epoch over rows of the data, in whole batches; gives the mean loss.

        Args:
            drawn: (n,) the rows in the order in which they come.
            loss_of: the loss of a batch of rows.
        """
        steps = len(drawn) // self.settings.batch
        self.net.train()
        losses = []
        for rows in drawn[: steps * self.settings.batch].reshape(steps, self.settings.batch):
            self._set_rate(self.step / (steps * self.settings.epochs))
            losses.append(self._learn(loss_of(rows)))
        return float(np.mean(losses))

    def _set_rate(self, progress: float) -> None:
        """Set every learning rate for this point of the run, 0..1."""
        share = rate_share(progress, self.settings.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = share * group["peak"]

    def _learn(self, loss: Tensor) -> float:
        """One step down this loss."""
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return float(loss.item())

    def _follow(self) -> None:
        """Move the averaged network towards the trained one; quickly at first."""
        decay = min(self.settings.average_decay, (1 + self.step) / (10 + self.step))
        trained = self.net.state_dict()
        with torch.no_grad():
            for name, value in self.average.state_dict().items():
                if value.is_floating_point():
                    value.lerp_(trained[name], 1 - decay)
                else:
                    value.copy_(trained[name])

    def train(
        self,
        folder: Path,
        learn: Callable[[], float],
        score: Callable[[int], float] | None,
        *,
        score_name: str,
        kept: dict[str, Any] | None = None,
    ) -> None:
        """Train to the end of the schedule, saving after each epoch.

        Args:
            folder: of the run.
            learn: trains for an epoch and gives its loss.
            score: how good the averaged network is at this side of its input; the best is kept.
                None where nothing is to be chosen: the last is kept.
            score_name: its column in the curves.
            kept: what is told in ``best.pt`` beside the weights and the side.
        """
        while self.epoch < self.settings.epochs:
            started = time.monotonic()
            side = self.settings.side(self.epoch)
            loss = learn()
            self.epoch += 1
            found = float("nan")
            due = self.epoch % self.settings.evaluate_every == 0
            best = score is None and self.epoch == self.settings.epochs
            if score and (due or self.epoch > self.settings.epochs - 4):
                found = score(side)
                best = found >= self.best
                self.best = max(self.best, found)
            if best:
                state = {"net": self.average.state_dict(), "side": side, **(kept or {})}
                save_whole(state, folder / "best.pt")
            self.save(folder / "last.pt")
            line = {
                "epoch": self.epoch,
                "side": side,
                "loss": f"{loss:.4f}",
                score_name: f"{found:.4f}",
                "seconds": f"{time.monotonic() - started:.0f}",
            }
            _add_line(folder / "curves.csv", line)


def _groups(net: nn.Module, settings: Settings) -> list[dict[str, Any]]:
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


def _add_line(path: Path, line: dict[str, Any]) -> None:
    """Add an epoch to the curves."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, line)
        if new:
            writer.writeheader()
        writer.writerow(line)


def save_whole(state: dict[str, Any], path: Path) -> None:
    """Save beside the target, then rename, so that a cut run leaves the old file."""
    beside = path.with_suffix(".part")
    torch.save(state, beside)
    os.replace(beside, path)


def read_best(path: Path, net: Net) -> tuple[Net, int]:
    """A network with the averaged weights of a ``best.pt``, and the side it was scored at."""
    state = torch.load(path, weights_only=True)
    net = net.eval().requires_grad_(False)
    net.load_state_dict(state["net"])
    return net.to(memory_format=torch.channels_last), int(state["side"])
