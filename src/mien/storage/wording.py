"""What a caller writes into a text field, as both databases can keep it: whole or not at all."""

from __future__ import annotations

from typing import overload

from mien.errors import UsageError


@overload
def storable(text: str) -> str: ...
@overload
def storable(text: None) -> None: ...
def storable(text: str | None) -> str | None:
    """The text as it is.

    Raises:
        UsageError: it holds a null character, or one half of a surrogate pair.
    """
    if text is None:
        return None
    if "\0" in text:
        raise UsageError("a text holds a null character, which cannot be stored")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError("a text holds half a character (a lone surrogate)") from error
    return text
