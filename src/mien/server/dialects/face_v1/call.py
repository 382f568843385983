"""One request, and what its handler needs of the service."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import ParamSpec, TypeVar

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from mien.gallery import LIMITS, Gallery
from mien.server.dialect import Services, caller_of
from mien.server.dialects.face_v1 import bodies, errors
from mien.server.dialects.face_v1.json_body import JSON, check_media_type, parse_json
from mien.server.dialects.face_v1.names import Noun, guid, is_id
from mien.server.dialects.face_v1.parameters import Query
from mien.server.errors import Refusal
from mien.server.limits import read_body

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class Call:
    """One request."""

    def __init__(self, request: Request, services: Services) -> None:
        self.request, self.services = request, services

    @cached_property
    def query(self) -> Query:
        """The values of the query by name in lower case."""
        found: dict[str, list[str]] = {}
        for name, value in self.request.query_params.multi_items():
            found.setdefault(name.lower(), []).append(value)
        return found

    @cached_property
    def gallery(self) -> Gallery:
        """The gallery of the key's account; raises OffError if the policy allows none."""
        self.services.policy.require_gallery()
        caller = caller_of(self.request)
        plan = self.services.settings.plan if caller.plan == "none" else caller.plan
        return Gallery(
            self.services.storage, caller.account_id, self.services.trainer, limits=LIMITS[plan]
        )

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do this in a thread, off the event loop."""
        return await run_in_threadpool(work, *args, **kwargs)

    def collection(self, noun: Noun) -> str:
        """The id of the list or group in the path; raises Refusal 404."""
        id: str = self.request.path_params["collection"]
        if not is_id(id):
            raise errors.bad_id(noun)
        return id

    def person(self) -> str:
        """The id of the person in the path; raises Refusal 404."""
        return self.guid("person", "PersonNotFound", "Person")

    def face(self) -> str:
        """The id of the stored face in the path; raises Refusal 404."""
        return self.guid("face", "PersistedFaceNotFound", "Persisted face")

    def guid(self, part: str, code: str, text: str) -> str:
        """A GUID in the path; raises Refusal 404 with this code."""
        found = guid(self.request.path_params[part])
        if found is None:
            raise Refusal(404, code, f"{text} ID is invalid.")
        return found

    async def json(self, model: type[M], *, unreadable: str = bodies.INVALID) -> M:
        """The body as this model; `unreadable` is the message where it is no JSON at all.

        Raises:
            Refusal: 400, 408, 413, 415.
        """
        check_media_type(self.request.headers.get("content-type"), JSON)
        body = await self.body(self.services.settings.limits.json_bytes)
        return bodies.read(model, parse_json(body, message=unreadable))

    async def body(self, most: int) -> bytes:
        """The body, of at most so many bytes; raises Refusal 408, 413."""
        seconds = self.services.settings.limits.body_s
        return await read_body(self.request, most=most, seconds=seconds)
