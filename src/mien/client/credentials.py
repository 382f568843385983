"""What shows who calls, in the two shapes that programs for Media Services have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class Credentials(Protocol):
    """What goes into the head of every request."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that show the key."""


@dataclass(frozen=True, slots=True)
class MediaServicesCredentials:
    """An account's name and key; the key is one that `mien keys create` made."""

    account_name: str
    account_key: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """See `Credentials`."""
        return {"Ocp-Apim-Subscription-Key": self.account_key}


@dataclass(frozen=True, slots=True)
class TokenCredentials:
    """A tenant's domain, and a client's id and secret; the secret is one that `mien keys create`
    made, and the rest is taken as it is."""

    tenant_domain: str
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """See `Credentials`."""
        return {"Authorization": f"Bearer {self.client_secret}"}
