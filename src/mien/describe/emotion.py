"""Perceived expression of each face: eight shares, how far people would agree, when not to say.

The network is mien's own (card: `mien models card emotion`). It reads a tight gray crop of 48 x 48
pixels, framed like the pictures it was trained on: eyes at three eighths of the height, mouth at
three quarters. What it gives is how people would name the look of a face, not what is felt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe import crops
from mien.describe.columns import column, usable_rows
from mien.faces import EMOTIONS, Faces, Problem
from mien.models import Session, open_session

Array = NDArray[Any]

SIDE = 48
"""Side of the network's input in pixels."""

BATCH = 32
"""Faces a run: more gains nothing on two cores and costs memory."""

LEFT_EYE, RIGHT_EYE, MOUTH = (33, 133), (362, 263), (61, 291)
"""Mesh points: the corners of each eye and of the mouth, left and right as seen."""

TEMPLATE = np.array([[0.304, 0.381], [0.694, 0.381], [0.502, 0.763]])
"""Where the left eye, the right eye and the mouth sit in a crop, in shares of its side: the
median over 580 faces of the FER+ validation part on which the face mesh was sure."""

MAX_OVERSAMPLING = 8
"""Large faces are read at up to this many times the network's side, then averaged down."""

MIN_SIDE = 16.0
"""Crops cut from fewer pixels a side are too small: of 800 faces, 84 % were named right at 48
pixels, 77 % at 20, 72 % at 16, 62 % at 12 (interim weights)."""

MIN_SHARPNESS = 0.006
"""Crops with less fine detail are too blurred; see `sharpness`. No face of 800 had so little. Nine
in ten do under a Gaussian of 3 pixels of 48 (50 % right), one in a hundred under 1.5 (73 %)."""

MAX_TURN_DEG = 45.0
"""Faces turned further left or right, up or down, show too little of the expression."""

DOUBTED = 0.5
"""The probability of no face, and that of covered eyes or mouth, from which a face is not judged.
The network is made so that one to two of a hundred FER+ faces lie beyond in each."""

PARTS = ("eyes", "mouth")
"""The columns of `Reading.covered`."""


class Reading(NamedTuple):
    """What the network says of n crops."""

    scores: Array
    """(n, 8) float32, rows sum to 1, in the order of `EMOTIONS`."""
    agreement: Array
    """(n,) float32, the expected share of ten people who would give the top label, 0..1."""
    face: Array
    """(n,) float32, the probability that the crop shows a face; without one the scores are even."""
    covered: Array
    """(n, 2) float32, the probability that the eyes and that the mouth are covered."""


