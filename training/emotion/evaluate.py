"""Score an exported model on the validation part, under the majority protocol of FER+.

    python -m training.emotion.evaluate --data DATA --model emotion.onnx --out evaluation.json

Calibration is reported cross-fitted: the mapping in the file was fitted on this part, so for each
fifth of the faces one fitted on the other four is used. Accuracy and recall are the file's own.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from training.emotion import calibrate, data, metrics
from training.emotion.metrics import share
from training.evaluation import add_options, compressed, open_model, speeds_ms, write_figures

BATCH = 64
JPEG_QUALITIES = (70, 40)
FACE = (1, data.FACE_SIDE, data.FACE_SIDE)
# Factors on the scores of disgust, fear and contempt: what their recall costs in accuracy.
RARE = ("disgust", "fear", "contempt")
RARE_FACTORS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)


def run(
    session: onnxruntime.InferenceSession, images: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores (n, 8) and agreement (n,) of gray faces (n, 48, 48)."""
    parts = [
        session.run(["scores", "agreement"], {"image": faces[:, None].astype(np.float32)})
        for at in range(0, len(images), BATCH)
        if len(faces := images[at : at + BATCH])
    ]
    scores, agreement = zip(*parts, strict=True)
    return np.concatenate(scores), np.concatenate(agreement)


def accuracy(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, Any]:
    return share(int((scores.argmax(axis=1) == labels).sum()), len(labels))


def trade_off(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> list[dict[str, float]]:
    """Accuracy and recall as the scores of rare expressions are weighed up or down."""
    rare = [data.LABELS.index(name) for name in RARE]
    lines = []
    for factor in RARE_FACTORS:
        weighed = scores.copy()
        weighed[:, rare] *= factor
        hit = weighed.argmax(axis=1) == labels
        recalls = {data.LABELS[at]: float(hit[labels == at].mean()) for at in rare}
        lines.append({"factor": factor, "accuracy": float(hit.mean()), **recalls})
    return lines


def evaluate(session: onnxruntime.InferenceSession, valid: data.Part) -> dict[str, Any]:
    """Every figure of the model's card, as plain numbers."""
    labels = data.majority(valid.votes)
    decided = labels != data.NO_MAJORITY
    scores, _ = run(session, valid.images)
    found, truth, faces = scores[decided], labels[decided], valid.images[decided]
    table = metrics.confusion(found, truth)
    logits = torch.from_numpy(np.log(np.maximum(scores, 1e-12)))
    crossed, agreement = calibrate.cross_fitted(logits, valid.votes)
    crossed_found = crossed[decided]
    voted = calibrate.vote_share(valid.votes, crossed.argmax(axis=1)).numpy()
    return {
        "faces": len(truth),
        "accuracy": accuracy(found, truth),
        "accuracy_cross_fitted": accuracy(crossed_found, truth),
        "accuracy_jpeg": {
            str(quality): accuracy(run(session, compressed(faces, quality))[0], truth)
            for quality in JPEG_QUALITIES
        },
        "recall": {
            name: share(int(table[at, at]), int(table[at].sum()))
            for at, name in enumerate(data.LABELS)
        },
        "confusion": table.tolist(),
        "calibration_error": metrics.label_calibration_error(crossed_found, truth),
        "reliability": metrics.reliability(
            crossed_found.max(axis=1), (crossed_found.argmax(axis=1) == truth).astype(float)
        ),
        "agreement_mean_error": float(np.abs(agreement - voted).mean()),
        "agreement_correlation": float(np.corrcoef(agreement, voted)[0, 1]),
        "agreement_calibration_error": metrics.calibration_error(agreement, voted),
        "trade_off": trade_off(found, truth),
        "speed_ms_a_face": speeds_ms(session, FACE, (1, 16), rounds=200),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.emotion.evaluate")
    add_options(parser)
    arguments = parser.parse_args()
    folder = data.data_folder(arguments.data)
    report = evaluate(open_model(arguments.model), data.read_part(folder, "valid"))
    report["data_sha256"] = data.data_hash(folder)
    write_figures(report, arguments.model, arguments.out)


if __name__ == "__main__":
    main()
