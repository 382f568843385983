"""Generated clips whose truth is known: heads of real people, moved over pictures without faces.

The scenes of bench/tracking show crossings, occlusion, exits and returns, cuts, quick motion, small
and large faces, crowds, noise. Here are those that are hard to redact, and the truth of both kinds
as `bench.redaction.truth.Shown`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.detection.corpus import pictures
from bench.redaction.truth import INNER, Shown, in_picture, spread
from bench.tracking.evaluate import backgrounds
from bench.tracking.identities import CAST, Identity, people
from bench.tracking.render import Painter
from bench.tracking.scenarios import IDENTITIES, SCENARIOS
from bench.tracking.scene import ASPECT, HEAD, MAY_FIND, MUST_FIND, Actor, Scene, join
from mien.media.encoder import Encoding
from mien.media.writer import create_video

Array = NDArray[Any]
Random = np.random.Generator

PROFILE = 0.5
"""A head that turns gets narrower. Below this share of its width (60° away) its face is no longer
asked for: what a squeezed picture shows then is not what a profile looks like."""

AWAY = 0.3
"""And below this, only hair is seen."""

CRF = 18


@dataclass(frozen=True, eq=False)
class Take:
    """A scene and its light.

    Attributes:
        light: (frames, 3) factors of the picture's channels; None: even.
    """

    scene: Scene
    light: Array | None = None


def turning(seed: int) -> Take:
    """Three people turn their heads away until only hair is seen, for a second or so, walk on, and
    turn back."""
    rng = _random("turning", seed)
    frames, actors = 180, []
    for lane, person in enumerate(_people(rng, 3)):
        size = rng.uniform(48, 72)
        x = rng.uniform(80, 180) + rng.uniform(1.0, 1.8) * np.arange(frames)
        x = 640 - x if rng.integers(2) else x
        track = np.stack([x, 65 + 112 * lane + 3 * np.sin(np.arange(frames) / 9)], axis=1)
        begin, away = rng.uniform(35, 60), rng.uniform(25, 40)
        yaw = np.interp(np.arange(frames), [begin, begin + 14, begin + 14 + away,
                                            begin + 28 + away], [0, 90, 90, 0])  # fmt: skip
        squeeze = np.cos(np.radians(yaw))
        actor = _actor(rng, person, track, size)
        aside = (1 - squeeze) * size * 0.4 * (1 if rng.integers(2) else -1)
        face = replace(
            actor,
            squeeze=squeeze,
            centre=track + np.stack([aside, 0 * aside], axis=1),
            width=np.where(squeeze < AWAY, np.nan, actor.width),
        )
        behind = replace(
            actor,
            identity=IDENTITIES + person,
            depth=actor.depth + 1e-6,
            width=np.where(squeeze > 0.97, np.nan, actor.width),
        )
        actors += [face, behind]
    return Take(Scene("turning", seed, 640, 360, frames, tuple(actors)))


def edges(seed: int) -> Take:
    """Four people come in over an edge each, stay half or three quarters in, go, and come again."""
    rng = _random("edges", seed)
    frames, actors = 180, []
    ways = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]])
    homes = np.array([[0, 190], [640, 150], [200, 0], [450, 360]])
    for way, home, person in zip(ways, homes, _people(rng, 4), strict=True):
        size = rng.uniform(56, 90)
        half = size / 2 * np.array([1, ASPECT])
        phase, period = rng.uniform(0, 2 * np.pi), rng.uniform(80, 130)
        depth = -1.6 * np.cos(2 * np.pi * np.arange(frames) / period + phase)  # in half faces
        depth = np.minimum(depth, rng.uniform(0.1, 0.6))
        track = home - way * half * depth[:, None]
        actors.append(_actor(rng, person, track, size))
    return Take(Scene("edges", seed, 640, 360, frames, tuple(actors)))


def cut_mid(seed: int) -> Take:
    """Somebody walks; a cut to nobody; the same person elsewhere and larger; a cut, and where they
    were last is somebody else."""
    rng = _random("cut_mid", seed)
    first, second = _people(rng, 2)
    walk = np.arange(45)[:, None] * [rng.uniform(3, 5), 0.3]
    far = np.array([rng.uniform(80, 160), 100]) + walk
    near = np.array([rng.uniform(350, 420), 190]) - walk * 0.6
    small, large = rng.uniform(45, 60), rng.uniform(110, 150)
    shots = [
        Scene("", seed, 640, 360, 45, (_actor(rng, first, far, small),)),
        Scene("", seed, 640, 360, 20, ()),
        Scene("", seed, 640, 360, 45, (_actor(rng, first, near, large),)),
        Scene("", seed, 640, 360, 40, (_actor(rng, second, near[-1] + 0 * walk[:40], large),)),
    ]
    return Take(join("cut_mid", seed, shots))


def many_small(seed: int) -> Take:
    """Forty people 24 to 40 pixels wide in a picture of 1920x1080, walking."""
    rng = _random("many_small", seed)
    frames, actors = 90, []
    for n in range(40):
        row, column = divmod(n, 8)
        start = np.array([120 + 235 * column + 90 * (row % 2), 110 + 210 * row])
        steps = np.arange(frames)[:, None]
        track = start + rng.uniform(-1, 1, 2) * [1.2, 0.2] * steps
        actors.append(_actor(rng, int(rng.integers(IDENTITIES)), track, rng.uniform(24, 40)))
    return Take(Scene("many_small", seed, 1920, 1080, frames, tuple(actors)))


def strobe(seed: int) -> Take:
    """Three people dance in coloured flashes: every few frames the light is nearly gone."""
    rng = _random("strobe", seed)
    frames, actors = 150, []
    for lane, person in enumerate(_people(rng, 3)):
        angle = rng.uniform(0, 6) + np.arange(frames) / rng.uniform(7, 12)
        centre = np.array([120 + 200 * lane, 180])
        track = centre + np.stack([30 * np.sin(angle), 18 * np.cos(2 * angle)], axis=1)
        actors.append(_actor(rng, person, track, rng.uniform(56, 84)))
    light = np.ones((frames, 3))
    k = 10
    while k < frames:
        dark = int(rng.integers(2, 5))
        light[k : k + dark] = rng.uniform(0.1, 0.25)
        k += dark
        bright = int(rng.integers(2, 7))
        light[k : k + bright] = rng.uniform(0.5, 1.2, 3)
        k += bright
    return Take(Scene("strobe", seed, 640, 360, frames, tuple(actors), shutter=0.4), light)


def flash(seed: int) -> Take:
    """Faces are there at once and gone at once, after a second, half a second and a quarter, while
    one person stays; the last stay comes after everyone has left."""
    rng = _random("flash", seed)
    cast, frames = _people(rng, 5), 180
    stays = [(0, 100), (12, 42), (55, 70), (80, 88), (130, 160)]
    places = np.array([[320, 190], [120, 100], [520, 110], [500, 270], [220, 160]])
    actors = []
    for person, (begin, end), place in zip(cast, stays, places, strict=True):
        track = place + rng.uniform(-0.5, 0.5, 2) * np.arange(frames)[:, None]
        actor = _actor(rng, person, track, rng.uniform(44, 72))
        actor.width[:begin] = actor.width[end:] = np.nan
        actors.append(actor)
    return Take(Scene("flash", seed, 640, 360, frames, tuple(actors)))


def dart(seed: int) -> Take:
    """Somebody darts through an empty picture, three times, half a face width a frame."""
    rng = _random("dart", seed)
    frames, actors = 150, []
    for run, person in enumerate(_people(rng, 3)):
        size = rng.uniform(54, 80)
        speed = size * rng.uniform(0.42, 0.5) * (1 if run % 2 else -1)
        begin = 10 + 48 * run
        first = -size if speed > 0 else 640 + size
        x = first + speed * (np.arange(frames) - begin)
        y = 110 + 60 * run + 6 * np.sin(np.arange(frames) / 3)
        actor = _actor(rng, person, np.stack([x, y], axis=1), size)
        actor.width[(x < -size) | (x > 640 + size)] = np.nan
        actors.append(actor)
    return Take(Scene("dart", seed, 640, 360, frames, tuple(actors), shutter=0.4))


def _plain(make: Callable[[int], Scene]) -> Callable[[int], Take]:
    return lambda seed: Take(make(seed))


SCENES: dict[str, Callable[[int], Take]] = {
    **{make.__name__: make for make in (turning, edges, cut_mid, many_small, strobe, flash, dart)},
    **{name: _plain(make) for name, make in SCENARIOS.items()},
}


@dataclass(frozen=True, eq=False)
class Generated:
    """A generated clip, in a file."""

    name: str
    path: Path
    take: Take

    kind = "generated"

    @property
    def size_wh(self) -> tuple[int, int]:
        """Pixels."""
        return self.take.scene.width, self.take.scene.height

    @property
    def frames(self) -> int:
        """How many."""
        return self.take.scene.frames

    @cached_property
    def _shown(self) -> list[Shown]:
        return [shown(self.take.scene, frame) for frame in range(self.frames)]

    def shown(self, frame: int) -> Shown:
        """The faces of a frame."""
        return self._shown[frame]


def generate(name: str, seed: int, folder: Path) -> Generated:
    """Paint a scene into a file of a folder, unless it is there."""
    take, path = SCENES[name](seed), folder / f"{name}-{seed}.mp4"
    if not path.exists():
        scene = take.scene
        grounds, turn = backgrounds(), [*SCENES].index(name)
        grounds = grounds[turn % len(grounds) :] + grounds[: turn % len(grounds)]
        painter = Painter(scene, [*people(), *hair()], grounds)
        with create_video(
            path, width=scene.width, height=scene.height, time_base=1 / scene.rate,
            rate=scene.rate, encoding=Encoding(crf=CRF),
        ) as writer:  # fmt: skip
            for k in range(scene.frames):
                rgb = painter.frame(k)
                if take.light is not None:
                    rgb = np.clip(rgb * take.light[k], 0, 255).astype(np.uint8)
                writer.write(rgb, scene.time(k), 1)
    return Generated(f"{name}-{seed}", path, take)


def shown(scene: Scene, frame: int) -> Shown:
    """The faces of a frame of a scene, of which more can be seen than `MAY_FIND`."""
    here = [(n, actor) for n, actor in enumerate(scene.actors) if np.isfinite(actor.width[frame])]
    faces = [(n, actor) for n, actor in here if actor.identity < IDENTITIES]
    if not faces:
        return Shown.nobody()
    centre = np.array([actor.centre[frame] for _, actor in faces])
    half = np.array([half_wh(actor, frame) for _, actor in faces])
    angle = np.array([actor.roll_deg[frame] for _, actor in faces])
    others = [actor for _, actor in here]
    whole, inner = (spread(centre, half * part, angle) for part in (1, INNER))
    visible = np.array([seen(scene, frame, actor, others, points).mean()
                        for (_, actor), points in zip(faces, whole, strict=True)])  # fmt: skip
    parts = np.array([seen(scene, frame, actor, others, points)
                      for (_, actor), points in zip(faces, inner, strict=True)])  # fmt: skip
    frontal = np.array([actor.squeeze[frame] >= PROFILE for _, actor in faces])
    there = visible >= MAY_FIND
    which = np.array([n for n, _ in faces])
    counted = (visible >= MUST_FIND) & frontal
    return Shown(centre, half, angle, which, parts, counted)[there]


def half_wh(actor: Actor, frame: int) -> Array:
    """(2,) half axes of the face as painted: that of the labelled picture, narrowed by a turn."""
    shapes = _shapes()[actor.identity]
    shape = shapes[actor.picture[frame] % len(shapes)]
    half: Array = shape * actor.width[frame] / 2 * [actor.squeeze[frame], 1]
    return half


def seen(scene: Scene, frame: int, actor: Actor, others: list[Actor], points: Array) -> Array:
    """(p,) bool: which of the points (p, 2) of an actor's face lie in the picture and behind
    nothing."""
    clear = in_picture(points, scene.width, scene.height)
    for box in scene.occluders:
        x1, y1, x2, y2 = box[frame]
        clear &= ~in_picture(points - [x1, y1], x2 - x1, y2 - y1)
    for other in others:
        if other.depth < actor.depth:
            half = other.width[frame] / 2 * HEAD * np.array([other.squeeze[frame], ASPECT])
            clear &= np.sum(((points - other.centre[frame]) / half) ** 2, axis=1) > 1
    return clear


@cache
def hair() -> tuple[Identity, ...]:
    """Each person's head from behind: the whole head in the colour of the hair."""
    return tuple(Identity(f"{person.name} from behind", (_hair(person.heads[0]),))
                 for person in people())  # fmt: skip


