"""Advice on faces that are to be kept together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.describe.embedding import MATCH_THRESHOLD, confidence
from mien.errors import IncompatibleModelsError
from mien.gallery import Template
from mien.gallery.advice import SAME_PICTURE, UNLIKE, Advice, Code
from mien.gallery.together import together
from mien.server.inference import Wants
from mien.server.metrics import Metrics
from mien.server.settings import Limits
from mien.server.workers import worker_maker
from tests.server import people
from tests.stores import template

OTHERS, SEVERAL = "other faces of this person", "do not look like one person"


def at(apart: float, *, model: str = "recognition_04") -> Template:
    """A face this far from that at 0, on one line."""
    step = np.zeros(128, np.float32)
    step[0] = apart
    return replace(template(1, model=model), embedding=template(1).embedding + step)


def line(*places: float) -> dict[str, Template]:
    """Faces called a, b, c … at these places."""
    return dict(zip("abcdefgh", map(at, places), strict=False))


def codes(told: dict[str, list[Advice]]) -> str:
    """Whom each face is advised about: "b=a" is a copy, "b~a" looks alike, "b!" is unlike."""
    signs = {Code.SAME_PICTURE: "=", Code.LOOKS_LIKE: "~", Code.UNLIKE: "!"}
    return " ".join(
        f"{id}{signs[each.code]}{each.id or ''}" for id, advice in told.items() for each in advice
    )


NEAR, FAR = SAME_PICTURE + 0.05, UNLIKE + 0.01


@pytest.mark.parametrize(
    ("faces", "of_one_person", "of_a_list"),
    [
        (line(), "", ""),
        (line(0), "", ""),
        (line(0, NEAR), "", "b~a"),
        (line(0, SAME_PICTURE - 0.01), "b=a", "b=a"),
        (line(0, SAME_PICTURE + 0.01), "", "b~a"),
        (line(0, MATCH_THRESHOLD - 0.01), "", "b~a"),
        (line(0, MATCH_THRESHOLD + 0.01), "", ""),
        (line(0, UNLIKE - 0.01), "", ""),
        (line(0, FAR), "a! b!", ""),
        (line(0, NEAR, FAR + NEAR), "c!", "b~a"),  # the odd one out, wherever it stands
        (line(FAR + NEAR, 0, NEAR), "a!", "c~b"),
        (line(0, NEAR, 5, 5 + NEAR), "a! b! c! d!", "b~a d~c"),  # nobody can tell who is meant
        (line(0, NEAR, 2 * NEAR, 5, 5 + NEAR), "d! e!", "b~a c~b e~d"),
        (line(0, 0.5, 1.0, 1.5), "", "b~a c~b d~c"),  # each hangs together with the next
        (line(0, 1.0, 0.49), "", "c~a"),  # what comes between two joins them
        (line(0, 5, 0.01), "b! c=a", "c=a"),
        (line(0, 0.1, 0.01), "b=a c=a", "b=a c=a"),  # of two copies, the nearest is named
    ],
)
def test_what_is_told(faces: dict[str, Template], of_one_person: str, of_a_list: str) -> None:
    told = together(faces, one_person=True)
    assert sorted(codes(told).split()) == sorted(of_one_person.split())
    assert list(told) == list(faces)
    assert codes(together(faces, one_person=False)) == of_a_list
    assert all(each.is_serious for advice in told.values() for each in advice)


def test_how_sure_it_is_and_what_is_said() -> None:
    told = together(line(0, NEAR, 2.0, 3.0), one_person=True)
    (odd,), (far,) = told["c"], told["d"]
    assert odd.confidence == pytest.approx(float(confidence(1.0)), abs=1e-5)
    assert OTHERS in odd.text
    assert odd.id is None
    assert far.text == odd.text
    assert all(SEVERAL in each.text for (each,) in together(line(0, 3), one_person=True).values())
    (alike,) = together(line(0, 0.3), one_person=False)["b"]
    assert (alike.id, alike.is_serious) == ("a", False)
    assert alike.confidence == pytest.approx(float(confidence(0.3)), abs=1e-5)


def test_faces_of_different_models() -> None:
    faces = {"a": at(0), "b": at(0, model="recognition_02")}
    with pytest.raises(IncompatibleModelsError):
        together(faces, one_person=True)


def test_real_pictures_of_two_people() -> None:
    """Two of the woman, one of which is mirrored, and two of the man."""
    see = worker_maker(Metrics(), Limits(), 2)().see
    pictures = {"anna": people.woman(), "mirrored": people.woman(1), "bert": people.man(),
                "later": people.man(2)}  # fmt: skip
    faces = {}
    for name, data in pictures.items():
        embedding = see(data, Wants(recognition=True)).faces.embedding
        assert embedding is not None
        faces[name] = Template(embedding[0], 1.0, "recognition_04")
    assert codes(together(faces, one_person=False)) == "mirrored=anna later~bert"
    del faces["later"]
    assert codes(together(faces, one_person=True)) == "mirrored=anna bert!"
