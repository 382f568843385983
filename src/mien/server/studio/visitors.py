"""Who is logged in."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from mien.server.auth import Caller
from mien.server.errors import OffError, Refusal
from mien.storage.sessions import Session
from mien.storage.users import Role


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is logged in.

    Attributes:
        account_id: whose data they see.
        session_id: of this log-in; no secret.
        plan: of the account; "none" where it has none of its own.
        remembered: whether they wanted to be, when they logged in.
    """

    user_id: str
    name: str
    role: Role
    account_id: str
    session_id: str
    plan: str
    remembered: bool = False

    @classmethod
    def of(cls, session: Session) -> Visitor:
        """The visitor of a session."""
        return cls(
            session.user_id,
            session.name,
            session.role,
            session.account_id,
            session.id,
            session.plan,
            session.remembered,
        )

    @property
    def is_admin(self) -> bool:
        """Whether it is an admin."""
        return self.role is Role.ADMIN

    @property
    def caller(self) -> Caller:
        """What the APIs of the service take them for: a key of the account, for all APIs."""
        return Caller(self.session_id, self.name, self.account_id, frozenset(), self.plan)


class NotLoggedInError(Refusal):
    """Nobody is logged in: there was no session, or it has ended."""

    def __init__(self) -> None:
        super().__init__(401, "NotLoggedIn", "You are not logged in any more. Log in again.")


def visitor_of(request: HTTPConnection) -> Visitor:
    """Who made a request that has passed the guard; raises NotLoggedInError on open pages."""
    found: Visitor | None = request.scope["state"]["visitor"]
    if found is None:
        raise NotLoggedInError
    return found


def admin_of(request: HTTPConnection) -> Visitor:
    """The same for what only an admin may do; raises OffError."""
    visitor = visitor_of(request)
    if not visitor.is_admin:
        raise OffError("Only an admin may do this. Ask one, or log in as one.")
    return visitor
