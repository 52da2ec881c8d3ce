"""Who asks, in which tenant, and what they hold. Pure words; no database."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NewType

TenantId = NewType("TenantId", str)
PersonId = NewType("PersonId", str)
Principal = NewType("Principal", str)
"""One entry of a reader list: `person:…`, `group:<source>:…` or `everyone`."""

EVERYONE = Principal("everyone")
"""Every person of one tenant. Guests and strangers do not hold it."""


def person_principal(person: PersonId) -> Principal:
    """The principal that only this person holds."""
    return Principal(f"person:{person}")


def group_principal(source: str, group: str) -> Principal:
    """The principal that members of `group` of the system `source` hold. Groups of two systems never mix.

    A colon in a source's name is written %3A: else `c` of `a:b` and `b:c` of `a` would be one group.
    """
    return Principal(f"group:{source.replace('%', '%25').replace(':', '%3A')}:{group}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A person asking now, with the principals they hold. Without principals nothing may be read."""

    tenant: TenantId  # the one tenant this viewer exists in
    person: PersonId  # who it is, whatever the platform
    name: str  # as people call them; for greetings and the trace
    principals: frozenset[Principal]  # everything a reader list may name them by


@dataclass(frozen=True, slots=True)
class Audience:
    """All who will see an answer, as the distinct sets of principals they hold. Empty: nobody but the asker."""

    members: frozenset[frozenset[Principal]] = frozenset()

    @classmethod
    def of(cls, viewers: Iterable[Viewer]) -> "Audience":
        """The audience made of `viewers`; people who hold the same principals count once.

        Of nobody it is an audience that may read nothing: whoever could not find out who is there must not be told that nobody is.
        """
        return cls(frozenset(viewer.principals for viewer in viewers) or frozenset({frozenset()}))

    def shared(self) -> frozenset[Principal]:
        """The principals that every member holds; empty for an empty audience."""
        return frozenset.intersection(*self.members) if self.members else frozenset()
