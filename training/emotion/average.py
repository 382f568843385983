"""Average the weights of networks that come from one another.

    python -m training.emotion.average RUN/best.pt=0.4 EARLIER/best.pt=0.6 --out MEAN/best.pt

A run that starts from another's weights stays in the same valley of the loss, and a network between
the two can be better than both (Wortsman et al., "Model soups", ICML 2022). Networks that were
trained apart have nothing in common to average. What is written has the side of the first one; its
statistics of batches are averaged as the weights are.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import torch
from torch import Tensor

from training.emotion.train import load_one


def average(parts: list[tuple[dict[str, Tensor], float]]) -> dict[str, Tensor]:
    """The mean of networks' tensors with these shares; whole numbers are those of the first."""
    (first, _), *_ = parts
    mean = {}
    for name, tensor in first.items():
        if tensor.is_floating_point():
            mean[name] = sum((state[name] * share for state, share in parts), torch.zeros(()))
        else:
            mean[name] = tensor
    return mean


def parse(text: str) -> tuple[Path, float]:
    """A checkpoint and its share, as ``PATH=SHARE``."""
    path, _, share = text.rpartition("=")
    return Path(path), float(share)


def main() -> None:
    """Write the average."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "parts", nargs="+", type=parse, metavar="PATH=SHARE",
        help="side and mirror images are those of the first",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    shares = [share for _, share in options.parts]
    if not math.isclose(sum(shares), 1):
        parser.error(f"the shares add up to {sum(shares):g}, not to 1")
    networks = [load_one(path) for path, _ in options.parts]
    states = [net.state_dict() for net, _ in networks]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    mean = average(list(zip(states, shares, strict=True)))
    first, side = networks[0]
    torch.save({"net": mean, "side": side, "mirrored": first.mirrored}, options.out)


if __name__ == "__main__":
    main()
