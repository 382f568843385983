"""Figures of the rare expressions from five networks, each scored on faces it has not seen.

    python -m training.emotion.folds --data DATA --out FOLDS --dlib dlib_face_recognition….dat

The validation part has 25 faces of disgust and 16 of contempt under the majority protocol, too few
to say much. Here the training and the validation part together are cut in five; five networks are
trained from the start on four fifths each, by the recipe of a first run, and every face gets the
scores of the one that has not seen it. No epoch is chosen by what it is scored on: the averaged
weights after the last one count. Calibration is fitted on the other faces of the same fifth.

A run that is cut off goes on when the command is given again: after the last whole epoch of the
fold it was in. Figures go to ``folds.json``.

With ``--start EARLIER`` each network goes on from that of the same fold of an earlier folder, which
has not seen the faces it is scored on either.

With ``--only 0 1`` just these folds are trained, so that several processes of one thread each can
share the work, which takes less time than one of several threads; the command without it then
reads what they left.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import default_rng
from numpy.typing import NDArray

from training.emotion import calibrate, data, metrics, train
from training.emotion.evaluate import accuracy, trade_off
from training.emotion.metrics import share
from training.emotion.predict import predict_logits
from training.recipe import add_recipe, recipe
from training.schedule import Settings

FOLDS = 5


def joined(*parts: data.Part) -> data.Part:
    """All faces of some parts, in order."""
    return data.Part(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.votes for part in parts]),
    )


def fold_of(faces: data.Part, seed: int) -> NDArray[np.int64]:
    """The fold of each face, (n,): at random, but one picture that is there twice in one fold.

    FER2013 holds some faces more than once; in two folds they would be scored by a network that
    has seen them.
    """
    _, same = np.unique(faces.images.reshape(len(faces), -1), axis=0, return_inverse=True)
    picked = default_rng(seed).permutation(int(same.max()) + 1) % FOLDS
    return np.asarray(picked[same.reshape(-1)], np.int64)


def score_fold(
    faces: data.Part, held: NDArray[np.bool_], settings: Settings, out: Path,
    start: Path | None = None, dlib: Path | None = None,
) -> NDArray[np.float32]:  # fmt: skip
    """Scores (m, 8) of the faces held out, by a network trained on the others; kept in `out`.

    The weights of `start` may not have been trained on the faces held out.
    """
    kept = out / "scores.npy"
    if kept.is_file():
        return np.asarray(np.load(kept), np.float32)
    part, valid = faces[~held], faces[held]
    run = train.begin(settings, part.images, out, start=start, dlib=dlib)
    shares, weights = (torch.from_numpy(column) for column in data.vote_targets(part.votes))
    train.train(run, part, shares, weights, None, out)
    logits = predict_logits(run.average, valid.images, settings.stages[-1][0])
    scores, _ = calibrate.cross_fitted(logits, valid.votes)
    beside = out / "scores.part.npy"
    np.save(beside, scores)
    beside.replace(kept)
    return scores


def figures(scores: NDArray[np.float32], faces: data.Part) -> dict[str, Any]:
    """Accuracy, recall with Wilson's intervals, confusion and calibration, over all folds."""
    labels = data.majority(faces.votes)
    decided = labels != data.NO_MAJORITY
    found, truth = scores[decided], labels[decided]
    table = metrics.confusion(found, truth)
    return {
        "faces": len(truth),
        "accuracy": accuracy(found, truth),
        "recall": {
            name: share(int(table[at, at]), int(table[at].sum()))
            for at, name in enumerate(data.LABELS)
        },
        "confusion": table.tolist(),
        "calibration_error": metrics.label_calibration_error(found, truth),
        "trade_off": trade_off(found, truth),
    }


def run_folds(
    faces: data.Part, settings: Settings, out: Path, *,
    start: Path | None = None, dlib: Path | None = None, only: Sequence[int] = range(FOLDS),
) -> dict[str, Any] | None:  # fmt: skip
    """Train and score what is not there yet of some of the five; gives the figures of all five.

    Args:
        start: folder of the same five folds, trained before, to go on from; else `dlib`'s weights.
    """
    folds = fold_of(faces, settings.seed)
    scores = np.zeros((len(faces), len(data.LABELS)), np.float32)
    for fold in only:
        held, name = folds == fold, f"fold-{fold}"
        first = start / name / "best.pt" if start else None
        scores[held] = score_fold(faces, held, settings, out / name, first, dlib)
        hit = train.accuracy_of(scores[held], faces[held])
        print(f"fold {fold}: {hit:.1%} of {int(held.sum())} faces", flush=True)
    if set(only) != set(range(FOLDS)):
        return None
    return {"folds": FOLDS} | figures(scores, faces)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.emotion.folds")
    add_recipe(parser, train.DEFAULTS)
    parser.add_argument("--start", type=Path, help="folder of folds to go on from")
    folds = range(FOLDS)
    parser.add_argument("--only", type=int, nargs="+", choices=folds, default=folds, metavar="FOLD")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    folder = data.data_folder(arguments.data)
    faces = joined(*(data.read_part(folder, name) for name in ("train", "valid")))
    arguments.out.mkdir(parents=True, exist_ok=True)
    settings = recipe(arguments, train.DEFAULTS)
    record = {"settings": settings.as_dict(), "data_sha256": data.data_hash(folder)}
    if arguments.start:
        record["start"] = same_folds(arguments.start, record)
    check_same(arguments.out / "settings.json", record)
    report = run_folds(
        faces, settings, arguments.out,
        start=arguments.start, dlib=arguments.dlib, only=arguments.only,
    )  # fmt: skip
    if report is None:
        return
    text = json.dumps({"stages": stages_of(record)} | report, indent=1)
    (arguments.out / "folds.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def same_folds(start: Path, record: dict[str, Any]) -> dict[str, Any]:
    """The record of earlier folds, which must be the same: others have seen what is scored here."""
    path = start / "settings.json"
    if not path.is_file():
        raise SystemExit(f"{path} is missing: --start takes a folder that this command trained")
    earlier: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if _cut_by(earlier) != _cut_by(record):
        raise SystemExit(f"{path} is of another seed or other data: its folds are not the same")
    return earlier


def _cut_by(record: dict[str, Any]) -> tuple[int, str]:
    """What decides which fold a face is in."""
    return record["settings"]["seed"], record["data_sha256"]


def stages_of(record: dict[str, Any]) -> list[Any]:
    """(side, epochs) of all runs that led to these networks, in order."""
    earlier = stages_of(record["start"]) if "start" in record else []
    return [*earlier, *record["settings"]["stages"]]


def check_same(path: Path, record: dict[str, Any]) -> None:
    """Keep the record beside the folds; folds of other settings or data may not be mixed in."""
    text = json.dumps(record, indent=1)
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise SystemExit(f"{path} is of other settings or data; give another folder with --out")
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
