"""Score checkpoints, and their mean, before anything is exported.

    python -m training.emotion.compare --data DATA RUN/best.pt@72 OTHER/best.pt@80 emotion.onnx

A side after ``@`` replaces the one a network was trained at last. Accuracy is that of the majority
protocol, as it is and with a calibration fitted on other faces: the mean over some draws of the
five folds, as the draw alone moves it by a tenth of a point. Where there are several networks, the
last line is of the mean of their log-scores. The `--part train` has been learnt from, so that its
figures only say how well; `cross_entropy` is to the shares of the votes, and could not be below
their `entropy`.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.emotion import calibrate, data
from training.emotion.predict import predict_logits
from training.emotion.train import load_best
from training.files import add_data

DRAWS = 4


def parse_network(text: str) -> tuple[Path, int | None]:
    """``"best.pt@72"`` → (best.pt, 72); without a side, None."""
    path, at, side = text.rpartition("@")
    if not at:
        return Path(text), None
    if not side.isdecimal():
        raise argparse.ArgumentTypeError(f"a network is FILE or FILE@SIDE, got {text!r}")
    return Path(path), int(side)


def figures(logits: Tensor, votes: NDArray[np.int64]) -> dict[str, Any]:
    """Accuracy bare and calibrated, recall of each expression (calibrated), fit to the votes."""
    labels = data.majority(votes)
    decided = labels != data.NO_MAJORITY
    truth = labels[decided]
    draws = [calibrate.cross_fitted(logits, votes, seed)[0] for seed in range(DRAWS)]
    hits = np.stack([scores.argmax(axis=1)[decided] == truth for scores in draws])
    shares = torch.from_numpy(data.vote_targets(votes)[0])
    fit = -(shares * logits.log_softmax(dim=1)).sum(dim=1).mean()
    entropy = torch.special.entr(shares).sum(dim=1).mean()
    return {
        "faces": len(truth),
        "accuracy_bare": float((logits.argmax(dim=1).numpy()[decided] == truth).mean()),
        "accuracy_calibrated": float(hits.mean()),
        "recall_calibrated": [
            float(hits[:, truth == at].mean()) if (truth == at).any() else None
            for at in range(len(data.LABELS))
        ],
        "cross_entropy": fit.item(),
        "entropy": entropy.item(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.emotion.compare")
    parser.add_argument("networks", nargs="+", type=parse_network, help="FILE or FILE@SIDE")
    add_data(parser)
    parser.add_argument("--part", choices=("train", "valid"), default="valid")
    parser.add_argument("--faces", type=int, help="only so many, drawn at random")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    part = data.read_part(data.data_folder(arguments.data), arguments.part)
    if arguments.faces:
        part = part[np.random.default_rng(0).choice(len(part), arguments.faces, replace=False)]
    found = []
    for path, given in arguments.networks:
        net, trained = load_best(path)
        side = given or trained
        logits = predict_logits(net, part.images, side)
        report = {"network": f"{path}@{side}"} | figures(logits, part.votes)
        print(json.dumps(report), flush=True)
        found.append(logits.log_softmax(dim=1))
    if len(found) > 1:
        mean = figures(torch.stack(found).mean(dim=0), part.votes)
        print(json.dumps({"network": "mean"} | mean))


if __name__ == "__main__":
    main()
