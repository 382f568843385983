"""Calls of an SDK, noted by name, so that a test can prove which methods it tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


class Watched:
    """An SDK whose groups of methods note each call that came to an end, good or refused.

    Args:
        groups: the objects or modules with the methods, by name.
    """

    def __init__(self, groups: dict[str, Any]) -> None:
        self._groups = groups
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return _Group(name, self._groups[name], self.called)


class _Group:
    def __init__(self, name: str, group: Any, called: set[str]) -> None:
        self._name, self._group, self._called = name, group, called

    def __getattr__(self, method: str) -> Callable[..., Any]:
        found = getattr(self._group, method)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._called.add(f"{self._name}.{method}")
            return found(*args, **kwargs)

        return call


Scenario = Callable[..., None]


class Scenarios:
    """Scenarios, and the methods that each says it calls."""

    def __init__(self) -> None:
        self.of: dict[str, tuple[frozenset[str], Scenario]] = {}

    def covers(self, *names: str) -> Callable[[Scenario], Scenario]:
        """Register a scenario that calls these methods ("group.method")."""

        def register(scenario: Scenario) -> Scenario:
            self.of[scenario.__name__] = (frozenset(names), scenario)
            return scenario

        return register

    @property
    def covered(self) -> set[str]:
        """All methods that a scenario calls."""
        return {name for names, _ in self.of.values() for name in names}


def public(names: Iterable[str]) -> list[str]:
    """Those that do not begin with an underscore."""
    return [name for name in names if not name.startswith("_")]
