"""Head pose, gaze, landmarks and openness, where something says what they should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.description.material import Portrait, clip_meshes, span, table
from bench.description.mesh import mirrored
from mien.describe.gaze import Gaze
from mien.describe.landmarks import LANDMARKS, landmarks27
from mien.describe.mesh import Mesh
from mien.describe.openness import OPENINGS, aspect
from mien.describe.pose import (
    FARTHEST_CM,
    INDICES,
    MODEL,
    Pose,
    angles_of,
    rotation_from,
    rotation_of,
)
from mien.faces import Faces

Array = NDArray[Any]

Point = tuple[float, float]


class Published(NamedTuple):
    """What Face API v1.0 gave for a face: its pose and some of its landmarks."""

    pose_deg: tuple[float, float, float]  # yaw, pitch, roll
    places: dict[str, Point]


PUBLISHED = (
    Published(
        (23.4, 0.4, 12.9),
        {
            "eyeLeftOuter": (182.8, 210.0),
            "eyeLeftInner": (211.9, 215.9),
            "eyeRightInner": (276.3, 229.6),
            "eyeRightOuter": (306.0, 234.9),
            "noseLeftAlarTop": (220.9, 256.0),
            "noseRightAlarTop": (265.2, 263.3),
            "noseLeftAlarOutTip": (205.8, 272.6),
            "noseRightAlarOutTip": (270.9, 286.1),
        },
    ),
    Published(
        (-32.3, -23.5, -12.2),
        {
            "eyeLeftOuter": (738.6, 340.4),
            "eyeLeftInner": (748.5, 339.1),
            "eyeRightInner": (771.9, 335.1),
            "eyeRightOuter": (783.4, 333.3),
            "noseLeftAlarTop": (749.2, 354.2),
            "noseRightAlarTop": (766.2, 353.2),
            "noseLeftAlarOutTip": (746.4, 362.5),
            "noseRightAlarOutTip": (771.0, 360.0),
        },
    ),
    Published(
        (31.0, -5.4, 2.4),
        {
            "eyeLeftOuter": (424.0, 343.4),
            "eyeLeftInner": (436.5, 343.2),
            "eyeRightInner": (458.2, 342.4),
            "eyeRightOuter": (469.2, 341.5),
            "noseLeftAlarTop": (442.8, 357.9),
            "noseRightAlarTop": (458.9, 356.3),
            "noseLeftAlarOutTip": (439.3, 366.4),
            "noseRightAlarOutTip": (463.6, 363.6),
        },
    ),
)
"""The three faces of the example on Microsoft's product page of Face API v1.0 (detection_01), now
withdrawn."""
RIGID = (
    *("eyeLeftOuter", "eyeLeftInner", "eyeRightInner", "eyeRightOuter"),
    *("noseLeftAlarTop", "noseRightAlarTop"),
)
"""Landmarks that are one point of the canonical face each."""
TURNS_DEG = (-90, -30, 20, 75, 150)
CLIPS = ("single-face-clip", "sample-carphone")


def report(found: Sequence[Portrait]) -> Iterator[str]:
    """The figures of pose, gaze, landmarks and openness, as Markdown."""
    yield f"\n## Landmarks, pose, gaze, openness\n\n{len(found)} portraits.\n"
    yield from published(found)
    yield from exact()
    yield from photos(found)
    yield from gaze(found)
    yield from openness(found)


def published(found: Sequence[Portrait]) -> Iterator[str]:
    """Face API's own pose against that of its landmarks, and the width of the nose."""
    rows = []
    for face in PUBLISHED:
        solved = angles_of(rotation_of_landmarks(face.places))
        given = ", ".join(f"{angle:.1f}" for angle in face.pose_deg)
        rows.append((given, ", ".join(f"{angle:.1f}" for angle in solved)))
    yield from table(("Face API: yaw, pitch, roll", "solved from its landmarks"), rows)
    theirs = np.array([nose_width(face.places) for face in PUBLISHED])
    ours = np.array([nose_width(landmarks27(portrait.face.mesh)) for portrait in found])
    yield (
        "\nWidth of the nose over the distance of the eyes' inner corners: Face API's three "
        f"{', '.join(f'{value:.2f}' for value in theirs)}; the portraits {span(ours)}, "
        f"median {np.median(ours):.2f}."
    )


