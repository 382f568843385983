"""One request, and what its handler needs of the service."""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel

from mien.gallery import LIMITS, NamedGalleries
from mien.server.call import Call as AnyCall
from mien.server.dialects.kairos.bodies import Nothing, Upload, read
from mien.server.dialects.kairos.errors import KairosError
from mien.server.errors import Refusal
from mien.server.json_body import JSON, media_type, parse_json
from mien.server.multipart import MULTIPART, Field, FormError, FormReader, boundary_of

M = TypeVar("M", bound=BaseModel)

FILE_NAME_LENGTH = 255


class Call(AnyCall):
    """One request."""

    @cached_property
    def galleries(self) -> NamedGalleries:
        """The galleries of the key's account; raises OffError if the policy allows none."""
        self.services.policy.require_gallery()
        plan = self.services.settings.plan if self.caller.plan == "none" else self.caller.plan
        storage, trainer = self.services.storage, self.services.trainer
        return NamedGalleries(storage, self.caller.account_id, trainer, limits=LIMITS[plan])

    async def arguments(self, model: type[M]) -> M:
        """The parameters of the body, in JSON or as a form.

        Raises:
            KairosError: 1000 to 1004, 5011.
            Refusal: 408, 413.
        """
        header = self.request.headers.get("content-type")
        kind = media_type(header)
        if kind == MULTIPART:
            return read(model, self._form(header, await self.body(self._most)))
        if kind != JSON:
            raise KairosError(1001)
        body = await self.body(self._most)
        try:
            # In a thread: a picture in base64 is megabytes of text.
            values = await self.run(parse_json, body, storable=False)
        except Refusal:
            raise KairosError(1003, "the body is no JSON") from None
        if not isinstance(values, dict):
            raise KairosError(1003, "the body is no JSON object")
        return read(model, values)

    async def nothing(self) -> Nothing:
        """Read and let go what is sent with a call that has no parameters."""
        await self.body(self.services.settings.limits.json_bytes)
        return Nothing()

    @property
    def _most(self) -> int:
        """Bytes of a body: a picture in base64, and the rest."""
        limits = self.services.settings.limits
        return limits.image_bytes * 4 // 3 + limits.json_bytes

    def _form(self, header: str | None, body: bytes) -> dict[str, Any]:
        """The fields of a form: texts, and uploads where they are files."""
        try:
            reader = FormReader(boundary_of(header))
            events = list(reader.feed(body))
            reader.close()
        except FormError as error:
            raise KairosError(1003, f"the form cannot be read, {error}") from None
        values: dict[str, Any] = {}
        field = Field("", None)
        for event in events:
            if isinstance(event, Field):
                field = event
                _check_file_name(field.filename)
                values[field.name] = "" if field.filename is None else Upload(field.filename, b"")
            elif isinstance(value := values[field.name], Upload):
                values[field.name] = Upload(value.name, value.data + event)
            else:
                values[field.name] = value + event.decode("utf-8", "surrogateescape")
        return values


def _check_file_name(name: str | None) -> None:
    if name is not None and len(name) > FILE_NAME_LENGTH:
        raise KairosError(1004)
