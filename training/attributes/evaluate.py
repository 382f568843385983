"""Score an exported model: ranking on unseen persons, accuracy on the test faces labelled by eye.

python -m training.attributes.evaluate --data DATA --model attributes.onnx --out evaluation.json
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from training.attributes.calibrate import COLOUR_OF, LABEL_OF, truth_of
from training.attributes.data import SCORED, Faces, columns, read_faces, split
from training.attributes.faces import (
    DATA_VARIABLE,
    FACE_SIDE,
    check_faces,
    faces_folder,
    faces_hash,
)
from training.attributes.labels import Labels, read_labels
from training.attributes.metrics import areas, mean_asked
from training.emotion.evaluate import open_model, share

Scores = Mapping[str, NDArray[np.floating]]
Truth = NDArray[np.float64]

BATCH = 8
JPEG_QUALITY, SMALL_SIDE = 50, 48


def names_of(session: onnxruntime.InferenceSession) -> tuple[str, ...]:
    """The outputs, as the file's metadata names them."""
    return tuple(session.get_modelmeta().custom_metadata_map["names"].split(","))


def run(session: onnxruntime.InferenceSession, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scores (n, k) of RGB faces (n, 112, 112, 3)."""
    inputs = np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32)
    parts = [
        session.run(["scores"], {"image": inputs[at : at + BATCH]})[0]
        for at in range(0, len(inputs), BATCH)
    ]
    return np.concatenate(parts)


def any_of(*names: str) -> Callable[[Scores], NDArray[np.bool_]]:
    """Whether one of these scores, as far as there are any, is one half or more."""

    def decide(scores: Scores) -> NDArray[np.bool_]:
        given = [scores[name] for name in names if name in scores]
        return np.asarray(np.max(given, axis=0) >= 0.5)

    return decide


def bearded(scores: Scores) -> NDArray[np.bool_]:
    """Whether there is a beard: No_Beard is below one half."""
    return scores["No_Beard"] < 0.5


def facial_hair(labels: Labels) -> Truth:
    """Beard or moustache; unsure unless one is there for sure or neither is."""
    both = np.stack([labels.truth("beard"), labels.truth("moustache")])
    there = (both == 1).any(axis=0)
    return np.where(there, 1, np.where(np.isnan(both).any(axis=0), np.nan, 0))


DECISIONS: Mapping[str, tuple[Callable[[Labels], Truth], Callable[[Scores], NDArray[np.bool_]]]] = {
    "glasses of any kind": (
        lambda labels: labels.truth("glasses"),
        any_of("Eyeglasses", "Sunglasses", "Swimming_Goggles"),
    ),
    "headwear": (lambda labels: labels.truth("headwear"), any_of("Wearing_Hat")),
    "beard or moustache": (
        facial_hair,
        lambda scores: bearded(scores) | any_of("Mustache")(scores),
    ),
    "beard": (lambda labels: labels.truth("beard"), bearded),
    "moustache": (lambda labels: labels.truth("moustache"), any_of("Mustache")),
    "sideburns": (lambda labels: labels.truth("sideburns"), any_of("Sideburns")),
    "smile": (lambda labels: labels.truth("smile"), any_of("Smiling")),
    "lips apart": (lambda labels: labels.truth("lips_apart"), any_of("Mouth_Slightly_Open")),
    "bald": (lambda labels: labels.truth("bald"), any_of("Bald")),
    "eye makeup": (lambda labels: labels.truth("eye_makeup"), any_of("Heavy_Makeup")),
    "lip makeup": (lambda labels: labels.truth("lip_makeup"), any_of("Wearing_Lipstick")),
}
"""What is decided at one half, and the labels that say whether it is right."""


def decided(labels: Labels, scores: Scores) -> dict[str, dict[str, Any]]:
    """Accuracy, and recall on both sides, of each of `DECISIONS`, over faces that are sure."""
    found = {}
    for name, (truth, decide) in DECISIONS.items():
        wanted, said = truth(labels), decide(scores)
        sure = np.isfinite(wanted)
        right = (said == (wanted == 1))[sure]
        there = wanted[sure] == 1
        found[name] = share(int(right.sum()), len(right)) | {
            "there": share(int(right[there].sum()), int(there.sum())),
            "not_there": share(int(right[~there].sum()), int((~there).sum())),
        }
    return found


def top_colour(labels: Labels, scores: Scores) -> dict[str, Any]:
    """How often the likeliest colour of hair is the one seen; a confusion table beside it.

    Red hair is in the count, and always wrong: the network has no output for it.
    """
    names = list(COLOUR_OF)
    colour = labels.values["hair_colour"]
    sure = np.isin(colour, (*COLOUR_OF.values(), "red"))
    top = np.argmax([scores[name] for name in names], axis=0)
    said = np.array([COLOUR_OF[name] for name in names])[top]
    table = {
        seen: {other: int(((colour == seen) & (said == other)).sum()) for other in said_as(names)}
        for seen in (*COLOUR_OF.values(), "red")
    }
    return share(int((said == colour)[sure].sum()), int(sure.sum())) | {"confusion": table}


def said_as(names: list[str]) -> list[str]:
    """The colours that can be said."""
    return [COLOUR_OF[name] for name in names]


def brier(labels: Labels, scores: Scores) -> dict[str, float]:
    """Mean squared distance of score and truth, of each output with a label."""
    found = {}
    for name in (*LABEL_OF, *COLOUR_OF):
        truth = truth_of(name, labels)
        assert truth is not None
        found[name] = float(np.nanmean((scores[name] - truth) ** 2))
    return found


def compressed(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same faces after JPEG."""
    faces = []
    for face in images:
        stream = io.BytesIO()
        Image.fromarray(face).save(stream, "JPEG", quality=JPEG_QUALITY)
        faces.append(np.asarray(Image.open(stream).convert("RGB")))
    return np.stack(faces)


def small(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same faces from fewer pixels: averaged down and enlarged again."""
    sizes = (SMALL_SIDE, SMALL_SIDE), (FACE_SIDE, FACE_SIDE)
    faces = []
    for face in images:
        less = Image.fromarray(face).resize(sizes[0], Image.Resampling.BOX)
        faces.append(np.asarray(less.resize(sizes[1], Image.Resampling.BILINEAR)))
    return np.stack(faces)


def speed_ms(session: onnxruntime.InferenceSession, batch: int, rounds: int = 100) -> float:
    """Milliseconds a face in batches of this size: the least of many.

    Other programs on the machine only ever add to it.
    """
    faces = np.full((batch, 3, FACE_SIDE, FACE_SIDE), 120, np.float32)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        session.run(["scores"], {"image": faces})
        times.append(time.perf_counter() - started)
    return float(1000 * min(times) / batch)


def evaluate(session: onnxruntime.InferenceSession, faces: Faces, labels: Labels) -> dict[str, Any]:
    """Every figure of plain faces on the model's card, as plain numbers."""
    unseen = faces[split(faces.person)[1]]
    names = names_of(session)
    scored = [name for name in names if name in SCORED]
    ranked = columns(scored, names)

    def ranking(images: NDArray[np.uint8]) -> dict[str, float]:
        return areas(run(session, images)[:, ranked], unseen.logits, scored)

    test = labels.of("test")
    scores = dict(zip(names, run(session, faces.images[test.face]).T, strict=True))
    found = ranking(unseen.images)
    return {
        "unseen_faces": len(unseen),
        "unseen_persons": len(np.unique(unseen.person)),
        "areas": found,
        "mean_asked": mean_asked(found),
        "mean_asked_jpeg": mean_asked(ranking(compressed(unseen.images))),
        "mean_asked_small": mean_asked(ranking(small(unseen.images))),
        "test_faces": len(test),
        "decided": decided(test, scores),
        "hair_colour": top_colour(test, scores),
        "brier": brier(test, scores),
        "speed_ms_a_face": {str(batch): speed_ms(session, batch) for batch in (1, 8)},
    }


def main() -> None:
    """Evaluate and write down."""
    parser = argparse.ArgumentParser(prog="python -m training.attributes.evaluate")
    parser.add_argument("--data", type=Path, help=f"data folder, else ${DATA_VARIABLE}")
    parser.add_argument("--model", type=Path, required=True, help="the exported ONNX file")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    folder = faces_folder(arguments.data)
    check_faces(folder)
    report = evaluate(open_model(arguments.model), read_faces(folder), read_labels())
    report["data_sha256"] = faces_hash(folder)
    content = arguments.model.read_bytes()
    report["model_sha256"] = hashlib.sha256(content).hexdigest()
    report["bytes"] = len(content)
    text = json.dumps(report, indent=1)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
