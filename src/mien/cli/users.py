"""`mien users`: the people who log in to the studio."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any

import click

from mien.cli.stored import account_of, opened, storage_options
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.storage import Storage
    from mien.storage.users import User

ROLES = ("member", "admin")
LONGEST_LINE = 4096


@click.group("users")
def command() -> None:
    """Add, list, disable and remove the users of the studio, also while the service runs.

    Passwords are asked for on the terminal; without one they are the first line of the input.

    Example: mien users add ada --role admin
    """


@command.command("add")
@click.argument("name")
@storage_options
@click.option("--account", help="Account to share, made when not there; else one of its own.")
@click.option("--role", help="An admin sees users, not pictures.", type=click.Choice(ROLES))
def add(name: str, account: str | None, role: str | None, **where: Any) -> None:
    """Make the user NAME, who may then log in at /studio.

    The first user is an admin if no role is given.

    Example: mien users add ada --account lab
    """
    password = _new_password()
    with opened(**where) as storage:
        from mien.storage.users import Role

        first = not storage.users.all()
        wanted = Role(role) if role else Role.ADMIN if first else Role.MEMBER
        owner = None if account is None else account_of(storage, account, make=True).id
        user = storage.users.add(name, password, account=owner, role=wanted)
        _note(storage, "USER_ADDED", user.name)
    click.echo(f"{user.name} may log in now, as {'an admin' if user.is_admin else 'a member'}")


@command.command("list")
@storage_options
@click.option("--account", help="Only those of this account.", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_(account: str | None, as_json: bool, **where: Any) -> None:
    """List the users: name, role, account, state, when they were last here.

    Example: mien users list --json
    """
    with opened(**where) as storage:
        names = {each.id: each.name for each in storage.accounts.all()}
        only = None if account is None else account_of(storage, account).id
        seen: dict[str, str] = {}
        for session in reversed(storage.sessions.all()):
            seen[session.user_id] = session.seen.isoformat(timespec="minutes")
        users = storage.users.all(account=only)
        rows = [_row(user, names[user.account_id], seen.get(user.id)) for user in users]
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        here = f"last here {row['seen']}" if row["seen"] else "not logged in"
        cells = (f"{row['name']:<24}", f"{row['role']:<7}", f"{row['state']:<8}")
        click.echo("  ".join((*cells, f"{row['account']:<24}", here)))


@command.command("disable")
@click.argument("name")
@storage_options
def disable(name: str, **where: Any) -> None:
    """Let NAME log in no more, and end all sessions. API keys of the account go on to work.

    Example: mien users disable ada
    """
    with opened(**where) as storage:
        user = storage.users.disable(storage.users.find(name).id)
        _note(storage, "USER_DISABLED", user.name)
    click.echo(f"{user.name} is disabled and logged out")


@command.command("enable")
@click.argument("name")
@storage_options
def enable(name: str, **where: Any) -> None:
    """Let NAME log in again.

    Example: mien users enable ada
    """
    with opened(**where) as storage:
        user = storage.users.enable(storage.users.find(name).id)
        _note(storage, "USER_ENABLED", user.name)
    click.echo(f"{user.name} may log in again")


@command.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@storage_options
def role_(name: str, role: str, **where: Any) -> None:
    """Make NAME an admin or a member.

    Example: mien users role ada admin
    """
    with opened(**where) as storage:
        from mien.storage.users import Role

        user = storage.users.set_role(storage.users.find(name).id, Role(role))
        _note(storage, "ROLE_CHANGED", f"{user.name}: {user.role}")
    click.echo(f"{user.name} is {'an admin' if user.is_admin else 'a member'} now")


@command.command("password")
@click.argument("name")
@storage_options
def password_(name: str, **where: Any) -> None:
    """Give NAME a new password, and end all sessions.

    Example: mien users password ada
    """
    with opened(**where) as storage:
        id = storage.users.find(name).id
        user = storage.users.set_password(id, _new_password())
        _note(storage, "PASSWORD_CHANGED", user.name)
    click.echo(f"{user.name} has a new password and is logged out")


@command.command("remove")
@click.argument("name")
@storage_options
@click.option(
    "--with-data",
    is_flag=True,
    help="If nobody shares the account: delete all that is in it too, for good.",
)
def remove(name: str, with_data: bool, **where: Any) -> None:
    """Remove the user NAME. Without --with-data, the account and what is in it stay.

    With it, a receipt in JSON is printed.

    Example: mien users remove ada --with-data
    """
    with opened(**where) as storage:
        id, receipt = storage.users.find(name).id, None
        if with_data:
            user, receipt = storage.removal.user(id)
        else:
            user = storage.users.remove(id)
        storage.audit.forget(user)
        if receipt is None:
            _note(storage, "USER_REMOVED", "")
        else:
            _note(storage, "ACCOUNT_DELETED", f"receipt {receipt.id}")
    if receipt is not None:
        told = {**dataclasses.asdict(receipt), "deleted": receipt.deleted.isoformat()}
        click.echo(json.dumps(told, indent=1))
    elif with_data:
        click.echo(f"{user.name} is removed; others share the account, so its data stays", err=True)
    else:
        click.echo(f"{user.name} is removed; the account and its data stay", err=True)


def _note(storage: Storage, action: str, subject: str) -> None:
    """Enter into the audit log what the shell did."""
    from mien.storage.audit import Action

    storage.audit.note(Action[action], subject=subject)


def _new_password() -> str:
    """A password from the terminal, typed twice, or the first line of what is piped in."""
    if sys.stdin.isatty():
        told: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return told
    line = sys.stdin.readline(LONGEST_LINE).rstrip("\r\n")
    if not line:
        raise UsageError("no password was given; type it on a terminal, or pipe it in as a line")
    return line


def _row(user: User, account: str, seen: str | None) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "role": user.role.value,
        "state": "disabled" if user.disabled else "enabled",
        "account": account,
        "created": user.created.isoformat(timespec="seconds"),
        "seen": seen,
    }
