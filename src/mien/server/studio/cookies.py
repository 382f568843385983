"""The cookies of the studio: one for the session, one for forms that come before it."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import HTTPConnection
from starlette.responses import Response

from mien.server.settings import Settings
from mien.storage.sessions import REMEMBERED_S

LONGEST = 128


class Cookies:
    """What they are called, and with which attributes they are set.

    Over https (TLS of its own, or a public URL that says so) they are Secure and have the prefix
    `__Host-`: no other host, and no page without TLS, can set one that is taken for them.
    """

    def __init__(self, settings: Settings) -> None:
        self.secure = settings.tls_cert is not None or (settings.public_url or "").startswith(
            "https://"
        )
        prefix = "__Host-" if self.secure else ""
        self.session, self.guest = f"{prefix}mien-session", f"{prefix}mien-guest"

    def token(self, head: HTTPConnection, name: str) -> str | None:
        """The value of a cookie, if it may be one of ours."""
        value = head.cookies.get(name, "")
        return value if 0 < len(value) <= LONGEST and value.isascii() else None

    def set(self, response: Response, name: str, token: str, *, remember: bool = False) -> None:
        """Have the browser keep a token; until it is closed, or for as long as a session lasts."""
        response.set_cookie(
            name,
            token,
            max_age=REMEMBERED_S if remember else None,
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def clear(self, response: Response, name: str) -> None:
        """Have the browser forget a token."""
        response.delete_cookie(name, secure=self.secure, httponly=True, samesite="lax")


def csrf_of(token: str) -> str:
    """What forms and scripts must show beside a cookie, which other sites can have sent but
    neither read nor set: HMAC-SHA256 with the cookie's token as the key."""
    return hmac.new(token.encode(), b"mien csrf", hashlib.sha256).hexdigest()
