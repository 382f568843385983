"""Accounts: signing up, logging in and out, and what a user has."""

from __future__ import annotations

from starlette.routing import BaseRoute

from mien.server.dialect import Services
from mien.server.studio.accounts.entry import Entry
from mien.server.studio.accounts.mine import Mine


def routes(services: Services) -> list[BaseRoute]:
    """All routes of the area."""
    return [*Entry(services).routes(), *Mine(services).routes()]
