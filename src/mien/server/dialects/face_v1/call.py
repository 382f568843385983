"""One request, and what its handler needs of the service."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

from pydantic import BaseModel

from mien.gallery import LIMITS, Gallery
from mien.server.bodies import INVALID, read
from mien.server.call import Call as AnyCall
from mien.server.dialects.face_v1 import errors
from mien.server.dialects.face_v1.names import Noun, guid, is_id
from mien.server.errors import Refusal

M = TypeVar("M", bound=BaseModel)


class Call(AnyCall):
    """One request."""

    @cached_property
    def gallery(self) -> Gallery:
        """The gallery of the key's account; raises OffError if the policy allows none."""
        self.services.policy.require_gallery()
        plan = self.services.settings.plan if self.caller.plan == "none" else self.caller.plan
        storage, trainer = self.services.storage, self.services.trainer
        return Gallery(storage, self.caller.account_id, trainer, limits=LIMITS[plan])

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

    async def json(self, model: type[M], *, unreadable: str = INVALID) -> M:
        """The body as this model; `unreadable` is the message where it is no JSON at all.

        Raises:
            Refusal: 400, 408, 413, 415.
        """
        return read(model, await self.value(unreadable=unreadable))
