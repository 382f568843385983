"""How passwords are kept: argon2id (RFC 9106), and how they are compared without telling anything.

Parameters are those that RFC 9106 (4) recommends where memory is short: three passes over 64 MiB
with four lanes. A hash carries its parameters; one made with others is made anew at a log-in.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from mien.errors import UsageError

SHORTEST, LONGEST = 10, 256
"""Characters of a password."""

_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def check_password(password: str, name: str) -> None:
    """Raise UsageError if this password is not to be taken for a user of this name.

    Length is what counts; nothing is asked of its characters (NIST SP 800-63B, 3.1.1.2).
    """
    if len(password) < SHORTEST:
        raise UsageError(f"a password has at least {SHORTEST} characters; several words are good")
    if len(password) > LONGEST:
        raise UsageError(f"a password has at most {LONGEST} characters")
    folded = password.casefold()
    if len(set(folded)) < 4:
        raise UsageError("this password repeats a few characters; take one that is harder to guess")
    if name.casefold() in folded and len(password) < len(name) + SHORTEST // 2:
        raise UsageError("this password is little more than the name; take another")


def hashed(password: str) -> str:
    """The hash to keep, with its salt and parameters."""
    return _HASHER.hash(_bytes(password))


def is_right(password: str, kept: str | None) -> bool:
    """Whether this is the password; without a hash to compare with it takes as long, and is not."""
    try:
        _HASHER.verify(_nobodys() if kept is None else kept, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than those of now."""
    return _HASHER.check_needs_rehash(kept)


def _bytes(password: str) -> bytes:
    # what looks the same is the same, on whatever keyboard it was typed
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    return _HASHER.hash(b"nobody has this password")