def _hair(head: Array) -> Array:
    """(height, width, 4): a head cut-out whose colour is the darkest of its upper rim."""
    rows, columns = head.shape[:2]
    top = head[: rows // 6, columns // 3 : -columns // 3].reshape(-1, 4).astype(float)
    whole = top[top[:, 3] == 255, :3]
    dark = whole[whole.sum(axis=1).argsort()[: max(1, len(whole) // 3)]].mean(axis=0)
    strands = np.random.default_rng(columns).normal(1, 0.12, (1, columns, 1))
    alpha = head[..., 3:].astype(float)
    painted: Array = np.dstack([dark * strands * alpha / 255, alpha]).clip(0, 255).astype(np.uint8)
    return painted


@cache
def _shapes() -> tuple[tuple[Array, ...], ...]:
    """Of each person's pictures, width and height of the labelled face over an actor's width."""
    known = {picture.name: picture for picture in pictures()}

    def shape(name: str, face: int) -> Array:
        x1, y1, x2, y2 = known[name].truth.faces[face]
        sides: Array = np.array([x2 - x1, y2 - y1]) / max(x2 - x1, (y2 - y1) / ASPECT)
        return sides

    return tuple(tuple(shape(name, face) for name, face in takes) for takes in CAST)


def _random(name: str, seed: int) -> Random:
    return np.random.default_rng([seed, *name.encode()])


def _people(rng: Random, count: int) -> list[int]:
    return [int(n) for n in rng.permutation(IDENTITIES)[:count]]


def _actor(rng: Random, identity: int, track: Array, width: float) -> Actor:
    """Somebody on a track (m, 2), with a steady head."""
    frames = len(track)
    wobble = np.sin(np.arange(frames) / rng.uniform(15, 40) + rng.uniform(0, 6))
    return Actor(
        identity, track, np.full(frames, width), float(rng.uniform()), 6 * wobble,
        np.full(frames, 1.0), 1 + 0.1 * wobble, np.full(frames, int(rng.integers(8))),
    )  # fmt: skip
