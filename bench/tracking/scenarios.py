"""The scenarios: each a function from a seed to a `Scene`. Same seed, same scene, on any machine.

Faces are 24 to 400 pixels wide and move at most half a face width a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.tracking.scene import HEAD, Actor, Scene, join

Array = NDArray[Any]
Random = np.random.Generator

IDENTITIES = 24
"""Scenarios draw from this many people."""

SEEDS = (101, 202, 303)
"""The seeds of the published figures."""

TUNING_SEEDS = (11, 12, 13, 14)
"""The seeds a tracker may be tuned on."""


def crossing(seed: int) -> Scene:
    """Two lanes of two people: they pass through each other, or meet, hide one another, and turn
    back the way they came."""
    rng = _random("crossing", seed)
    frames, people = 180, _people(rng, 4)
    actors = []
    for lane in range(2):
        size = rng.uniform(48, 80)
        y = 90 + 180 * lane + rng.uniform(-12, 12)
        left, right = 90 + rng.uniform(-30, 30), 550 + rng.uniform(-30, 30)
        period = frames / rng.uniform(0.9, 1.4)
        swing = _swing(frames, period)
        meet = (left + right) / 2
        for side in range(2):
            if (seed + lane) % 2:  # through each other
                a, b = (left, right) if side == 0 else (right, left)
                x = a + (b - a) * swing
            else:  # meet, all but hidden, and turn back
                a = left if side == 0 else right
                stop = meet + (-0.1 if side == 0 else 0.1) * size
                x = a + (stop - a) * swing
            track = np.stack([x, y + rng.uniform(-6, 6) + _wander(rng, frames, 4)], axis=1)
            actors.append(_actor(rng, people[2 * lane + side], track, size * rng.uniform(0.9, 1.1)))
    return Scene("crossing", seed, 640, 360, frames, tuple(actors))


def occlusion(seed: int) -> Scene:
    """Two people walk behind a pillar and are hidden whole for half a second; a third keeps
    still while something passes before the face for as long."""
    rng = _random("occlusion", seed)
    frames, people, hidden = 150, _people(rng, 3), 15
    pillar_x = rng.uniform(280, 340)
    actors, needed = [], 0.0
    for n in range(2):
        size = rng.uniform(44, 64)
        speed = rng.uniform(3.5, 5.0) * (1 if n else -1)
        needed = max(needed, size * HEAD + abs(speed) * hidden)
        x = pillar_x + 40 + speed * (np.arange(frames) - frames / 2 + rng.uniform(-15, 15))
        y = 70 + 120 * n + _wander(rng, frames, 5)
        actors.append(_actor(rng, people[n], np.stack([x, y], axis=1), size))
    pillar = _still(frames, [pillar_x, 0, pillar_x + needed, 250])
    size = rng.uniform(50, 70)
    track = np.array([rng.uniform(200, 440), 305]) + _wander(rng, frames, 3, columns=2)
    actors.append(_actor(rng, people[2], track, size))
    speed = 9.0
    x1 = track[0, 0] - size + speed * (np.arange(frames) - frames / 2) - speed * hidden
    passer = np.stack(
        [x1, np.full(frames, 252.0), x1 + size * HEAD + speed * hidden, np.full(frames, 360.0)], 1
    )
    return Scene("occlusion", seed, 640, 360, frames, tuple(actors), occluders=(pillar, passer))


def exit_return(seed: int) -> Scene:
    """Three people leave the picture and come back 1.5 to 3 seconds later, elsewhere."""
    rng = _random("exit_return", seed)
    frames, people = 270, _people(rng, 3)
    actors = []
    for lane, person in enumerate(people):
        size = rng.uniform(44, 76)
        y = 70 + 110 * lane
        away = int(rng.uniform(45, 90))
        leave = int(rng.uniform(70, 110))
        side, back = rng.integers(2, size=2)
        first, second = np.arange(leave), np.arange(frames - leave - away)
        speed = rng.uniform(2.5, 5.0)
        edge = np.array([-size, 640 + size])
        outward = np.array([-1, 1])
        x_out = edge[side] - outward[side] * speed * (leave - first)
        x_in = edge[back] - outward[back] * speed * second
        far = edge[back] - outward[back] * rng.uniform(180, 460)
        x_in = np.maximum(x_in, far) if outward[back] > 0 else np.minimum(x_in, far)
        x = np.concatenate([x_out, np.full(away, -500.0), x_in])
        y_all = np.concatenate([np.full(leave + away, y), np.full(len(second), 360 - y)])
        track = np.stack([x, y_all + _wander(rng, frames, 4)], axis=1)
        actor = _actor(rng, person, track, size)
        actor.width[leave : leave + away] = np.nan
        actor.picture[leave:] += 1
        actors.append(actor)
    return Scene("exit_return", seed, 640, 360, frames, tuple(actors))


def cut(seed: int) -> Scene:
    """Five shots of one to two seconds among five people, in other places and sizes each time."""
    rng = _random("cut", seed)
    people = _people(rng, 5)
    shots = []
    for number in range(5):
        frames = int(rng.uniform(32, 60))
        count = int(rng.integers(1, 4))
        cast = rng.permutation(people)[:count]
        actors = []
        for place, person in enumerate(cast):
            size = rng.uniform(44, min(130, 400 / count))
            centre = np.array([640 * (place + 0.5) / count, rng.uniform(110, 250)])
            drift = rng.uniform(-0.6, 0.6, 2) * np.arange(frames)[:, None]
            track = centre + drift + _wander(rng, frames, 5, columns=2)
            actor = _actor(rng, int(person), track, size)
            actor.picture[:] += number
            actors.append(actor)
        shots.append(Scene("cut", seed, 640, 360, frames, tuple(actors)))
    return join("cut", seed, shots)


def fast(seed: int) -> Scene:
    """Three people on looping paths, up to half a face width a frame, their ways crossing."""
    rng = _random("fast", seed)
    frames, people = 150, _people(rng, 3)
    actors = []
    for lane, person in enumerate(people):
        size = rng.uniform(50, 90)
        reach = np.array([rng.uniform(220, 320), rng.uniform(20, 50)])
        peak = rng.uniform(0.4, 0.5) * size  # pixels a frame at the middle of the swing
        rate = peak / np.hypot(reach[0], 2 * reach[1])
        angle = rng.uniform(0, 2 * np.pi) + rate * np.arange(frames)
        centre = np.array([480, 170 + 100 * lane])
        track = centre + reach * np.stack([np.sin(angle), np.sin(2 * angle)], axis=1)
        actors.append(_actor(rng, person, track, size))
    return Scene("fast", seed, 960, 540, frames, tuple(actors), shutter=0.3)


def small(seed: int) -> Scene:
    """Eight people 24 to 36 pixels wide, walking to and fro."""
    rng = _random("small", seed)
    frames, people = 150, _people(rng, 8)
    actors = []
    for n, person in enumerate(people):
        start = np.array([rng.uniform(60, 580), 35 + 41 * n])
        velocity = np.array([rng.uniform(-2.2, 2.2), 0])
        track = start + velocity * np.arange(frames)[:, None] + _wander(rng, frames, 5, columns=2)
        track[:, 0] = _fold(track[:, 0], 25, 615)
        actors.append(_actor(rng, person, track, rng.uniform(24, 36)))
    return Scene("small", seed, 640, 360, frames, tuple(actors))


def large(seed: int) -> Scene:
    """Two people who come near, to 250 to 400 pixels; one passes before the other."""
    rng = _random("large", seed)
    frames, people = 150, _people(rng, 2)
    near = rng.uniform(300, 400)
    grow = np.linspace(0.4, 1, frames)
    x = 1280 * np.linspace(0.1, 0.85, frames)
    front = np.stack([x, np.full(frames, 380.0)], axis=1) + _wander(rng, frames, 20, columns=2)
    behind = np.array([480, 330]) + _wander(rng, frames, 25, columns=2)
    actors = (
        _actor(rng, people[0], front, near * grow, depth=0.0),
        _actor(rng, people[1], behind, np.full(frames, rng.uniform(180, 250)), depth=1.0),
    )
    return Scene("large", seed, 1280, 720, frames, actors)


def crowd(seed: int) -> Scene:
    """Twenty-four people in three rows, swaying before each other."""
    rng = _random("crowd", seed)
    frames, people = 120, _people(rng, IDENTITIES)
    actors = []
    for n, person in enumerate(people):
        row, column = divmod(n, 8)
        place = np.array([90 + 155 * column + 70 * (row % 2), 150 + 190 * row])
        sway = _wander(rng, frames, 80, columns=2) * [1, 0.4]
        actors.append(_actor(rng, person, place + sway, rng.uniform(46, 84)))
    return Scene("crowd", seed, 1280, 720, frames, tuple(actors))


def noise_blur(seed: int) -> Scene:
    """Three people in a dark, noisy, flickering, motion-blurred picture."""
    rng = _random("noise_blur", seed)
    frames, people = 150, _people(rng, 3)
    actors = []
    for lane, person in enumerate(people):
        size = rng.uniform(44, 80)
        centre = np.array([320, 70 + 110 * lane])
        track = centre + _wander(rng, frames, 90, columns=2) * [1.5, 0.2]
        actors.append(_actor(rng, person, track, size))
    return Scene(
        "noise_blur", seed, 640, 360, frames, tuple(actors), noise=14, shutter=0.8, flicker=0.08
    )


SCENARIOS: dict[str, Callable[[int], Scene]] = {
    make.__name__: make
    for make in (crossing, occlusion, exit_return, cut, fast, small, large, crowd, noise_blur)
}


def _random(name: str, seed: int) -> Random:
    return np.random.default_rng([seed, *name.encode()])


def _people(rng: Random, count: int) -> list[int]:
    return [int(n) for n in rng.permutation(IDENTITIES)[:count]]


def _actor(
    rng: Random, identity: int, track: Array, width: float | Array, depth: float | None = None
) -> Actor:
    frames = len(track)
    return Actor(
        identity,
        track,
        np.broadcast_to(np.asarray(width, float), frames) * (1 + _wander(rng, frames, 0.03)),
        float(rng.uniform()) if depth is None else depth,
        _wander(rng, frames, 9),
        0.93 + _wander(rng, frames, 0.07),
        1 + _wander(rng, frames, 0.15),
        np.full(frames, int(rng.integers(8))),
    )


def _wander(rng: Random, frames: int, reach: float, columns: int = 0) -> Array:
    """A smooth path within ±reach: three slow sines of periods between 2 and 8 seconds."""
    shape = (3, max(columns, 1))
    period, phase = rng.uniform(60, 240, shape), rng.uniform(0, 2 * np.pi, shape)
    share = rng.dirichlet(np.ones(3), max(columns, 1)).T
    k = np.arange(frames)[:, None, None]
    path: Array = reach * np.sum(share * np.sin(2 * np.pi * k / period + phase), axis=1)
    return path if columns else path[:, 0]


def _swing(frames: int, period: float) -> Array:
    """0 → 1 → 0 → …, at an even speed with soft turns."""
    angle = 2 * np.pi * np.arange(frames) / period
    swing: Array = np.arcsin(0.97 * -np.cos(angle)) / (2 * np.arcsin(0.97)) + 0.5
    return swing


def _fold(x: Array, low: float, high: float) -> Array:
    """Reflect a path at two walls."""
    span = high - low
    folded: Array = low + span - np.abs((x - low) % (2 * span) - span)
    return folded


def _still(frames: int, box: Sequence[float]) -> Array:
    return np.tile(np.asarray(box, float), (frames, 1))
