"""What the service refuses, in one form for all dialects.

    Refusal (MienError)            any answer that is not the one asked for
    ├── KeyRefusedError            401: no key, or one that is unknown, revoked or expired
    ├── OffError                   403: the operator's policy or the key's scopes exclude it
    ├── QuotaError                 403: the plan's volume is used up
    ├── RateError                  429: more calls than the plan allows now
    ├── UnknownPathError           404: the API has no such path
    ├── MethodRefusedError         405: it has the path, and not for this method
    ├── LateError                  408: the body did not arrive, or the turn did not come, in time
    ├── GoneError                  499: nobody waits for the answer any more; only the log sees it
    ├── BodyTooLargeError          413: more bytes than are read
    ├── BusyError                  503: the queue is full, or the service is about to stop
    └── UrlError                   400: a URL that the fetcher refuses, or that gave no file
        └── UrlTooLargeError       a URL that gave a larger file than is read

A dialect renders them in the error body of its API (`Dialect.refuse`); it may raise its own
`Refusal` with any status, code and headers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mien.errors import MienError


class Refusal(MienError):
    """An answer that is not the one asked for.

    Attributes:
        status: of HTTP.
        code: the word that programs read; None where the API has the number of the status instead.
        message: one sentence for people.
        headers: to send with it.
    """

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})


class KeyRefusedError(Refusal):
    """No key, or one that is unknown, revoked or expired."""

    def __init__(self) -> None:
        super().__init__(
            401,
            "Unspecified",
            "Access denied due to invalid subscription key. Make sure you are subscribed to an API "
            "you are trying to call and provide the right key.",
        )


class OffError(Refusal):
    """The operator's policy, or the scopes of the key, exclude what was asked for."""

    def __init__(self, message: str) -> None:
        super().__init__(403, "UnsupportedFeature", message)


class QuotaError(Refusal):
    """The plan's volume is used up; `days` is how long until it is there again."""

    def __init__(self, days: int) -> None:
        self.days = days
        unit = "day" if days == 1 else "days"
        super().__init__(
            403, None, f"Out of call volume quota. Quota will be replenished in {days} {unit}."
        )


class RateError(Refusal):
    """More calls than the plan allows now; `seconds` is how long to wait."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        unit = "second" if seconds == 1 else "seconds"
        super().__init__(
            429,
            None,
            f"Rate limit is exceeded. Try again in {seconds} {unit}.",
            {"Retry-After": str(seconds)},
        )


class UnknownPathError(Refusal):
    """The API has no such path."""

    def __init__(self) -> None:
        super().__init__(404, "ResourceNotFound", "Resource not found.")


class MethodRefusedError(Refusal):
    """The API has the path for other `methods` only."""

    def __init__(self, methods: Iterable[str]) -> None:
        self.methods = frozenset(methods)
        allow = {"Allow": ", ".join(sorted(self.methods))}
        super().__init__(405, "MethodNotAllowed", "Method not allowed.", allow)


class LateError(Refusal):
    """The body did not arrive, or the turn did not come, in time."""

    def __init__(self) -> None:
        super().__init__(408, "OperationTimeOut", "Request Timeout.")


class GoneError(Refusal):
    """The client has gone; nobody gets this answer. Logs and metrics have the status, nginx's."""

    def __init__(self) -> None:
        super().__init__(499, "ClientClosedRequest", "The client has gone.")


class BodyTooLargeError(Refusal):
    """More bytes than are read; `most` is how many are."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            413, "RequestTooLarge", f"Request body is larger than the limit of {most} bytes."
        )


class BusyError(Refusal):
    """The queue is full, or the service is about to stop; `seconds` is when to try again."""

    def __init__(self, seconds: int = 1) -> None:
        self.seconds = seconds
        super().__init__(
            503,
            "ServiceUnavailable",
            f"The service is busy. Try again in {seconds} second{'' if seconds == 1 else 's'}.",
            {"Retry-After": str(seconds)},
        )


class UrlError(Refusal):
    """A URL that the fetcher refuses, or that gave no file; the message says which."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "InvalidURL", message)


class UrlTooLargeError(UrlError):
    """A URL that gave a larger file than is read."""
