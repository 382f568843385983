"""What requests carry in JSON."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from mien.server.pictures import ImageUrl

UNREADABLE = "Failed to deserialize JSON request."


class FileUrl(ImageUrl):
    """A picture or video, by its address; clients spell the key `url` or `URL`."""

    url: str = Field(validation_alias=AliasChoices("url", "URL", "Url"))
