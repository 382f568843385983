"""A service with one small dialect, run as a process of its own by the tests here.

python -m tests.server.small_service FOLDER '{"plan": "free"}' [--seconds 0.5]

Prints the secrets of two keys, then its address. With --seconds, no models are loaded: each picture
takes so long, and no face is found on it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import sleep
from typing import Any

import click
import numpy as np
from fastapi import FastAPI
from starlette.requests import Request
from starlette.websockets import WebSocket

from mien.errors import MediaError
from mien.faces import Array, Faces
from mien.redact.audit import Audit
from mien.server.app import create_app
from mien.server.call import Call
from mien.server.dialect import Dialect, Services, caller_of
from mien.server.errors import Refusal
from mien.server.inference import Analyst, Seen, Stream, Wants
from mien.server.limits import read_body
from mien.server.logs import write_logs
from mien.server.metrics import Metrics
from mien.server.serving import serve
from mien.server.settings import Limits, Settings
from mien.storage import open_storage
from mien.timecode import Time
from tests.server.inside import NobodyThere


class Sleeper:
    """Takes its time, and finds nothing."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def see(self, data: bytes, wants: Wants) -> Seen:
        sleep(self.seconds)
        return Seen(Faces.empty(), 1, 1, "coarse")

    def audit(self, before: bytes, after: bytes, kept: Array) -> Audit:
        raise NotImplementedError

    def stream(self, *, emotion: bool) -> Stream:
        return NobodyThere()

    def follow(self, stream: Stream, data: bytes, time: Time) -> Seen:
        sleep(self.seconds)
        return Seen(Faces.empty(), 1, 1, "live")

    def scores(self, crops: Array) -> Array:
        sleep(self.seconds)
        return np.full((len(crops), 8), 1 / 8)


def build(services: Services) -> FastAPI:
    app = FastAPI(title="Small")

    @app.post("/see")
    async def see(request: Request) -> dict[str, Any]:
        limits = services.settings.limits
        data = await read_body(request, most=limits.image_bytes, seconds=limits.body_s)
        wants = Wants(frozenset({"mesh", "emotion"}), recognition=True)
        try:
            seen = await services.analyst.faces(data, wants, gone=Call(request, services).gone)
        except MediaError as error:
            raise Refusal(400, "InvalidImage", type(error).__name__) from error
        return {"faces": len(seen.faces), "look": seen.look}

    @app.get("/whoami")
    async def whoami(request: Request) -> dict[str, Any]:
        return {
            "account": caller_of(request).account_id,
            "query": dict(request.query_params),
            "headers": dict(request.headers),
        }

    @app.get("/fault")
    async def fault(request: Request) -> None:
        raise ZeroDivisionError(str(request.url), str(request.headers))

    @app.websocket("/whoami")
    async def tell(socket: WebSocket) -> None:
        await socket.accept()
        scope = socket.scope
        told = {"query": dict(socket.query_params), "headers": dict(socket.headers)}
        await socket.send_json(told | {"offered": scope["subprotocols"]})
        await socket.close()

    @app.websocket("/fault")
    async def broken(socket: WebSocket) -> None:
        await socket.accept()
        raise ZeroDivisionError(str(socket.url), str(socket.headers))

    @app.get("/fetch")
    async def fetch(url: str) -> int:
        return len(await services.fetcher.fetch(url))

    return app


SMALL = Dialect("small", "/small/v1", build, title="A small API")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("settings", type=json.loads)
    parser.add_argument("--seconds", type=float)
    given = parser.parse_args()
    values = dict(given.settings)
    limits = Limits(**values.pop("limits", {}))
    for name in ("policy", "tls_cert", "tls_key"):
        if name in values:
            values[name] = Path(values[name])
    settings = Settings(port=0, limits=limits, **values)
    write_logs()
    with open_storage(given.folder / "data", None, given.folder / "keys") as storage:
        for scopes in ((), ("other",)):
            click.echo(storage.accounts.create_key("test" + "".join(scopes), scopes=scopes)[1])
        analyst = None
        if given.seconds is not None:
            analyst = Analyst(
                lambda: Sleeper(given.seconds),
                workers=settings.worker_count,
                limits=limits,
                metrics=Metrics(),
            )
        app = create_app(settings, storage, dialects=[SMALL], analyst=analyst)
        serve(app, settings, ready=click.echo)


if __name__ == "__main__":
    main()
