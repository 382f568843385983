"""Score an exported model: ranking on unseen persons, accuracy on the test faces labelled by eye.

python -m training.attributes.evaluate --data DATA --model attributes.onnx --out evaluation.json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from training.attributes.data import SCORED, Faces, columns, read_faces, split
from training.attributes.decisions import brier, decided, made_decided, real_decided, top_colour
from training.attributes.faces import FACE_SIDE, check_faces, faces_folder, faces_hash
from training.attributes.labels import Labels, read_labels
from training.attributes.made import made_hash, read_made
from training.attributes.metrics import areas, mean_asked
from training.evaluation import add_options, compressed, open_model, speeds_ms, write_figures

BATCH = 8
JPEG_QUALITY, SMALL_SIDE = 50, 48
FACE = (3, FACE_SIDE, FACE_SIDE)


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


def small(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same faces from fewer pixels: averaged down and enlarged again."""
    sizes = (SMALL_SIDE, SMALL_SIDE), (FACE_SIDE, FACE_SIDE)
    faces = []
    for face in images:
        less = Image.fromarray(face).resize(sizes[0], Image.Resampling.BOX)
        faces.append(np.asarray(less.resize(sizes[1], Image.Resampling.BILINEAR)))
    return np.stack(faces)


def evaluate_made(
    session: onnxruntime.InferenceSession, folder: Path, faces: Faces, test: Labels
) -> dict[str, Any]:
    """Figures of generated occluders, and of the same outputs on real faces labelled by eye."""
    names = names_of(session)
    made = read_made(folder)
    scores = dict(zip(names, run(session, made.images).T, strict=True))
    real = dict(zip(names, run(session, faces.images[test.face]).T, strict=True))
    return {
        "pictures": len(made),
        "sha256": made_hash(folder),
        "real": real_decided(test, real),
        **made_decided(made, scores),
    }


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
        "mean_asked_jpeg": mean_asked(ranking(compressed(unseen.images, JPEG_QUALITY))),
        "mean_asked_small": mean_asked(ranking(small(unseen.images))),
        "test_faces": len(test),
        "decided": decided(test, scores),
        "hair_colour": top_colour(test, scores),
        "brier": brier(test, scores),
        "speed_ms_a_face": speeds_ms(session, FACE, (1, 8), rounds=100),
    }


def main() -> None:
    """Evaluate and write down."""
    parser = argparse.ArgumentParser(prog="python -m training.attributes.evaluate")
    add_options(parser)
    parser.add_argument("--made", type=Path, help="test folder of generated occluders")
    arguments = parser.parse_args()
    folder = faces_folder(arguments.data)
    check_faces(folder)
    session, faces, labels = open_model(arguments.model), read_faces(folder), read_labels()
    report = evaluate(session, faces, labels)
    if arguments.made:
        report["made"] = evaluate_made(session, arguments.made, faces, labels.of("test"))
    report["data_sha256"] = faces_hash(folder)
    write_figures(report, arguments.model, arguments.out)


if __name__ == "__main__":
    main()
