"""What a dialect is to the service, and what the service gives it."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from mien.gallery.trainer import Trainer
from mien.jobs import Pool
from mien.server.auth import Caller, subscription_key
from mien.server.errors import Refusal
from mien.server.fetch import Fetcher
from mien.server.inference import Analyst
from mien.server.limits import Allowance
from mien.server.metrics import Metrics
from mien.server.policy import Policy
from mien.server.settings import Settings
from mien.storage.storage import Storage


@dataclass(frozen=True, slots=True)
class Services:
    """What the handlers of a dialect work with; one for the whole service."""

    settings: Settings
    policy: Policy
    storage: Storage
    trainer: Trainer
    analyst: Analyst
    fetcher: Fetcher
    metrics: Metrics
    allowance: Allowance
    pool: Pool
    closing: threading.Event
    """Set when the service is about to stop: what would go on for long ends."""


def error_body(refusal: Refusal) -> Response:
    """A refusal as Azure's APIs answer it: `{"error": {"code" or "statusCode", "message"}}`."""
    named = {"statusCode": refusal.status} if refusal.code is None else {"code": refusal.code}
    return JSONResponse(
        {"error": {**named, "message": refusal.message}},
        status_code=refusal.status,
        headers=refusal.headers,
    )


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API that the service speaks.

    Every request under `prefix` passes the gate (`gate.py`) before it reaches the application: its
    key is known and opens the scope `name`, the policy has the dialect on, and the plan has room.
    A handler finds out who calls with `caller_of(request)`. A `Refusal` that leaves the application
    is rendered by `refuse`, and so is a fault (as 500, without its details).

    Attributes:
        name: the scope of keys, the word of the policy, the label of metrics and logs.
        prefix: of all its paths; a leading slash and none at the end. Compared without case.
        build: makes the application, whose routes have no prefix.
        refuse: renders a refusal in the error body of the API.
        secret: finds the key in the head of a request.
        admits: whether all else that the API wants of the head fits the key that was found there.
        keyless: whether a request that shows no key is let in all the same; no plan counts it, and
            it has no caller.
        about_video: whether a path, in lower case and without the prefix, is about video. A plan
            counts such calls for the rate alone; the handler counts the videos.
        title: for the list of APIs at /docs.
    """

    name: str
    prefix: str
    build: Callable[[Services], FastAPI]
    refuse: Callable[[Refusal], Response] = error_body
    secret: Callable[[HTTPConnection], str | None] = subscription_key
    admits: Callable[[HTTPConnection, Caller], bool] = lambda head, caller: True
    keyless: Callable[[Services, HTTPConnection], bool] = lambda services, head: False
    about_video: Callable[[str], bool] = lambda path: False
    title: str = ""


def caller_of(request: HTTPConnection) -> Caller:
    """Who made a request that has passed the gate; its `account_id` says whose data it is."""
    caller: Caller = request.scope["state"]["caller"]
    return caller


def admission_of(request: HTTPConnection) -> Callable[[], Awaitable[Caller]]:
    """Lets a request in once more, as often as it is asked; what lasts may outlast its key, or its
    session, and asks every second or so. It raises Refusal, `auth.FRESH_S` late at most.
    """
    admit: Callable[[], Awaitable[Caller]] = request.scope["state"]["admit"]
    return admit
