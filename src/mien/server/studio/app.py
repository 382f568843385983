"""The application: areas, the APIs of the service for its pages, files; behind the guard."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from mien.server.dialect import Dialect, Services
from mien.server.studio import accounts, live, people, photo, redaction, video
from mien.server.studio.apis import api_routes
from mien.server.studio.files import Files
from mien.server.studio.guard import Guard
from mien.server.studio.pages import Area, Pages, page

AREAS: tuple[Area, ...] = (
    Area("photo", "Photo", photo.routes),
    Area("video", "Video", video.routes),
    Area("redaction", "Redaction", redaction.routes),
    Area("people", "People", people.routes),
    Area("live", "Live", live.routes),
    Area("account", "Account", accounts.routes),
)
"""In the order of the navigation. Each has its page at /studio/NAME and an icon of that name in
static/icons.svg."""


def studio(services: Services, apps: Mapping[Dialect, FastAPI]) -> ASGIApp:
    """The application to be mounted at /studio.

    Args:
        services: of the service.
        apps: the applications of the dialects; the pages call those of Face API and media.
    """
    files = Files()
    pages = Pages(services, files, AREAS)
    router = Router(
        [
            Route("/", _home, name="studio-home"),
            Route("/help/expressions", _expressions, name="studio-help"),
            Route("/assets/{version}/{name:path}", files.answer, name="studio-file"),
            *api_routes(services, apps),
            *(route for area in AREAS for route in area.routes(services)),
        ],
        redirect_slashes=False,
    )
    return Guard(router, services, pages)


async def _home(request: Request) -> Response:
    return RedirectResponse(f"/studio/{AREAS[0].name}", status_code=303)


async def _expressions(request: Request) -> Response:
    return page(request, "expressions.html")
