"""A PostgreSQL server of our own for the tests: on a free port, in a temporary folder."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from functools import cache
from pathlib import Path

import psycopg
import pytest

SETTINGS = {
    "fsync": "off",  # what must survive a loss of power is tested on SQLite
    "listen_addresses": "127.0.0.1",
    "max_connections": "80",
    "shared_buffers": "32MB",
}


def fresh_database() -> str:
    """The URL of a new, empty database; skips the test when there is no PostgreSQL."""
    url = _server()
    if url is None:
        reason = "there is no PostgreSQL here: run `make deps` as root"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # A schema of its own does what a database would, and is made in a hundredth of the time.
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{url}/postgres?options=-csearch_path%3D{name}"


@cache
def _server() -> str | None:
    """The URL of the server without the name of a database; it is stopped at the end."""
    binaries = _binaries()
    if binaries is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="mien-postgres-"))
    user = _user(folder)
    _run(user, binaries / "initdb", "-D", folder / "db", "-U", "mien", "-A", "trust", "-N")
    port = _free_port()
    settings = {**SETTINGS, "port": str(port), "unix_socket_directories": str(folder)}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    control = (binaries / "pg_ctl", "-D", folder / "db", "-l", folder / "log", "-w")
    _run(user, *control, "-o", options, "start")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(_run, user, *control, "-m", "immediate", "stop")
    return f"postgresql://mien@127.0.0.1:{port}"


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if (on_path := shutil.which("pg_ctl")) is not None:
        found.append(Path(on_path).resolve().parent)
    usable = [folder for folder in found if (folder / "initdb").exists()]
    return usable[-1] if usable else None


def _user(folder: Path) -> list[str]:
    """How to run it: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    shutil.chown(folder, "nobody")
    return ["runuser", "-u", "nobody", "--"]


def _run(user: list[str], *command: str | Path) -> None:
    subprocess.run(
        [*user, *map(str, command)],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
