"""The page at /docs: the OpenAPI of each dialect in Swagger UI. Nothing comes from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from importlib.resources import as_file, files
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from mien.server.dialect import Dialect

HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<link rel="icon" href="docs/ui/favicon.png">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mien</title>
<link rel="stylesheet" href="docs/ui/swagger-ui.css">
</head>
<body>
<nav>{links}</nav>
<div id="page"></div>
<script src="docs/ui/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

START = """const names = {names};
const asked = new URLSearchParams(location.search).get("api");
SwaggerUIBundle({{
  url: "docs/" + (names.includes(asked) ? asked : names[0]) + ".json",
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
}});
"""


def docs_routes(apps: Mapping[Dialect, FastAPI], public_url: str) -> list[BaseRoute]:
    """The routes of the page, its files and the documents that it shows.

    Args:
        apps: the application of each dialect.
        public_url: where the service is reached; empty: where the page came from.
    """
    documents = {each.name: _document(app, each, public_url) for each, app in apps.items()}
    titles = {each.name: each.title or each.name for each in apps}
    links = " · ".join(
        f'<a href="docs?api={name}">{escape(title)}</a> (<a href="docs/{name}.json">JSON</a>)'
        for name, title in titles.items()
    )

    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE.format(links=links), headers=HEADERS)

    async def start(request: Request) -> Response:
        text = START.format(names=json.dumps([*titles]))
        return Response(text, media_type="text/javascript", headers=HEADERS)

    async def document(request: Request) -> Response:
        found = documents.get(request.path_params["name"])
        if found is None:
            return JSONResponse({"detail": "There is no such API."}, status_code=404)
        return JSONResponse(found)

    with as_file(files("fastapi_offline") / "static") as folder:  # Swagger UI, as published
        ui = StaticFiles(directory=folder)
    return [
        Route("/docs", page, name="docs"),
        Route("/docs/start.js", start, name="docs-start"),
        Route("/docs/{name}.json", document, name="openapi"),
        Mount("/docs/ui", ui, name="docs-ui"),
    ]


def _document(app: FastAPI, dialect: Dialect, public_url: str) -> dict[str, Any]:
    return {**app.openapi(), "servers": [{"url": public_url.rstrip("/") + dialect.prefix}]}
