"""What requests carry in JSON; names and numbers are checked by `mien.jobs`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from mien.jobs.edits import MOST_AT_ONCE
from mien.server.bodies import Body
from mien.timeline.edits import ACTION_SCHEMA

MOST_TASKS = 50


def _target(value: object) -> object:
    """A notification target by its number or its word, in any case."""
    words = {"none": 0, "finalstatesonly": 1, "all": 2}
    return words.get(value.lower(), value) if isinstance(value, str) else value


class NewAsset(Body):
    """An asset to make."""

    name: str | None = None


class NewFile(Body):
    """A file to upload: its name and size, and whether it is the one that tasks work on."""

    name: str
    size: Annotated[int, Field(ge=0, lt=2**63)]
    is_primary: bool | None = None


class NewEdits(Body):
    """Edits to add after the one that has the number `expected`, 0 of an empty log."""

    expected: Annotated[int, Field(ge=0, lt=2**62)]
    edits: Annotated[
        list[Annotated[Any, WithJsonSchema(ACTION_SCHEMA)]],
        Field(min_length=1, max_length=MOST_AT_ONCE),
    ]


class NewTaskBody(Body):
    """A task: the name or id of its processor, the preset as text, ids of assets."""

    name: str | None = None
    processor: str
    configuration: str | None = None
    input_assets: list[str]
    output_asset_name: str | None = None


class Notification(Body):
    """Where to tell of a job's states: 1 or FinalStatesOnly, 2 or All; 0 or None is nothing."""

    url: str
    target: Annotated[Literal[0, 1, 2], BeforeValidator(_target)] = 2


class NewJob(Body):
    """A job to submit."""

    name: str | None = None
    priority: Literal[-1, 0, 1] = 0
    tasks: Annotated[list[NewTaskBody], Field(min_length=1, max_length=MOST_TASKS)]
    notification: Notification | None = None
