"""Pages: templates of Jinja2, with everything escaped that is not said to be markup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from mien.server.dialect import Services
from mien.server.studio.files import Files

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the studio.

    Attributes:
        name: its page is /studio/NAME; its icon is the symbol of that name in static/icons.svg.
        label: in the navigation.
        routes: all it has, below /studio; pages at /NAME…, what scripts call at /api/….
    """

    name: str
    label: str
    routes: Callable[[Services], Sequence[BaseRoute]]


class Pages:
    """Renders the pages of a service."""

    def __init__(self, services: Services, files: Files, areas: Sequence[Area]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "asset": files.url,
            "areas": areas,
            "policy": services.policy,
            "limits": services.settings.limits,
        }

    def render(
        self,
        request: Request,
        name: str,
        status: int,
        values: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page; see `page`."""
        state = request.scope["state"]
        known = {"visitor": state["visitor"], "csrf": state["csrf"], "path": request.url.path}
        text = self._environment.get_template(name).render({**known, **values})
        return HTMLResponse(text, status_code=status, headers=dict(headers or {}))


def page(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    """Answer with a page.

    Args:
        name: of the template. It sees `visitor` (None if nobody is logged in), `csrf`, `path`,
            `policy`, `limits`, `areas` and `asset(NAME)`, the URL of a file in static/.
        status: of HTTP.
        values: what else it sees.
    """
    pages: Pages = request.scope["state"]["pages"]
    return pages.render(request, name, status, values)
