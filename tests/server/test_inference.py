"""Pictures through the analyst: what is found, what is refused, and what faces share."""

from __future__ import annotations

import asyncio
import io
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.detect import BlazeFace, CenterFace, CoarseFirst, ImageDetector
from mien.detect.cascade import PROFILES
from mien.errors import (
    CorruptMediaError,
    MediaError,
    MediaTooLargeError,
    MismatchError,
    UnsupportedMediaError,
    UsageError,
)
from mien.faces import EMOTIONS, Faces
from mien.media import read_image
from mien.models import TensorSpec, file_of
from mien.redact.audit import Audit
from mien.server.batching import Cores, SharedSession
from mien.server.errors import BusyError, LateError
from mien.server.inference import Analyst, Seen, Stream, Wants
from mien.server.metrics import Metrics
from mien.server.settings import Limits
from mien.server.workers import ModelWorker, reader_maker, worker_maker
from mien.timecode import Time

Array = NDArray[Any]
ALL = Wants(frozenset({"mesh", "emotion", "age", "quality"}), recognition=True)


@pytest.fixture(scope="module")
def workers() -> list[ModelWorker]:
    """Four that share two cores."""
    make = worker_maker(Metrics(), Limits(image_bytes=2**20, image_pixels=2_000_000), 2)
    return [make() for _ in range(4)]


@pytest.fixture(scope="module")
def astronaut() -> bytes:
    return file_of("sample-astronaut").read_bytes()


def encoded(picture: Array) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def test_a_portrait(workers: list[ModelWorker], astronaut: bytes) -> None:
    seen = workers[0].see(astronaut, ALL)
    assert (seen.width, seen.height, seen.look) == (512, 512, "coarse")
    assert len(seen.faces) == 1
    assert {"mesh", "emotion", "age", "quality", "embedding"} <= seen.faces.columns.keys()
    assert seen.fitness is not None
    assert 0.8 < seen.fitness[0] <= 1
    left, top, right, bottom = seen.faces.box_xyxy[0]
    assert abs(left - 182) < 20
    assert abs(bottom - 178) < 20
    assert right > left
    assert bottom > top


def test_only_the_stages_that_are_wanted_run(workers: list[ModelWorker], astronaut: bytes) -> None:
    columns = workers[0].see(astronaut, Wants()).faces.columns.keys()
    assert columns == {"box_xyxy", "score", "points"}
    columns = workers[0].see(astronaut, Wants(frozenset({"mesh"}))).faces.columns.keys()
    assert columns == {"box_xyxy", "score", "points", "mesh"}


def test_faces_of_given_boxes_and_no_other(workers: list[ModelWorker], astronaut: bytes) -> None:
    (box,) = workers[0].see(astronaut, Wants()).faces.box_xyxy.tolist()
    wall = (300.0, 20.0, 400.0, 120.0)
    seen = workers[0].see(astronaut, Wants(frozenset({"emotion"}), boxes=(wall, tuple(box))))
    assert (seen.look, seen.width, len(seen.faces)) == ("given", 512, 2)
    np.testing.assert_array_equal(seen.faces.box_xyxy, np.array([wall, box], np.float32))
    assert seen.faces.emotion is not None
    assert seen.faces.emotion[1].argmax() == EMOTIONS.index("happiness")
    assert seen.faces.emotion[1].max() > 0.9
    assert seen.faces.emotion[0].max() < 0.5
    assert seen.faces.emotion.sum(axis=1) == pytest.approx(1)


def test_no_box_gives_no_face(workers: list[ModelWorker], astronaut: bytes) -> None:
    assert len(workers[0].see(astronaut, Wants(frozenset({"emotion"}), boxes=())).faces) == 0


def test_an_audit_says_who_can_be_seen(workers: list[ModelWorker], astronaut: bytes) -> None:
    (box,) = workers[0].see(astronaut, Wants(accurate=True)).faces.box_xyxy
    nobody = np.zeros((0, 4))
    bare = workers[0].audit(astronaut, astronaut, nobody)
    assert not bare.passed()
    (run,) = bare.residual
    np.testing.assert_allclose(run.best.box_xyxy, box, atol=15)
    meant = workers[0].audit(astronaut, astronaut, box[None])
    assert meant.passed()
    assert len(meant.shown) == 1
    rgb = np.array(Image.open(io.BytesIO(astronaut)).convert("RGB"))
    left, top, right, bottom = box.astype(int)
    rgb[top - 10 : bottom + 10, left - 10 : right + 10] = 0
    hidden = workers[0].audit(astronaut, encoded(rgb), nobody)
    assert hidden.passed()
    assert hidden.hidden_faces == 1
    assert "dlib-resnet-batch" in hidden.models
    with pytest.raises(MismatchError, match="same size"):
        workers[0].audit(astronaut, encoded(rgb[:100]), nobody)
    with pytest.raises(MediaError):
        workers[0].audit(astronaut, b"no picture", nobody)
    with pytest.raises(UsageError, match="only scores crops"):
        reader_maker(Metrics(), 1)().audit(astronaut, astronaut, nobody)


