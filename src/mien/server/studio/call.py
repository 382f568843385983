"""One request of a visitor, about a video of the account or about a picture that comes along."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cached_property
from uuid import UUID

from mien.errors import NoSuchAssetError
from mien.jobs import Queue
from mien.server.auth import Caller
from mien.server.call import Call
from mien.server.errors import Refusal
from mien.server.parameters import Number
from mien.server.studio.library import Clip, Library
from mien.server.studio.visitors import visitor_of
from mien.timeline.timeline import Timeline

MOST_FRAMES = 600
"""Of one answer."""
FIRST = Number("first", 0, 999_999_999, 0, "The number of the first frame.")
COUNT = Number("count", 1, MOST_FRAMES, MOST_FRAMES, "So many frames at most.")


class StudioCall(Call):
    """One request of a visitor."""

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return visitor_of(self.request).caller

    @cached_property
    def queue(self) -> Queue:
        """The jobs of the visitor's account."""
        services = self.services
        return Queue(services.storage, self.caller.account_id, wake=services.pool.wake)

    @cached_property
    def library(self) -> Library:
        """The videos of the visitor's account."""
        return Library(self.queue)

    def clip(self) -> Clip:
        """The video in the path; raises NoSuchAssetError."""
        text: str = self.request.path_params["assetId"]
        try:
            id = str(UUID(text))
        except ValueError:
            raise NoSuchAssetError("there is no video of this id", what=text) from None
        return self.library.get(id)

    def number(self, name: str) -> int:
        """A number in the path; raises Refusal 404."""
        text: str = self.request.path_params[name]
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise Refusal(404, "NotFound", f"There is no {name} of this number.")
        return int(text)

    def text(self, name: str) -> str | None:
        """A word of the query; None where it has none."""
        values = self.query.get(name)
        return values[-1] if values and values[-1] else None

    def seconds(self, name: str) -> Fraction | None:
        """A time in the query; None where it has none. Raises Refusal 400."""
        text = self.text(name)
        if text is not None and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            raise Refusal(400, "BadArgument", f"'{name}' is a time in seconds, such as 12.5.")
        return None if text is None else Fraction(text)

    def span(self, timeline: Timeline) -> tuple[int, int]:
        """The frames that the query names: the first, by its number or by the time at which it is
        shown, and how many. Raises Refusal 400."""
        first, count, at = FIRST.read(self.query), COUNT.read(self.query), self.seconds("at")
        return first if at is None else timeline.frame_at(at), count