class EmotionModel:
    """The expression network on tight crops."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @classmethod
    def load(cls, *, threads: int | None = None) -> EmotionModel:
        """Open the network; raises what `mien.models.open_session` does."""
        return cls(open_session("emotion", threads=threads))

    def read(self, crops: Array | Sequence[Array]) -> Reading:
        """All that is said of tight crops, from the brows to the chin (see `TEMPLATE`).

        Args:
            crops: (n, H, W) gray or (n, H, W, 3) RGB, uint8, of any size; or a sequence of n such
                pictures of different sizes.

        Raises:
            ValueError: a crop is no such picture.
        """
        small = [small_gray(np.asarray(crop)) for crop in crops]
        runs = [
            self._session.run(np.stack(small[at : at + BATCH])[:, None].astype(np.float32))
            for at in range(0, len(small), BATCH)
        ]
        if not runs:
            shapes = ((0, len(EMOTIONS)), (0,), (0,), (0, len(PARTS)))
            return Reading(*(np.zeros(shape, np.float32) for shape in shapes))
        return Reading(*(np.concatenate(parts) for parts in zip(*runs, strict=True)))

    def scores(self, crops: Array | Sequence[Array]) -> Array:
        """(n, 8) float32, rows sum to 1, calibrated to the label most people would give.

        They are as even as it is unlikely that the crop shows a face.
        """
        return self.read(crops).scores

    def agreement(self, crops: Array | Sequence[Array]) -> Array:
        """(n,) float32: the expected share of ten people who would give the top label."""
        return self.read(crops).agreement


class Emotion:
    """Fills `emotion` (each row sums to 1, in the order of `EMOTIONS`) and `agreement` (0..1).

    A face that is too small, too blurred, turned too far away or covered over eyes or mouth, and
    what does not look like a face, gets NaN in both and a `Problem` for each that says why; with
    `abstain=False` it gets its values as well.
    """

    needs = ("mesh", "pose_deg")
    fills = ("emotion", "agreement")

    def __init__(self, model: EmotionModel, *, abstain: bool = True) -> None:
        self.model = model
        self.abstain = abstain

    @classmethod
    def load(cls, *, threads: int | None = None, abstain: bool = True) -> Emotion:
        """Open the network; raises what `mien.models.open_session` does."""
        return cls(EmotionModel.load(threads=threads), abstain=abstain)

    def describe(self, rgb: Array, faces: Faces) -> Faces:
        """The same faces with `emotion` and `agreement`, all in one batch."""
        mesh, pose = column(faces, "mesh"), column(faces, "pose_deg")
        rows, problems = usable_rows(faces, "mesh", "emotion")
        chips = {row: chip(rgb, mesh[row]) for row in rows}
        doubts = {row: doubt(chips[row], chip_side(mesh[row]), pose[row]) for row in rows}
        read_rows = [row for row in rows if not (doubts[row] and self.abstain)]
        read = self.model.read([chips[row] for row in read_rows])
        scores = np.full((len(faces), len(EMOTIONS)), np.nan, np.float32)
        agreement = np.full(len(faces), np.nan, np.float32)
        for at, row in enumerate(read_rows):
            doubts[row] = doubts[row] or unseen(float(read.face[at]), read.covered[at])
            if not (doubts[row] and self.abstain):
                scores[row], agreement[row] = read.scores[at], read.agreement[at]
        problems += [Problem(row, "emotion", reason) for row, reason in doubts.items() if reason]
        problems += [problem._replace(column="agreement") for problem in problems]
        return replace(faces, emotion=scores, agreement=agreement).with_problems(problems)

    def in_boxes(self, rgb: Array, faces: Faces) -> Faces:
        """As `describe`, of faces whose boxes somebody has given, who says that they are faces.

        Those that `describe` gives no values are read from the pixels of their boxes, as a crop of
        `EmotionModel.read`; their problems stay. A box with no pixel in the picture stays NaN.
        """
        found = self.describe(rgb, faces)
        emotion, agreement = column(found, "emotion").copy(), column(found, "agreement").copy()
        unread = np.flatnonzero(~np.isfinite(emotion).all(axis=1))
        pixels = {int(row): pixels_of(rgb, faces.box_xyxy[row]) for row in unread}
        rows = [row for row, crop in pixels.items() if crop.size]
        read = self.model.read([pixels[row] for row in rows])
        emotion[rows], agreement[rows] = read.scores, read.agreement
        return replace(found, emotion=emotion, agreement=agreement)


def pixels_of(rgb: Array, box: Array) -> Array:
    """(h, w, 3) the part of a picture in a box (4,); h or w is 0 where they do not meet."""
    left, top = np.clip(np.floor(box[:2]), 0, None).astype(int)
    right, bottom = np.clip(np.ceil(box[2:]), 0, None).astype(int)
    part: Array = rgb[top:bottom, left:right]
    return part


def small_gray(crop: Array) -> Array:
    """The crop in gray at the network's side: averaged down, or enlarged, (48, 48) uint8.

    Raises:
        ValueError: it is not (H, W) or (H, W, 3) of uint8.
    """
    if crop.dtype != np.uint8 or not crop.size:
        raise ValueError(f"a crop must be non-empty uint8, got {crop.dtype} of shape {crop.shape}")
    if crop.ndim == 3 and crop.shape[2] == 3:
        crop = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    elif crop.ndim != 2:
        raise ValueError(f"a crop must have shape (H, W) or (H, W, 3), got {crop.shape}")
    if crop.shape == (SIDE, SIDE):
        return crop
    method = cv2.INTER_AREA if min(crop.shape) > SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (SIDE, SIDE), interpolation=method))


def chip(rgb: Array, mesh: Array) -> Array:
    """(48, 48) gray crop of one face, upright and framed like the training faces.

    The picture (H, W, 3) repeats its border where the crop reaches past it. Large faces are read
    finer and averaged down, so that they do not alias.

    Raises:
        UsageError: the picture is not an (H, W, 3) uint8 array with at least one pixel.
    """
    large = SIDE * int(np.clip(np.ceil(chip_side(mesh) / SIDE), 1, MAX_OVERSAMPLING))
    matrix = crops.similarity(anchors(mesh), TEMPLATE * large)
    return small_gray(crops.cut(rgb, matrix, large, border=cv2.BORDER_REPLICATE))


def anchors(mesh: Array) -> Array:
    """Left eye, right eye and mouth of one mesh (478, 3) in pixels, (3, 2)."""
    groups = (LEFT_EYE, RIGHT_EYE, MOUTH)
    return np.stack([mesh[list(group), :2].astype(float).mean(axis=0) for group in groups])


def chip_side(mesh: Array) -> float:
    """Side of the crop of one mesh, in pixels of the picture."""
    return 1 / crops.scale_of(crops.similarity(anchors(mesh), TEMPLATE))


def sharpness(face: Array) -> float:
    """Fine detail of a gray crop: energy of its second differences over that of its contrast."""
    pixels = cv2.GaussianBlur(face.astype(np.float32), (3, 3), 0.6)
    detail = float(cv2.Laplacian(pixels, cv2.CV_32F).var())
    return detail / max(float(pixels.var()), 1.0)


def doubt(face: Array, side: float, pose_deg: Array) -> str | None:
    """Why the expression of a face had better not be judged, or None.

    Args:
        face: (48, 48) gray crop.
        side: pixels of the picture along a side of the crop.
        pose_deg: (3,) yaw, pitch, roll.
    """
    turn = float(np.abs(pose_deg[:2]).max())
    if side < MIN_SIDE:
        return f"the face is too small ({side:.0f} pixels, at least {MIN_SIDE:.0f} are needed)"
    if turn > MAX_TURN_DEG:
        return f"the face is turned away by {turn:.0f} degrees"
    if sharpness(face) < MIN_SHARPNESS:
        return "the face is too blurred"
    return None


def unseen(face: float, covered: Array) -> str | None:
    """Why the network had better not be believed about a crop, or None; see `Reading`."""
    hidden = [name for name, share in zip(PARTS, covered, strict=True) if share > DOUBTED]
    if hidden:  # what says more comes first: a covered face looks less like a face as well
        return f"the face is covered: its {' and '.join(hidden)}"
    return "it does not look like a face seen from the front" if face < DOUBTED else None
