from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.media.planes import Plane
from mien.redact.effects import (
    COARSENESS,
    EFFECTS,
    STEEPNESS,
    STRENGTHS,
    UNSAFE,
    Effect,
    Look,
    Strength,
    check_safe,
    hide,
)
from mien.redact.masks import Grid, Masks, Shape
from tests.describe.portraits import astronaut

Array = NDArray[Any]

WIDTH, HEIGHT = 121, 97
HIDING: tuple[Effect, ...] = ("blur", "pixelate", "solid", "black")
COARSE = [(effect, strength) for effect in COARSENESS for strength in STRENGTHS]
SAFE = [pair for pair in COARSE if pair not in UNSAFE]


class Layout(NamedTuple):
    """How a picture is stored."""

    step_x: int
    step_y: int
    depth: int
    kind: str  # yuv, rgb or gray

    def planes(self, rng: np.random.Generator) -> list[Plane]:
        """Noise."""
        dtype, scale = (np.uint8, 1) if self.depth == 8 else (np.uint16, 1 << (self.depth - 8))
        if self.kind == "rgb":
            photo = rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
            return [Plane(photo[..., k], 0, 255) for k in range(3)]
        high, wide = -(-HEIGHT // self.step_y), -(-WIDTH // self.step_x)
        luma = rng.integers(16 * scale, 235 * scale, (HEIGHT, WIDTH)).astype(dtype)
        planes = [Plane(luma, 16 * scale, 235 * scale)]
        if self.kind == "yuv":
            chroma = rng.integers(16 * scale, 240 * scale, (2, high, wide)).astype(dtype)
            planes += [Plane(samples, 128 * scale, 240 * scale) for samples in chroma]
        return planes


LAYOUTS = {
    "yuv420p": Layout(2, 2, 8, "yuv"),
    "yuv422p10": Layout(2, 1, 10, "yuv"),
    "yuv444p": Layout(1, 1, 8, "yuv"),
    "yuv410p": Layout(4, 4, 8, "yuv"),
    "gray": Layout(1, 1, 8, "gray"),
    "rgb": Layout(1, 1, 8, "rgb"),
}


def masks(*rows: tuple[float, float, float, float, float]) -> Masks:
    """Of centre, half axes and angle."""
    table = np.array(rows, float).reshape(-1, 5)
    return Masks(table[:, :2], table[:, 2:4], table[:, 4], np.arange(len(table)))


MANY = masks(
    (40, 45, 20, 28, 15),
    (55, 50, 22, 18, -30),  # overlaps the first
    (118, 5, 14, 20, 0),  # past a corner
    (90.5, 70.5, 0.2, 0.2, 0),  # one pixel
    (400, 50, 20, 20, 0),  # beside the picture
    (100, 60, 1.5, 30, 80),  # thin
)


def covered(plane: Plane, what: Masks, shape: Shape) -> Array:
    """(h, w) bool the samples of the plane that a mask touches."""
    rows, columns = plane.samples.shape
    step_x, step_y = (
        next(step for step in (1, 2, 4) if -(-size // step) == count)
        for size, count in ((WIDTH, columns), (HEIGHT, rows))
    )
    grid = Grid(columns, rows, step_x, step_y, columns * step_x - WIDTH, rows * step_y - HEIGHT)
    found = np.zeros((rows, columns), bool)
    for outline in what.outlines(shape):
        region = outline.region(grid)
        if region is not None:
            found[region.at] |= region.inside
    return found


def copies(planes: list[Plane]) -> list[Plane]:
    return [Plane(plane.samples.copy(), plane.black, plane.top) for plane in planes]


def hidden(planes: list[Plane], what: Masks, look: Look) -> list[Plane]:
    """Copies of the planes after `hide`."""
    made = copies(planes)
    hide(made, WIDTH, HEIGHT, what, look)
    return made


def photo(rgb: Array, what: Masks, look: Look) -> Array:
    made = rgb.copy()
    planes = [Plane(made[..., k], 0, 255) for k in range(3)]
    hide(planes, rgb.shape[1], rgb.shape[0], what, look)
    return made


def grey(luma: Array, what: Masks, look: Look) -> Array:
    made = luma.copy()
    hide([Plane(made, 0, 255)], luma.shape[1], luma.shape[0], what, look)
    return made


@pytest.mark.parametrize("shape", ["ellipse", "box"])
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_what_masks_touch_is_changed(layout: str, effect: Effect, shape: Shape) -> None:
    before = LAYOUTS[layout].planes(np.random.default_rng(1))
    after = hidden(before, MANY, Look(effect, shape=shape))
    for old, new in zip(before, after, strict=True):
        touched = covered(old, MANY, shape)
        assert 0.1 < touched.mean() < 0.6
        assert (new.samples[~touched] == old.samples[~touched]).all()
        assert new.samples.dtype == old.samples.dtype
        if effect in HIDING:
            # noise is like what replaces it only by chance
            assert (new.samples[touched] != old.samples[touched]).mean() > 0.9
        assert new.samples.max() <= old.top


@pytest.mark.parametrize("layout", LAYOUTS)
def test_black_and_solid_are_constant(layout: str) -> None:
    before = LAYOUTS[layout].planes(np.random.default_rng(2))
    for effect in ("black", "solid"):
        for plane in hidden(before, MANY, Look(effect)):
            touched = covered(plane, MANY, "ellipse")
            middle = plane.black
            if effect == "solid" and 2 * plane.black < plane.top:
                middle = (plane.black + plane.top) // 2
            assert (plane.samples[touched] == middle).all()


@pytest.mark.parametrize("effect", EFFECTS)
def test_views_of_any_orientation_are_as_good(effect: Effect) -> None:
    rng = np.random.default_rng(3)
    plain = LAYOUTS["yuv420p"].planes(rng)
    views: list[Callable[[Array], Array]] = [
        lambda a: np.rot90(np.rot90(a, -1).copy()),
        lambda a: a[:, ::-1].copy()[:, ::-1],
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    ]
    wanted = hidden(plain, MANY, Look(effect, feather=0.1))
    for view in views:
        turned = [Plane(view(plane.samples), plane.black, plane.top) for plane in plain]
        hide(turned, WIDTH, HEIGHT, MANY, Look(effect, feather=0.1))
        for got, want in zip(turned, wanted, strict=True):
            assert (got.samples == want.samples).all()


@pytest.mark.parametrize("effect", HIDING)
@pytest.mark.parametrize("strength", STRENGTHS)
def test_nothing_outside_the_mask_shows_inside(effect: Effect, strength: Strength) -> None:
    rng, look = np.random.default_rng(4), Look(effect, strength)
    what = masks((60, 50, 25, 33, 20))
    before = LAYOUTS["yuv420p"].planes(rng)
    other = LAYOUTS["yuv420p"].planes(rng)
    for mine, yours in zip(before, other, strict=True):
        touched = covered(mine, what, "ellipse")
        yours.samples[touched] = mine.samples[touched]
    for mine, yours in zip(hidden(before, what, look), hidden(other, what, look), strict=True):
        touched = covered(mine, what, "ellipse")
        assert (mine.samples[touched] == yours.samples[touched]).all()


@pytest.mark.parametrize(("effect", "strength"), SAFE)
def test_detail_of_the_size_of_a_feature_leaves_nothing(effect: Effect, strength: Strength) -> None:
    # features of a face repeat at a third of its width and finer
    what = masks((60, 50, 32, 42, 0))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    plain = np.full((HEIGHT, WIDTH), 128, np.uint8)
    for period in (3, 7, 13, 21):
        for phase in (0.0, 1.5):
            waves = np.sin(2 * np.pi * x / period + phase) * np.sin(2 * np.pi * y / period + phase)
            detailed = np.clip(128 + 90 * waves, 0, 255).astype(np.uint8)
            apart = np.abs(
                grey(detailed, what, Look(effect, strength)).astype(int)
                - grey(plain, what, Look(effect, strength))
            )
            touched = covered(Plane(plain, 0, 255), what, "ellipse")
            assert apart[touched].max() <= 1


@pytest.mark.parametrize(("effect", "strength"), SAFE)
def test_a_mask_that_trembles_does_not_flicker(effect: Effect, strength: Strength) -> None:
    rgb, _ = astronaut()
    luma = cv2.cvtColor(rgb[10:270, 80:380], cv2.COLOR_RGB2GRAY)
    rng, made = np.random.default_rng(14), []
    for _ in range(30):
        row = np.array([146, 108, 55, 70]) * rng.normal(1, 0.01, 4)
        what = masks((*row.tolist(), float(rng.normal(0, 1))))
        made.append(grey(luma, what, Look(effect, strength))[80:136, 120:172].astype(int))
    if effect == "pixelate":  # its tiles move with the mask
        made = [part.mean(axis=(0, 1), keepdims=True) for part in made]
    assert np.std(made, axis=0).max() <= 3
    assert np.ptp(luma[80:136, 120:172]) > 100


def test_low_keeps_the_detail_that_makes_it_unsafe() -> None:
    x = np.mgrid[0:HEIGHT, 0:WIDTH][1]
    detailed = (128 + 90 * np.sin(2 * np.pi * x / 31)).astype(np.uint8)
    made = grey(detailed, masks((60, 50, 32, 42, 0)), Look("blur", "low"))
    assert made[40:60, 40:80].max(axis=1).astype(int).min() - made[40:60, 40:80].min() > 20


@pytest.mark.parametrize(("effect", "strength"), SAFE)
def test_a_picture_that_grows_lighter_does_not_flicker(effect: Effect, strength: Strength) -> None:
    what, look = masks((60, 50, 25, 33, 0)), Look(effect, strength)
    middles = [
        int(grey(np.full((HEIGHT, WIDTH), level, np.uint8), what, look)[50, 60])
        for level in range(30, 226)
    ]
    steps = np.diff(middles)
    assert steps.min() >= 0
    assert 1 <= steps.max() <= STEEPNESS + 1
    # level for the most part
    assert (steps == 0).mean() > 0.6


@pytest.mark.parametrize(("effect", "strength"), SAFE)
def test_skin_keeps_few_tones(effect: Effect, strength: Strength) -> None:
    what, rng, tones = masks((60, 50, 25, 33, 0)), np.random.default_rng(5), []
    for _ in range(60):
        planes = LAYOUTS["yuv420p"].planes(rng)
        middles = 120 + rng.integers(-40, 41), 112 + rng.integers(-5, 6), 148 + rng.integers(-7, 8)
        for plane, middle in zip(planes, middles, strict=True):
            plane.samples[:] = middle
        made = hidden(planes, what, Look(effect, strength))
        tones.append([plane.samples[tuple(n // 2 for n in plane.samples.shape)] for plane in made])
    luma, cb, cr = np.array(tones).T
    assert len(set(cb.tolist())) == len(set(cr.tolist())) == 1
    # steps of 27 at least, a quarter of each is a slope
    assert len(set(luma.tolist())) <= 25


@pytest.mark.parametrize(("effect", "strength"), COARSE)
def test_nothing_of_the_colour_is_kept(effect: Effect, strength: Strength) -> None:
    rng, what = np.random.default_rng(4), masks((60, 50, 25, 33, 0))
    planes = LAYOUTS["yuv420p"].planes(rng)
    others = [Plane(plane.samples.copy(), plane.black, plane.top) for plane in planes]
    for plane in others[1:]:
        plane.samples[20:30, 25:35] = 240 - plane.samples[20:30, 25:35]  # well inside the mask
    look = Look(effect, strength)
    for one, other in zip(hidden(planes, what, look), hidden(others, what, look), strict=True):
        assert (one.samples == other.samples).all()


@pytest.mark.parametrize(("effect", "strength"), COARSE)
def test_grey_pictures_stay_grey(effect: Effect, strength: Strength) -> None:
    rng, what = np.random.default_rng(6), masks((60, 50, 25, 33, 0))
    rgb = np.repeat(rng.integers(0, 256, (HEIGHT, WIDTH, 1)).astype(np.uint8), 3, axis=2)
    made = photo(rgb, what, Look(effect, strength)).astype(int)
    assert np.ptp(made, axis=2).max() <= 1
    luma, *chroma = LAYOUTS["yuv420p"].planes(rng)
    for plane in chroma:
        plane.samples[:] = 128
    for plane in hidden([luma, *chroma], what, Look(effect, strength))[1:]:
        assert (plane.samples == 128).all()


def test_photo_and_video_come_out_alike() -> None:
    rng = np.random.default_rng(7)
    coarse = rng.integers((120, 80, 60), (220, 150, 120), (5, 6, 3)).astype(np.uint8)
    rgb = cv2.resize(coarse, (120, 96), interpolation=cv2.INTER_CUBIC)
    what = masks((60, 48, 25, 33, 0))
    from_photo = photo(rgb, what, Look())
    yuv = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)
    planes = [Plane(yuv[:96], 16, 235)]
    planes += [Plane(part, 128, 240) for part in yuv[96:].reshape(2, 48, 60)]
    hide(planes, 120, 96, what, Look())
    from_video = cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB_I420)
    touched = (slice(30, 66), slice(45, 75))
    assert np.abs(from_photo[touched].astype(int) - from_video[touched]).max() <= 8


@pytest.mark.parametrize(("effect", "strength"), COARSE)
def test_ten_bits_are_as_eight(effect: Effect, strength: Strength) -> None:
    rng, look = np.random.default_rng(8), Look(effect, strength)
    eight = LAYOUTS["yuv420p"].planes(rng)
    ten = [Plane(p.samples.astype(np.uint16) * 4, p.black * 4, p.top * 4) for p in eight]
    pairs = zip(hidden(eight, MANY, look), hidden(ten, MANY, look), strict=True)
    for short, long in pairs:
        assert np.abs(short.samples * 4.0 - long.samples).max() <= 4


@pytest.mark.parametrize(("effect", "strength"), COARSE)
def test_strength_goes_by_the_mask(effect: Effect, strength: Strength) -> None:
    # twice the picture gives twice the result
    rng, look = np.random.default_rng(9), Look(effect, strength)
    small = cv2.GaussianBlur(rng.integers(0, 256, (96, 120)).astype(np.uint8), (0, 0), 3)
    large = np.repeat(np.repeat(small, 2, axis=0), 2, axis=1)
    from_small = grey(small, masks((60, 48, 28, 36, 0)), look)
    from_large = grey(large, masks((120, 96, 56, 72, 0)), look)
    halved = cv2.resize(from_large, (120, 96), interpolation=cv2.INTER_AREA)
    inner = (slice(20, 76), slice(40, 80))
    assert np.abs(halved[inner].astype(int) - from_small[inner]).mean() <= 1.5


def test_feather_goes_outwards_only() -> None:
    luma = np.full((HEIGHT, WIDTH), 200, np.uint8)
    what = masks((60, 50, 20, 26, 0))
    for effect in ("black", "solid"):
        made = grey(luma, what, Look(effect, feather=0.3))
        sharp = grey(luma, what, Look(effect))
        touched = covered(Plane(luma, 0, 255), what, "ellipse")
        assert (made[touched] == sharp[touched]).all()
        wide = covered(Plane(luma, 0, 255), masks((60, 50, 26, 33.8, 0)), "ellipse")
        assert (made[~wide] == 200).all()
        ring = made[wide & ~touched].astype(int)
        assert ring.min() < 60 + sharp[50, 60]
        assert ring.max() > 190
        row = made[50, 60:].astype(int)
        assert (np.diff(row) >= 0).all()


def test_outline_is_drawn_on_the_edge_and_hides_nothing() -> None:
    luma = np.random.default_rng(10).integers(60, 200, (HEIGHT, WIDTH)).astype(np.uint8)
    what = masks((60, 50, 30, 38, 10))
    made = grey(luma, what, Look("outline"))
    inner = covered(Plane(luma, 0, 255), masks((60, 50, 25, 33, 10)), "ellipse")
    assert (made[inner] == luma[inner]).all()
    changed = made[made != luma]
    assert set(np.unique(changed)) == {0, 255}
    assert (made == 255).sum() > 100


def test_hundreds_of_masks() -> None:
    rng = np.random.default_rng(11)
    rows = np.column_stack(
        [rng.uniform(0, (WIDTH, HEIGHT), (400, 2)), rng.uniform(0.4, 9, (400, 2)), rng.random(400)]
    )
    what = masks(*(tuple(row) for row in rows.tolist()))
    luma = rng.integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)
    made = grey(luma, what, Look("black"))
    touched = covered(Plane(luma, 0, 255), what, "ellipse")
    assert (made[touched] == 0).all()
    assert (made[~touched] == luma[~touched]).all()


def test_no_masks_and_no_planes_change_nothing() -> None:
    before = LAYOUTS["yuv420p"].planes(np.random.default_rng(12))
    for old, new in zip(before, hidden(before, Masks.empty(), Look()), strict=True):
        assert (old.samples == new.samples).all()
    hide([], WIDTH, HEIGHT, MANY, Look())


@pytest.mark.parametrize(
    "half", [(1e6, 1e6), (1e-6, 1e-6), (2000, 0.01), (0.01, 2000), (3e38, 3e38)]
)
@pytest.mark.parametrize(("effect", "strength"), COARSE)
def test_masks_of_any_size(effect: Effect, strength: Strength, half: tuple[float, float]) -> None:
    what = masks((60.5, 50.5, *half, 0))
    for layout in ("yuv420p", "rgb"):
        before = LAYOUTS[layout].planes(np.random.default_rng(13))
        for plane in hidden(before, what, Look(effect, strength)):
            assert plane.samples.max() <= plane.top


@pytest.mark.parametrize(
    "options",
    [
        {"effect": "smear"},
        {"strength": "extreme"},
        {"shape": "star"},
        {"feather": -0.1},
        {"feather": 1.5},
        {"feather": float("nan")},
    ],
)
def test_a_look_that_makes_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Look(**options)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((HEIGHT, WIDTH)), "uint8 or uint16"),
        (np.zeros((HEIGHT, WIDTH, 3), np.uint8), "uint8 or uint16"),
        (np.zeros((HEIGHT, WIDTH - 1), np.uint8), "is not of a picture of 121 x 97"),
        (np.zeros((WIDTH, HEIGHT), np.uint8), "is not of a picture of 121 x 97"),
        (np.zeros((0, 0), np.uint8), "is not of a picture of 121 x 97"),
        (np.frombuffer(bytes(HEIGHT * WIDTH), np.uint8).reshape(HEIGHT, WIDTH), "writable"),
    ],
)
def test_planes_that_are_none(samples: Array, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        hide([Plane(samples, 0, 255)], WIDTH, HEIGHT, MANY, Look())


def test_unsafe_needs_a_word() -> None:
    assert ("blur", "low") in UNSAFE
    assert all(("outline", strength) in UNSAFE for strength in STRENGTHS)
    with pytest.raises(UsageError, match="unsafe"):
        check_safe(Look("blur", "low"), unsafe=False)
    check_safe(Look("blur", "low"), unsafe=True)
    for effect, strength in SAFE:
        check_safe(Look(effect, strength), unsafe=False)
