"""`mien serve`: the service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import click

from mien.errors import MienError, UsageError
from mien.server.settings import PLANS, Limits, Settings

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
COUNT = click.IntRange(1)
PORT, SCORE_PORT = 8000, 5001
NEEDED = (
    "fastapi",
    "uvicorn",
    "websockets",
    "sqlalchemy",
    "cryptography",
    "argon2",
    "jinja2",
    "plotly",
    "prometheus_client",
    "httpcore",
    "fastapi_offline",
)


def _option(name: str, help: str, **rest: Any) -> Callable[[Command], Command]:
    """An option that MIEN_NAME in the environment sets as well."""
    variable = "MIEN_" + name.removeprefix("--").replace("-", "_").upper()
    return click.option(name, help=help, envvar=variable, show_envvar=True, **rest)


@click.command("serve")
@_option("--host", "Address to listen on; 0.0.0.0 for all.", default="127.0.0.1")
@_option(
    "--port",
    f"Port; 0 takes a free one. {PORT} if not given, {SCORE_PORT} with --score-only.",
    type=click.IntRange(0, 65535),
)
@_option("--data", "Data folder, made when not there; else ~/.local/share/mien.", type=FOLDER)
@_option("--database", "PostgreSQL (postgresql+psycopg://…) in place of SQLite.", metavar="URL")
@_option("--keys", "Folder of the master key, outside of the data folder.", type=FOLDER)
@_option("--policy", "TOML or JSON file that switches attributes and APIs off.", type=FILE)
@_option(
    "--sign-up",
    "Who may sign up to /studio: open for anybody, closed for nobody; else as an admin says there.",
    type=click.Choice(("open", "closed")),
)
@_option("--plan", "Rate and quota of accounts that have none.", type=click.Choice(PLANS))
@_option("--workers", "Pictures worked on at a time; one for each core if not given.", type=COUNT)
@_option(
    "--job-workers",
    "Processes that work on jobs, 0 for none here; one for each core if not given.",
    type=click.IntRange(0),
)
@_option("--public-url", "Where clients reach the service, when that is a proxy.", metavar="URL")
@_option("--tls-cert", "Certificate chain (PEM); the service then speaks https.", type=FILE)
@_option("--tls-key", "Its private key (PEM).", type=FILE)
@_option(
    "--fetch-allow",
    "Host, host:port or network to fetch pictures from though it is not public.",
    multiple=True,
    metavar="HOST",
)
@_option("--origin", "Web pages of this origin may call (CORS).", multiple=True, metavar="ORIGIN")
@_option(
    "--score-only",
    "Answer at /score alone, as the FER+ scoring container does; loads only that model.",
    is_flag=True,
)
@_option(
    "--limit",
    "A bound of docs/how_to/serve.md, such as queue=128.",
    multiple=True,
    metavar="NAME=VALUE",
)
def command(limit: Sequence[str], **options: Any) -> None:
    """Answer programs over HTTP, in the words of several APIs; see docs/how_to/serve.md.

    Keys are made by `mien keys create NAME`, also while the service runs.

    \b
    Example: mien serve --port 8000 --data /var/lib/mien
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise MienError(f"{missing[0]} is not installed; run `pip install 'mien[server]'`")
    settings = _settings(limit, options)
    from mien.gallery.trainer import Trainer
    from mien.server.app import create_app
    from mien.server.logs import write_logs
    from mien.server.policy import Policy
    from mien.server.serving import serve
    from mien.storage import data_folder, open_storage

    write_logs()
    policy = Policy.load(settings.policy)
    with (
        open_storage(data_folder(settings.data), settings.database, settings.keys) as storage,
        Trainer(storage, search_while_training=policy.search_while_training) as trainer,
    ):
        storage.keep_swept()
        app = create_app(settings, storage, trainer=trainer)
        serve(
            app,
            settings,
            ready=lambda url: click.echo(f"mien answers at {url}"),
            stopping=app.state.closing.set,
        )


def _settings(limit: Sequence[str], options: dict[str, Any]) -> Settings:
    given = {name: value for name, value in options.items() if value is not None}
    given["origins"] = given.pop("origin")
    given.setdefault("port", SCORE_PORT if given["score_only"] else PORT)
    return Settings(**given, limits=_limits(limit))


def _limits(texts: Sequence[str]) -> Limits:
    """The bounds with those replaced that are given as NAME=VALUE."""
    kinds = {each.name: int if isinstance(each.default, int) else float for each in fields(Limits)}
    changes: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in kinds:
            raise UsageError(f"there is no limit '{name}'; take {', '.join(kinds)}")
        try:
            changes[name] = kinds[name](value)
        except ValueError as error:
            raise UsageError(f"the limit {name} must be a number, not '{value}'") from error
        if not 0 <= changes[name] < float("inf"):
            raise UsageError(f"the limit {name} must not be negative: {value}")
    return replace(Limits(), **changes)
