from __future__ import annotations

from tests.stores import account, place, sqlite_place, storage

__all__ = ["account", "place", "sqlite_place", "storage"]