def test_crops_are_scored_alike_by_both_kinds_of_worker(
    workers: list[ModelWorker], astronaut: bytes
) -> None:
    gray = np.asarray(Image.open(io.BytesIO(astronaut)).convert("L"))
    crops = np.stack([gray[75:175, 180:280], gray[20:120, 300:400]])
    found = workers[0].scores(crops)
    assert found.shape == (2, 8)
    assert found[0].argmax() == EMOTIONS.index("happiness")
    reader = reader_maker(Metrics(), 1)()
    np.testing.assert_allclose(reader.scores(crops), found, atol=1e-5)
    with pytest.raises(UsageError, match="only scores"):
        reader.see(astronaut, Wants())


def test_the_accurate_look(workers: list[ModelWorker], astronaut: bytes) -> None:
    seen = workers[0].see(astronaut, Wants(accurate=True))
    assert (seen.look, len(seen.faces)) == ("accurate", 1)


def test_a_picture_without_a_face_gets_the_full_look(workers: list[ModelWorker]) -> None:
    seen = workers[0].see(encoded(np.full((200, 300, 3), 90, np.uint8)), ALL)
    assert (len(seen.faces), seen.look, seen.width, seen.height) == (0, "full", 300, 200)
    assert seen.fitness is not None
    assert seen.fitness.shape == (0,)


def test_doubts_call_the_full_detector(astronaut: bytes) -> None:
    network, blazeface = CenterFace.load(threads=1), BlazeFace.load(threads=1)
    detector = CoarseFirst(ImageDetector(network, PROFILES["balanced"]), blazeface)
    rgb = read_image(astronaut)
    assert detector.look(rgb).doubt is None
    small = rgb.copy()
    small[420:480, 20:80] = rgb[30:270, 100:340][::4, ::4]
    assert detector.look(small).doubt is not None
    assert len(detector.look(small).faces) == 2
    large = np.repeat(np.repeat(rgb, 2, axis=0), 2, axis=1)
    assert detector.look(large).doubt == "a large picture"
    assert detector.look(np.zeros((64, 64, 3), np.uint8)).doubt == "no face"


def test_the_quick_look_finds_what_the_full_one_does(shared_media: Path) -> None:
    network, blazeface = CenterFace.load(threads=1), BlazeFace.load(threads=1)
    full = ImageDetector(network, PROFILES["balanced"])
    detector, enough = CoarseFirst(full, blazeface), 0
    for path in sorted(shared_media.glob("Family*.jpg")):
        rgb = read_image(path)
        look, faces = detector.look(rgb), full.detect(rgb)
        enough += look.doubt is None
        assert len(look.faces) == len(faces), path.name
        apart = np.abs(look.faces.box_xyxy - faces.box_xyxy).max()
        assert apart < 0.12 * faces.size_wh.max(), path.name
    assert enough >= 8


