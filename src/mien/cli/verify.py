"""`mien verify`: do two photos show the same person?"""

from __future__ import annotations

import json

import click
import numpy as np

from mien.describe.embedding import MATCH_THRESHOLD, confidence, distance
from mien.errors import MienError
from mien.faces import Array
from mien.pipeline import analyze_image


class NoFaceError(MienError, ValueError):
    """A photo in which no face could be compared."""


@click.command("verify")
@click.argument("first", metavar="IMAGE")
@click.argument("second", metavar="IMAGE")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
def command(first: str, second: str, as_json: bool) -> None:
    """Say whether the largest faces of two photos show the same person.

    \b
    Example: mien verify passport.jpg selfie.jpg
    """
    apart = float(distance(_largest_face(first), _largest_face(second)))
    same = apart < MATCH_THRESHOLD
    if as_json:
        sure = round(float(confidence(apart)), 5)
        verdict = {"isIdentical": same, "confidence": sure}
        measured = {"distance": round(apart, 4), "threshold": MATCH_THRESHOLD}
        click.echo(json.dumps(verdict | measured))
    else:
        verdict_text = "the same person" if same else "different people"
        click.echo(f"{verdict_text} (distance {apart:.3f}, same below {MATCH_THRESHOLD})")


def _largest_face(path: str) -> Array:
    faces = analyze_image(path, columns=("embedding",))
    if not len(faces):
        raise NoFaceError(f"there is no face in {path}")
    assert faces.embedding is not None
    if not np.isfinite(faces.embedding[0]).all():
        reasons = [problem.reason for problem in faces.problems if problem.row == 0]
        raise NoFaceError(f"the face in {path} cannot be compared: {'; '.join(reasons)}")
    vector: Array = faces.embedding[0]
    return vector
