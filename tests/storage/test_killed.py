"""kill -9 while it writes: what was acknowledged is there, and nothing is half there.

The oracle is this process. It keeps the set of facts that the acknowledged writes make true, and
after each kill compares it with what a newly opened storage has.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter

import pytest

from mien.storage import Storage
from tests.storage.writer import GROUP, LIST, Step, write
from tests.stores import Place, make_collection, template

Fact = tuple[str, str, str]
"""("person", id, name), ("face", id of the person or list, id + bytes), ("faceId", id, bytes)."""


def face_fact(owner: str, id: str, seed: int) -> Fact:
    return ("face", owner, id + template(seed).embedding.tobytes().hex())


def after(facts: set[Fact], step: Step, made: str) -> set[Fact]:
    """The facts once a step is done; `made` is the id of what it made."""
    match step:
        case ("person", name):
            return facts | {("person", made, name)}
        case ("face", person, seed):
            return facts | {face_fact(person, made, seed)}
        case ("listed", seed):
            return facts | {face_fact("l", made, seed)}
        case ("remember", seed):
            return facts | {("faceId", made, template(seed).embedding.tobytes().hex())}
        case ("rename", person, name):
            return without(facts, "person", person) | {("person", person, name)}
        case ("drop person", person):
            return without(without(facts, "person", person), "face", person)
        case ("drop face", _, face) | ("drop listed", face):
            return {fact for fact in facts if not (fact[0] == "face" and fact[2][:36] == face)}
    raise AssertionError(step)


def without(facts: set[Fact], what: str, id: str) -> set[Fact]:
    return {fact for fact in facts if fact[:2] != (what, id)}


def found(storage: Storage, account: str, remembered: set[Fact]) -> set[Fact]:
    """The facts that a storage has; faceIds cannot be listed, so those that must be there."""
    facts: set[Fact] = set()
    rows = storage.persons.page(account, GROUP, "g", "", 10_000)
    facts.update(("person", row.id, row.name) for row in rows)
    owners = {row.pk: row.id for row in rows} | {-1: "l"}
    for kind, id in ((GROUP, "g"), (LIST, "l")):
        collection = storage.collections.find(account, kind, id)
        count = 0
        for chunk in storage.faces.chunks(collection.pk):
            assert chunk.lost == 0
            ids = storage.faces.ids(chunk.sequence.tolist())
            for number, person, vector in zip(
                chunk.sequence.tolist(), chunk.persons.tolist(), chunk.embeddings, strict=True
            ):
                facts.add(("face", owners[person], ids[number] + vector.tobytes().hex()))
                count += 1
        assert collection.faces == count, "the counter and the rows disagree"
        if kind is GROUP:
            assert collection.persons == len(rows)
    for _, id, _ in remembered:
        (row_,) = storage.transients.recall(account, [id])
        facts.add(("faceId", id, row_.embedding.tobytes().hex()))
    return facts


def outcomes(facts: set[Fact], pending: Step, real: set[Fact]) -> list[set[Fact]]:
    """What may be there when a step was begun and not acknowledged: all of it, or nothing."""
    new = {fact[1] if fact[0] == "person" else fact[2][:36] for fact in real - facts}
    return [facts, *(after(facts, pending, made) for made in new or {""})]


def killed_once(
    place: Place, account: str, facts: set[Fact], rng: random.Random
) -> tuple[set[Fact], Step | None, int, int]:
    """Let a process write, and kill it: the facts it acknowledged, the step it was at, how many
    steps it acknowledged, and how many of these deleted something."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.writer"])  # start-up is not what is tested
    hears, says = context.Pipe(duplex=False)
    process = context.Process(target=write, args=(place, account, rng.randrange(2**31), says))
    process.start()
    says.close()
    messages = []
    for _ in range(rng.choice([0, 0, *range(2, 40)])):  # 0: while it opens the storage
        messages.append(hears.recv())
    time.sleep(rng.random() * 0.03)
    process.kill()
    try:
        while True:
            messages.append(hears.recv())
    except EOFError:
        pass
    process.join()
    pending: Step | None = None
    done = dropped = 0
    for what, value in messages:
        if what == "begin":
            pending = value
        else:
            assert pending is not None
            dropped += pending[0].startswith("drop")
            facts, pending, done = after(facts, pending, value or ""), None, done + 1
    return facts, pending, done, dropped


def kill_often(place: Place, points: int, seed: int) -> None:
    print(f"seed {seed}")  # noqa: T201 — shown when the test fails
    rng = random.Random(seed)
    with place.open() as storage:
        account = storage.accounts.create("a").id
        for kind, id in ((GROUP, "g"), (LIST, "l")):
            make_collection(storage, account, kind, id)
    facts: set[Fact] = set()
    counts: Counter[str] = Counter()
    for _ in range(points):
        facts, pending, done, dropped = killed_once(place, account, facts, rng)
        counts["acknowledged"] += done
        counts["killed within a write"] += pending is not None
        with place.open() as storage:
            real = found(storage, account, {fact for fact in facts if fact[0] == "faceId"})
            allowed = [facts] if pending is None else outcomes(facts, pending, real)
            assert real in allowed, (pending, real ^ facts)
            receipts = len(storage.deletion.receipts(account, "", 10**6))
            counts["dropped"] += dropped
            assert counts["dropped"] <= receipts <= counts["dropped"] + (pending is not None)
            counts["dropped"] = receipts
        facts = real
    print(dict(counts), f"{len(facts)} facts")  # noqa: T201
    assert counts["acknowledged"] > points
    assert counts["killed within a write"] > 0 or points < 100


def test_what_was_acknowledged_survives_ten_kills(place: Place) -> None:
    kill_often(place, 10, seed=random.randrange(10**6))


@pytest.mark.long
def test_what_was_acknowledged_survives_two_hundred_kills(place: Place) -> None:
    kill_often(place, 200, seed=random.randrange(10**6))
