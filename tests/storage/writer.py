"""A process that writes until it is killed, and says before and after what it does."""

from __future__ import annotations

import random
from multiprocessing.connection import Connection
from typing import Any

from mien.gallery import Kind
from mien.storage import Storage
from tests.stores import Place, template

GROUP, LIST = Kind.PERSON_GROUP, Kind.LARGE_FACE_LIST
Step = tuple[Any, ...]


def write(place: Place, account: str, seed: int, says: Connection) -> None:
    """Do random things for ever. Each is said twice: ("begin", step), ("done", result)."""
    rng = random.Random(seed)
    with place.open() as storage:
        while True:
            step = _choose(rng, storage, account)
            says.send(("begin", step))
            says.send(("done", do(storage, account, step)))


def do(storage: Storage, account: str, step: Step) -> str | None:
    """Take a step; the id of what it made."""
    match step:
        case ("person", name):
            return storage.persons.create(
                account, GROUP, "g", name=name, user_data=None, limit=10_000
            )
        case ("face", person, seed):
            return _add(storage, account, GROUP, "g", person, seed)
        case ("listed", seed):
            return _add(storage, account, LIST, "l", None, seed)
        case ("rename", person, name):
            storage.persons.update(account, GROUP, "g", person, name=name, user_data=None)
        case ("drop person", person):
            storage.deletion.person(account, GROUP, "g", person)
        case ("drop face", person, face):
            storage.deletion.face(account, GROUP, "g", face, person=person)
        case ("drop listed", face):
            storage.deletion.face(account, LIST, "l", face, person=None)
        case ("remember", seed):
            return storage.transients.remember(account, [template(seed)], 86_400)[0]
        case _:
            raise AssertionError(step)
    return None


def _add(storage: Storage, account: str, kind: Kind, id: str, person: str | None, seed: int) -> str:
    return storage.faces.add(
        account, kind, id, template(seed), person=person, user_data=None, limit=10_000
    )


def _choose(rng: random.Random, storage: Storage, account: str) -> Step:
    persons = storage.persons.page(account, GROUP, "g", "", 1000)
    listed = storage.faces.page(account, LIST, "l", "", 1000)
    seed = rng.randrange(10**6)
    steps: list[Step] = [("person", f"n{seed}"), ("listed", seed), ("remember", seed)]
    if persons:
        one = rng.choice(persons)
        steps += [("face", one.id, seed)] * 3 + [("rename", one.id, f"r{seed}")]
        if len(persons) > 3:
            steps.append(("drop person", one.id))
        if one.face_ids:
            steps.append(("drop face", one.id, rng.choice(one.face_ids)))
    if len(listed) > 3:
        steps.append(("drop listed", rng.choice(listed).id))
    return rng.choice(steps)
