"""Accounts: signing up, logging in and out, what a user has, and what an admin does."""

from __future__ import annotations

from starlette.routing import BaseRoute

from mien.server.dialect import Services
from mien.server.studio.accounts.admin import Admin
from mien.server.studio.accounts.desk import Desk
from mien.server.studio.accounts.entry import Entry
from mien.server.studio.accounts.mine import Mine


def routes(services: Services) -> list[BaseRoute]:
    """All routes of the area."""
    desk = Desk(services)
    return [*Entry(desk).routes(), *Mine(desk).routes(), *Admin(desk).routes()]
