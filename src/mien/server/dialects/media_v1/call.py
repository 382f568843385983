"""One request, and the assets and jobs of whoever makes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from mien.errors import NoSuchAssetError, NoSuchAssetFileError, NoSuchJobError
from mien.jobs import Assets, Queue
from mien.server import call
from mien.server.bodies import read
from mien.server.dialects.media_v1.answers import Answer

M = TypeVar("M", bound=BaseModel)


class Call(call.Call):
    """One request."""

    @cached_property
    def queue(self) -> Queue:
        """The jobs of the key's account."""
        services = self.services
        return Queue(services.storage, self.caller.account_id, wake=services.pool.wake)

    @property
    def assets(self) -> Assets:
        """The assets of the key's account."""
        return self.queue.assets

    @property
    def asset(self) -> str:
        """The id of the asset in the path; raises NoSuchAssetError."""
        return self._id("assetId", NoSuchAssetError, "asset")

    @property
    def file(self) -> str:
        """The id of the file in the path; raises NoSuchAssetFileError."""
        return self._id("fileId", NoSuchAssetFileError, "file")

    @property
    def job(self) -> str:
        """The id of the job in the path; raises NoSuchJobError."""
        return self._id("jobId", NoSuchJobError, "job")

    async def json(self, model: type[M]) -> M:
        """The body as this model; raises Refusal 400, 408, 413, 415."""
        return read(model, await self.value())

    def _id(
        self,
        part: str,
        missing: type[NoSuchAssetError | NoSuchAssetFileError | NoSuchJobError],
        what: str,
    ) -> str:
        text = self.request.path_params[part]
        try:
            return str(UUID(text))
        except ValueError:
            raise missing(f"there is no {what} of this id", what=text) from None


def answer(model: Answer | Sequence[Answer], status: int = 200) -> Response:
    """Answer in JSON."""
    if isinstance(model, Answer):
        return JSONResponse(model.model_dump(mode="json", by_alias=True), status_code=status)
    told = [each.model_dump(mode="json", by_alias=True) for each in model]
    return JSONResponse(told, status_code=status)