def rotation_of_landmarks(places: dict[str, Point]) -> Array:
    """(3, 3) rotation from the head's frame to the camera's, of the landmarks of RIGID.

    How large the pictures were was not said; the camera is put as far away as the stage ever does.
    """
    model = MODEL[[INDICES.index(LANDMARKS[name][0]) for name in RIGID]]
    seen = np.array([places[name] for name in RIGID])
    seen = seen - seen.mean(axis=0)
    spread = [np.sqrt(np.mean((xy - xy.mean(axis=0)) ** 2)) for xy in (seen, model[:, :2])]
    focal = float(spread[0] / spread[1]) * FARTHEST_CM
    camera = np.diag([focal, focal, 1.0])
    solved, turn, _ = cv2.solvePnP(model, seen, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    assert solved, "no camera sees a head so"
    return np.asarray(cv2.Rodrigues(turn)[0])


def nose_width(places: dict[str, Point]) -> float:
    """Distance of the nostrils' outer ends over that of the eyes' inner corners."""
    nose = np.subtract(places["noseRightAlarOutTip"], places["noseLeftAlarOutTip"])
    eyes = np.subtract(places["eyeRightInner"], places["eyeLeftInner"])
    return float(np.hypot(*nose) / np.hypot(*eyes))


def exact(heads: int = 1000) -> Iterator[str]:
    """Angles of projections of the canonical face, against those it was turned by."""
    rng = np.random.default_rng(0)
    angles = rng.uniform((-75, -50, -179), (75, 50, 179), (heads, 3))
    off = np.array([np.abs(wrapped(projected(*turn) - turn)).max() for turn in angles])
    yield (
        f"\nOf {heads} projections of the canonical face (yaw to 75°, pitch to 50°) the angles "
        f"come back within {off.max():.2g}°."
    )


def projected(yaw: float, pitch: float, roll: float, distance_cm: float = 60.0) -> Array:
    """(3,) the angles that are solved from a head so turned, before a camera that looks at it."""
    focal = 1280.0
    turned = MODEL @ rotation_from(yaw, pitch, roll).T
    turned -= turned.mean(axis=0)
    turned[:, 2] += distance_cm
    mesh = np.zeros((478, 3))
    mesh[INDICES, :2] = focal * turned[:, :2] / turned[:, 2:]
    rotation = rotation_of(mesh, focal)
    assert rotation is not None
    return np.array(angles_of(rotation))


def wrapped(degrees: Array) -> Array:
    """Angles from -180 to 180."""
    return np.asarray((degrees + 180) % 360 - 180)


def photos(found: Sequence[Portrait]) -> Iterator[str]:
    """What turning and mirroring a photo, and another field of view, do to its pose."""
    stage = Mesh.load()
    turns, mirrors, views = [], [], []
    for _, face in found:
        plain = pose_of(face.rgb, face.faces)
        for degrees in TURNS_DEG:
            other = pose_of(*described(stage, *turned_photo(face.rgb, face.detected, degrees)))
            turns.append(wrapped(other - plain - (0, 0, degrees)))
        flipped = np.ascontiguousarray(face.rgb[:, ::-1])
        record = mirrored(face.detected, face.rgb.shape[1])
        other = pose_of(*described(stage, flipped, record))
        mirrors.append(wrapped(other - plain * (-1, 1, -1)))
        views.append(pose_of(face.rgb, face.faces, focal=2.0) - plain)
    rows = (
        (what, *(f"{median:.1f}, {most:.1f}" for median, most in zip(*two, strict=True)))
        for what, two in (
            ("photo turned by -90° to 150°, roll by as much", spread(turns)),
            ("photo mirrored, yaw and roll by their sign", spread(mirrors)),
            ("half the field of view", spread(views)),
        )
    )
    yield ""
    yield from table(("change, degrees: median, most", "yaw", "pitch", "roll"), rows)


def spread(changes: Sequence[Array]) -> tuple[Array, Array]:
    """Median and greatest magnitude of each angle; rows of NaN are left out."""
    size = np.abs(np.array(changes))
    return np.nanmedian(size, axis=0), np.nanmax(size, axis=0)


def described(stage: Mesh, rgb: Array, faces: Faces) -> tuple[Array, Faces]:
    """The picture, and the record with its mesh."""
    return rgb, stage.describe(rgb, faces)


def pose_of(rgb: Array, faces: Faces, focal: float = 1.0) -> Array:
    """(3,) yaw, pitch, roll of the one face; NaN where there is none."""
    pose = Pose(focal).describe(rgb, faces).pose_deg
    assert pose is not None
    return np.asarray(pose[0], float)


def turned_photo(rgb: Array, faces: Faces, degrees: float) -> tuple[Array, Faces]:
    """A picture turned clockwise about its face, large enough to hold the face, and its record."""
    assert faces.points is not None
    box = np.asarray(faces.box_xyxy[0], float)
    side = 2 * float((box[2:] - box[:2]).max())
    size = int(np.ceil(side))
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (box[:2] + box[2:]) / 2
    matrix = np.column_stack([turn, size / 2 - turn @ middle])
    to_index = matrix.copy()  # OpenCV has the centre of the first pixel at (0, 0)
    to_index[:, 2] += turn.sum(axis=1) / 2 - 0.5
    picture = cv2.warpAffine(rgb, to_index, (size, size), flags=cv2.INTER_CUBIC)
    points = np.asarray(faces.points, float) @ matrix[:, :2].T + matrix[:, 2]
    half = side / 4
    around = np.array([[size / 2 - half, size / 2 - half, size / 2 + half, size / 2 + half]])
    return np.asarray(picture), Faces(around, faces.score, points=points)


def gaze(found: Sequence[Portrait]) -> Iterator[str]:
    """Portraits that look into the camera."""
    looking = [portrait for portrait in found if portrait.sitter.at_camera]
    angles = []
    for _, face in looking:
        posed = Pose.load().describe(face.rgb, face.faces)
        gazes = Gaze.load().describe(face.rgb, posed).gaze_deg
        assert gazes is not None
        angles.append(gazes[0])
    seen = np.array(angles, float)
    seen = seen[np.isfinite(seen).all(axis=1)]
    yaw, pitch = np.median(seen, axis=0)
    away = np.hypot(*seen.T)
    yield (
        f"\nGaze of {len(looking)} portraits that look into the camera, {len(seen)} of them "
        f"measured: median yaw {yaw:.1f}°, pitch {pitch:.1f}°; off by {np.median(away):.1f}° in "
        f"the median, at most {away.max():.0f}°; {np.mean(away < 12):.0%} within 12°."
    )


def openness(found: Sequence[Portrait]) -> Iterator[str]:
    """Height over width of eyes and mouth, over the frames of two clips and the portraits."""
    sets = {f"{name}, frames": clip_meshes(name) for name in CLIPS}
    sets["portraits"] = np.array([portrait.face.mesh for portrait in found])
    rows = []
    for name, meshes in sets.items():
        for place, opening in zip(("left eye", "right eye", "mouth"), OPENINGS, strict=True):
            levels = np.percentile(aspect(meshes, opening), (0, 10, 50, 90, 100))
            rows.append((f"{name} ({len(meshes)})", place, *(f"{level:.3f}" for level in levels)))
    yield ""
    yield from table(("height over width", "", "lowest", "10 %", "median", "90 %", "highest"), rows)
