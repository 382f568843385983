"""Annotated pictures of where truth and detector disagree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.detection.corpus import Truth
from bench.detection.scoring import Tally
from mien.faces import Faces

Array = NDArray[Any]

GREEN, BLUE, RED, ORANGE, GREY = (0, 200, 0), (255, 120, 0), (0, 0, 255), (0, 150, 255), (160,) * 3


def annotate(rgb: Array, truth: Truth, faces: Faces, tally: Tally, path: Path) -> None:
    """Write the picture with its boxes.

    Green: truth. Grey: ignored truth. Blue: detection with its score. Red and thick: a miss.
    Orange and thick: a false positive.
    """
    scale = min(1.0, 2000 / max(rgb.shape[:2]))
    canvas = np.ascontiguousarray(
        cv2.resize(rgb[..., ::-1], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    )

    def box(edges: Any, colour: tuple[int, ...], thickness: int = 1) -> None:
        x0, y0, x1, y1 = (round(float(edge) * scale) for edge in edges)
        cv2.rectangle(canvas, (x0, y0), (x1, y1), colour, thickness)

    for edges in truth.ignore:
        box(edges, GREY)
    for edges in truth.faces:
        box(edges, GREEN)
    for edges, score in zip(faces.box_xyxy, faces.score, strict=True):
        box(edges, BLUE)
        at = (round(float(edges[0]) * scale), round(float(edges[1]) * scale) - 3)
        cv2.putText(canvas, f"{score:.2f}", at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, BLUE, 1)
    for missed in tally.missed:
        box(missed.box_xyxy, RED, 3)
    for extra in tally.extra:
        box(extra.box_xyxy, ORANGE, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), canvas):
        raise OSError(f"{path} could not be written")
