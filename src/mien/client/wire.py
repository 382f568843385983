"""Requests to the service, and its refusals as errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from mien.client.credentials import Credentials
from mien.errors import ServiceError, UsageError

PREFIX = "/media/v1"
CONNECT_S, ANSWER_S = 10.0, 60.0


class Wire:
    """Speaks HTTP with one service. Use it from one thread at a time.

    Args:
        url: of the service, without /media/v1.
        credentials: who calls.
        transport: carries the requests, for tests; by default the network.

    Raises:
        UsageError: no URL of http or https.
    """

    def __init__(
        self, url: str, credentials: Credentials, transport: httpx.BaseTransport | None = None
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"the URL of the service must begin with http:// or https://: {url}")
        self._client = httpx.Client(
            base_url=url.rstrip("/") + PREFIX,
            headers=credentials.headers,
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            transport=transport,
        )

    def json(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON of an answer, None of an empty one; raises ServiceError."""
        with _explained():
            answer = self._client.request(method, path, json=body, params=query)
        _check(answer)
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError as error:
            raise ServiceError(
                f"what answered at {answer.url} is no service of mien; check the URL",
                status=answer.status_code,
            ) from error

    def send(self, path: str, pieces: Iterable[bytes], headers: Mapping[str, str]) -> None:
        """Send bytes; raises ServiceError."""
        with _explained():
            answer = self._client.patch(path, content=pieces, headers=dict(headers))
        _check(answer)

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """An answer whose body comes bit by bit; raises ServiceError."""
        with (
            _explained(),
            self._client.stream("GET", path, headers=dict(headers)) as answer,
        ):
            if answer.is_error:
                answer.read()
            _check(answer)
            yield answer

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


@contextmanager
def _explained() -> Iterator[None]:
    """No answer, or half of one, as a ServiceError without a status."""
    try:
        yield
    except httpx.ConnectError as error:
        raise ServiceError(f"the service cannot be reached: {error}; does it run?") from error
    except httpx.TimeoutException as error:
        raise ServiceError("the service did not answer in time; try again") from error
    except httpx.HTTPError as error:
        raise ServiceError(f"the connection to the service broke: {error}; try again") from error


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    code, message = None, f"the service answered with status {answer.status_code}"
    try:
        told = answer.json()["error"]
        code, message = told.get("code"), told["message"]
    except (ValueError, LookupError, TypeError, AttributeError):
        pass  # not the error body of a service of mien: the status says what there is to say
    raise ServiceError(message, status=answer.status_code, code=code)
