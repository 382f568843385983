"""What a user has: the page of the account."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mien.server.dialect import Services
from mien.server.studio.pages import page


class Mine:
    """The pages about oneself."""

    def __init__(self, services: Services) -> None:
        self._storage = services.storage

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        return [Route("/account", self.account, name="studio-account")]

    async def account(self, request: Request) -> Response:
        """Who one is here."""
        return page(request, "account.html")
