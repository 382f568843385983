"""Options that say where the service keeps its data, for commands that work on it directly."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mien.errors import MienError, NoSuchAccountError

if TYPE_CHECKING:
    from mien.storage import Account, Storage

Command = TypeVar("Command", bound=Callable[..., Any])

FOLDER = click.Path(path_type=Path, file_okay=False)
NEEDED = ("sqlalchemy", "alembic", "cryptography", "argon2")


def storage_options(function: Command) -> Command:
    """--data, --database, --keys; `opened(**where)` takes them."""
    for name, variable, help, rest in (
        ("--keys", "MIEN_KEYS", "Folder of the master key, outside of the data folder.", FOLDER),
        ("--database", "MIEN_DATABASE", "PostgreSQL in place of SQLite.", None),
        ("--data", "MIEN_DATA", "Data folder; else ~/.local/share/mien.", FOLDER),
    ):
        function = click.option(name, help=help, envvar=variable, show_envvar=True, type=rest)(
            function
        )
    return function


def opened(data: Path | None, database: str | None, keys: Path | None) -> Storage:
    """The storage that the options name, opened."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise MienError(f"{missing[0]} is not installed; run `pip install 'mien[server]'`")
    from mien.storage import data_folder, open_storage

    return open_storage(data_folder(data), database, keys)


def account_of(storage: Storage, name: str, *, make: bool = False) -> Account:
    """The account of a name, made if asked; raises NoSuchAccountError."""
    found = storage.accounts.find(name)
    if found is None and make:
        return storage.accounts.create(name)
    if found is None:
        known = ", ".join(each.name for each in storage.accounts.all()) or "none so far"
        raise NoSuchAccountError(f"there is no account {name}; there are: {known}", what=name)
    return found
