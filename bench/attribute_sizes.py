"""How right attributes are of heads of few pixels, against labels by eye.

    python -m bench.attribute_sizes --data FOLDER

FOLDER holds `lfw_attributes`, whose 360 labelled faces (training/attributes/labels) are averaged
down to so many pixels a side and read again. Half of them set the calibration, so that the figures
are a little better than on others; what counts here is where they begin to fall.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe.attributes import SCORES, AttributeModel, named, terms
from training.attributes.faces import check_faces, face_pixels, faces_folder
from training.attributes.labels import Labels, read_labels

Array = NDArray[Any]

SIDES = (112, 80, 64, 48, 40, 32, 24, 20, 16, 12)
DECIDED = {
    "glasses": ("Eyeglasses", "Sunglasses", "Swimming_Goggles"),
    "headwear": ("Wearing_Hat",),
    "beard": ("No_Beard",),
    "moustache": ("Mustache",),
    "smile": ("Smiling",),
    "lips_apart": ("Mouth_Slightly_Open",),
    "bald": ("Bald",),
    "lip_makeup": ("Wearing_Lipstick",),
}
"""Labels, and the scores of which one must be one half or more; of No_Beard, less."""


def smaller(rgb: Array, side: int) -> Array:
    """The face at so many pixels a side."""
    return np.asarray(cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA))


def said(scores: Array, label: str) -> Array:
    """(n,) bool: whether the scores say that it is there."""
    columns = scores[:, [SCORES.index(name) for name in DECIDED[label] if name in SCORES]]
    return np.asarray(columns[:, 0] < 0.5 if label == "beard" else columns.max(axis=1) >= 0.5)


def accuracy(scores: Array, labels: Labels, label: str) -> float:
    """The share that is right, of the faces that are labelled for sure."""
    truth = labels.truth(label)
    sure = np.isfinite(truth)
    return float((said(scores, label)[sure] == (truth[sure] == 1)).mean())


def colour_accuracy(scores: Array, labels: Labels) -> float:
    """How often the first colour of hair is the one labelled; faces whose hair is told only."""
    right = []
    for row, colour in zip(scores, labels.values["hair_colour"], strict=True):
        hair = terms(named(row)).hair
        if hair is not None and hair.hair_color and colour in ("black", "blond", "brown", "gray"):
            right.append(hair.hair_color[0].color == colour)
    return float(np.mean(right))


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path),
              required=True, help="Folder that holds lfw_attributes.")  # fmt: skip
def main(data: Path) -> None:
    """Print the table, per cent right."""
    folder = faces_folder(data)
    check_faces(folder)
    labels, model = read_labels(), AttributeModel.load()
    faces = [face_pixels(folder, face) for face in labels.face.tolist()]
    click.echo(f"| side | {' | '.join(DECIDED)} | hair colour |")
    click.echo(f"|{'---|' * (len(DECIDED) + 2)}")
    for side in SIDES:
        scores = model.scores([smaller(face, side) for face in faces])
        shares = [accuracy(scores, labels, label) for label in DECIDED]
        shares.append(colour_accuracy(scores, labels))
        click.echo(f"| {side} | {' | '.join(f'{100 * each:.1f}' for each in shares)} |")


if __name__ == "__main__":
    main()
