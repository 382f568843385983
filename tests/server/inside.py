"""The service in a thread of this process, with all its dialects and without models: every picture
that decodes shows one known face.
"""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn

from mien.describe.attributes import SCORES
from mien.faces import Array, Faces
from mien.gallery.trainer import Trainer
from mien.media import read_image
from mien.redact.audit import Audit
from mien.server.app import create_app
from mien.server.dialect import Dialect
from mien.server.dialects.face_v1 import FACE_V1
from mien.server.inference import Analyst, Seen, Stream, Wants, Worker
from mien.server.metrics import Metrics
from mien.server.settings import Settings
from mien.server.sockets import BoundedSocket
from mien.storage import Storage, open_storage
from mien.timecode import Time

HEADER = "Ocp-Apim-Subscription-Key"


class NobodyThere:
    """A stream that never shows a face."""

    def see(self, rgb: Array, time: Time) -> Faces:
        return Faces.empty()


class OneFace:
    """A worker that decodes as the real one does, and sees one face, told by the file's bytes.

    Where it is told of boxes, it sees a face in each. Whatever the face, it is neutral.
    """

    def see(self, data: bytes, wants: Wants) -> Seen:
        height, width = read_image(data).shape[:2]
        if wants.boxes is not None:
            boxes = np.array(wants.boxes)
            faces = Faces(boxes, np.ones(len(boxes)), emotion=self.scores(boxes))
            return Seen(faces, width, height, "given")
        seed = int.from_bytes(hashlib.sha256(data).digest()[:8])
        embedding = np.random.default_rng(seed).normal(0, 0.06, (1, 128))
        columns: dict[str, Any] = {"embedding": embedding}
        if "emotion" in wants.columns:
            columns["emotion"] = np.eye(8)[:1]
        for name in {"age", "gender"} & wants.columns:
            columns[name] = np.array([0.5])
        for name in {"pose_deg", "quality"} & wants.columns:
            columns[name] = np.full((1, 3), 0.5)
        if "attributes" in wants.columns:
            columns["attributes"] = np.full((1, len(SCORES)), 0.25)
        if "mesh" in wants.columns:
            columns["mesh"] = np.random.default_rng(1).uniform(0, 100, (1, 478, 3))
        box = np.array([[0, 0, min(100, width), min(140, height)]])
        return Seen(Faces(box, np.ones(1), **columns), width, height, "full", np.array([0.8]))

    def audit(self, before: bytes, after: bytes, kept: Array) -> Audit:
        raise NotImplementedError

    def stream(self, *, emotion: bool) -> Stream:
        return NobodyThere()

    def follow(self, stream: Stream, data: bytes, time: Time) -> Seen:
        rgb = read_image(data)
        return Seen(stream.see(rgb, time), rgb.shape[1], rgb.shape[0], "live")

    def scores(self, crops: Array) -> Array:
        return np.eye(8)[np.zeros(len(crops), int)]


class Inside:
    """A running service, its storage, and clients of accounts."""

    def __init__(self, url: str, storage: Storage) -> None:
        self.url, self.storage = url, storage
        self.opened: list[httpx.Client] = []

    def client(self, account: str, dialect: Dialect = FACE_V1) -> httpx.Client:
        """A client with a key of an account, which is made when it is not there."""
        return self.client_with({HEADER: self.key(account)}, dialect)

    def client_with(self, headers: dict[str, str], dialect: Dialect = FACE_V1) -> httpx.Client:
        """A client that sends these headers."""
        made = httpx.Client(base_url=self.url + dialect.prefix, headers=headers, timeout=60)
        self.opened.append(made)
        return made

    def key(self, account: str) -> str:
        """A key of an account, which is made when it is not there."""
        made = self.storage.accounts.find(account) or self.storage.accounts.create(account)
        name = f"key {len(self.storage.accounts.keys(account=made.id))}"
        return self.storage.accounts.create_key(name, account=made.id)[1]

    def account_id(self, account: str) -> str:
        found = self.storage.accounts.find(account)
        assert found is not None
        return found.id


@contextmanager
def inside(
    folder: Path, *, worker: Callable[[], Worker] = OneFace, **settings: Any
) -> Iterator[Inside]:
    """Run the service with its data in this folder."""
    made = Settings(data=folder / "data", keys=folder / "keys", **settings)
    analyst = Analyst(worker, workers=2, limits=made.limits, metrics=Metrics())
    with (
        open_storage(folder / "data", keys=folder / "keys") as storage,
        Trainer(storage) as trainer,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        app = create_app(made, storage, trainer=trainer, analyst=analyst)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, ws=BoundedSocket, proxy_headers=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        service = Inside(f"http://127.0.0.1:{listening.getsockname()[1]}", storage)
        try:
            yield service
        finally:
            for client in service.opened:
                client.close()
            server.should_exit = True
            thread.join()
