"""Covers rendered on faces: labels of known truth, and that training and test have nothing in
common. The faces are the average mesh on a drawn face, so no network is needed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training.attributes.data import MADE, SCORED, labelled_persons, split
from training.attributes.made import read_made
from training.attributes.occluders import (
    canvas,
    eyewear,
    goggles,
    hair,
    hands,
    headwear,
    masks,
    regions,
    textures,
    things,
    wear,
    write,
)
from training.attributes.occluders.head import Head, mean_face, rigid, unrolled
from training.attributes.occluders.light import light_of
from training.attributes.occluders.regions import CLEAR, COVERED, not_told, parts_of, verdict
from training.attributes.occluders.scene import SETTINGS, Scene, labels_of

Mesh = NDArray[np.float64]
Pixels = NDArray[np.uint8]

SIDE = 112
BARE = dict.fromkeys(SCORED, -8.0) | {"Brown_Hair": 3.0}
NAN = math.nan


def mesh(yaw_deg: float = 0, scale: float = 4.0) -> Mesh:
    """The average face, turned, in a picture of 112 pixels."""
    yaw = np.deg2rad(yaw_deg)
    turn = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    return np.asarray(scale * mean_face() @ turn.T + np.array([56.0, 64.0, 0.0]))


def picture() -> Pixels:
    """Skin on green, with brown hair above, lit from the left."""
    rgb = np.full((SIDE, SIDE, 3), (60, 120, 70), np.uint8)
    head = Head.of(mesh())
    rgb[parts_of(head, SIDE)["hair"]] = (92, 66, 48)
    y, x = np.mgrid[:SIDE, :SIDE]
    inside = ((x - 56) / 30) ** 2 + ((y - 66) / 42) ** 2 < 1
    skin = np.array([214, 164, 138]) * (1.15 - 0.3 * (x[inside] - 26)[:, None] / 60)
    rgb[inside] = skin.astype(np.uint8)
    return rgb


def scene(part: str = "train", seed: int = 1, yaw_deg: float = 0) -> Scene:
    return Scene.of(picture(), mesh(yaw_deg), BARE, part, np.random.default_rng(seed))


def labels(kind: str, part: str, seed: int) -> dict[str, float]:
    made = scene(part, seed)
    wear.KINDS[kind].put(made)
    return labels_of(made)[0]


# where things lie


@pytest.mark.parametrize("yaw", [-40, 0, 25])
def test_a_head_is_found_as_it_was_turned(yaw: float) -> None:
    head = Head.of(mesh(yaw))
    assert head.angles[0] == pytest.approx(yaw, abs=4)
    assert head.angles[2] == pytest.approx(0, abs=2)
    assert np.allclose(head.seen(head.skin), head.mesh)


def test_a_rigid_motion_is_recovered() -> None:
    points = np.random.default_rng(3).normal(size=(20, 3))
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    scale, found, shift = rigid(points, 2.5 * points @ turn.T + [1, 2, 3])
    assert scale == pytest.approx(2.5)
    assert np.allclose(found, turn)
    assert np.allclose(shift, [1, 2, 3])


def test_places_on_the_skin_are_where_their_mesh_points_are() -> None:
    head = Head.of(mesh(20))
    for point in (1, 10, 61, 105, 152, 205):
        assert np.allclose(head.on_skin(unrolled(mean_face()[point])), head.skin[point], atol=0.05)
    # off the face: the nearest that there is, not NaN
    assert np.isfinite(head.on_skin(np.array([[40.0, 0.0], [0.0, 30.0]]))).all()


def test_a_face_without_a_mesh_is_refused() -> None:
    with pytest.raises(ValueError, match="no mesh"):
        Head.of(np.full((478, 3), np.nan))


def test_the_light_comes_from_the_side_that_is_bright() -> None:
    rgb = picture()
    assert light_of(rgb, Head.of(mesh())).towards[0] < -0.1
    mirrored = np.ascontiguousarray(rgb[:, ::-1])
    assert light_of(mirrored, Head.of(mesh())).towards[0] > 0.1


# what is hidden


def test_shares_are_those_of_what_was_covered() -> None:
    parts = parts_of(Head.of(mesh()), SIDE)
    opacity = np.zeros((SIDE, SIDE))
    opacity[:, :56] = 1.0
    shares = regions.hidden_shares(parts, opacity)
    assert shares["mouth"][0] == pytest.approx(0.5, abs=0.06)
    assert shares["left eye"] == (1.0, 1.0)
    assert shares["right eye"] == (0.0, 0.0)
    half = regions.hidden_shares(parts, 0.5 * np.ones((SIDE, SIDE)))
    assert half["mouth"] == (0.0, 1.0)  # perhaps hidden, not for sure


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        ((0.0, 0.0), 0.0),
        ((0.0, CLEAR), 0.0),
        ((0.0, CLEAR + 0.01), NAN),
        ((COVERED - 0.01, 1.0), NAN),  # nearly covered
        ((COVERED, COVERED), 1.0),
    ],
)
def test_between_clear_and_covered_nothing_is_said(
    share: tuple[float, float], wanted: float
) -> None:
    assert verdict(share) == pytest.approx(wanted, nan_ok=True)


def test_one_covered_eye_is_enough_unless_it_is_turned_away() -> None:
    none, all_ = (0.0, 0.0), (1.0, 1.0)
    ahead, aside = (parts_of(Head.of(mesh(yaw)), SIDE) for yaw in (0, 75))
    left_hidden = {"left eye": all_, "right eye": none}
    right_hidden = {"left eye": none, "right eye": all_}
    assert regions.eyes_verdict(ahead, left_hidden) == 1
    assert regions.eyes_verdict(ahead, right_hidden) == 1
    assert regions.eyes_verdict(ahead, {"left eye": none, "right eye": none}) == 0
    assert {regions.eyes_verdict(aside, hidden) for hidden in (left_hidden, right_hidden)} == {0, 1}


def test_what_needs_a_hidden_part_is_not_told() -> None:
    shares = dict.fromkeys([*regions.POLYGONS, "hair"], (0.0, 0.0))
    assert not_told(shares) == set()
    gone = not_told(shares | {"mouth": (0.3, 0.3)})
    assert {"Smiling", "Mouth_Slightly_Open", "Wearing_Lipstick"} <= gone
    assert not {"Male", "Eyeglasses", "Bald", "Mustache"} & gone
    assert set(regions.NEEDS) <= set(SCORED)


# painting


def test_an_empty_layer_changes_nothing_and_a_full_one_everything() -> None:
    made = scene()
    before = made.picture.copy()
    light, rng = made.light, np.random.default_rng(0)
    after, hides = canvas.laid(before, made.layer(), light, 1.0, rng)
    assert np.array_equal(after, before)
    assert not hides.any()
    layer = made.layer()
    layer[:] = (10, 200, 30, 255)
    after, hides = canvas.laid(before, layer, light, 1.0, rng)
    assert np.allclose(hides, 1, atol=1e-5)
    assert np.allclose(np.median(after, axis=(0, 1)), (10, 200, 30), atol=2)


def test_the_near_surface_hides_the_far_one() -> None:
    head, light = Head.of(3 * mesh()), scene().light
    x, y = np.meshgrid(np.linspace(-3, 3, 8), np.linspace(-3, 3, 8))
    near, far = (np.stack([x, y, np.full_like(x, z)], axis=-1) for z in (-12.0, -9.0))
    layer = scene().layer()
    surfaces = [canvas.Surface(near, np.array([1.0, 0, 0])), canvas.Surface(far, np.ones(3))]
    canvas.paint(layer, surfaces, head, light)
    painted = layer[layer[..., 3] > 0]
    red = painted[:, 1] < 20
    assert red.mean() > 0.95


# what things are labelled as

CERTAIN = {
    "sunglasses": {"Sunglasses": 1, "Swimming_Goggles": 0, "Face_Mask": 0, "Mouth_Occluded": 0},
    "reading glasses": {"Sunglasses": 0, "Swimming_Goggles": 0, "Mouth_Occluded": 0},
    "mask": {"Sunglasses": 0, "Eyes_Occluded": 0, "Forehead_Occluded": 0},
    "hand, mouth": {"Face_Mask": 0, "Sunglasses": 0},
    "hand, eyes": {"Face_Mask": 0, "Sunglasses": 0},
    "headwear": {"Face_Mask": 0, "Sunglasses": 0},
}


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("kind", list(CERTAIN))
def test_labels_say_what_was_put_on(kind: str, part: str) -> None:
    for seed in range(4):
        found = labels(kind, part, seed)
        for name, value in CERTAIN[kind].items():
            assert found[name] == value or math.isnan(found[name]), (name, seed)


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize(
    ("kind", "name", "least"),
    [
        ("sunglasses", "Eyes_Occluded", 0.7),
        ("goggles", "Swimming_Goggles", 0.7),
        ("mask", "Face_Mask", 0.8),
        ("mask", "Mouth_Occluded", 0.7),
        ("hand, mouth", "Mouth_Occluded", 0.6),
        ("hand, eyes", "Eyes_Occluded", 0.6),
        ("thing, mouth", "Mouth_Occluded", 0.3),
        ("headwear", "Forehead_Occluded", 0.2),
        ("hair", "Forehead_Occluded", 0.3),
    ],
)
def test_most_covers_cover_what_they_are_for(kind: str, name: str, least: float, part: str) -> None:
    found = [labels(kind, part, seed)[name] for seed in range(8)]
    assert np.mean(np.array(found) == 1) >= least


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("kind", ["reading glasses", "hand aside", "thing aside"])
def test_what_is_worn_or_held_aside_covers_nothing(kind: str, part: str) -> None:
    found = [labels(kind, part, seed) for seed in range(8)]
    for name in ("Eyes_Occluded", "Mouth_Occluded"):
        assert np.mean([one[name] == 0 for one in found]) >= 0.6, name
        assert np.mean([one[name] == 1 for one in found]) <= 0.13, name


def test_a_plain_face_is_a_negative_only_where_its_scores_say_so() -> None:
    def plain(*, dark: float = 0, **logits: float) -> dict[str, float]:
        rgb = picture()
        eyes = parts_of(Head.of(mesh()), SIDE)["left eye"] & bool(dark)
        rgb[eyes] //= 3
        rng = np.random.default_rng(1)
        return labels_of(Scene.of(rgb, mesh(), BARE | logits, "train", rng))[0]

    assert plain() == dict.fromkeys(MADE, 0.0)
    assert plain(Eyeglasses=4.0) == dict.fromkeys(MADE, 0.0)  # lenses as light as clear ones are
    assert plain(dark=1) == dict.fromkeys(MADE, 0.0)
    glasses = plain(dark=1, Eyeglasses=4.0)
    unknown = {"Sunglasses", "Swimming_Goggles", "Eyes_Occluded"}
    assert {name for name, value in glasses.items() if math.isnan(value)} == unknown
    for reason in ("Wearing_Hat", "Bangs"):
        found = plain(**{reason: 1.0})
        assert {name for name, value in found.items() if math.isnan(value)} == {"Forehead_Occluded"}


def test_a_mask_leaves_the_mouth_untold_and_keeps_the_eyes() -> None:
    made = scene(seed=5)
    wear.KINDS["mask"].put(made)
    untold = labels_of(made)[1]
    assert {"Smiling", "Mouth_Slightly_Open", "Wearing_Lipstick", "Goatee"} <= untold
    assert not {"Eyeglasses", "Bald", "Male", "Bags_Under_Eyes"} & untold


def test_glasses_pushed_up_do_not_take_off_those_before_the_eyes() -> None:
    alone, both = scene(seed=3), scene(seed=3)
    wear.KINDS["glasses pushed up"].put(alone)
    assert labels_of(alone)[0]["Sunglasses"] == 0
    wear.KINDS["sunglasses"].put(both)
    wear.KINDS["glasses pushed up"].put(both)
    found = labels_of(both)[0]
    assert found["Sunglasses"] == found["Eyeglasses"] == found["Eyes_Occluded"] == 1


def test_sunglasses_under_a_hand_are_not_known_any_more() -> None:
    made = scene(seed=2)
    wear.KINDS["sunglasses"].put(made)
    assert labels_of(made)[0]["Sunglasses"] == 1
    layer = made.layer()
    layer[:] = 255
    made.lay(layer, "a sheet before all of it")
    found = labels_of(made)[0]
    assert math.isnan(found["Sunglasses"])
    assert found["Eyes_Occluded"] == found["Mouth_Occluded"] == found["Forehead_Occluded"] == 1


# nothing in common


@pytest.mark.parametrize(
    "families",
    [
        eyewear.SHAPES, goggles.SHAPES, hair.STYLES, headwear.KINDS, masks.SHAPES, things.KINDS,
        {part: [name for name in names if name != "plain"]
         for part, names in textures.PATTERNS.items()},
    ],
)  # fmt: skip
def test_no_shape_is_in_both_parts(families: dict[str, list[str]]) -> None:
    assert families.keys() == SETTINGS.keys() == {"train", "test"}
    assert families["train"]
    assert families["test"]
    assert not set(families["train"]) & set(families["test"])


def test_no_hand_is_held_alike_in_both_parts() -> None:
    assert hands.POSES["train"].keys() == hands.POSES["test"].keys() == hands.PLACES.keys()
    for where in hands.PLACES:
        assert not set(hands.POSES["train"][where]) & set(hands.POSES["test"][where])


def test_no_setting_of_the_renderer_is_in_both_parts() -> None:
    train, test = SETTINGS["train"], SETTINGS["test"]
    assert train.times != test.times
    assert train.codec != test.codec
    for name in ("shadow", "reach", "blur"):
        assert getattr(train, name)[1] < getattr(test, name)[0], name


def test_no_person_is_in_both_parts_nor_labelled_by_eye() -> None:
    person = np.arange(4801)
    meshes = np.broadcast_to(mesh().astype(np.float32), (len(person), 468, 3))
    found = {part: set(person[write.faces_to_dress(person, meshes, part, 3000, 1)])
             for part in SETTINGS}  # fmt: skip
    assert not found["train"] & found["test"]
    assert not (found["train"] | found["test"]) & set(labelled_persons())
    assert found["test"] <= set(person[split(person)[1]])
    with pytest.raises(ValueError, match="train and test"):
        write.faces_to_dress(person, meshes, "calibration", 1, 1)


def test_faces_without_a_mesh_or_turned_away_are_left_out() -> None:
    person = np.arange(300)
    meshes = np.stack([mesh().astype(np.float32)] * 100 + [mesh(70).astype(np.float32)] * 200)
    meshes[50:100] = np.nan
    drawn = write.faces_to_dress(person, meshes, "train", 200, 1)
    assert drawn.max() < 50
    assert (np.diff(drawn) >= 0).all()


# a set


def dressed(part: str, seed: int) -> tuple[Pixels, tuple[dict[str, float], set[str]]]:
    made = scene(part, seed)
    wear.dress(made)
    return made.finished(), labels_of(made)


def test_a_seed_gives_the_same_picture_and_labels() -> None:
    for seed in range(6):
        one, two = (dressed("train", seed) for _ in range(2))
        assert np.array_equal(one[0], two[0])
        assert repr(one[1][0]) == repr(two[1][0])
        assert one[1][1] == two[1][1]
    pictures = np.stack([dressed("train", seed)[0] for seed in range(8)])
    assert len(np.unique(pictures.reshape(8, -1), axis=0)) >= 6


def test_a_gray_picture_stays_gray() -> None:
    gray = np.repeat(picture().mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    for seed in range(4):
        made = Scene.of(gray, mesh(), BARE, "train", np.random.default_rng(seed))
        wear.KINDS["mask"].put(made)
        wear.KINDS["sunglasses"].put(made)
        assert np.ptp(made.picture, axis=2).mean() < 4


def test_what_is_written_can_be_read_for_training(tmp_path: Path) -> None:
    rows = []
    for seed in range(300):
        known = dict(zip(MADE, (1.0, 0.0, NAN, 0.0, 1.0, NAN), strict=True)) | {
            "Eyeglasses": 1.0, "Bangs": NAN}  # fmt: skip
        row = write.row_of(seed, ["sunglasses", "cap"], known, {"Smiling"})
        rows.append((np.full((SIDE, SIDE, 3), seed % 250, np.uint8), row))
    assert write.write_sheets(tmp_path, iter(rows)) == 300
    assert sorted(path.name for path in tmp_path.glob("*.webp")) == ["000.webp", "001.webp"]
    found = read_made(tmp_path)
    assert len(found) == 300
    assert found.face.tolist() == list(range(300))
    assert found.worn[7] == "sunglasses; cap"
    assert np.abs(found.images[299].astype(int) - 49).max() <= 2
    targets = found.targets(np.full((300, 40), 0.25, np.float32))[3]
    names = [*SCORED, *MADE]
    assert targets[names.index("Eyeglasses")] == 1
    assert targets[names.index("Male")] == 0.25
    assert np.isnan(targets[[names.index("Smiling"), names.index("Bangs")]]).all()
    wanted = (1, 0, NAN, 0, 1, NAN)
    assert np.array_equal(targets[-6:], np.array(wanted, np.float32), equal_nan=True)
