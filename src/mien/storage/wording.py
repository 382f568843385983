"""Text as both databases can keep it: whole or not at all."""

from __future__ import annotations

from sqlalchemy import Dialect, Text, TypeDecorator

from mien.errors import UsageError


class Words(TypeDecorator[str]):
    """A text column that takes what PostgreSQL and SQLite both take, and refuses the rest.

    Binding a text that holds a null character or half of a surrogate pair raises UsageError.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it is."""
        if value is not None:
            _check(value)
        return value


def _check(text: str) -> None:
    if "\0" in text:
        raise UsageError("a text holds a null character; leave it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            "a text holds half a character (a lone surrogate); send it whole"
        ) from error
