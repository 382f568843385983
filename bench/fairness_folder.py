"""Write a folder for `mien fairness` from the faces that were labelled by eye.

python -m bench.fairness_folder --data DATA OUT                   the 360 labelled faces
python -m bench.fairness_folder --data DATA OUT --part test       the 179 not used for calibration
python -m bench.fairness_folder --data DATA OUT --more-pictures   and all others of these persons
mien fairness OUT

DATA holds lfw_attributes; the labels are those of training/attributes/labels. Pictures are the
crops of 112 x 112 pixels as they are, neither scaled nor padded: about the middle 72 % of an LFW
picture, with hair and chin. Each shows one person, so no boxes are written, and the largest face
found is taken. "unsure" becomes an empty cell.

--more-pictures adds the other faces of the same persons, which were not labelled, with their person
alone and the gender of the labelled picture, so that pairs of one person can be counted.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from training.attributes.draw import PARTS
from training.attributes.faces import check_faces, face_pixels, faces_folder, person_of_each
from training.attributes.labels import UNSURE, Labels, read_labels

COLUMNS = ("file", "person", "gender", "age", "smile", "glasses")

VALUES: Mapping[str, Mapping[str, str]] = {
    "gender": {"m": "male", "f": "female"},
    "age": {f"{decade}": f"{decade}s" for decade in range(0, 70, 10)} | {"70": "70+"},
    "smile": {"0": "no", "1": "yes"},
    "glasses": {"some": "yes"}
    | {kind: kind for kind in ("none", "reading", "sunglasses", "goggles")},
}
"""A label by eye → the same in labels.csv; "unsure" is not there."""


def rows(labels: Labels) -> Iterator[tuple[int, dict[str, str]]]:
    """The face and the cells of each labelled face."""
    for row, face in enumerate(labels.face.tolist()):
        cells = {"file": name_of(face), "person": str(labels.person[row])}
        for column, values in VALUES.items():
            value = str(labels.values[column][row])
            cells[column] = "" if value == UNSURE else values[value]
        yield face, cells


def name_of(face: int) -> str:
    """The file of a face: its number in the set."""
    return f"{face:05}.png"


def more_rows(labels: Labels, person: NDArray[np.int64]) -> Iterator[tuple[int, dict[str, str]]]:
    """The other faces of the labelled persons, with person and gender alone."""
    gender = dict(zip(labels.person.tolist(), labels.values["gender"].tolist(), strict=True))
    labelled = set(labels.face.tolist())
    for face, whose in enumerate(person.tolist()):
        if whose in gender and face not in labelled:
            known = VALUES["gender"].get(gender[whose], "")
            yield face, {"file": name_of(face), "person": str(whose), "gender": known}


@click.command(help=__doc__)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="Holds lfw_attributes.")
@click.option("--more-pictures", is_flag=True, help="Also the persons' other pictures.")
@click.option("--part", type=click.Choice(PARTS), help="Only this part of the labelled faces.")
def main(out: Path, data: Path | None, more_pictures: bool, part: str | None) -> None:
    """Write the pictures and labels.csv."""
    folder = faces_folder(data)
    check_faces(folder)
    labels = read_labels() if part is None else read_labels().of(part)
    chosen = list(rows(labels))
    if more_pictures:
        chosen += more_rows(labels, person_of_each(folder))
    out.mkdir(parents=True, exist_ok=True)
    with (out / "labels.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for face, cells in chosen:
            pixels = face_pixels(folder, face)
            cv2.imwrite(str(out / cells["file"]), pixels[..., ::-1])
            writer.writerow(cells)
    click.echo(f"{len(chosen)} faces are in {out}; now: mien fairness {out}")


if __name__ == "__main__":
    main()
