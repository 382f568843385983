"""`mien models`: list, fetch, check and explain the models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from mien.errors import MienError
from mien.models import Entry, card, entries, entry, path_of, pull, quick_state, state_of

LICENCE_HELP = "accept the licence that is shown for models of others"


@click.group("models")
def command() -> None:
    """List, fetch, check and explain the models and media samples.

    Example: mien models pull
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="print one JSON array")
def list_(as_json: bool) -> None:
    """List every model: whether it is here, its licence and where it comes from.

    Example: mien models list --json
    """
    rows = [_row(model, quick_state(model)) for model in entries().values()]
    _print(rows, as_json)


@command.command("pull")
@click.argument("names", nargs=-1)
@click.option("--accept-licence", is_flag=True, help=LICENCE_HELP)
@click.option("--force", is_flag=True, help="fetch it again even if it is here and whole")
def pull_(names: Sequence[str], accept_licence: bool, force: bool) -> None:
    """Fetch models into the store; without NAMES, all that mien itself uses.

    Example: mien models pull centerface face-mesh
    """
    chosen = names or [model.name for model in entries().values() if _is_ours(model)]
    for name in chosen:
        entry(name)  # a wrong name is said before anything is fetched
    for name in chosen:
        path = pull(name, accept_licence=accept_licence, force=force)
        click.echo(f"{name}: {path}")


@command.command("verify")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="print one JSON array")
def verify(names: Sequence[str], as_json: bool) -> None:
    """Read every byte of NAMES, or of all that is in the store, and compare the hashes.

    Example: mien models verify
    """
    rows = [_row(model, state_of(model)) for model in map(entry, names or entries())]
    if not names:
        rows = [row for row in rows if row["state"] != "missing"]
    _print(rows, as_json)
    bad = [row["name"] for row in rows if row["state"] != "ready"]
    if bad:
        raise MienError(f"not whole: {', '.join(bad)}; run `mien models pull {' '.join(bad)}`")


@command.command("card")
@click.argument("name")
def card_(name: str) -> None:
    """Print what is known of a model: source, licence, input, output, thresholds, weak sides.

    Example: mien models card dlib-resnet
    """
    click.echo(card(name), nl=False)


def _is_ours(model: Entry) -> bool:
    return not model.opt_in and (bool(model.sha256) or path_of(model).is_file())


def _row(model: Entry, state: str) -> dict[str, Any]:
    return {
        "name": model.name,
        "kind": model.kind,
        "state": state,
        "licence": model.licence,
        "opt_in": model.opt_in,
        "source": str(model.source),
        "sha256": model.sha256 or None,
        "path": str(path_of(model)),
    }


def _print(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(f"{row['name']:<28}{row['state']:<9}{row['kind']:<7}{row['licence']}")
