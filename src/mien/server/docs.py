"""The page at /docs: the OpenAPI of each dialect in Swagger UI. Nothing comes from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import swagger_ui_bundle  # type: ignore[import-untyped]
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
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mien</title>
<link rel="stylesheet" href="docs/ui/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<noscript><p>The same as JSON:</p><ul>{links}</ul></noscript>
<script src="docs/ui/swagger-ui-bundle.js"></script>
<script src="docs/ui/swagger-ui-standalone-preset.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

START = """SwaggerUIBundle({{
  urls: {urls},
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
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
    urls = [{"url": f"docs/{name}.json", "name": title} for name, title in titles.items()]
    links = "".join(f'<li><a href="docs/{name}.json">{escape(titles[name])}</a>' for name in titles)

    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE.format(links=links), headers=HEADERS)

    async def start(request: Request) -> Response:
        text = START.format(urls=json.dumps(urls))
        return Response(text, media_type="text/javascript", headers=HEADERS)

    async def document(request: Request) -> Response:
        found = documents.get(request.path_params["name"])
        if found is None:
            return JSONResponse({"detail": "There is no such API."}, status_code=404)
        return JSONResponse(found)

    files = Path(swagger_ui_bundle.swagger_ui_path)
    return [
        Route("/docs", page, name="docs"),
        Route("/docs/start.js", start, name="docs-start"),
        Route("/docs/{name}.json", document, name="openapi"),
        Mount("/docs/ui", StaticFiles(directory=files), name="docs-ui"),
    ]


def _document(app: FastAPI, dialect: Dialect, public_url: str) -> dict[str, Any]:
    return {**app.openapi(), "servers": [{"url": public_url.rstrip("/") + dialect.prefix}]}