def png(width: int, height: int, data: bytes) -> bytes:
    """A PNG of this size, whatever its pixels come to."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", MediaError),
        (b"hello", UnsupportedMediaError),
        (b"\x00" * 5000, UnsupportedMediaError),
        (png(50_000, 50_000, zlib.compress(bytes(10_000_000), 9)), MediaTooLargeError),
        (png(2**31 - 1, 2**31 - 1, b""), MediaTooLargeError),
        (png(100, 100, zlib.compress(bytes(50), 9)), CorruptMediaError),
        (png(0, 5, b""), CorruptMediaError),
        (b"GIF89a" + b"\xff\xff\xff\xff" + bytes(50), CorruptMediaError),
        (b"BM" + bytes(60), MediaError),
    ],
    ids=["empty", "text", "zeros", "bomb", "claim", "short", "no-pixels", "gif", "bmp"],
)
def test_pictures_that_are_refused(
    workers: list[ModelWorker], data: bytes, error: type[MediaError]
) -> None:
    with pytest.raises(error):
        workers[0].see(data, ALL)


def test_a_cut_off_picture_is_refused(workers: list[ModelWorker], astronaut: bytes) -> None:
    with pytest.raises(CorruptMediaError):
        workers[0].see(astronaut[: len(astronaut) // 2], ALL)


def test_faces_are_the_same_alone_and_in_a_shared_run(
    workers: list[ModelWorker], astronaut: bytes
) -> None:
    alone = workers[0].see(astronaut, ALL).faces
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda worker: worker.see(astronaut, ALL).faces, workers * 3))
    assert alone.embedding is not None
    assert alone.emotion is not None
    for faces in found:
        assert faces.embedding is not None
        assert faces.emotion is not None
        np.testing.assert_allclose(faces.embedding, alone.embedding, atol=1e-4)
        np.testing.assert_allclose(faces.emotion, alone.emotion, atol=1e-4)


class Slow:
    """A session that doubles its input, takes its time, and notes the rows of its runs."""

    name, provider = "slow", "test"
    inputs = outputs = (TensorSpec("x", (None, 2), np.dtype(np.float32)),)

    def __init__(self) -> None:
        self.rows: list[int] = []

    def run(self, *arrays: Array) -> list[Array]:
        self.rows.append(len(arrays[0]))
        time.sleep(0.02)
        if (arrays[0] < 0).any():
            raise ValueError("negative")
        return [2 * arrays[0]]


def test_each_thread_of_a_shared_run_gets_its_own_rows() -> None:
    slow, cores = Slow(), Cores(1)
    shared = SharedSession(slow, cores)

    def one(number: int) -> None:
        x = np.full((1 + number % 3, 2), number, np.float32)
        with cores.one():
            (found,) = shared.run(x)
        np.testing.assert_array_equal(found, 2 * x)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(one, range(200)))
    assert sum(slow.rows) == sum(1 + number % 3 for number in range(200))
    assert max(slow.rows) > 3
    assert max(slow.rows) <= 32


def test_a_run_that_fails_fails_for_all_who_share_it_and_for_nobody_after() -> None:
    slow, cores = Slow(), Cores(1)
    shared = SharedSession(slow, cores)

    def one(value: float) -> str:
        try:
            with cores.one():
                shared.run(np.full((1, 2), value, np.float32))
        except ValueError as error:
            return str(error)
        return "fine"

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(one, [-1.0, *[1.0] * 30]))
    assert said[0] == "negative"
    assert one(1.0) == "fine"
    with cores.one():  # and the core was given back
        pass


def test_cores_are_held_by_no_more_threads_than_there_are() -> None:
    cores, lock, held, most = Cores(3), threading.Lock(), 0, 0

    def one(_: int) -> None:
        nonlocal held, most
        with cores.one():
            with lock:
                held += 1
                most = max(most, held)
            time.sleep(0.002)
            with lock:
                held -= 1

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(one, range(200)))
    assert most == 3


class Gated:
    """Works until it is let go."""

    def __init__(self) -> None:
        self.go, self.calls = threading.Event(), 0

    def see(self, data: bytes, wants: Wants) -> Seen:
        self.calls += 1
        assert self.go.wait(10)
        return Seen(Faces.empty(), 1, 1, "coarse")

    def scores(self, crops: Array) -> Array:
        self.calls += 1
        return np.full((len(crops), 8), 1 / 8)

    def audit(self, before: bytes, after: bytes, kept: Array) -> Audit:
        raise NotImplementedError

    def stream(self, *, emotion: bool) -> Stream:
        raise NotImplementedError

    def follow(self, stream: Stream, data: bytes, time: Time) -> Seen:
        raise NotImplementedError


def test_a_full_queue_is_answered_at_once() -> None:
    gated = Gated()

    async def run() -> None:
        limits = Limits(queue=2, turn_s=5)
        analyst = Analyst(lambda: gated, workers=1, limits=limits, metrics=Metrics())
        waiting = [asyncio.create_task(analyst.faces(b"", Wants())) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError) as caught:
            await analyst.faces(b"", Wants())
        assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "1"})
        gated.go.set()
        assert len(await asyncio.gather(*waiting)) == 3
        assert (await analyst.faces(b"", Wants())).look == "coarse"
        analyst.close()

    asyncio.run(run())


def test_a_turn_that_does_not_come_is_given_up_and_nothing_is_done_for_it() -> None:
    gated = Gated()

    async def run() -> None:
        limits = Limits(queue=5, turn_s=0.1)
        analyst = Analyst(lambda: gated, workers=1, limits=limits, metrics=Metrics())
        first = asyncio.create_task(analyst.faces(b"", Wants()))
        await asyncio.sleep(0.02)
        with pytest.raises(LateError):
            await analyst.faces(b"", Wants())
        gated.go.set()
        await first
        assert gated.calls == 1
        analyst.close()

    asyncio.run(run())
