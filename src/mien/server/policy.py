"""What the operator has switched off. What is off is answered 403, never with a made-up value."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mien.errors import ConfigurationError, InputNotFoundError
from mien.server.errors import OffError

MOST_BYTES = 2**16
OTHERS = ("attributes", "dialects", "score_without_key")
"""Names in a file beside those of the switches."""
WHO = ("local", "all", "none")


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be asked for. All but ethnicity is on unless a policy file says otherwise; no model
    here tells ethnicity, so switching it on gives nothing yet.

    A file is TOML or JSON (by its ending), for instance::

        gallery = true                   # groups, lists, persons, faceIds; verify and identify
        emotion = false
        ethnicity = false
        score_without_key = "local"      # /score: callers on this machine; or "all", or "none"
        search_while_training = false    # true: the old index answers while a new one is trained
        [attributes]
        age = false
        [dialects]
        face = true
    """

    emotion: bool = True
    ethnicity: bool = False
    gallery: bool = True
    search_while_training: bool = False
    score_without_key: str = "local"
    """Who may call /score without a key: one of `WHO`."""
    attributes_off: frozenset[str] = frozenset()
    """Names in lower case."""
    dialects_off: frozenset[str] = frozenset()

    @classmethod
    def load(cls, path: Path | None) -> Policy:
        """The policy of a file; the one that allows all without a file.

        Raises:
            InputNotFoundError: there is no such file.
            ConfigurationError: it is neither TOML nor JSON, or has a name or value it must not.
        """
        if path is None:
            return cls()
        try:
            data = path.read_bytes()[: MOST_BYTES + 1]
        except OSError as error:
            raise InputNotFoundError(f"the policy {path} cannot be read: {error}") from error
        if len(data) > MOST_BYTES:
            raise ConfigurationError(f"the policy {path} has more than {MOST_BYTES} bytes")
        try:
            text = data.decode()
            read = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # both parsers and the decoding raise it
            raise ConfigurationError(f"the policy {path} cannot be read: {error}") from error
        return cls.of(read, str(path))

    @classmethod
    def of(cls, read: Any, name: str = "the policy") -> Policy:
        """The policy of a parsed file. Raises as `load`."""
        if not isinstance(read, dict):
            raise ConfigurationError(f"{name} must be a table of names and values")
        switches = {each.name for each in fields(cls) if isinstance(each.default, bool)}
        values: dict[str, Any] = {}
        for key, value in read.items():
            if key in ("attributes", "dialects"):
                values[f"{key}_off"] = frozenset(_off(value, key, name))
            elif key == "score_without_key":
                values[key] = _word(value, WHO, key, name)
            elif key in switches:
                values[key] = _switch(value, key, name)
            else:
                known = ", ".join(sorted({*switches, *OTHERS}))
                raise ConfigurationError(f"{name} has '{key}', which is none of {known}")
        return cls(**values)

    def allows(self, attribute: str) -> bool:
        """Whether this attribute, by the name an API has for it, may be given."""
        word = attribute.lower()
        switch = {"emotion": self.emotion, "ethnicity": self.ethnicity}.get(word, True)
        return switch and word not in self.attributes_off

    def require_attributes(self, attributes: Iterable[str]) -> None:
        """Raise `OffError` if one of them is off; the message names all that are."""
        off = [name for name in attributes if not self.allows(name)]
        if off:
            raise OffError(f"Switched off by the policy of this service: {', '.join(off)}.")

    def require_gallery(self) -> None:
        """Raise `OffError` if faces may not be kept or compared."""
        if not self.gallery:
            raise OffError("Keeping and comparing faces is switched off by this service's policy.")

    def require_dialect(self, name: str) -> None:
        """Raise `OffError` if this dialect is off."""
        if name in self.dialects_off:
            raise OffError(f"The API '{name}' is switched off by the policy of this service.")


def _off(value: Any, key: str, name: str) -> Iterable[str]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"'{key}' of {name} must be a table of names, each true or false")
    return [str(each).lower() for each, on in value.items() if not _switch(on, each, name)]


def _word(value: Any, words: Sequence[str], key: str, name: str) -> str:
    if value not in words:
        raise ConfigurationError(f"'{key}' of {name} must be one of {', '.join(words)}")
    return str(value)


def _switch(value: Any, key: str, name: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"'{key}' of {name} must be true or false, not {value!r}")
    return value
