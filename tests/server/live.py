"""A real `mien serve` process on a free port with an empty data folder, and keys for it."""

from __future__ import annotations

import http.client
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mien.storage import open_storage

START_S, STOP_S, ANSWER_S = 60.0, 30.0, 60.0


class Answer(NamedTuple):
    """What came back: the status, the headers by name in lower case, the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The code of an error."""
        code: str | None = self.json["error"].get("code")
        return code


@dataclass(frozen=True)
class Live:
    """A running service."""

    url: str
    data: Path
    keys: Path
    process: subprocess.Popen[str]
    log: Path

    def key(self, account: str) -> str:
        """A new key of an account, which is made when it is not there."""
        with open_storage(self.data, keys=self.keys) as storage:
            found = storage.accounts.find(account) or storage.accounts.create(account)
            name = f"key {len(storage.accounts.keys(account=found.id))}"
            return storage.accounts.create_key(name, account=found.id)[1]

    def account_id(self, account: str) -> str:
        with open_storage(self.data, keys=self.keys) as storage:
            found = storage.accounts.find(account)
            assert found is not None
            return found.id

    def memory_mb(self) -> float:
        """What the process holds of the machine's memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) / 1024


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Live]:
    """Run `mien serve` with its data and keys in this folder, and stop it at the end."""
    data, keys, log = folder / "data", folder / "keys", folder / "serve.log"
    command = [sys.executable, "-m", "mien", "serve", "--port", "0", "--data", str(data)]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, "--keys", str(keys), *options],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        yield Live(_address(process, log), data, keys, process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            assert process.stdout is not None
            process.stdout.close()
    assert status in (0, -signal.SIGTERM), log.read_text()[-4000:]


def ask(
    url: str,
    method: str,
    path: str,
    body: bytes | Iterator[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request with http.client, exactly as given."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_S)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    lines: queue.Queue[str] = queue.Queue()
    stream = process.stdout
    assert stream is not None

    def read() -> None:
        for line in stream:
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    try:
        line = lines.get(timeout=START_S)
    except queue.Empty:
        line = ""
    if not line.startswith("mien answers at "):
        process.kill()
        raise AssertionError(f"the service did not start: {line}\n{log.read_text()[-4000:]}")
    return line.removeprefix("mien answers at ").strip()
