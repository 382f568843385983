"""Operations of an API: what a dialect routes and what its OpenAPI page shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from mien.server.parameters import Parameter

Handler = Callable[[Any], Awaitable[Response]]
"""Answers a call; each dialect has a `Call` of its own."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        name: its operationId, and its label in logs and metrics.
        path: below the prefix; ids in braces.
        about: one sentence for the page.
        body: what its JSON body holds.
        octets: whether the body may also be the bytes of a file; without `body` it is nothing
            else.
        form: whether the body may also be a form with the same fields.
        answer: what it answers in JSON, a model or a list of one; None for an empty answer.
        status: of success.
        refusals: the statuses, beside those of every operation, that it may answer.
        headers: of success, each with a sentence about it.
        sent: headers of requests.
        others: further statuses that are no refusals, each with the model of its answer, or None.
    """

    name: str
    method: str
    path: str
    tag: str
    about: str
    handler: Handler
    query: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    octets: bool = False
    form: bool = False
    answer: Any = None
    status: int = 200
    refusals: tuple[int, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: tuple[Parameter, ...] = ()
    others: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
