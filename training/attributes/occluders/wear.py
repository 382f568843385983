"""What is put on faces: kinds of covers, how often each is drawn, and what goes with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from training.attributes.occluders import (
    eyewear,
    frames,
    goggles,
    hair,
    hands,
    headwear,
    masks,
    things,
)
from training.attributes.occluders.base import Base
from training.attributes.occluders.scene import Scene

UNKNOWN = float("nan")


class Kind(NamedTuple):
    """One kind of cover.

    Attributes:
        put: puts it on.
        where: "eyes", "mouth", "top" or "" for what lies elsewhere: of each place one is worn.
        often: how often it is drawn, relative to others.
        fits: whether it can be put on such a face.
    """

    put: Callable[[Scene], None]
    where: str
    often: float
    fits: Callable[[Base], bool] = lambda base: True


def _sunglasses(scene: Scene) -> None:
    _glasses(scene, eyewear.sunglasses(scene.part, scene.rng), "sunglasses", 1.0)


def _tinted(scene: Scene) -> None:
    _glasses(scene, eyewear.tinted(scene.part, scene.rng), "tinted glasses", UNKNOWN)


def _reading(scene: Scene) -> None:
    _glasses(scene, eyewear.reading(scene.part, scene.rng), "reading glasses", 0.0)


def _glasses(scene: Scene, glasses: eyewear.Glasses, what: str, dark: float) -> None:
    layer = scene.layer()
    frames.draw(layer, scene.head, scene.light, glasses, scene.rng)
    scene.lay(layer, what, Sunglasses=dark, Swimming_Goggles=0.0, Eyeglasses=1.0)


def _pushed_up(scene: Scene) -> None:
    layer, rng = scene.layer(), scene.rng
    make = eyewear.sunglasses if rng.random() < 0.8 else eyewear.reading
    frames.draw(layer, scene.head, scene.light, make(scene.part, rng), rng, rng.uniform(4.5, 9.5))
    before = {"Sunglasses": 0.0, "Eyeglasses": UNKNOWN} | scene.facts  # others may be worn as well
    facts = {name: before[name] for name in ("Sunglasses", "Eyeglasses")}
    scene.lay(layer, "glasses pushed up", **facts)


def _goggles(scene: Scene) -> None:
    rng = scene.rng
    if rng.random() < 0.55:
        layer = scene.layer()
        front = rng.uniform(-8.0, -5.5)
        headwear.draw(layer, scene.light, "swimming cap", _wearer(scene, front), rng)
        scene.lay(layer, "swimming cap", Wearing_Hat=1.0)
    layer = scene.layer()
    up = rng.random() < 0.08
    lift = rng.uniform(4.0, 5.5) if up else 0.0
    goggles.draw(layer, scene.head, scene.light, scene.part, rng.random() < 0.3, rng, lift)
    value = UNKNOWN if up else 1.0
    sun = 0.0 if up else UNKNOWN
    scene.lay(layer, "goggles pushed up" if up else "goggles", Swimming_Goggles=value,
              Sunglasses=sun, Eyeglasses=UNKNOWN)  # fmt: skip


def _mask(scene: Scene) -> None:
    layer = scene.layer()
    what = masks.mask(scene.part, scene.rng)
    masks.draw(layer, scene.head, scene.light, what, scene.part)
    scene.lay(layer, f"{what.shape} mask, {what.worn}",
              Face_Mask=UNKNOWN if what.worn == "chin" else 1.0)  # fmt: skip


def _scarf(scene: Scene) -> None:
    layer, top = scene.layer(), scene.rng.uniform(-0.5, 8.0)
    things.scarf(layer, scene.head, scene.light, scene.part, top, scene.rng)
    scene.lay(layer, "scarf", Face_Mask=0.0 if top > 6.0 else UNKNOWN)


def _hand(scene: Scene, where: str) -> None:
    layer, rng = scene.layer(), scene.rng
    poses = hands.POSES[scene.part][where]
    u, v = hands.PLACES[where]
    place = (u + rng.normal(0, 0.9), v + rng.normal(0, 0.6))
    hands.draw(layer, scene.head, scene.light, place, poses[rng.integers(len(poses))], rng)
    scene.lay(layer, f"hand, {where}")


def _hand_aside(scene: Scene) -> None:
    """On a cheek, at the chin, at an ear: nothing that is asked for is covered."""
    layer, rng = scene.layer(), scene.rng
    poses = [pose for group in hands.POSES[scene.part].values() for pose in group]
    pose = poses[rng.integers(len(poses))]._replace(at=(0, 6.5), angles=(-30, 30), both=False)
    side = rng.choice((-1.0, 1.0))
    places = ((side * 13.0, 2.0), (side * 11.0, 8.0), (side * 3.0, 11.0), (side * 15.0, -4.0))
    hands.draw(layer, scene.head, scene.light, places[rng.integers(4)], pose, rng, aside=True)
    scene.lay(layer, "hand aside")


def _hair(scene: Scene) -> None:
    layer, rng = scene.layer(), scene.rng
    small = scene.picture.clip(0, 255).astype(np.uint8)
    tint = hair.colour_of(small, scene.head, scene.light, scene.settings.times, scene.base.hair)
    tip = rng.uniform(-6.5, -3.8) if rng.random() < 0.6 else rng.uniform(-3.5, 0.5)
    hair.draw(layer, scene.head, scene.light, hair.fringe(scene.part, tip, rng), tint)
    scene.lay(layer, "hair", Bangs=UNKNOWN, Bald=0.0)


def _headwear(scene: Scene) -> None:
    layer, rng = scene.layer(), scene.rng
    kinds = headwear.KINDS[scene.part]
    kind = str(kinds[rng.integers(len(kinds))])
    front = rng.uniform(-9.6, -4.6)
    headwear.draw(layer, scene.light, kind, _wearer(scene, front), rng)
    scene.lay(layer, kind, Wearing_Hat=1.0)


def _wearer(scene: Scene, front: float) -> headwear.Wearer:
    rgb = scene.picture.clip(0, 255).astype(np.uint8)
    times = scene.settings.times
    tint = hair.colour_of(rgb, scene.head, scene.light, times, scene.base.hair)
    room = 1.0 if scene.base.bald else hair.room_of(rgb, scene.head, times, tint)
    return headwear.Wearer(scene.head, scene.part, front, room)


def _thing(scene: Scene, where: str) -> None:
    layer, rng = scene.layer(), scene.rng
    kinds = things.KINDS[scene.part]
    kind = str(kinds[rng.integers(len(kinds))])
    u, v = hands.PLACES[where]
    u += rng.choice((-3.2, 0.0, 3.2)) if where == "eyes" else 0.0
    place = (u + rng.normal(0, 1.0), v + rng.normal(0, 0.9))
    things.draw(layer, scene.head, scene.light, kind, scene.part, place, rng)
    scene.lay(layer, f"{kind}, {where}")


def _thing_aside(scene: Scene) -> None:
    layer, rng = scene.layer(), scene.rng
    kinds = things.KINDS[scene.part]
    kind = str(kinds[rng.integers(len(kinds))])
    side = rng.choice((-1.0, 1.0))
    places = ((side * 12.0, 8.0), (side * 14.0, 0.0), (0.0, 12.5))
    things.draw(layer, scene.head, scene.light, kind, scene.part, places[rng.integers(3)], rng,
                aside=True)  # fmt: skip
    scene.lay(layer, f"{kind} aside")


def _no_glasses(base: Base) -> bool:
    return base.glasses == 0


def _no_hat(base: Base) -> bool:
    return base.hat == 0


def _bare(base: Base) -> bool:
    return _no_glasses(base) and _no_hat(base)


KINDS: dict[str, Kind] = {
    "sunglasses": Kind(_sunglasses, "eyes", 24, _no_glasses),
    "tinted glasses": Kind(_tinted, "eyes", 2, _no_glasses),
    "reading glasses": Kind(_reading, "eyes", 10, _no_glasses),
    "glasses pushed up": Kind(_pushed_up, "top", 3, _bare),
    "goggles": Kind(_goggles, "eyes", 17, _bare),
    "mask": Kind(_mask, "mouth", 15),
    "scarf": Kind(_scarf, "mouth", 3),
    "hand, mouth": Kind(lambda scene: _hand(scene, "mouth"), "mouth", 7),
    "hand, eyes": Kind(lambda scene: _hand(scene, "eyes"), "eyes", 5),
    "hand, forehead": Kind(lambda scene: _hand(scene, "forehead"), "top", 4),
    "hand aside": Kind(_hand_aside, "", 3),
    "hair": Kind(_hair, "top", 7, lambda base: _no_hat(base) and not base.bald),
    "headwear": Kind(_headwear, "top", 11, _no_hat),
    "thing, mouth": Kind(lambda scene: _thing(scene, "mouth"), "mouth", 5),
    "thing, eyes": Kind(lambda scene: _thing(scene, "eyes"), "eyes", 4),
    "thing, forehead": Kind(lambda scene: _thing(scene, "forehead"), "top", 3),
    "thing aside": Kind(_thing_aside, "", 3),
}
ORDER = ("hair", "mask", "scarf", "reading glasses", "tinted glasses", "sunglasses", "goggles",
         "glasses pushed up", "headwear")  # fmt: skip
"""What is put on first, if there are two; hands and things come last."""
PLAIN = 0.17
"""Share of faces left as they are."""
SECOND = 0.25
"""Share of the others that get a second cover, at another place."""


def dress(scene: Scene) -> None:
    """Put on what the scene's generator draws: nothing, one cover or two."""
    if scene.rng.random() < PLAIN:
        return
    kinds = [_one(scene, set())]
    if scene.rng.random() < SECOND:
        kinds.append(_one(scene, {KINDS[kinds[0]].where}))
    for name in sorted(kinds, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)):
        KINDS[name].put(scene)


def _one(scene: Scene, taken: set[str]) -> str:
    fits = {name for name, kind in KINDS.items() if kind.fits(scene.base)}
    names = [name for name in KINDS if name in fits and KINDS[name].where not in taken]
    often = np.array([KINDS[name].often for name in names])
    return str(scene.rng.choice(names, p=often / often.sum()))
