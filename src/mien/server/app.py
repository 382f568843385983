"""The application: dialects behind their gates, and the service's own pages."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mien.errors import StorageError
from mien.gallery.trainer import Trainer
from mien.jobs import Pool
from mien.server.auth import Keys, caller_of
from mien.server.dialect import Dialect, Services, error_body
from mien.server.dialects import all_dialects
from mien.server.docs import docs_routes
from mien.server.errors import Refusal
from mien.server.fetch import Fetcher
from mien.server.gate import Gate, Journal, answer_faults
from mien.server.inference import Analyst, Worker
from mien.server.limits import Allowance
from mien.server.logs import LOG
from mien.server.metrics import Metrics
from mien.server.policy import Policy
from mien.server.settings import Settings
from mien.server.studio import studio
from mien.server.webhooks import Deliverer
from mien.server.workers import THREADS_A_CORE, reader_maker, worker_maker
from mien.storage.storage import Storage
from mien.version import __version__


def create_app(
    settings: Settings,
    storage: Storage,
    *,
    dialects: Sequence[Dialect] | None = None,
    trainer: Trainer | None = None,
    analyst: Analyst | None = None,
    pool: Pool | None = None,
) -> Starlette:
    """Put the service together. The models are loaded here, so that the first request is fast.

    Args:
        settings: how it is set up.
        storage: an open one; whoever opened it closes it.
        dialects: the APIs to speak; by default all that there are, or /score alone where the
            settings say so.
        trainer: trains the groups of all accounts; by default one of its own.
        analyst: sees pictures; by default one with the models of the store.
        pool: works on jobs while the service runs; by default one of its own.

    Its `state.closing` is to be set when the service is about to stop.

    Raises:
        ConfigurationError: the policy is not well formed.
        UsageError: a host that is allowed to be fetched from is not well formed.
        ModelError: a model cannot be had.
    """
    policy, metrics = Policy.load(settings.policy), Metrics()
    fetcher = Fetcher(settings.limits, allow=settings.fetch_allow)
    analyst = analyst or analyst_for(settings, metrics)
    if trainer is None:
        trainer = Trainer(storage, search_while_training=policy.search_while_training)
    if pool is None:
        pool = Pool(storage, 0 if settings.score_only else settings.job_workers)
    closing = threading.Event()
    allowance = Allowance(settings.plan, storage.usage)
    services = Services(
        settings, policy, storage, trainer, analyst, fetcher, metrics, allowance, pool, closing
    )
    keys = Keys(partial(caller_of, storage.accounts))
    offered = all_dialects(score_only=settings.score_only)
    chosen = offered if dialects is None else tuple(dialects)
    apps = {each: each.build(services) for each in chosen}
    for dialect, app in apps.items():
        answer_faults(app, dialect)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        pool.start()
        async with Deliverer(storage, fetcher):
            yield
        closing.set()
        await run_in_threadpool(pool.close)
        analyst.close()
        trainer.close()

    service = Starlette(
        routes=[
            *(
                _Mounted(each, Gate(app, each, services, keys, allowance))
                for each, app in apps.items()
            ),
            Route("/healthz", _health(storage), name="healthz"),
            Route("/metrics", _metrics(metrics), name="metrics"),
            *docs_routes(apps, settings.public_url or ""),
            *_studio(services, apps),
        ],
        middleware=[Middleware(Journal, metrics=metrics), *_cors(settings.origins)],
        exception_handlers={404: _not_found, 405: _not_found},
        lifespan=lifespan,
    )
    service.state.closing = closing
    return service


def _studio(services: Services, apps: Mapping[Dialect, FastAPI]) -> list[BaseRoute]:
    """The web application; not where /score is all that is answered."""
    if services.settings.score_only:
        return []

    async def home(request: Request) -> Response:
        return RedirectResponse("/studio/", status_code=303)

    return [Route("/studio", home, name="studio"), Mount("/studio", studio(services, apps))]


def analyst_for(settings: Settings, metrics: Metrics) -> Analyst:
    """An analyst with the models of the store that the settings call for; raises ModelError."""
    cores, limits = settings.worker_count, settings.limits
    make: Callable[[], Worker]
    if settings.score_only:
        make = reader_maker(metrics, cores)
    else:
        make = worker_maker(metrics, limits, cores)
    workers = THREADS_A_CORE * cores
    return Analyst(make, workers=workers, live=cores, limits=limits, metrics=metrics)


class _Mounted(Route):
    """All paths under a dialect's prefix, whose letters may be of either case."""

    def __init__(self, dialect: Dialect, app: ASGIApp) -> None:
        super().__init__(dialect.prefix + "/{path:path}", app, name=dialect.name)
        self._dialect, self.app = dialect, app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the path of a request lies under the prefix."""
        prefix = self._dialect.prefix
        path = scope["path"] if scope["type"] in ("http", "websocket") else ""
        if not f"{path}/".lower().startswith(f"{prefix}/".lower()):
            return Match.NONE, {}
        root = scope.get("root_path", "")
        return Match.FULL, {"root_path": root + path[: len(prefix)], "route": None}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the gate."""
        scope["state"]["dialect"] = self._dialect.name
        await self.app(scope, receive, send)


def _cors(origins: Sequence[str]) -> list[Middleware]:
    """Pages of other origins may read answers only where the operator named them."""
    if not origins:
        return []
    return [
        Middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
    ]


def _health(storage: Storage) -> Any:
    async def answer(request: Request) -> Response:
        try:
            await run_in_threadpool(storage.ping)
        except StorageError as error:
            LOG.error("the storage does not answer", extra={"fields": {"reason": str(error)}})
            return JSONResponse({"status": "storage does not answer"}, status_code=503)
        return JSONResponse({"status": "ok", "version": __version__})

    return answer


def _metrics(metrics: Metrics) -> Any:
    async def answer(request: Request) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return answer


async def _not_found(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    message = "There is no such page." if status == 404 else "The page does not take this method."
    return error_body(Refusal(status, "NotFound" if status == 404 else "MethodNotAllowed", message))
