"""`mien keys`: make, list, revoke and rotate API keys."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from mien.cli.stored import account_of, opened, storage_options
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.storage import ApiKey

SCOPES = ("face", "emotion", "kairos", "media")
UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@click.group("keys")
def command() -> None:
    """Make, list, revoke and rotate the API keys of the service, also while it runs.

    Example: mien keys create camera-7
    """


@command.command("create")
@click.argument("name")
@storage_options
@click.option("--account", help='Account, made when not there; else "default".', metavar="NAME")
@click.option(
    "--scope",
    "scopes",
    help="API that the key opens; several may be named; all if none is.",
    multiple=True,
    type=click.Choice(SCOPES),
)
@click.option("--expires", help="When: 90d, 12h, 4w, or 2027-01-31.", metavar="WHEN")
def create(
    name: str, account: str | None, scopes: Sequence[str], expires: str | None, **where: Any
) -> None:
    """Make the API key NAME and print it, alone on the last line; it is shown only now.

    For Kairos, NAME is the app_id and the key the app_key.

    Example: mien keys create camera-7 --scope face --expires 90d
    """
    until = None if expires is None else _moment(expires)
    with opened(**where) as storage:
        owner = None if account is None else account_of(storage, account, make=True).id
        _, secret = storage.accounts.create_key(name, account=owner, scopes=scopes, expires=until)
        click.echo(
            f"Back up {storage.keys_folder}: without it no stored face can be read.", err=True
        )
    click.echo(secret)


@command.command("list")
@storage_options
@click.option("--account", help="Only those of this account.", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_(account: str | None, as_json: bool, **where: Any) -> None:
    """List the API keys: account, name, state, scopes; never the keys themselves.

    Example: mien keys list --json
    """
    with opened(**where) as storage:
        names = {each.id: each.name for each in storage.accounts.all()}
        only = None if account is None else account_of(storage, account).id
        rows = [_row(key, names) for key in storage.accounts.keys(account=only)]
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        cells = (
            f"{row['id']}",
            f"{row['account']:<12}",
            f"{row['name']:<20}",
            f"{row['state']:<8}",
        )
        scopes = ",".join(row["scopes"]) or "all"
        until = f" until {row['expires']}" if row["expires"] else ""
        click.echo(f"{'  '.join(cells)} {scopes}{until}")


@command.command("revoke")
@click.argument("name")
@storage_options
@click.option("--account", help="Only in this account.", metavar="NAME")
def revoke(name: str, account: str | None, **where: Any) -> None:
    """Revoke the API keys called NAME, or the one whose id it is.

    A running service refuses them within five seconds.

    Example: mien keys revoke camera-7
    """
    with opened(**where) as storage:
        only = None if account is None else account_of(storage, account).id
        for key in storage.accounts.revoke(name, account=only):
            click.echo(f"revoked {key.name} ({key.id})")


@command.command("rotate")
@click.argument("name")
@storage_options
@click.option("--account", help="Only in this account.", metavar="NAME")
def rotate(name: str, account: str | None, **where: Any) -> None:
    """Make a second key for NAME and print it, alone on the last line; it is shown only now.

    The first goes on to work until you revoke it, or rotate again: two are live at most.

    Example: mien keys rotate camera-7
    """
    with opened(**where) as storage:
        only = None if account is None else account_of(storage, account).id
        _, secret = storage.accounts.rotate(name, account=only)
    click.echo(secret)


def _moment(text: str) -> datetime:
    """A time from now on (90d) or a date in UTC."""
    try:
        if found := re.fullmatch(r"([1-9]\d{0,5})([hdw])", text):
            return datetime.now(UTC) + timedelta(**{UNITS[found[2]]: int(found[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--expires takes 90d, 12h, 4w or 2027-01-31, not {text}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _row(key: ApiKey, accounts: dict[str, str]) -> dict[str, Any]:
    state = "live" if key.is_live else "expired" if key.revoked is None else "revoked"
    return {
        "id": key.id,
        "account": accounts[key.account_id],
        "account_id": key.account_id,
        "name": key.name,
        "state": state,
        "scopes": sorted(key.scopes),
        "created": key.created.isoformat(timespec="seconds"),
        "expires": key.expires.isoformat(timespec="seconds") if key.expires else None,
    }
