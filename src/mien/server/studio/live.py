"""Live: the page. Frames go over the live socket of the media API, and nothing is kept."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mien.server.dialect import Services
from mien.server.studio.pages import page


def routes(services: Services) -> list[BaseRoute]:
    """The page."""
    return [Route("/live", _page, name="studio-live")]


async def _page(request: Request) -> Response:
    return page(request, "live.html")
