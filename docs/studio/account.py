"""Logging in, and the account."""

from __future__ import annotations

from docs.studio.stage import Stage


def show(stage: Stage) -> None:
    """The way in, one's own account, and what an admin sees."""
    stage.stranger.goto("/studio/login")
    stage.keep("login", page=stage.stranger, height=560)
    visitor = stage.visitor
    visitor.send(
        "/studio/account/keys/create", name="camera 7", expires="90", **{"scope-media": "on"}
    )
    stage.page.goto("/studio/account")
    stage.keep("account", height=1000)
