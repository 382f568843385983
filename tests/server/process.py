"""Starting and stopping `small_service` as a process, and speaking to it in raw bytes."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

ROOT = Path(__file__).resolve().parents[2]
HEADER = "Ocp-Apim-Subscription-Key"
PATIENCE_S = 60.0


@dataclass
class Running:
    """A service that runs.

    Attributes:
        key: opens every dialect.
        narrow_key: opens another dialect only.
    """

    process: subprocess.Popen[str]
    address: str
    key: str
    narrow_key: str
    log: Path

    @property
    def host(self) -> tuple[str, int]:
        parts = urlsplit(self.address)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def client(self, **more: Any) -> httpx.Client:
        """A client that shows the key."""
        headers = {HEADER: self.key, **more.pop("headers", {})}
        return httpx.Client(
            base_url=self.address, headers=headers, trust_env=False, timeout=30, **more
        )

    def connect(self) -> socket.socket:
        """A raw connection."""
        return socket.create_connection(self.host, timeout=10)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged. Every line must be JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def running(folder: Path, *arguments: str, **settings: Any) -> Iterator[Running]:
    """A service with these settings, stopped at the end."""
    log = folder / "log.jsonl"
    command = [sys.executable, "-m", "tests.server.small_service", str(folder)]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*command, json.dumps(settings), *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            env={**os.environ, "MIEN_TRACEBACK": "1"},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            words = [process.stdout.readline().strip() for _ in range(3)]
            assert words[2], log.read_text()
            yield Running(process, words[2], words[0], words[1], log)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE_S)


def read_all(connection: socket.socket | ssl.SSLSocket) -> bytes:
    """What comes until the other side closes; empty parts of a reset connection count as closed."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)
