"""One line of JSON for each event. No picture, key, address's query or person's name gets in."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO
from uuid import uuid4

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request that is being worked on; in every line that is written meanwhile."""

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECRET = re.compile(r"(?i)(subscription-key=)[^&\s\"']+")
LOG = logging.getLogger("mien.server")


def request_id(given: str | None) -> str:
    """The id a client gave when it is short and plain, else a new one."""
    return given if given and _WELL_FORMED.fullmatch(given) else str(uuid4())


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON; what stands in `extra={"fields": …}` goes in beside."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": _SECRET.sub(r"\1***", record.getMessage()),
        }
        if identity := REQUEST_ID.get():
            line["request_id"] = identity
        fields = getattr(record, "fields", None)
        if isinstance(fields, Mapping):
            line |= fields
        if record.exc_info:
            line["fault"] = _SECRET.sub(r"\1***", self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True, default=str)


def write_logs(stream: TextIO | None = None, *, level: str = "info") -> None:
    """Send the logs of mien and of the web server to a stream (stderr) as lines of JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("mien", "uvicorn", "uvicorn.error"):
        log = logging.getLogger(name)
        log.handlers[:] = [handler] if name != "uvicorn.error" else []
        log.propagate = name == "uvicorn.error"
        log.setLevel(level.upper())
    # The web server's own line of each request has the query in it, where a key may stand.
    logging.getLogger("uvicorn.access").handlers[:] = []
    logging.getLogger("uvicorn.access").propagate = False
