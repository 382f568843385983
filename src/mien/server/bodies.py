"""Request bodies as models of pydantic, read strictly.

A null counts as absent; keys that an API has not are passed over. A field that breaks its own rule
is refused with its own sentence; everything else that does not fit (a wrong type, a missing field)
is "Request body is invalid.".
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from mien.server.errors import Refusal

INVALID = "Request body is invalid."

M = TypeVar("M", bound=BaseModel)


class Body(BaseModel):
    """A request's JSON object."""

    model_config = ConfigDict(
        strict=True, extra="ignore", alias_generator=to_camel, populate_by_name=False
    )


def refused(message: str) -> Refusal:
    """A refusal of an argument."""
    return Refusal(400, "BadArgument", message)


def read(model: type[M], value: Any) -> M:
    """The body as this model has it; raises Refusal 400."""
    try:
        return model.model_validate(value)
    except (ValidationError, OverflowError):
        raise refused(INVALID) from None
