from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mien.models import store_folder


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def zip_of(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tar_of(members: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return stream.getvalue()


def wheel_of(members: Mapping[str, bytes], tag: str = "py3-none-any") -> bytes:
    """A wheel of the distribution fake-weights 1.0."""
    folder = "fake_weights-1.0.dist-info"
    return zip_of(
        {
            f"{folder}/METADATA": b"Metadata-Version: 2.1\nName: fake-weights\nVersion: 1.0\n",
            f"{folder}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
            f"{folder}/RECORD": b"",
            **members,
        }
    )


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder; `stalled` holds back the last byte of every file but pages."""

    def __init__(self, *args: Any, web: Web, **kwargs: Any) -> None:
        self.web = web
        super().__init__(*args, directory=str(web.folder), **kwargs)

    def do_GET(self) -> None:
        self.web.requests.append(self.path)
        file = self.web.folder / self.path.lstrip("/")
        if self.web.stalled and file.is_file():
            data = file.read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:-1])
            self.wfile.flush()
            self.web.release.wait(30)
            return
        super().do_GET()

    def log_message(self, *args: Any) -> None:
        pass


@dataclass
class Web:
    """A web server on this machine, and a package index on it."""

    folder: Path
    url: str = ""
    requests: list[str] = field(default_factory=list)
    stalled: bool = False
    release: threading.Event = field(default_factory=threading.Event)

    def put(self, file: str, data: bytes) -> str:
        """Serve a file; returns its URL."""
        (self.folder / file).write_bytes(data)
        return f"{self.url}/{file}"

    def publish(self, file: str, data: bytes) -> None:
        """Serve a file as one of the distribution fake-weights on the index."""
        page = self.folder / "simple" / "fake-weights"
        page.mkdir(parents=True, exist_ok=True)
        with (page / "index.html").open("a") as stream:
            stream.write(f'<a href="{self.put(file, data)}">{file}</a>\n')


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A server, and pip set to the index on it and to nothing else."""
    served = Web(tmp_path / "web")
    served.folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, web=served))
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_port}"
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{served.url}/simple")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield served
    served.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store that does not exist yet."""
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path / "store"))
    monkeypatch.delenv("MIEN_OFFLINE", raising=False)
    return store_folder()


Catalogue = Callable[..., None]


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """Names a further catalogue with the entry `fake`, `inside` an archive or with a `url`."""
    versions = iter(range(100))

    def write(data: bytes, *, inside: Mapping[str, Any] | None = None, **fields: Any) -> None:
        entry: dict[str, Any] = {"kind": "model", "file": "fake.bin", "licence": "CC0-1.0"}
        entry |= {"sha256": sha256(data), "size": len(data)} | fields
        lines = ["[entries.fake]", *map(_line, entry.items())]
        if inside is not None:
            lines.insert(1, 'archive = "fake"')
            lines += ["[archives.fake]", *map(_line, inside.items())]
        path = tmp_path / f"catalogue-{next(versions)}.toml"
        path.write_text("\n".join(lines) + "\n")
        monkeypatch.setenv("MIEN_CATALOGUE", str(path))

    return write


def _line(item: tuple[str, Any]) -> str:
    key, value = item
    return f"{key} = {json.dumps(value)}"


def archive_of(file: str, data: bytes, **fields: Any) -> dict[str, Any]:
    """The fields of an archive on the index, or with `url` on the web."""
    where = {} if "url" in fields else {"distribution": "fake-weights", "version": "1.0"}
    return {"file": file, "sha256": sha256(data), "size": len(data)} | where | fields
