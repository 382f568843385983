"""Brings a database to the tables of this version; run whenever a storage is opened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from mien.errors import NewerDatabaseError

HEAD = "0004"
"""The newest revision in `versions/`."""


def migrate(connection: Connection, name: str) -> None:
    """Bring the database to HEAD, within the transaction that is open.

    Raises:
        NewerDatabaseError: it was made by a later version; nothing is changed.
    """
    here = revision(connection)
    if here == HEAD:
        return
    # Alembic takes a fifth of a second to import, and most openings do not need it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if here is not None and here not in known:
        raise NewerDatabaseError(
            f"the database {name} was made by a later version of mien (its tables are {here}, "
            f"this one knows {HEAD}); update mien, nothing was changed"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def revision(connection: Connection) -> str | None:
    """The revision of the tables; None when there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)
